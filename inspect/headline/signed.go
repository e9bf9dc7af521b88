package headline

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// signed is who signed and who should have. Where a store could not be read, nothing is "no": "no" needs every store to
// have answered and the check to have ended. "yes" needs a signature that verified; that it is the required one is
// stated only where the names are the same, since a policy may be met by another authority of its list.
func (v view) signed() string {
	required := "no policy requires a signature"
	if r := v.Required(); r != "" {
		required = "required: " + r
	}
	s, ok := v.bestSignature()
	switch {
	case ok && s.Status == inspect.Verified && v.Required() == ShortSigner(s):
		return "yes, by " + ShortSigner(s) + ", as required"
	case ok && s.Status == inspect.Verified:
		return "yes, by " + ShortSigner(s) + " · " + required
	case ok && s.Status == inspect.Failed:
		return "no valid signature: " + reasonText(s) + " · " + required
	case ok:
		return "not checked: " + reasonText(s) + " · " + required
	case v.image.Container == "":
		return cmp.Or(v.waitingOr(""), "not known: no image was read")
	}
	for _, r := range v.image.Stores {
		if r.Status == inspect.StoreUnreachable {
			return "not known: " + r.Store + " unreachable: " + r.Detail + " · " + required
		}
	}
	state, known := v.c.Check(inspect.CheckSignatures, v.image.Container)
	switch {
	case known && state.Running(), !known && v.running():
		return v.waiting()
	case known && state.Status == inspect.CheckBlocked:
		return "not checked: " + state.Reason + " · " + required
	}
	return "no · " + required
}

// Required is who must have signed the image: what flags named, else what a policy that applies requires; empty where
// nothing does.
func Required(c *inspect.Case, i inspect.Image) string { return view{c: c, image: i}.Required() }

// Required is who must have signed the image of the view.
func (v view) Required() string {
	x := v.c.Expected
	var all []string
	for _, id := range x.Identities {
		all = append(all, ShortIdentity(id))
	}
	for _, re := range x.IdentityRegexps {
		all = append(all, pattern(re))
	}
	for _, k := range x.Keys {
		all = append(all, "key "+short(k.Digest))
	}
	if x.Notation != "" {
		all = append(all, "the Notary Project trust policy")
	}
	if len(all) > 0 {
		return strings.Join(all, " or ")
	}
	return v.requiredBy()
}

// requiredBy is what policies require. Who must have signed is named only of a policy that refuses the image: of one
// that is met, or that could not be compared, its own name is all that is certain.
func (v view) requiredBy() string {
	var all []string
	for _, g := range v.image.PolicyGates() {
		if g.Requires != "" && g.Status == inspect.GateRefused {
			all = append(all, ShortIdentity(g.Requires)+" ("+strings.TrimPrefix(g.Name, inspect.GatePolicy)+")")
			continue
		}
		all = append(all, g.Name)
	}
	return strings.Join(all, " and ")
}

// asRequired reports whether somebody who must have signed did: by the flags, which a verified signature fits, or by
// every policy that applies. What a policy leaves open is not met.
func (v view) asRequired() bool {
	policies := v.image.PolicyGates()
	for _, g := range policies {
		if g.Status != inspect.GatePassed {
			return false
		}
	}
	return len(policies) > 0 || v.Required() != ""
}

// bestSignature is the one that proves most: one that holds, else one that fails, else one that is open.
func (v view) bestSignature() (inspect.Signature, bool) { return BestSignature(v.image) }

// BestSignature is the signature of an image that proves most about it: verified, else failed, else not checked. A
// status of no known word ranks before all, and is shown as one that was not checked. ok is false where there is none.
func BestSignature(i inspect.Image) (inspect.Signature, bool) {
	if len(i.Signatures) == 0 {
		return inspect.Signature{}, false
	}
	rank := func(s inspect.Signature) int {
		return slices.Index([]inspect.Status{inspect.Verified, inspect.Failed, inspect.Unknown, inspect.Absent},
			s.Status)
	}
	return slices.MinFunc(i.Signatures, func(a, b inspect.Signature) int { return rank(a) - rank(b) }), true
}

// ShortSigner names who signed, as far as the signature names anyone.
func ShortSigner(s inspect.Signature) string {
	if s.Identity == "" && s.Key != "" {
		return "key " + short(s.Key)
	}
	return cmp.Or(ShortIdentity(s.Identity), "a key that is not known")
}

// reasonText is why a signature does not count, with who made it.
func reasonText(s inspect.Signature) string {
	switch s.Reason {
	case inspect.ReasonNoExpectation:
		return "signed by " + ShortSigner(s) + ", no policy requires a signer"
	case inspect.ReasonUnknownKey:
		return "signed with a key that is not at hand"
	case inspect.ReasonIdentityMismatch:
		return "signed by " + ShortSigner(s)
	case inspect.ReasonSubjectMismatch:
		return "the signature is of another image"
	case inspect.ReasonInvalidSignature:
		return "signature is invalid"
	default:
		return strings.ReplaceAll(cmp.Or(s.Reason, "no reason given"), "-", " ")
	}
}

// workflow is a certificate's identity of GitHub Actions: repository, workflow file and ref.
var workflow = regexp.MustCompile(`https://github\.com/([\w.-]+/[\w.-]+)/\.github/workflows/([\w./-]+)@`)

// ShortIdentity leaves out what every identity of a workflow has: shop/web/release.yml@refs/tags/v1.
func ShortIdentity(id string) string { return workflow.ReplaceAllString(id, "$1/$2@") }

// plainPattern is an expression that is a text with wildcards: those are shown as *, all others as they are, so that no
// reading of ours makes a policy look narrower than it is.
var plainPattern = regexp.MustCompile(`^\^?(?:[\w:/@-]|\\\.|\.[+*])+\$?$`)

// pattern shows a regular expression as a person reads it, where it is a simple one.
func pattern(re string) string {
	if !plainPattern.MatchString(re) {
		return "identity matching " + re
	}
	text := strings.TrimSuffix(strings.TrimPrefix(re, "^"), "$")
	text = strings.NewReplacer(`\.`, ".", ".+", "*", ".*", "*").Replace(text)
	if !strings.HasPrefix(re, "^") && !strings.HasPrefix(text, "*") {
		text = "*" + text
	}
	if !strings.HasSuffix(re, "$") && !strings.HasSuffix(text, "*") {
		text += "*"
	}
	return strings.ReplaceAll(strings.TrimPrefix(text, "https://github.com/"), "/.github/workflows/", "/")
}

// isSigning reports whether a finding is about who signed or built the image, not about what is in it.
func isSigning(f inspect.Finding) bool {
	return f.Check == inspect.CheckSignatures || f.Check == inspect.CheckDrift || f.Check == inspect.CheckPolicies ||
		f.Check == inspect.CheckProvenance
}

// only reports whether all findings of the lead are of a kind, and there are some.
func (v view) only(of func(inspect.Finding) bool) bool {
	not := func(f inspect.Finding) bool { return !of(f) }
	return len(v.lead.Findings) > 0 && !slices.ContainsFunc(v.lead.Findings, not)
}
