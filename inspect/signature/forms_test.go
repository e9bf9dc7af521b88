package signature

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/backtrail/backtrail/inspect"
)

func keyOf(t *testing.T, public crypto.PublicKey) inspect.ExpectedKey {
	t.Helper()
	data, err := cryptoutils.MarshalPublicKeyToPEM(public)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func unlogged(hash string, digest, sig []byte) object {
	return object{
		"mediaType": bundleV03, "verificationMaterial": object{"publicKey": object{"hint": "any"}},
		"messageSignature": object{
			"messageDigest": object{"algorithm": hash, "digest": b64(digest)},
			"signature":     b64(sig),
		},
	}
}

func statusOf(t *testing.T, s inspect.Signature, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(s.Status) + " " + s.Reason
}

// The curve chooses the hash, and the message's digest is by that hash.
func TestKeyOfP384(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum384(blob)
	sig, err := k.Sign(rand.Reader, sum[:], crypto.SHA384)
	if err != nil {
		t.Fatal(err)
	}
	r := BlobRequest{
		Artifact: bytes.NewReader(blob), Bundle: encode(t, unlogged("SHA2_384", sum[:], sig)),
		Trust:    newStudio(t).trust(),
		Expected: inspect.Expected{Keys: []inspect.ExpectedKey{keyOf(t, k.Public())}},
	}
	s, err := VerifyBlob(context.Background(), r)
	if got := statusOf(t, s, err); got != "verified " {
		t.Errorf("got %s: %s", got, Why(s))
	}
	r.Artifact = bytes.NewReader([]byte("another"))
	s, err = VerifyBlob(context.Background(), r)
	if got := statusOf(t, s, err); got != "failed subject-mismatch" {
		t.Errorf("another file: got %s: %s", got, Why(s))
	}
}

func TestKeyOfEd25519(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := rawDigest(digestOf(blob))
	if err != nil {
		t.Fatal(err)
	}
	s, err := VerifyBlob(context.Background(), BlobRequest{
		Artifact: bytes.NewReader(blob), Bundle: encode(t, unlogged("SHA2_256", raw, ed25519.Sign(private, blob))),
		Trust:    newStudio(t).trust(),
		Expected: inspect.Expected{Keys: []inspect.ExpectedKey{keyOf(t, public)}},
	})
	if got := statusOf(t, s, err); got != "verified " {
		t.Errorf("got %s: %s", got, Why(s))
	}
}

// An entry of kind intoto 0.0.2 as the log keeps it: without the payload, with its hash.
func TestIntotoEntry(t *testing.T) {
	s, keyed := newStudio(t), newKeyed(t)
	statement := statementOf(t, digestOf(blob))
	bundle := s.statementBundle(keyed, statement, "dsse")
	envelope, sig := s.envelope(keyed, statement)
	var e dsse.Envelope
	if err := json.Unmarshal(envelope, &e); err != nil {
		t.Fatal(err)
	}
	body := encode(t, object{"apiVersion": "0.0.2", "kind": "intoto", "spec": object{"content": object{
		"envelope": object{"payloadType": intotoType, "signatures": []any{object{
			"publicKey": b64(keyed.pem(t)), "sig": b64([]byte(b64(sig))),
		}}},
		"hash":        object{"algorithm": "sha256", "value": hexSum(envelope)},
		"payloadHash": object{"algorithm": "sha256", "value": hexSum(statement)},
	}}})
	entry := s.logEntry(body, "intoto")
	entry["kindVersion"] = object{"kind": "intoto", "version": "0.0.2"}
	dig(bundle, "verificationMaterial")["tlogEntries"] = []any{entry}
	dig(bundle, "dsseEnvelope")["signatures"] = []any{object{"sig": b64(sig)}}
	row, err := VerifyBlob(context.Background(), BlobRequest{
		Artifact: bytes.NewReader(blob), Bundle: encode(t, bundle), Trust: s.trust(),
		Expected: inspect.Expected{Keys: []inspect.ExpectedKey{keyed.expected(t)}},
	})
	if got := statusOf(t, row, err); got != "verified " {
		t.Errorf("got %s: %s", got, Why(row))
	}
}

// rekorV2 makes a bundle whose entry is of a log of the second generation, which has no time of its own.
func rekorV2(t *testing.T, s *studio, statement []byte, stamped bool) object {
	t.Helper()
	entity, err := s.ca.AttestHashedRekordV2(alice, issuer, statement)
	if err != nil {
		t.Fatal(err)
	}
	entries, _ := entity.TlogEntries()
	entry, err := protojson.Marshal(entries[0].TransparencyLogEntry())
	if err != nil {
		t.Fatal(err)
	}
	content, _ := entity.VerificationContent()
	sig, _ := entity.SignatureContent()
	stamps, _ := entity.Timestamps()
	var decoded object
	if err := json.Unmarshal(entry, &decoded); err != nil {
		t.Fatal(err)
	}
	decoded["inclusionProof"] = object(decoded["inclusionProof"].(map[string]any))
	delete(decoded, "integratedTime")
	material := object{"certificate": object{"rawBytes": b64(content.Certificate().Raw)}, "tlogEntries": []any{decoded}}
	if stamped {
		material["timestampVerificationData"] = object{"rfc3161Timestamps": []any{object{"signedTimestamp": b64(stamps[0])}}}
	}
	return object{"mediaType": bundleV03, "verificationMaterial": material, "dsseEnvelope": object{
		"payload": b64(statement), "payloadType": intotoType, "signatures": []any{object{"sig": b64(sig.Signature())}},
	}}
}

// movedLogs are logs whose keys were valid in another time.
type movedLogs struct{ root.TrustedMaterial }

func (m movedLogs) RekorLogs() map[string]*root.TransparencyLog {
	logs := map[string]*root.TransparencyLog{}
	for id, l := range m.TrustedMaterial.RekorLogs() {
		moved := *l
		moved.ValidityPeriodEnd = moved.ValidityPeriodStart.Add(1)
		logs[id] = &moved
	}
	return logs
}

func TestRekorV2(t *testing.T) {
	s := newStudio(t)
	a := file(t, blob)
	statement := statementOf(t, a.main)
	proof := func(o object) object { return dig(o, "verificationMaterial", "tlogEntries", "inclusionProof") }
	for _, c := range []struct {
		name    string
		stamped bool
		root    root.TrustedMaterial
		alter   func(object)
		want    string
	}{
		{"with a timestamp", true, s.root, nil, "verified "},
		{"without one nothing says when", false, s.root, nil, "failed no-timestamp"},
		{"the log's key was not valid then", true, movedLogs{s.root}, nil, "failed log-mismatch"},
		{
			"the proof is for another tree", true, s.root, func(o object) { proof(o)["treeSize"] = "2" },
			"failed log-mismatch",
		},
		{
			"the proof has another root", true, s.root, func(o object) { flip(proof(o), "rootHash") },
			"failed log-mismatch",
		},
		{
			"the proof is of another entry", true, s.root, func(o object) { proof(o)["logIndex"] = "1" },
			"failed log-mismatch",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			bundle := rekorV2(t, s, statement, c.stamped)
			if c.alter != nil {
				c.alter(bundle)
			}
			b, err := readBundle(encode(t, bundle))
			if err != nil {
				t.Fatal(err)
			}
			o := b.verify([]Root{{Material: c.root}}, a, expectAlice(t))
			if status, reason := o.verdict(); string(status)+" "+reason != c.want {
				t.Errorf("got %s %s, want %s: %+v", status, reason, c.want, o.steps)
			}
		})
	}
}

func TestBlobByDigest(t *testing.T) {
	s := newStudio(t)
	r := BlobRequest{
		Digest: digestOf(blob), Bundle: encode(t, s.messageBundle(s.keyless(alice), blob)), Trust: s.trust(),
		Expected: inspect.Expected{Identities: []string{alice}, Issuers: []string{issuer}},
	}
	row, err := VerifyBlob(context.Background(), r)
	if got := statusOf(t, row, err); got != "verified " {
		t.Errorf("got %s: %s", got, Why(row))
	}
	r.Digest = "sha256:zz"
	if _, err := VerifyBlob(context.Background(), r); err == nil {
		t.Error("a digest that is none is taken")
	}
}

func TestBlobRequestsThatCannotBe(t *testing.T) {
	s := newStudio(t)
	good := encode(t, s.messageBundle(s.keyless(alice), blob))
	for _, c := range []struct {
		name string
		r    BlobRequest
		want string
	}{
		{
			"bundle cut off",
			BlobRequest{Digest: digestOf(blob), Bundle: good[:100], Trust: s.trust()},
			"malformed bundle",
		},
		{"empty bundle", BlobRequest{Digest: digestOf(blob), Trust: s.trust()}, "malformed bundle"},
		{"pattern that is none", BlobRequest{
			Digest: digestOf(blob), Bundle: good, Trust: s.trust(),
			Expected: inspect.Expected{IdentityRegexps: []string{"("}},
		}, "expected signer"},
		{"key that is none", BlobRequest{
			Digest: digestOf(blob), Bundle: good, Trust: s.trust(),
			Expected: inspect.Expected{Keys: []inspect.ExpectedKey{{PEM: "x"}}},
		}, "public key"},
		{"no root", BlobRequest{
			Digest: digestOf(blob), Bundle: good,
			Trust: NewTrust(TrustOptions{Files: []string{"/nonexistent"}}),
		}, "trusted root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			row, err := VerifyBlob(context.Background(), c.r)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want words about %s", err, c.want)
			}
			if errors.Is(err, ErrMalformed) && (row.Status != inspect.Failed || row.Reason != inspect.ReasonMalformed) {
				t.Errorf("row is %s %s", row.Status, row.Reason)
			}
		})
	}
}

// withoutLogs is a root as GitHub's own: an authority for certificates and one for timestamps, and no log.
type withoutLogs struct{ root.TrustedMaterial }

func (withoutLogs) RekorLogs() map[string]*root.TransparencyLog { return nil }
func (withoutLogs) CTLogs() map[string]*root.TransparencyLog    { return nil }

func TestCertificateAndTimestampAreEnoughForARootWithoutLogs(t *testing.T) {
	s := newStudio(t)
	a := file(t, blob)
	for _, c := range []struct {
		name    string
		stamped bool
		root    root.TrustedMaterial
		want    string
	}{
		{"stamped", true, withoutLogs{s.root}, "verified "},
		{"nothing says when", false, withoutLogs{s.root}, "failed no-timestamp"},
		{"a root with logs wants an entry", true, s.root, "failed log-mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bundle := rekorV2(t, s, statementOf(t, a.main), c.stamped)
			delete(dig(bundle, "verificationMaterial"), "tlogEntries")
			b, err := readBundle(encode(t, bundle))
			if err != nil {
				t.Fatal(err)
			}
			o := b.verify([]Root{{Material: c.root}}, a, expectAlice(t))
			if status, reason := o.verdict(); string(status)+" "+reason != c.want {
				t.Errorf("got %s %s, want %s: %+v", status, reason, c.want, o.steps)
			}
			agree(t, o)
		})
	}
}

// Two timestamps of one authority: the library looks at the first alone.
func TestEveryTimestampCounts(t *testing.T) {
	s := newStudio(t)
	a := file(t, blob)
	bundle := rekorV2(t, s, statementOf(t, a.main), true)
	b, err := readBundle(encode(t, bundle))
	if err != nil {
		t.Fatal(err)
	}
	c := newChain()
	c.pass(inspect.StepLog, "it holds")
	times := []observed{{b.cert.NotBefore.Add(1), "first"}, {b.cert.NotAfter.Add(1), "second"}}
	explainTime(c, s.root, b.cert, times, false, nil)
	if c.status(inspect.StepTimestamp) != inspect.Failed {
		t.Errorf("steps: %+v", c.steps)
	}
}
