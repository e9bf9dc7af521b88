package policy

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// kyvernoMatch describes which resources a rule is about, or which it leaves out
// (https://kyverno.io/docs/policy-types/cluster-policy/match-exclude/). The older form has one filter of its own.
type kyvernoMatch struct {
	Any []kyvernoFilter `json:"any"`
	All []kyvernoFilter `json:"all"`
	kyvernoFilter
}

// kyvernoFilter is a condition on the resource and on who creates it. The second is not known here: who created the
// pod is not kept by the cluster.
type kyvernoFilter struct {
	Resources *kyvernoResources `json:"resources"`
	Subjects  json.RawMessage   `json:"subjects"`
	Roles     json.RawMessage   `json:"roles"`
	Clusters  json.RawMessage   `json:"clusterRoles"`
}

// kyvernoResources is a condition on the resource. Kinds are not compared: a policy on Deployments is applied to their
// pods by autogen rules. What is kept raw makes the rule one that may apply.
type kyvernoResources struct {
	Kinds      []string        `json:"kinds"`
	Namespaces []string        `json:"namespaces"`
	Operations []string        `json:"operations"`
	Name       json.RawMessage `json:"name"`
	Names      json.RawMessage `json:"names"`
	Selector   json.RawMessage `json:"selector"`
	Labelled   json.RawMessage `json:"namespaceSelector"`
	Annotated  json.RawMessage `json:"annotations"`
}

// verdict is whether a filter fits: for things that are not compared it is unknown.
type fitting int

const (
	// The order is that of certainty: max is "and", min is "or".
	fits fitting = iota
	mayFit
	fitsNot
)

// about reports whether a rule is about the pods of a namespace; an empty one is not known.
func (r kyvernoRule) about(namespace string) fitting {
	how := matches(r.Match, namespace, fits)
	switch matches(r.Exclude, namespace, fitsNot) {
	case fits:
		return fitsNot
	case mayFit:
		how = max(how, mayFit)
	case fitsNot:
	}
	if present(r.Preconditions) || present(r.CEL) {
		how = max(how, mayFit)
	}
	return how
}

// matches compares one block; without one it is absent.
func matches(raw json.RawMessage, namespace string, absent fitting) fitting {
	if !present(raw) || string(raw) == "{}" {
		return absent
	}
	var m kyvernoMatch
	unknown, err := strictly(raw, &m)
	// A field of a newer Kyverno may narrow the block or widen it: whether the rule applies is then open, not settled.
	if err != nil || unknown != "" {
		return mayFit
	}
	how := m.fits(namespace)
	for _, f := range m.All {
		how = max(how, f.fits(namespace))
	}
	if len(m.Any) > 0 {
		best := fitsNot
		for _, f := range m.Any {
			best = min(best, f.fits(namespace))
		}
		how = max(how, best)
	}
	return how
}

// fits compares one filter with a pod of the namespace that is created.
// What is certain about the namespace or the operation decides, also where something else was not compared.
func (f kyvernoFilter) fits(namespace string) fitting {
	how := fits
	if present(f.Subjects) || present(f.Roles) || present(f.Clusters) {
		how = mayFit
	}
	r := f.Resources
	if r == nil {
		return how
	}
	for _, raw := range []json.RawMessage{r.Name, r.Names, r.Selector, r.Labelled, r.Annotated} {
		if present(raw) {
			how = mayFit
		}
	}
	// what is judged is a pod on its way in
	if len(r.Operations) > 0 && !slices.Contains(r.Operations, "CREATE") {
		return fitsNot
	}
	return max(how, inNamespaces(r.Namespaces, namespace))
}

// inNamespaces compares a namespace with patterns; none of them: every namespace.
func inNamespaces(patterns []string, namespace string) fitting {
	switch {
	case len(patterns) == 0:
		return fits
	case namespace == "" || len(patterns) > maxAuthorities:
		return mayFit
	}
	for _, p := range patterns {
		if len(p) > maxGlob {
			return mayFit
		}
		// A pattern that does not compile cannot occur, since everything but the wildcards is quoted; if it did, the
		// rule would count as one that applies.
		if ok, err := regexp.MatchString(wildcardExpression(strings.TrimSpace(p)), namespace); err != nil || ok {
			return fits
		}
	}
	return fitsNot
}

// kyvernoOverride is another action for some namespaces.
// spec.validationFailureActionOverrides: [{action: Audit, namespaces: ["dev-*"]}]
type kyvernoOverride struct {
	Action     string          `json:"action"`
	Namespaces []string        `json:"namespaces"`
	Labelled   json.RawMessage `json:"namespaceSelector"`
}

// actionFor is what a policy does about an image in a namespace: Audit, where nothing is set; note is what may be
// otherwise. The first override that fits counts.
func actionFor(action string, overrides []kyvernoOverride, namespace string) (is, note string) {
	for _, o := range overrides {
		how := inNamespaces(o.Namespaces, namespace)
		if present(o.Labelled) {
			how = max(how, mayFit)
		}
		switch how {
		case fits:
			return o.Action, note
		case mayFit:
			note = "in some namespaces it is to " + strings.ToLower(o.Action) + ", which was not compared"
		case fitsNot:
		}
	}
	return action, note
}
