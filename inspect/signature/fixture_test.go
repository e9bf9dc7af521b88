package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/backtrail/backtrail/inspect"
)

const (
	alice  = "alice@example.com"
	issuer = "https://accounts.example.com"
)

// studio is a Sigstore instance of its own, that signs for the tests with real keys, certificates and log entries.
type studio struct {
	t    testing.TB
	ca   *ca.VirtualSigstore
	root root.TrustedMaterial
	at   time.Time // of signing
}

// withoutCT is the instance's root without a certificate transparency log: its certificates carry no SCT.
type withoutCT struct{ root.TrustedMaterial }

func (withoutCT) CTLogs() map[string]*root.TransparencyLog { return nil }

func newStudio(t testing.TB) *studio {
	t.Helper()
	v, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	return &studio{t, v, withoutCT{v}, time.Now().Add(5 * time.Minute)}
}

func (s *studio) roots() []Root { return []Root{{Material: s.root}} }

func (s *studio) trust() *Trust { return FixedTrust(s.roots()...) }

// credential is what signs: a key, with a certificate or without.
type credential struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func (s *studio) keyless(identity string) credential {
	s.t.Helper()
	cert, key, err := s.ca.GenerateLeafCert(identity, issuer)
	if err != nil {
		s.t.Fatal(err)
	}
	return credential{key.(*ecdsa.PrivateKey), cert}
}

func newKeyed(t testing.TB) credential {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return credential{key: k}
}

func (c credential) expected(t testing.TB) inspect.ExpectedKey {
	t.Helper()
	data, err := cryptoutils.MarshalPublicKeyToPEM(c.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (c credential) sign(t testing.TB, message []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(message)
	sig, err := c.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// pem is how a log names the signer.
func (c credential) pem(t testing.TB) []byte {
	t.Helper()
	if c.cert != nil {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
	}
	data, err := cryptoutils.MarshalPublicKeyToPEM(c.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// object is JSON, whose keys encoding/json sorts: that is canonical enough for a log.
type object map[string]any

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// hashedrekord is the body of a log entry about signed bytes.
func (s *studio) hashedrekord(c credential, message, sig []byte) []byte {
	return encode(s.t, object{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": object{
		"data":      object{"hash": object{"algorithm": "sha256", "value": hexSum(message)}},
		"signature": object{"content": b64(sig), "publicKey": object{"content": b64(c.pem(s.t))}},
	}})
}

// dsseEntry is the body of a log entry about an envelope.
func (s *studio) dsseEntry(c credential, envelope, payload, sig []byte) []byte {
	return encode(s.t, object{"apiVersion": "0.0.1", "kind": "dsse", "spec": object{
		"envelopeHash": object{"algorithm": "sha256", "value": hexSum(envelope)},
		"payloadHash":  object{"algorithm": "sha256", "value": hexSum(payload)},
		"signatures":   []any{object{"signature": b64(sig), "verifier": b64(c.pem(s.t))}},
	}})
}

// promise is the log's signed entry timestamp.
func (s *studio) promise(body []byte, index int64) (set []byte, logID string) {
	s.t.Helper()
	logID, err := s.ca.RekorLogID()
	if err != nil {
		s.t.Fatal(err)
	}
	set, err = s.ca.RekorSignPayload(tlog.RekorPayload{
		Body: b64(body), IntegratedTime: s.at.Unix(), LogIndex: index,
		LogID: logID,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return set, logID
}

// logEntry is a log entry as a bundle holds it, with promise and proof.
func (s *studio) logEntry(body []byte, kind string) object {
	s.t.Helper()
	const index = 0
	set, logID := s.promise(body, index)
	proof, err := s.ca.GetInclusionProof(body)
	if err != nil {
		s.t.Fatal(err)
	}
	rawID, _ := hex.DecodeString(logID)
	rawRoot, _ := hex.DecodeString(*proof.RootHash)
	return object{
		"logIndex": fmt.Sprint(index), "logId": object{"keyId": b64(rawID)}, "kindVersion": object{
			"kind":    kind,
			"version": "0.0.1",
		},
		"integratedTime": fmt.Sprint(s.at.Unix()), "inclusionPromise": object{"signedEntryTimestamp": b64(set)},
		"canonicalizedBody": b64(body),
		"inclusionProof": object{
			"logIndex": "0", "rootHash": b64(rawRoot), "treeSize": "1", "hashes": []any{},
			"checkpoint": object{"envelope": *proof.Checkpoint},
		},
	}
}

func (s *studio) material(c credential, entries ...any) object {
	m := object{"tlogEntries": entries}
	if c.cert != nil {
		m["certificate"] = object{"rawBytes": b64(c.cert.Raw)}
		return m
	}
	k, err := newKey(c.key.Public())
	if err != nil {
		s.t.Fatal(err)
	}
	m["publicKey"] = object{"hint": k.hint}
	return m
}

const bundleV03 = "application/vnd.dev.sigstore.bundle.v0.3+json"

// messageBundle is a bundle over an artifact.
func (s *studio) messageBundle(c credential, artifact []byte) object {
	sig := c.sign(s.t, artifact)
	sum := sha256.Sum256(artifact)
	return object{
		"mediaType":            bundleV03,
		"verificationMaterial": s.material(c, s.logEntry(s.hashedrekord(c, artifact, sig), "hashedrekord")),
		"messageSignature": object{
			"messageDigest": object{"algorithm": "SHA2_256", "digest": b64(sum[:])}, "signature": b64(sig),
		},
	}
}

// envelope signs a statement.
func (s *studio) envelope(c credential, statement []byte) (data, sig []byte) {
	sig = c.sign(s.t, dsse.PAE(intotoType, statement))
	return encode(s.t, object{
		"payload": b64(statement), "payloadType": intotoType,
		"signatures": []any{object{"sig": b64(sig)}},
	}), sig
}

// statementBundle is a bundle with a statement; its log entry is a dsse or a hashedrekord.
func (s *studio) statementBundle(c credential, statement []byte, kind string) object {
	data, sig := s.envelope(c, statement)
	body := s.dsseEntry(c, data, statement, sig)
	if kind == "hashedrekord" {
		body = s.hashedrekord(c, dsse.PAE(intotoType, statement), sig)
	}
	var envelope object
	if err := json.Unmarshal(data, &envelope); err != nil {
		s.t.Fatal(err)
	}
	return object{
		"mediaType": bundleV03, "verificationMaterial": s.material(c, s.logEntry(body, kind)),
		"dsseEnvelope": envelope,
	}
}

func statementOf(t testing.TB, digest string) []byte {
	return encode(t, object{
		"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1",
		"subject":   []any{object{"name": "app", "digest": object{"sha256": digest[len("sha256:"):]}}},
		"predicate": object{},
	})
}

// simplePayload is what cosign signs of an image.
func simplePayload(t testing.TB, digest string) []byte {
	return encode(t, object{"critical": object{
		"identity": object{"docker-reference": "registry.example.com/app"},
		"image":    object{"docker-manifest-digest": digest},
		"type":     "cosign container image signature",
	}, "optional": nil})
}

// annotations are cosign's, for a payload or an envelope: signature, certificate and log entry.
func (s *studio) annotations(c credential, payload []byte, envelope, logged bool) map[string]string {
	s.t.Helper()
	a := map[string]string{static.SignatureAnnotationKey: ""}
	var body []byte
	if envelope {
		var e dsse.Envelope
		if err := json.Unmarshal(payload, &e); err != nil {
			s.t.Fatal(err)
		}
		sig, _ := base64.StdEncoding.DecodeString(e.Signatures[0].Sig)
		inner, _ := e.DecodeB64Payload()
		body = s.dsseEntry(c, payload, inner, sig)
	} else {
		sig := c.sign(s.t, payload)
		a[static.SignatureAnnotationKey] = b64(sig)
		body = s.hashedrekord(c, payload, sig)
	}
	if c.cert != nil {
		a[static.CertificateAnnotationKey] = string(c.pem(s.t))
	}
	if logged {
		set, logID := s.promise(body, 7)
		a[static.BundleAnnotationKey] = string(encode(s.t, object{"SignedEntryTimestamp": b64(set), "Payload": object{
			"body": b64(body), "integratedTime": s.at.Unix(), "logIndex": 7, "logID": logID,
		}}))
	}
	return a
}

// file is an artifact for a test.
func file(t testing.TB, data []byte) artifact {
	t.Helper()
	a, err := newFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func imageOf(digest string) artifact {
	return artifact{what: "the image", names: map[string]string{digest: "the image"}, main: digest}
}

func expectAlice(t testing.TB) expectation {
	return mustExpect(t, inspect.Expected{Identities: []string{alice}, Issuers: []string{issuer}})
}

func mustExpect(t testing.TB, e inspect.Expected) expectation {
	t.Helper()
	x, err := newExpectation(e)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func mustB64(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
