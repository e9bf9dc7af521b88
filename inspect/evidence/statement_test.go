package evidence

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/signature"
)

// TestTheSignatureIsAStatementOverTheTagManifest reads the signature of a bag as another client does, and verifies it as
// the command line does.
func TestTheSignatureIsAStatementOverTheTagManifest(t *testing.T) {
	in := newIncident(t)
	private := ecdsaKey(t, elliptic.P256())
	sign, key := signerOf(t, private)
	o := options
	o.Sign = sign
	r := in.export(t, "bundle", o)
	bundle := read(t, filepath.Join(r.Path, bagit.SignatureFile))
	var b struct {
		Envelope struct {
			Payload     string `json:"payload"`
			PayloadType string `json:"payloadType"`
		} `json:"dsseEnvelope"`
	}
	must(t, json.Unmarshal(bundle, &b))
	statement, err := base64.StdEncoding.DecodeString(b.Envelope.Payload)
	must(t, err)
	for _, want := range []string{`"_type":"https://in-toto.io/Statement/v1"`, bagit.HexOf(r.TagManifest), `"predicateType":"` + bagPredicate + `"`} {
		if b.Envelope.PayloadType != statementType || !strings.Contains(string(statement), want) {
			t.Errorf("%s: no %s in %s", b.Envelope.PayloadType, want, statement)
		}
	}
	pem, err := cryptoutils.MarshalPublicKeyToPEM(private.Public())
	must(t, err)
	for name, tt := range map[string]struct {
		manifest []byte
		want     inspect.Status
	}{
		"the manifest": {read(t, filepath.Join(r.Path, bagit.TagManifest256)), inspect.Verified},
		"another one":  {read(t, filepath.Join(r.Path, bagit.TagManifest512)), inspect.Failed},
	} {
		sig, err := signature.VerifyBlob(t.Context(), signature.BlobRequest{
			Artifact: bytes.NewReader(tt.manifest), Bundle: bundle, Trust: signature.FixedTrust(),
			Expected: inspect.Expected{Keys: []inspect.ExpectedKey{{Digest: key.Digest, PEM: string(pem)}}},
		})
		if err != nil || sig.Status != tt.want {
			t.Errorf("%s: %s (%s) %v", name, sig.Status, sig.Reason, err)
		}
	}
}
