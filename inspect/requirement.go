package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// PolicyRequirement is what one policy requires of an image that it applies to: of every group, enough authorities
// must be met.
type PolicyRequirement struct {
	Policy string // its name, with the digest where two have the same name
	Digest string // sha256:… of the bytes that say so
	Origin string // of these bytes: file, folder, cluster, bag
	Mode   string // enforce or warn
	// ModeNote describes why it may be another mode, in words; empty where it is certain.
	ModeNote  string
	By        string // who enforces it: PolicyController, Kyverno
	FailsOpen bool   // while its controller does not answer, images are let in
	Since     Time   // when it was set up; zero where its bytes do not say
	Changed   Time   // when it was last changed after that
	Groups    []AuthorityGroup
	// MayAccept are reasons for which the policy may be met although nothing here meets it.
	MayAccept []string
	// AlsoRequires are things that the policy requires besides and that were not compared: it may fail although all
	// else fits.
	AlsoRequires []string
}

// AuthorityGroup is a list of authorities of which Need must be met.
type AuthorityGroup struct {
	Need        int
	Authorities []Authority
}

// Authority is somebody whose signature or attestations a policy accepts.
type Authority struct {
	Name         string
	Static       string // pass or fail: nothing is looked at
	Message      string // of a static failure
	Keys         []ExpectedKey
	Identities   []Identity
	Predicates   []string // types of attestations that must all be there; none: a signature
	MayAccept    []string // as in PolicyRequirement
	AlsoRequires []string
}

// Modes of a policy.
const (
	ModeEnforce = "enforce"
	ModeWarn    = "warn"
)

// Who enforces policies about images.
const (
	PolicyController = "policy-controller"
	Kyverno          = "Kyverno"
	APIServer        = "the API server" // its own ValidatingAdmissionPolicies
)

// GatePolicy begins the name of the gate of a policy; its name follows.
const GatePolicy = "policy "

// PolicyGates are the gates of the policies that are about the image.
func (i Image) PolicyGates() []Gate {
	var all []Gate
	for _, g := range i.Gates {
		if g.Kind == GateKindImagePolicy {
			all = append(all, g)
		}
	}
	return all
}

// ByPerson reports whether a person at this machine named the policy, not somebody in the cluster.
func (d PolicyRequirement) ByPerson() bool { return d.Origin != TrustCluster }

// Signers reports whether the policy names who must have signed.
func (d PolicyRequirement) Signers() bool {
	for _, g := range d.Groups {
		for _, a := range g.Authorities {
			if a.Static == "" {
				return true
			}
		}
	}
	return false
}

// Verdict judges the signatures of an image by the policy. unreachable are the stores that could not be read: what
// was not found may lie there.
func (d PolicyRequirement) Verdict(rows []Signature, unreachable []string) Gate {
	v := outcome{status: Verified}
	var details []string
	for _, g := range d.Groups {
		one := g.verdict(rows)
		v.status, v.reason = worse(v, one)
		details = append(details, one.detail)
	}
	v.detail = strings.Join(details, "; ")
	if len(d.Groups) == 0 { // nothing that could be met: this is no policy that every image passes
		v = outcome{Unknown, GateNotCompared, "the policy names no authority that could be read"}
	}
	v = v.qualify(d.MayAccept, d.AlsoRequires)
	if v.status == Failed && len(unreachable) > 0 && d.Signers() {
		v = outcome{Unknown, GateNotReachable, v.detail + "; could not be read: " + strings.Join(unreachable, "; ")}
	}
	mode := "mode " + d.Mode
	if d.ModeNote != "" {
		mode += "; " + d.ModeNote
	}
	return Gate{
		Name: GatePolicy + d.Policy, Kind: GateKindImagePolicy, Status: GateOf(v.status), Reason: v.reason,
		Detail: v.detail + " (" + mode + ")", Asked: d.ByPerson(),
		By: d.By, Mode: d.Mode, FailsOpen: d.FailsOpen, Since: d.Since, Changed: d.Changed, Requires: d.words(),
	}
}

// words name who must have signed by the policy: of each group one of its authorities. Static ones name nobody.
func (d PolicyRequirement) words() string {
	var all []string
	for _, g := range d.Groups {
		var group []string
		for _, a := range g.Authorities {
			if a.Static == "" {
				group = append(group, a.words())
			}
		}
		if len(group) > 0 {
			all = append(all, strings.Join(group, " or "))
		}
	}
	return strings.Join(all, " and ")
}

// outcome is how a policy, a group or an authority judges an image.
type outcome struct {
	status Status
	reason GateReason // why it is unknown
	detail string
}

// qualify keeps a policy of which not all was evaluated from passing and from failing.
func (v outcome) qualify(mayAccept, alsoRequires []string) outcome {
	switch {
	case v.status == Verified && len(alsoRequires) > 0:
		return outcome{Unknown, GateNotCompared, v.detail + "; not evaluated: " + strings.Join(alsoRequires, "; ")}
	case v.status == Failed && len(mayAccept) > 0:
		return outcome{Unknown, GateNotCompared, v.detail + "; may be met in another way: " +
			strings.Join(mayAccept, "; ")}
	default:
		return v
	}
}

// worse is the outcome of two verdicts that must both pass.
func worse(a, b outcome) (Status, GateReason) {
	rank := func(s Status) int { return slices.Index([]Status{Failed, Unknown, Verified}, s) }
	if rank(b.status) < rank(a.status) {
		return b.status, b.reason
	}
	return a.status, a.reason
}

// verdict of a group: enough that are met, else unknown if those that could not be judged might be enough.
func (g AuthorityGroup) verdict(rows []Signature) outcome {
	need := max(1, g.Need)
	met, maybe := 0, 0
	var details []string
	var reason GateReason
	for _, a := range g.Authorities {
		v := a.verdict(rows).qualify(a.MayAccept, a.AlsoRequires)
		switch v.status {
		case Verified:
			if met++; met >= need {
				return outcome{Verified, "", v.detail}
			}
		case Unknown:
			maybe++
			reason = v.reason
		case Failed, Absent:
		}
		if v.status != Verified || need > 1 {
			details = append(details, v.detail)
		}
	}
	detail := strings.Join(details, "; ")
	if need > 1 {
		detail = fmt.Sprintf("%d of %d required: %s", met, need, detail)
	}
	if met+maybe >= need {
		return outcome{Unknown, reason, detail}
	}
	return outcome{Failed, "", cmp.Or(detail, "no signer is accepted")}
}

// verdict of an authority: a signature by it, or every attestation that it must have made.
//
// An attestation is not a signature of the image (flags and policies agree on that): where it is all that the authority
// made, a controller that accepts Sigstore bundles of any kind passes the image and others refuse it.
func (a Authority) verdict(rows []Signature) outcome {
	switch a.Static {
	case "pass":
		return outcome{Verified, "", "static authority: every image passes"}
	case "fail":
		return outcome{Failed, "", cmp.Or(a.Message, "static authority: no image passes")}
	}
	if len(a.Predicates) == 0 {
		if i := slices.IndexFunc(rows, func(s Signature) bool { return s.OfImage() && a.made(s) }); i >= 0 {
			return outcome{Verified, "", "signed by " + rows[i].Signer()}
		}
		if i := slices.IndexFunc(rows, a.made); i >= 0 {
			text := "requires " + a.words() + "; " + rows[i].Signer() +
				" made an attestation only, which is not an image signature"
			return outcome{Unknown, GateNotCompared, text}
		}
		return outcome{Failed, "", "requires " + a.words() + "; " + signers(rows)}
	}
	var by string
	for _, p := range a.Predicates {
		i := slices.IndexFunc(rows, func(s Signature) bool { return s.PredicateType == p && a.made(s) })
		if i < 0 {
			return outcome{Failed, "", "requires attestation " + p + " by " + a.words() + "; " + signers(rows)}
		}
		by = rows[i].Signer()
	}
	return outcome{Verified, "", "attested (" + strings.Join(a.Predicates, ", ") + ") by " + by}
}

// PredicateCosignSign is the predicate type of a plain signature that cosign writes as a bundle.
const PredicateCosignSign = "https://sigstore.dev/cosign/sign/v1"

// OfImage reports whether a row is a signature of the image, not an attestation about it.
func (s Signature) OfImage() bool {
	return s.PredicateType == "" || s.PredicateType == PredicateCosignSign
}

// made reports whether the authority made a signature, by a chain that holds.
func (a Authority) made(s Signature) bool {
	if !s.Holds() {
		return false
	}
	if s.Key != "" && slices.ContainsFunc(a.Keys, func(k ExpectedKey) bool { return k.Digest == s.Key }) {
		return true
	}
	return s.Certificate != nil && s.Kind != "notation" && slices.ContainsFunc(a.Identities,
		func(i Identity) bool { return i.Fits(s) })
}

// words is who the authority is: key sha256:…, or identity matching ….
func (a Authority) words() string {
	var all []string
	for _, k := range a.Keys {
		all = append(all, "key "+k.Digest)
	}
	for _, i := range a.Identities {
		all = append(all, i.String())
	}
	if len(all) == 0 {
		return "a signer that could not be read"
	}
	return strings.Join(all, " or ")
}

// signers is who signed instead.
func signers(rows []Signature) string {
	var names []string
	for _, s := range rows {
		if n := s.Signer(); s.Holds() && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	switch {
	case len(names) > 0:
		return "signed by " + strings.Join(names, ", ")
	case len(rows) == 1:
		return "the 1 signature found is not by it"
	case len(rows) > 0:
		return fmt.Sprintf("none of the %d signatures found is by it", len(rows))
	default:
		return "no signature found"
	}
}
