package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// kyverno is the specification of a ClusterPolicy or Policy of Kyverno, as far as it is about who signed images
// (https://kyverno.io/docs/policy-types/cluster-policy/verify-images/).
type kyverno struct {
	Action    string            `json:"validationFailureAction"` // Audit, where nothing is said
	Overrides []kyvernoOverride `json:"validationFailureActionOverrides"`
	OnFailure string            `json:"failurePolicy"` // of its webhook: Fail, where nothing is said
	Webhook   struct {
		OnFailure string `json:"failurePolicy"`
	} `json:"webhookConfiguration"`
	Rules []kyvernoRule `json:"rules"`
}

// failsOpen reports whether images are let in while Kyverno does not answer.
func (k kyverno) failsOpen() bool {
	return k.Webhook.OnFailure == "Ignore" || k.Webhook.OnFailure == "" && k.OnFailure == "Ignore"
}

// kyvernoRule is one rule. Rules without verifyImages (validate, mutate, generate) are passed over.
type kyvernoRule struct {
	Name          string            `json:"name"`
	Match         json.RawMessage   `json:"match"`
	Exclude       json.RawMessage   `json:"exclude"`
	Preconditions json.RawMessage   `json:"preconditions"`
	CEL           json.RawMessage   `json:"celPreconditions"`
	Images        []json.RawMessage `json:"verifyImages"`
}

// kyvernoImages is one entry of verifyImages. What does not bear on who must have signed is kept raw.
type kyvernoImages struct {
	Type         string               `json:"type"`
	Image        string               `json:"image"`
	References   []string             `json:"imageReferences"`
	Skip         []string             `json:"skipImageReferences"`
	Action       string               `json:"failureAction"`
	Key          string               `json:"key"`
	Attestors    []kyvernoSet         `json:"attestors"`
	Attestations []kyvernoAttestation `json:"attestations"`
	Repository   string               `json:"repository"`
	Annotations  json.RawMessage      `json:"annotations"`
	Validate     json.RawMessage      `json:"validate"`

	MutateDigest json.RawMessage `json:"mutateDigest"`
	VerifyDigest json.RawMessage `json:"verifyDigest"`
	Required     json.RawMessage `json:"required"`
	UseCache     json.RawMessage `json:"useCache"`
	Credentials  json.RawMessage `json:"imageRegistryCredentials"`
	OCI11        json.RawMessage `json:"cosignOCI11"`
}

// kyvernoAttestation is a type of attestation with those who must have made it. PredicateType is the older name of
// Type. Conditions on its content are not evaluated.
type kyvernoAttestation struct {
	Name          string          `json:"name"`
	Type          string          `json:"type"`
	PredicateType string          `json:"predicateType"`
	Attestors     []kyvernoSet    `json:"attestors"`
	Conditions    json.RawMessage `json:"conditions"`
}

// kyvernoPolicies reads the rules of a policy that are about who signed, each as a policy of its own.
func (o object) kyvernoPolicies() ([]Policy, error) {
	var spec kyverno
	if err := json.Unmarshal(o.Spec, &spec); err != nil {
		return nil, err
	}
	var all []Policy
	// each entry of verifyImages is a requirement of its own: all that fit an image must be met
	for _, rule := range spec.Rules {
		for n, raw := range rule.Images {
			p, err := rule.policy(o, raw, spec)
			if errors.Is(err, errNoRule) {
				continue
			}
			if err != nil {
				return all, fmt.Errorf("rule %.80s: %w", rule.Name, err)
			}
			if n > 0 {
				p.Name += fmt.Sprintf("/%d", n+1)
			}
			if all = append(all, p); len(all) > maxPolicies {
				return nil, fmt.Errorf("it has more than %d rules", maxPolicies)
			}
		}
	}
	if len(all) == 0 {
		return nil, errNoRule
	}
	return all, nil
}

// policy reads one entry of verifyImages as a policy of its own. Errors: errNoRule for an entry that names no
// attestor, a pattern or a key that cannot be read.
func (r kyvernoRule) policy(o object, raw json.RawMessage, spec kyverno) (Policy, error) {
	var v kyvernoImages
	// The fields that are listed and not used (mutateDigest, verifyDigest, required, useCache, credentials,
	// cosignOCI11) do not change who must have signed. One that is not listed may.
	unknown, err := strictly(raw, &v)
	if err != nil {
		return Policy{}, err
	}
	p := Policy{Name: o.Metadata.Name + "/" + r.Name, Kind: o.Kind}
	p.demand.By, p.demand.FailsOpen = inspect.Kyverno, spec.failsOpen()
	p.in = r.inNamespace(o, v, spec)
	if v.Image != "" {
		v.References = append(v.References, v.Image)
	}
	if p.images.globs, err = wildcards(v.References); err != nil {
		return p, err
	}
	if p.images.but, err = wildcards(v.Skip); err != nil {
		return p, err
	}
	if p.demand.Groups, err = v.groups(); err != nil {
		return p, err
	}
	if len(p.demand.Groups) == 0 {
		return p, errNoRule
	}
	d := &p.demand
	for _, u := range []string{unknown, v.otherType()} {
		if u != "" {
			d.MayAccept, d.AlsoRequires = append(d.MayAccept, u), append(d.AlsoRequires, u)
		}
	}
	if v.Repository != "" {
		why := "signatures are to be in repository " + clip(v.Repository) + ", which is not read"
		d.MayAccept, d.AlsoRequires = append(d.MayAccept, why), append(d.AlsoRequires, why)
	}
	if present(v.Annotations) || present(v.Validate) {
		d.AlsoRequires = append(d.AlsoRequires, "its annotations and further rules")
	}
	for _, a := range v.Attestations {
		if present(a.Conditions) {
			d.AlsoRequires = append(d.AlsoRequires, "the conditions of its attestations")
		}
	}
	return p, nil
}

// inNamespace is what a rule comes to for the pods of a namespace.
func (r kyvernoRule) inNamespace(o object, v kyvernoImages, spec kyverno) func(namespace string,
	d *inspect.PolicyRequirement) bool {
	return func(namespace string, d *inspect.PolicyRequirement) bool {
		if own := o.Metadata.Namespace; own != "" && namespace != "" && own != namespace {
			return false // a Policy is about its own namespace
		}
		switch r.about(namespace) {
		case fitsNot:
			return false
		case mayFit:
			d.MayAccept = append(slices.Clip(d.MayAccept),
				"it applies to some resources only (match, exclude, preconditions), which were not compared")
		case fits:
		}
		// Kyverno moved the action from the policy to the rule (failureAction); where both are set the rule's counts.
		action := v.Action // of the rule, which is the newer way
		if action == "" {
			action, d.ModeNote = actionFor(spec.Action, spec.Overrides, namespace)
		}
		d.Mode = kyvernoMode(action)
		return true
	}
}

// otherType names a kind of signature that is not compared here; empty for cosign's.
func (v kyvernoImages) otherType() string {
	if v.Type == "Notary" {
		return "signatures of the Notary Project by certificates"
	}
	return ""
}

// groups are the attestors of the image, and those of each attestation: each of them must be met.
func (v kyvernoImages) groups() ([]inspect.AuthorityGroup, error) {
	// The oldest form: one key for the rule. It is one more set, which must be met.
	if v.Key != "" {
		v.Attestors = append(v.Attestors, kyvernoSet{Entries: []kyvernoEntry{{Keys: &kyvernoKeys{PublicKeys: v.Key}}}})
	}
	var all []inspect.AuthorityGroup
	for _, set := range v.Attestors {
		g, err := set.group("")
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	for _, a := range v.Attestations {
		kind := a.Type
		if kind == "" {
			kind = a.PredicateType
		}
		if kind == "" {
			return nil, errors.New("an attestation names no type")
		}
		for _, set := range a.Attestors {
			g, err := set.group(kind)
			if err != nil {
				return nil, err
			}
			all = append(all, g)
		}
	}
	if len(all) > maxAuthorities {
		return nil, fmt.Errorf("it has more than %d attestors", maxAuthorities)
	}
	return all, nil
}

// kyvernoMode reads an action. Audit and Warn admit what they report; Kyverno writes them in any case.
func kyvernoMode(action string) string {
	if strings.EqualFold(action, "enforce") {
		return inspect.ModeEnforce
	}
	return inspect.ModeWarn
}

// wildcards reads a list of patterns, bounded like all lists of a policy.
func wildcards(texts []string) ([]glob, error) {
	if len(texts) > maxAuthorities {
		return nil, fmt.Errorf("more than %d patterns", maxAuthorities)
	}
	var all []glob
	for _, t := range texts {
		g, err := wildcardOf(t)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}
