package inspect

import (
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
	ciAndCUE = Authority{Identities: ci.Identities, AlsoAsks: []string{"a CUE policy"}}
)

func TestVerdictOfADemand(t *testing.T) {
	for _, c := range []struct {
		name   string
		groups []AuthorityGroup
		rows   []Signature
		open   []string
		want   Status
		says   string
	}{
		{"signed by the identity", any1(ci), list(byCI), nil, Verified, "signed by https://github.com/acme/app"},
		{"signed by somebody else", any1(ci), list(byOther), nil, Failed, "signed by mallory@example.com"},
		{"one authority is enough", any1(ci, thatKey), list(byKey), nil, Verified, "the key sha256:aa"},
		{"a signature that does not hold counts for nobody", any1(ci), list(grafted), nil, Failed, "the 1 signature found is not by it"},
		{"an attestation is not a signature", any1(ci), list(slsa), nil, Unknown, "made an attestation only, which is not an image signature"},
		{"an attestation by somebody else", any1(thatKey), list(slsa), nil, Failed, "requires key sha256:aa"},
		{"who is required", any1(ci), nil, nil, Failed, `requires identity matching ^https://github\.com/acme/app/, issuer https://token`},
		{"an attestation that is asked for", any1(ciSLSA), list(slsa), nil, Verified, "attested"},
		{"a signature is no attestation", any1(ciSLSA), list(byCI), nil, Failed, "attestation https://slsa.dev/provenance/v1"},
		{"nothing there", any1(ci), nil, nil, Failed, "no signature found"},
		{"nothing there, and a store was silent", any1(ci), nil, []string{"referrers: 503"}, Unknown, "503"},
		{"a key that cannot be read", any1(kms), list(byCI), nil, Unknown, "KMS"},
		{"a rule that cannot be evaluated never passes", any1(ciAndCUE), list(byCI), nil, Unknown, "CUE"},
		{"a rule that cannot be evaluated still fails", any1(ciAndCUE), list(byOther), nil, Failed, "mallory"},
		{"static pass", any1(Authority{Static: "pass"}), nil, nil, Verified, "every image passes"},
		{"static fail", any1(Authority{Static: "fail", Message: "not from there"}), list(byCI), []string{"silent"}, Failed, "not from there"},
		{"two of two, one there", []AuthorityGroup{{Need: 2, Authorities: []Authority{ci, thatKey}}}, list(byCI), nil, Failed, "1 of 2"},
		{"two of two", []AuthorityGroup{{Need: 2, Authorities: []Authority{ci, thatKey}}}, list(byCI, byKey), nil, Verified, ""},
		{"every group must be met", []AuthorityGroup{{1, []Authority{ci}}, {1, []Authority{thatKey}}}, list(byCI), nil, Failed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := Demand{Policy: "p", Mode: ModeEnforce, Groups: c.groups}.Verdict(c.rows, c.open)
			if g.Status != c.want || !strings.Contains(g.Detail, c.says) {
				t.Errorf("got %s %q, want %s with %q", g.Status, g.Detail, c.want, c.says)
			}
		})
	}
}

func TestPolicyOfTheClusterThatCannotBeCheckedLeavesTheCase(t *testing.T) {
	for origin, want := range map[string]Status{TrustCluster: Verified, TrustFile: Unknown} {
		c := Case{End: &End{Status: Verified}}
		gate := Demand{Policy: "p", Origin: origin, Groups: any1(kms)}.Verdict(list(byCI), nil)
		c.Images = []Image{{ImageHead: ImageHead{Container: "image", Status: Verified}, Gates: []Gate{gate}}}
		if c.Settle(); c.Status != want {
			t.Errorf("a policy of the %s: the case is %s, want %s", origin, c.Status, want)
		}
	}
}

func TestPolicyThatIsNotMetFailsTheCase(t *testing.T) {
	c := Case{End: &End{Status: Verified}}
	gate := Demand{Policy: "p", Origin: TrustCluster, Mode: ModeWarn, Groups: any1(ci)}.Verdict(list(byOther), nil)
	c.Images = []Image{{ImageHead: ImageHead{Container: "image", Status: Verified}, Gates: []Gate{gate}}}
	if why := c.Settle(); c.Status != Failed || !strings.Contains(why[0], "policy p") || !strings.Contains(why[0], "mode warn") {
		t.Errorf("the case is %s: %v", c.Status, why)
	}
}

func any1(all ...Authority) []AuthorityGroup { return []AuthorityGroup{{Need: 1, Authorities: all}} }
func list(all ...Signature) []Signature      { return all }
