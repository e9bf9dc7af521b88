package signature

import (
	"fmt"
	"strings"

	"github.com/sigstore/cosign/v2/pkg/cosign"

	"github.com/backtrail/backtrail/inspect"
)

// maxPolicyKeys bounds the keys of all policies that are about one image: each is tried on each signature.
const maxPolicyKeys = 500

// expectation gives who should have signed an image: whom flags name, else whom the policies that are about it name.
// Flags outrank policies: they are what the person asks of this case.
func (o Options) expectation(e inspect.Expected, i inspect.Image) (expectation, error) {
	x, err := newExpectation(e)
	if err != nil || o.Requirements == nil {
		return x, err
	}
	return x.with(o.Requirements(i))
}

// with adds what policies ask. Their keys are always tried, since a signature by a managed key names no signer; where
// flags name the expected signer, that a policy would accept another one makes no signature fit.
// An error is that of a key which cannot be read, or of too many.
func (x expectation) with(requirements []inspect.PolicyRequirement) (expectation, error) {
	x.requirements, x.foreign = requirements, map[string]bool{}
	flags := x.flagged
	var words []string
	for _, d := range requirements {
		if !d.Signers() {
			continue
		}
		words = append(words, "policy "+d.Policy)
		if !flags {
			x.wider = append(x.wider, d.MayAccept...)
		}
		for _, g := range d.Groups {
			for _, a := range g.Authorities {
				if err := x.add(a, flags); err != nil {
					return x, fmt.Errorf("reading policy %s: %w", d.Policy, err)
				}
			}
		}
	}
	if !flags && len(words) > 0 {
		x.words = "a signer whom " + strings.Join(words, " and ") + " accepts"
	}
	return x, nil
}

// add takes over the keys of an authority, and without flags its identities and what it may accept besides.
func (x *expectation) add(a inspect.Authority, flags bool) error {
	for _, k := range a.Keys {
		if x.has(k.Digest) {
			continue
		}
		if len(x.keys) >= maxPolicyKeys {
			return fmt.Errorf("the policies name more than %d keys", maxPolicyKeys)
		}
		read, err := readKey([]byte(k.PEM))
		if err != nil {
			return err
		}
		x.keys = append(x.keys, read)
		x.foreign[read.digest] = flags
	}
	if flags {
		return nil
	}
	for _, i := range a.Identities {
		x.identities = append(x.identities, cosign.Identity{
			Issuer: i.Issuer, IssuerRegExp: i.IssuerRegexp,
			Subject: i.Subject, SubjectRegExp: i.SubjectRegexp,
		})
	}
	x.wider = append(x.wider, a.MayAccept...)
	if a.Static == "pass" {
		x.wider = append(x.wider, "the policy lets every signature pass")
	}
	return nil
}

// has reports whether a key is expected already, by its digest.
func (x expectation) has(digest string) bool {
	for _, k := range x.keys {
		if k.digest == digest {
			return true
		}
	}
	return false
}

// explainKey fails the last link of a signature by a key that a policy names where flags expect others.
func (x expectation) explainKey(c *chain, k key) {
	if x.foreign[k.digest] && c.sound() {
		c.fail(inspect.StepIdentity, inspect.ReasonIdentityMismatch,
			"expected %s; signed with the key %s, which only a policy names", x.words, k.digest)
	}
}

// policyGates judges the signatures by each policy that is about the image.
// The verdict is that of package inspect, so that it is the same in a bundle.
func (s summary) policyGates() []inspect.Gate {
	var gates []inspect.Gate
	for _, d := range s.expect.requirements {
		gates = append(gates, d.Verdict(s.found.rows, s.found.open))
	}
	return gates
}

// take gives the gate of signatures the result of the policies: one that is not met fails it, one that is open leaves
// it open.
func (s summary) take(g inspect.Gate, policies []inspect.Gate) inspect.Gate {
	met, byPerson := true, false
	for i, p := range policies {
		met = met && p.Status == inspect.GatePassed
		byPerson = byPerson || p.Asked && s.expect.requirements[i].Signers()
		switch {
		case p.Status == inspect.GateRefused && g.Status != inspect.GateRefused && g.Status != inspect.GateAbsent,
			p.Status == inspect.GateUnknown && g.Status == inspect.GatePassed:
			g.Status, g.Detail = p.Status, p.Name+": "+p.Detail
		}
	}
	g.Asked = s.expect.flagged || byPerson && (!met || g.Status == inspect.GatePassed)
	if s.policies && len(policies) == 0 && !s.expect.flagged {
		g.Status, g.Detail, g.Asked = inspect.GateUnknown,
			g.Detail+"; none of the policies that were named is about this image", true
	}
	return g
}

// emitPolicies emits the gate of each policy, and a finding for one that is not met.
func (s summary) emitPolicies(gates []inspect.Gate, emit func(inspect.Event)) {
	for i, g := range gates {
		emit(inspect.Event{Fact: g})
		if g.Status != inspect.GateRefused {
			continue
		}
		d := s.expect.requirements[i]
		title := fmt.Sprintf("%s does not meet the policy %s.", s.name(), d.Policy)
		f := s.finding(inspect.CodePolicyNotMet, s.subject+":"+d.Policy, inspect.RowFailed, inspect.High, title,
			g.Detail,
			s.found.rows)
		f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "policy", Digest: d.Digest, Text: "the policy"})
		emit(inspect.Event{Fact: f})
	}
}
