package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Demand is what one policy asks of an image that it is about: of every group, enough authorities must be met.
type Demand struct {
	Policy string // its name, with the digest where two have the same name
	Digest string // sha256:… of the bytes that say so
	Origin string // of these bytes: file, folder, cluster, bag
	Mode   string // enforce or warn
	// ModeNote says why it may be another mode, in words; empty where it is certain.
	ModeNote  string
	By        string // who enforces it: PolicyController, Kyverno
	FailsOpen bool   // while its controller does not answer, images are let in
	Since     Time   // when it was set up; zero where its bytes do not say
	Changed   Time   // when it was last changed after that
	Groups    []AuthorityGroup
	// MayAccept are reasons for which the policy may be met although nothing here meets it.
	MayAccept []string
	// AlsoAsks are things that the policy asks besides and that were not compared: it may fail although all else fits.
	AlsoAsks []string
}

// AuthorityGroup is a list of authorities of which Need must be met.
type AuthorityGroup struct {
	Need        int
	Authorities []Authority
}

// Authority is somebody whose signature or attestations a policy accepts.
type Authority struct {
	Name       string
	Static     string // pass or fail: nothing is looked at
	Message    string // of a static failure
	Keys       []ExpectedKey
	Identities []Identity
	Predicates []string // types of attestations that must all be there; none: a signature
	AnyBundle  bool     // without Predicates: an attestation in a Sigstore bundle will do
	MayAccept  []string // as in Demand
	AlsoAsks   []string
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

// IsPolicyGate says that a gate is that of a policy.
func IsPolicyGate(name string) bool { return strings.HasPrefix(name, GatePolicy) }

// PolicyGates are the gates of the policies that are about the image.
func (i Image) PolicyGates() []Gate {
	var all []Gate
	for _, g := range i.Gates {
		if IsPolicyGate(g.Name) {
			all = append(all, g)
		}
	}
	return all
}

// ByPerson says that a person at this machine named the policy, not somebody in the cluster.
func (d Demand) ByPerson() bool { return d.Origin != TrustCluster }

// Signers says that the policy names who should have signed.
func (d Demand) Signers() bool {
	for _, g := range d.Groups {
		for _, a := range g.Authorities {
			if a.Static == "" {
				return true
			}
		}
	}
	return false
}

// Verdict judges the signatures of an image by the policy. open are the stores that could not be asked: what was not
// found may lie there.
func (d Demand) Verdict(rows []Signature, open []string) Gate {
	v := verdictOf{status: Verified}
	var said []string
	for _, g := range d.Groups {
		one := g.verdict(rows)
		v.status = worse(v.status, one.status)
		said = append(said, one.detail)
	}
	v.detail = strings.Join(said, "; ")
	v = v.qualify(d.MayAccept, d.AlsoAsks)
	if v.status == Failed && len(open) > 0 && d.Signers() {
		v = verdictOf{Unknown, v.detail + "; not everything could be looked at: " + strings.Join(open, "; ")}
	}
	mode := "mode " + d.Mode
	if d.ModeNote != "" {
		mode += "; " + d.ModeNote
	}
	return Gate{
		Name: GatePolicy + d.Policy, Status: v.status, Detail: v.detail + " (" + mode + ")", Asked: d.ByPerson(),
		By: d.By, Mode: d.Mode, FailsOpen: d.FailsOpen, Since: d.Since, Changed: d.Changed,
	}
}

type verdictOf struct {
	status Status
	detail string
}

// qualify keeps an uncertain policy from passing and from failing.
func (v verdictOf) qualify(mayAccept, alsoAsks []string) verdictOf {
	switch {
	case v.status == Verified && len(alsoAsks) > 0:
		return verdictOf{Unknown, v.detail + "; not compared: " + strings.Join(alsoAsks, "; ")}
	case v.status == Failed && len(mayAccept) > 0:
		return verdictOf{Unknown, v.detail + "; yet not all is known: " + strings.Join(mayAccept, "; ")}
	default:
		return v
	}
}

func worse(a, b Status) Status {
	rank := func(s Status) int { return slices.Index([]Status{Failed, Unknown, Verified}, s) }
	if rank(b) < rank(a) {
		return b
	}
	return a
}

// verdict of a group: enough that are met, else unknown if those that could not be judged might be enough.
func (g AuthorityGroup) verdict(rows []Signature) verdictOf {
	need := max(1, g.Need)
	met, maybe := 0, 0
	var said []string
	for _, a := range g.Authorities {
		v := a.verdict(rows).qualify(a.MayAccept, a.AlsoAsks)
		switch v.status {
		case Verified:
			if met++; met >= need {
				return verdictOf{Verified, v.detail}
			}
		case Unknown:
			maybe++
		case Failed, Absent:
		}
		if v.status != Verified || need > 1 {
			said = append(said, v.detail)
		}
	}
	detail := strings.Join(said, "; ")
	if need > 1 {
		detail = fmt.Sprintf("%d of %d needed: %s", met, need, detail)
	}
	if met+maybe >= need {
		return verdictOf{Unknown, detail}
	}
	return verdictOf{Failed, cmp.Or(detail, "it names nobody whose signature it accepts")}
}

// verdict of an authority: a signature by it, or every attestation that it must have made.
func (a Authority) verdict(rows []Signature) verdictOf {
	switch a.Static {
	case "pass":
		return verdictOf{Verified, "it lets every image pass that it is about"}
	case "fail":
		return verdictOf{Failed, cmp.Or(a.Message, "it lets no image pass that it is about")}
	}
	var by string
	if len(a.Predicates) == 0 {
		i := slices.IndexFunc(rows, func(s Signature) bool { return a.signature(s) && a.made(s) })
		if i < 0 {
			return verdictOf{Failed, "asked: " + a.words() + "; " + seen(rows)}
		}
		return verdictOf{Verified, "signed by " + rows[i].Signer()}
	}
	for _, p := range a.Predicates {
		i := slices.IndexFunc(rows, func(s Signature) bool { return s.PredicateType == p && a.made(s) })
		if i < 0 {
			return verdictOf{Failed, "asked: attestation " + p + " by " + a.words() + "; " + seen(rows)}
		}
		by = rows[i].Signer()
	}
	return verdictOf{Verified, "attested (" + strings.Join(a.Predicates, ", ") + ") by " + by}
}

// PredicateCosignSign is the predicate type of a plain signature that cosign writes as a bundle.
const PredicateCosignSign = "https://sigstore.dev/cosign/sign/v1"

// signature says that a row is a signature of the image, not an attestation about it.
func (a Authority) signature(s Signature) bool {
	return s.PredicateType == "" || s.PredicateType == PredicateCosignSign || a.AnyBundle && s.Kind == "bundle"
}

// made says that the authority made a signature, by a chain that holds.
func (a Authority) made(s Signature) bool {
	if !s.Holds() {
		return false
	}
	if s.Key != "" && slices.ContainsFunc(a.Keys, func(k ExpectedKey) bool { return k.Digest == s.Key }) {
		return true
	}
	return s.Certificate != nil && s.Kind != "notation" && slices.ContainsFunc(a.Identities, func(i Identity) bool { return i.Fits(s) })
}

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

// seen says who signed instead.
func seen(rows []Signature) string {
	var names []string
	for _, s := range rows {
		if n := s.Signer(); s.Holds() && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	switch {
	case len(names) > 0:
		return "seen: " + strings.Join(names, ", ")
	case len(rows) > 0:
		return fmt.Sprintf("none of the %d signatures fits", len(rows))
	default:
		return "no store holds a signature"
	}
}
