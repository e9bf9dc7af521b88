package policy

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// clusterImage is the specification of a ClusterImagePolicy
// (https://github.com/sigstore/policy-controller/blob/main/docs/api-types/index.md; v1alpha1 and v1beta1 have the same
// form). What is not looked into is kept raw, to see that it is there.
type clusterImage struct {
	Images []struct {
		Glob string `json:"glob"`
	} `json:"images"`
	Authorities []clusterAuthority `json:"authorities"`
	Policy      json.RawMessage    `json:"policy"`
	Mode        string             `json:"mode"`
	// conditions on the kind of workload and on labels; every object where it is empty
	Match []json.RawMessage `json:"match"`
}

// clusterImagePolicy reads a ClusterImagePolicy. Errors: what its controller would refuse as well.
func (o object) clusterImagePolicy() (Policy, error) {
	var spec clusterImage
	unknown, err := strictly(o.Spec, &spec)
	if err != nil {
		return Policy{}, err
	}
	p := Policy{Name: o.Metadata.Name, Kind: o.Kind}
	p.demand.Mode, p.demand.By = spec.Mode, inspect.PolicyController
	switch {
	case spec.Mode == "":
		p.demand.Mode = inspect.ModeEnforce
	case spec.Mode != inspect.ModeEnforce && spec.Mode != inspect.ModeWarn:
		return p, fmt.Errorf("its mode is %.40q, neither enforce nor warn", spec.Mode)
	}
	switch {
	case len(spec.Images) == 0:
		return p, errors.New("it names no images")
	case len(spec.Authorities) == 0:
		return p, errors.New("it names no authorities")
	}
	if len(spec.Images) > maxAuthorities || len(spec.Authorities) > maxAuthorities {
		return p, fmt.Errorf("it has more than %d images or authorities", maxAuthorities)
	}
	for _, i := range spec.Images {
		g, err := globOf(i.Glob)
		if err != nil {
			return p, err
		}
		p.images.globs = append(p.images.globs, g)
	}
	// One authority that accepts is enough (policy-controller, "Configuring policy authorities").
	group := inspect.AuthorityGroup{Need: 1}
	for n, a := range spec.Authorities {
		// as the controller names them, from 0
		if a.Name == "" {
			a.Name = fmt.Sprintf("authority-%d", n)
		}
		authority, err := a.authority()
		if err != nil {
			return p, fmt.Errorf("authority %s: %w", a.Name, err)
		}
		group.Authorities = append(group.Authorities, authority)
	}
	p.demand.Groups = []inspect.AuthorityGroup{group}
	p.demand.MayAccept, p.demand.AlsoRequires = spec.besides(unknown)
	return p, nil
}

// besides is what of the policy as a whole is not evaluated.
func (c clusterImage) besides(unknown string) (mayAccept, alsoRequires []string) {
	if unknown != "" {
		mayAccept, alsoRequires = append(mayAccept, unknown), append(alsoRequires, unknown)
	}
	if present(c.Policy) {
		alsoRequires = append(alsoRequires, "its CUE or Rego policy")
	}
	// MayAccept alone: where the policy does not apply it accepts, and where it applies a pass is one.
	if len(c.Match) > 0 {
		mayAccept = append(mayAccept,
			"it applies to some kinds of workloads or labels only (match), which were not compared")
	}
	return mayAccept, alsoRequires
}

// present reports whether a field is there and not null.
func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// count is how many of the conditions hold.
func count(all ...bool) int {
	n := 0
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}
