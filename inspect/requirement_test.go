package inspect

import (
	"slices"
	"strings"
	"testing"
)

// rows of an image: signed by ci with a certificate, and by a key; an attestation by ci; a graft that does not hold.
var (
	byCI     = Signature{Status: Unknown, Reason: "no-expectation", Identity: "https://github.com/acme/app/.github/workflows/ci.yml@refs/heads/main", Issuer: "https://token.actions.githubusercontent.com", Certificate: &Certificate{}}
	byOther  = Signature{Status: Failed, Reason: "identity-mismatch", Identity: "mallory@example.com", Issuer: "https://accounts.example.com", Certificate: &Certificate{}}
	byKey    = Signature{Status: Verified, Key: "sha256:aa"}
	slsa     = Signature{Status: Verified, Identity: byCI.Identity, Issuer: byCI.Issuer, PredicateType: "https://slsa.dev/provenance/v1", Certificate: &Certificate{}}
	grafted  = Signature{Status: Failed, Reason: "subject-mismatch", Identity: byCI.Identity, Issuer: byCI.Issuer, Certificate: &Certificate{}}
	ci       = Authority{Identities: []Identity{{Issuer: byCI.Issuer, SubjectRegexp: `^https://github\.com/acme/app/`}}}
	ciSLSA   = Authority{Identities: ci.Identities, Predicates: []string{"https://slsa.dev/provenance/v1"}}
	thatKey  = Authority{Keys: []ExpectedKey{{Digest: "sha256:aa"}}}
	kms      = Authority{MayAccept: []string{"the key lies in a KMS"}}
	ciAndCUE = Authority{Identities: ci.Identities, AlsoRequires: []string{"a CUE policy"}}
)

func TestVerdictOfADemand(t *testing.T) {
	for _, c := range []struct {
		name   string
		groups []AuthorityGroup
		rows   []Signature
		open   []string
		want   GateStatus
		says   string
	}{
		{"signed by the identity", any1(ci), list(byCI), nil, GatePassed, "signed by https://github.com/acme/app"},
		{"signed by somebody else", any1(ci), list(byOther), nil, GateRefused, "signed by mallory@example.com"},
		{"one authority is enough", any1(ci, thatKey), list(byKey), nil, GatePassed, "the key sha256:aa"},
		{"a signature that does not hold counts for nobody", any1(ci), list(grafted), nil, GateRefused, "the 1 signature found is not by it"},
		{"an attestation is not a signature", any1(ci), list(slsa), nil, GateUnknown, "made an attestation only, which is not an image signature"},
		{"an attestation by somebody else", any1(thatKey), list(slsa), nil, GateRefused, "requires key sha256:aa"},
		{"who is required", any1(ci), nil, nil, GateRefused, `requires identity matching ^https://github\.com/acme/app/, issuer https://token`},
		{"an attestation that is asked for", any1(ciSLSA), list(slsa), nil, GatePassed, "attested"},
		{"a signature is no attestation", any1(ciSLSA), list(byCI), nil, GateRefused, "attestation https://slsa.dev/provenance/v1"},
		{"nothing there", any1(ci), nil, nil, GateRefused, "no signature found"},
		{"nothing there, and a store was silent", any1(ci), nil, []string{"referrers: 503"}, GateUnknown, "503"},
		{"a key that cannot be read", any1(kms), list(byCI), nil, GateUnknown, "KMS"},
		{"a rule that cannot be evaluated never passes", any1(ciAndCUE), list(byCI), nil, GateUnknown, "CUE"},
		{"a rule that cannot be evaluated still fails", any1(ciAndCUE), list(byOther), nil, GateRefused, "mallory"},
		{"static pass", any1(Authority{Static: "pass"}), nil, nil, GatePassed, "every image passes"},
		{"static fail", any1(Authority{Static: "fail", Message: "not from there"}), list(byCI), []string{"silent"}, GateRefused, "not from there"},
		{"two of two, one there", []AuthorityGroup{{Need: 2, Authorities: []Authority{ci, thatKey}}}, list(byCI), nil, GateRefused, "1 of 2"},
		{"two of two", []AuthorityGroup{{Need: 2, Authorities: []Authority{ci, thatKey}}}, list(byCI, byKey), nil, GatePassed, ""},
		{"every group must be met", []AuthorityGroup{{1, []Authority{ci}}, {1, []Authority{thatKey}}}, list(byCI), nil, GateRefused, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := PolicyRequirement{Policy: "p", Mode: ModeEnforce, Groups: c.groups}.Verdict(c.rows, c.open)
			if g.Status != c.want || !strings.Contains(g.Detail, c.says) {
				t.Errorf("got %s %q, want %s with %q", g.Status, g.Detail, c.want, c.says)
			}
		})
	}
}

func any1(all ...Authority) []AuthorityGroup { return []AuthorityGroup{{Need: 1, Authorities: all}} }
func list(all ...Signature) []Signature      { return all }

// Each subject may come from each issuer; a kind that nobody named fits everything, and naming nobody fits nobody.
func TestPairsOfWhatIsExpected(t *testing.T) {
	for name, tt := range map[string]struct {
		expected Expected
		want     []Identity
	}{
		"nobody":         {Expected{}, nil},
		"an issuer only": {Expected{Issuers: []string{"i"}}, []Identity{{Issuer: "i"}}},
		"each with each": {Expected{Identities: []string{"a"}, IdentityRegexps: []string{"^b"}, Issuers: []string{"i"}},
			[]Identity{{Subject: "a", Issuer: "i"}, {SubjectRegexp: "^b", Issuer: "i"}}},
	} {
		if got := tt.expected.Pairs(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
