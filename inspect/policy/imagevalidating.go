package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// imageValidating is the specification of Kyverno's ImageValidatingPolicy
// (https://kyverno.io/docs/policy-types/image-validating-policy/). Which attestor must have signed stands in
// expressions (CEL): only the plain form of the documentation is understood, that every image has a signature by one of
// a list.
type imageValidating struct {
	Actions []string `json:"validationActions"` // Deny, Audit, Warn
	Match   []struct {
		Glob       string `json:"glob"`
		Expression string `json:"expression"`
	} `json:"matchImageReferences"`
	Attestors []struct {
		Name   string          `json:"name"`
		Cosign json.RawMessage `json:"cosign"`
		Notary json.RawMessage `json:"notary"`
	} `json:"attestors"`
	Attestations []json.RawMessage `json:"attestations"`
	Validations  []struct {
		Expression string `json:"expression"`
	} `json:"validations"`
	Conditions  []json.RawMessage `json:"matchConditions"`
	Constraints struct {
		Namespaces json.RawMessage `json:"namespaceSelector"`
		Objects    json.RawMessage `json:"objectSelector"`
	} `json:"matchConstraints"`
	OnFailure string `json:"failurePolicy"` // Fail, where nothing is said
}

// validatingCosign is the cosign part of an attestor. Fields that are not listed here make the outcome unknown.
type validatingCosign struct {
	Key         *clusterKey     `json:"key"`
	Keyless     *validatingID   `json:"keyless"`
	Certificate json.RawMessage `json:"certificate"`
	CTLog       *struct {
		URL        string `json:"url"`
		IgnoreTlog bool   `json:"insecureIgnoreTlog"`
		IgnoreSCT  bool   `json:"insecureIgnoreSCT"`
	} `json:"ctlog"`
	Annotations json.RawMessage `json:"annotations"`
	Source      struct {
		Repository  string          `json:"repository"`
		TagPrefix   string          `json:"tagPrefix"`
		PullSecrets json.RawMessage `json:"signaturePullSecrets"`
	} `json:"source"`
	TUF json.RawMessage `json:"tuf"`
}

// validatingID names identities, in the form of a ClusterImagePolicy.
type validatingID struct {
	Identities []clusterIdentity `json:"identities"`
	Roots      string            `json:"roots"`
}

// imageValidatingPolicy reads the policy. Errors: no images, an attestor that cannot be read; errNoRule if no attestor
// is one of signatures.
func (o object) imageValidatingPolicy() (Policy, error) {
	var spec imageValidating
	if err := json.Unmarshal(o.Spec, &spec); err != nil {
		return Policy{}, err
	}
	p := Policy{Name: o.Metadata.Name, Kind: o.Kind}
	p.demand.Mode, p.demand.By, p.demand.FailsOpen = inspect.ModeEnforce, inspect.Kyverno, spec.OnFailure == "Ignore"
	// Audit and Warn admit. Without actions Kyverno denies.
	if len(spec.Actions) > 0 && !slices.Contains(spec.Actions, "Deny") {
		p.demand.Mode = inspect.ModeWarn
	}
	for _, m := range spec.Match {
		// Whether the policy is about an image is then open for every image, also for those that a glob of it names.
		if m.Glob == "" {
			p.images.open = "which images it applies to is decided by an expression"
			continue
		}
		g, err := wildcardOf(m.Glob)
		if err != nil {
			return p, err
		}
		p.images.globs = append(p.images.globs, g)
	}
	if len(spec.Match) == 0 {
		return p, errors.New("it names no images")
	}
	// asked names the attestors that the one expression uses; others of the list do not count
	asked, plain := spec.asked()
	g := inspect.AuthorityGroup{Need: 1}
	for _, a := range spec.Attestors {
		if plain && !slices.Contains(asked, a.Name) {
			continue
		}
		authority, err := validatingAuthority(a.Cosign)
		if err != nil {
			return p, fmt.Errorf("attestor %.80s: %w", a.Name, err)
		}
		authority.Name = a.Name
		g.Authorities = append(g.Authorities, authority)
	}
	if len(g.Authorities) == 0 || len(g.Authorities) > maxAuthorities {
		return p, errNoRule
	}
	p.demand.Groups = []inspect.AuthorityGroup{g}
	// The expressions may require two attestors, or none: any of those that the policy names is shown, and neither
	// outcome is certain.
	if !plain {
		why := "its CEL expressions"
		p.demand.MayAccept, p.demand.AlsoRequires = []string{why}, []string{why}
	}
	if len(spec.Conditions) > 0 || selects(spec.Constraints.Namespaces) || selects(spec.Constraints.Objects) {
		p.demand.MayAccept = append(p.demand.MayAccept,
			"it applies to some resources only (matchConditions, selectors), which were not compared")
	}
	return p, nil
}

// selects reports whether a selector leaves something out.
func selects(raw json.RawMessage) bool { return present(raw) && string(raw) != "{}" }

// everyImage is the plain form: images.containers.map(image, verifyImageSignatures(image, [attestors.ci])).all(e, e >
// 0).
var everyImage = regexp.MustCompile(
	`^images\.containers\.map\((\w+),verifyImageSignatures\((\w+),` +
		`\[((?:attestors\.\w+,?)+)\]\)\)\.all\((\w+),(\w+)>0\)$`)

// asked gives the attestors of the one validation of the plain form. plain is false where there is anything else.
func (v imageValidating) asked() (names []string, plain bool) {
	if len(v.Validations) != 1 || len(v.Attestations) > 0 {
		return nil, false
	}
	text := strings.Join(strings.Fields(v.Validations[0].Expression), "")
	m := everyImage.FindStringSubmatch(text)
	// m[1] and m[2] name the image in the map, m[4] and m[5] the element in all: another name is another variable
	if m == nil || m[1] != m[2] || m[4] != m[5] {
		return nil, false
	}
	for _, a := range strings.Split(m[3], ",") {
		names = append(names, strings.TrimPrefix(a, "attestors."))
	}
	return names, true
}

// validatingAuthority reads the cosign part of an attestor. A field that is not known may mean anything.
func validatingAuthority(raw json.RawMessage) (inspect.Authority, error) {
	var a inspect.Authority
	var c validatingCosign
	if present(raw) {
		unknown, err := strictly(raw, &c)
		if err != nil {
			return a, err
		}
		if unknown != "" {
			own(&a, unknown)
		}
	}
	err := c.read(&a)
	return a, err
}

// read adds key or identities, and notes what cannot be compared.
func (c validatingCosign) read(a *inspect.Authority) (err error) {
	switch {
	case c.Keyless != nil && len(c.Keyless.Identities) > 0:
		err = clusterKeyless{Identities: c.Keyless.Identities}.read(a)
		if c.Keyless.Roots != "" {
			own(a, "certificate authorities of its own (roots)")
		}
	case c.Key != nil:
		err = c.Key.read(a)
	default:
		a.MayAccept = append(a.MayAccept, "an attestor given in another way than by key or identity")
		return nil
	}
	if present(c.TUF) {
		own(a, "a Sigstore instance of its own (tuf), which is not known here")
	}
	if s := c.Source; s.Repository != "" || s.TagPrefix != "" {
		own(a, "signatures are to be in source "+clip(s.Repository+s.TagPrefix)+", which is not read")
	}
	if c.CTLog != nil && (c.CTLog.IgnoreTlog || c.CTLog.IgnoreSCT) {
		a.MayAccept = append(a.MayAccept, "a signature without a log entry")
	}
	if c.CTLog != nil && c.CTLog.URL != "" && !isPublic(c.CTLog.URL, "rekor.sigstore.dev") {
		own(a, "a transparency log of its own, whose key is not known here")
	}
	if present(c.Annotations) {
		a.AlsoRequires = append(a.AlsoRequires, "annotations of the signature")
	}
	return err
}
