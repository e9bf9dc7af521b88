package signature

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// An attestation by the expected signer leaves the image's signature open; only a signature of the image passes the gate.
func TestAnAttestationIsNoSignatureOfTheImage(t *testing.T) {
	row := func(predicate string, status inspect.Status) inspect.Signature {
		return inspect.Signature{ID: predicate, Key: "sha256:aa", PredicateType: predicate, Status: status}
	}
	scan := row("https://cosign.sigstore.dev/attestation/vuln/v1", inspect.Verified)
	for name, tt := range map[string]struct {
		rows []inspect.Signature
		want inspect.Status
	}{
		"an attestation that a scan failed": {[]inspect.Signature{scan}, inspect.Unknown},
		"provenance": {[]inspect.Signature{row("https://slsa.dev/provenance/v1",
			inspect.Verified)}, inspect.Unknown},
		"cosign's signature": {[]inspect.Signature{scan, row("", inspect.Verified)}, inspect.Verified},
		"cosign's signature as a bundle": {[]inspect.Signature{scan, row(inspect.PredicateCosignSign,
			inspect.Verified)}, inspect.Verified},
		"a signature that holds for nobody": {[]inspect.Signature{scan, row("", inspect.Failed)}, inspect.Unknown},
		"an attestation that does not hold": {[]inspect.Signature{row("https://slsa.dev/provenance/v1",
			inspect.Failed)}, inspect.Failed},
		"nothing": {nil, inspect.Absent},
	} {
		x := expectation{keys: []key{{digest: "sha256:aa"}}, flagged: true, words: "key sha256:aa"}
		g := summary{subject: "image", found: collection{rows: tt.rows}, expect: x}.gate()
		if g.Status.Tone() != tt.want {
			t.Errorf("%s: the gate is %s: %s", name, g.Status, g.Detail)
		}
		if tt.want == inspect.Unknown && !strings.Contains(g.Detail, "only an attestation") {
			t.Errorf("%s: the detail is %q", name, g.Detail)
		}
	}
}
