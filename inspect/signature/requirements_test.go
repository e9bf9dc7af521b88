package signature

import (
	"slices"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/verdict"

	"github.com/backtrail/backtrail/inspect"
)

// asks is a policy that somebody at this machine named, with one group of authorities.
func asks(name string, all ...inspect.Authority) inspect.PolicyRequirement {
	return inspect.PolicyRequirement{
		Policy: name, Origin: inspect.TrustFile, Mode: inspect.ModeEnforce,
		Groups: []inspect.AuthorityGroup{{Need: 1, Authorities: all}},
	}
}

func person(name string) inspect.Authority {
	return inspect.Authority{Identities: []inspect.Identity{{Subject: name, Issuer: issuer}}}
}

func TestPoliciesSayWhoShouldHaveSigned(t *testing.T) {
	studio := newStudio(t)
	const bob = "bob@example.com"
	unread := inspect.Authority{MayAccept: []string{"its key lies in a Secret"}}
	for _, c := range []struct {
		name         string
		flags        inspect.Expected
		requirements []inspect.PolicyRequirement
		named        bool // a policy file was named
		row          string
		gate         inspect.Status
		status       inspect.CaseStatus
	}{
		{
			"the policy's signer",
			inspect.Expected{},
			[]inspect.PolicyRequirement{asks("p", person(alice))},
			true,
			"verified ", inspect.Verified, inspect.CasePassed,
		},
		{
			"another signer",
			inspect.Expected{},
			[]inspect.PolicyRequirement{asks("p", person(bob))},
			true,
			"failed identity-mismatch", inspect.Failed, inspect.CaseFailed,
		},
		{"one authority is enough", inspect.Expected{}, []inspect.PolicyRequirement{asks("p", person(bob),
			person(alice))}, true, "verified ", inspect.Verified, inspect.CasePassed},
		{"every policy must be met", inspect.Expected{}, []inspect.PolicyRequirement{
			asks("p", person(alice)),
			asks("q", person(bob)),
		}, true, "verified ", inspect.Failed, inspect.CaseFailed},
		{
			"flags decide about the row",
			inspect.Expected{Identities: []string{bob}, Issuers: []string{issuer}},
			[]inspect.PolicyRequirement{asks("p", person(alice))},
			true, "failed identity-mismatch", inspect.Failed,
			inspect.CaseFailed,
		},
		{
			"a key that cannot be had",
			inspect.Expected{},
			[]inspect.PolicyRequirement{asks("p", unread)},
			true,
			"unknown no-expectation", inspect.Unknown, inspect.CaseIncomplete,
		},
		{"somebody else, or a key that cannot be had", inspect.Expected{}, []inspect.PolicyRequirement{asks("p",
			person(bob), unread)}, true, "unknown no-expectation", inspect.Unknown, inspect.CaseIncomplete},
		{"static pass asks for nobody", inspect.Expected{}, []inspect.PolicyRequirement{asks("p",
			inspect.Authority{Static: "pass"})}, true, "unknown no-expectation", inspect.Unknown, inspect.CasePassed},
		{
			"static fail",
			inspect.Expected{},
			[]inspect.PolicyRequirement{asks("p", inspect.Authority{Static: "fail"})},
			true, "unknown no-expectation", inspect.Failed, inspect.CaseFailed,
		},
		{
			"a policy about other images",
			inspect.Expected{},
			nil, true, "unknown no-expectation", inspect.Unknown,
			inspect.CaseIncomplete,
		},
		{"no policy", inspect.Expected{}, nil, false, "unknown no-expectation", inspect.Unknown, inspect.CasePassed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, nil)
			payload := simplePayload(t, s.list)
			s.attach(s.list, "sig", mediaSimple, payload, studio.annotations(studio.keyless(alice), payload, false,
				true))
			got := s.lookWith(studio.trust(), c.flags, c.requirements, c.named)
			row := got.Images[0].Signatures[0]
			if text := string(row.Status) + " " + row.Reason; text != c.row {
				t.Errorf("the row is %s, want %s: %+v", text, c.row, row.Steps)
			}
			g := got.Images[0].Gates[slices.IndexFunc(got.Images[0].Gates,
				func(g inspect.Gate) bool { return g.Name == inspect.GateSignature })]
			if g.Status.Tone() != c.gate {
				t.Errorf("the gate is %+v, want %s", g, c.gate)
			}
			if verdict.Of(&got).Status != c.status {
				t.Errorf("the case is %+v, want %s", verdict.Of(&got), c.status)
			}
		})
	}
}

func TestUnsignedUnderAPolicyFails(t *testing.T) {
	got := newShop(t, nil).lookWith(newStudio(t).trust(), inspect.Expected{}, []inspect.PolicyRequirement{asks("p",
		person(alice))}, true)
	if verdict.Of(&got).Status != inspect.CaseFailed || len(got.Findings) != 1 || got.Findings[0].Code != inspect.CodePolicyNotMet {
		t.Errorf("the case is %+v: %+v", verdict.Of(&got), got.Findings)
	}
}

// A key that a policy names is tried, also where flags expect somebody else: the policy can be judged, and the row does
// not fit.
func TestKeyOfAPolicyUnderFlags(t *testing.T) {
	studio := newStudio(t)
	keyed := newKeyed(t)
	key := inspect.Authority{Keys: []inspect.ExpectedKey{keyed.expected(t)}}
	s := newShop(t, nil)
	payload := simplePayload(t, s.list)
	s.attach(s.list, "sig", mediaSimple, payload, studio.annotations(keyed, payload, false, false))
	got := s.lookWith(studio.trust(), inspect.Expected{}, []inspect.PolicyRequirement{asks("p", key)}, true)
	if row := got.Images[0].Signatures[0]; row.Status != inspect.Verified {
		t.Errorf("without flags the row is %s %s", row.Status, row.Reason)
	}
	got = s.lookWith(studio.trust(), inspect.Expected{Identities: []string{alice}, Issuers: []string{issuer}},
		[]inspect.PolicyRequirement{asks("p", key)}, true)
	if row := got.Images[0].Signatures[0]; row.Reason != inspect.ReasonIdentityMismatch {
		t.Errorf("with flags the row is %s %s", row.Status, row.Reason)
	}
	for _, g := range got.Images[0].Gates {
		if g.Name == "policy p" && g.Status != inspect.GatePassed {
			t.Errorf("the policy is met, and its gate is %+v", g)
		}
	}
}

// lookWith runs the check with policies.
func (s *shop) lookWith(trust *Trust, expected inspect.Expected, requirements []inspect.PolicyRequirement,
	named bool,
) inspect.Case {
	s.t.Helper()
	location := s.repo.Digest(s.list).String()
	policies := engine.Check{Name: inspect.CheckPolicies, Scope: engine.PerCase, Run: nothing}
	check := Check(Options{
		Client: s.client, Store: s.store, Trust: trust, PolicyNamed: named,
		Requirements: func(inspect.Image) []inspect.PolicyRequirement { return requirements },
	})
	return runChecks(s.t, expected, inspect.Image{
		ImageHead: inspect.ImageHead{
			Container: "web", Reference: location, Location: location, Index: s.list,
			Digest: s.digest, Config: digestOf(nil), Status: inspect.Verified,
		},
	}, policies, check)
}
