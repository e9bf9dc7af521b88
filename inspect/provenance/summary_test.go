package provenance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// vsa is a summary as a verifier writes it, with other members in place of its own.
func vsa(digest, result, other string) string {
	return fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/verification_summary/v1","subject":[{"digest":{"sha256":%q}}],
		"predicate":{"verifier":{"id":"https://acme.example/verifier"},"timeVerified":"2024-01-02T03:04:05Z","resourceUri":"registry.example/app:1",
		"policy":{"uri":"https://acme.example/policy","digest":{"sha256":"ab"}},"inputAttestations":[{"uri":"https://acme.example/att","digest":{"sha256":"cd"}}],
		"verificationResult":%q,"verifiedLevels":["SLSA_BUILD_LEVEL_3","ACME_TESTED"],"slsaVersion":"1.1"%s}}`, digest[7:], result, other)
}

func TestSummaryRows(t *testing.T) {
	sound := func(reason string) func(*inspect.Signature) {
		return func(g *inspect.Signature) {
			g.PredicateType, g.Reason = PredicateVSA+"v1", reason
			if g.Status = inspect.Verified; reason != "" {
				g.Status = inspect.Unknown
			}
		}
	}
	broken := func(g *inspect.Signature) {
		g.PredicateType, g.Status, g.Reason = PredicateVSA+"v1", inspect.Failed, "invalid-signature"
	}
	ours, other := digestOf("image"), digestOf("another")
	for _, c := range []struct {
		name    string
		text    string
		sign    func(*inspect.Signature)
		want    string
		finding inspect.Severity
	}{
		{"passed, by the one expected", vsa(ours, "PASSED", ""), sound(""), "verified ", ""},
		{"passed, nobody said who", vsa(ours, "PASSED", ""), sound("no-expectation"), "unknown no-expectation", ""},
		{"failed, by the one expected", vsa(ours, "FAILED", ""), sound(""), "verified ", inspect.High},
		{
			"failed, nobody said who", vsa(ours, "FAILED", ""), sound("no-expectation"), "unknown no-expectation",
			inspect.Medium,
		},
		{"failed, and the signature does not hold", vsa(ours, "FAILED", ""), broken, "failed invalid-signature", ""},
		{"failed, about another image", vsa(other, "FAILED", ""), sound(""), "failed subject-mismatch", inspect.High},
		{"neither of the two results", vsa(ours, "MAYBE", ""), sound(""), "failed malformed", inspect.High},
		{
			"no verifier", strings.Replace(vsa(ours, "PASSED", ""), "https://acme.example/verifier", "", 1), sound(""),
			"failed malformed", inspect.High,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			s.sign(c.text, c.sign)
			got := s.run(inspect.Expected{})
			rows := got.Images[0].Provenance
			if len(rows) != 1 || string(rows[0].Status)+" "+rows[0].Reason != c.want {
				t.Fatalf("rows %+v, want %s", rows, c.want)
			}
			worst := inspect.Severity("")
			for _, f := range got.Findings {
				worst = f.Severity
			}
			if worst != c.finding {
				t.Errorf("findings %+v, want %q", got.Findings, c.finding)
			}
		})
	}
}

func TestWhatASummarySays(t *testing.T) {
	s := newScene(t)
	s.sign(vsa(s.image.Digest, "PASSED", ""), func(g *inspect.Signature) { g.PredicateType = PredicateVSA + "v1" })
	row := s.run(inspect.Expected{}).Images[0].Provenance[0]
	for name, want := range map[string]string{
		"verifier": "https://acme.example/verifier", "verificationResult": "PASSED",
		"verifiedLevels": "SLSA_BUILD_LEVEL_3, ACME_TESTED",
		"resourceUri":    "registry.example/app:1", "policy": "https://acme.example/policy", "policyDigest": "sha256:ab",
		"slsaVersion": "1.1",
	} {
		if row.Parameters[name] != want {
			t.Errorf("%s is %q, want %q", name, row.Parameters[name], want)
		}
	}
	if len(row.Materials) != 1 || row.Materials[0].URI != "https://acme.example/att" || row.Finished.IsZero() {
		t.Errorf("row %+v", row)
	}
}

// v0.2 wrote its members with underscores and had one level.
func TestOldSummary(t *testing.T) {
	c,
		err := parseSummary(json.RawMessage(`{"verifier":{"id":"v"},"time_verified":"2022-01-02T03:04:05Z","resource_uri":"r","policy":{"uri":"p"},
		"input_attestations":[{"uri":"i"}],"verification_result":"PASSED","policy_level":"SLSA_LEVEL_3"}`))
	if err != nil || c.parameters["verifiedLevels"] != "SLSA_LEVEL_3" || c.parameters["resourceUri"] != "r" ||
		len(c.materials) != 1 || c.finished.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
}
