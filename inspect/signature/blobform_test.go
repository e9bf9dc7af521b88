package signature

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// ofCosign2 is what cosign 2 writes with --bundle; of an attestation the signature is the envelope.
func (s *studio) ofCosign2(c credential, signed []byte, body []byte) []byte {
	set, logID := s.promise(body, 7)
	return encode(s.t, object{
		"base64Signature": b64(signed), "cert": b64(c.pem(s.t)),
		"rekorBundle": object{"SignedEntryTimestamp": b64(set), "Payload": object{
			"body": b64(body), "integratedTime": s.at.Unix(), "logIndex": 7, "logID": logID,
		}},
	})
}

func TestFormsOfBundles(t *testing.T) {
	s, keyed := newStudio(t), newKeyed(t)
	signer, statement := s.keyless(alice), statementOf(t, digestOf(blob))
	ours, other := encode(t, s.messageBundle(signer, blob)), encode(t, s.messageBundle(signer, []byte("another")))
	envelope, sig := s.envelope(keyed, statement)
	theirEnvelope, theirSig := s.envelope(signer, statement)
	message, foreign := signer.sign(t, blob), signer.sign(t, []byte("x"))
	flag := inspect.Expected{Identities: []string{alice}, Issuers: []string{issuer}}
	key := inspect.Expected{Keys: []inspect.ExpectedKey{keyed.expected(t)}}
	for name, tt := range map[string]struct {
		file     []byte
		expected inspect.Expected
		want     string
	}{
		"one bundle": {ours, flag, "verified "},
		"one a line": {bytes.Join([][]byte{other, ours, other}, []byte("\n")), flag, "verified "},
		"one a line, of other files": {
			bytes.Join([][]byte{other, other}, []byte("\n")), flag,
			"failed subject-mismatch",
		},
		"a list": {bytes.Join([][]byte{[]byte("["), other, []byte(","), ours, []byte("]")},
			nil), flag, "verified "},
		"GitHub's answer": {encode(t,
			object{"attestations": []any{
				object{"bundle": json.RawMessage(other)},
				object{"bundle": json.RawMessage(ours), "repository_id": 1},
			}}), flag, "verified "},
		"what gh prints": {
			encode(t,
				[]any{object{"attestation": object{"bundle": json.RawMessage(ours)}, "verificationResult": object{}}}),
			flag, "verified ",
		},
		"cosign 2, a file": {
			s.ofCosign2(signer, message, s.hashedrekord(signer, blob, message)), flag,
			"verified ",
		},
		"cosign 2, another file": {
			s.ofCosign2(signer, foreign, s.hashedrekord(signer, []byte("x"), foreign)),
			flag, "failed subject-mismatch",
		},
		"cosign 2, an attestation": {s.ofCosign2(signer, theirEnvelope, s.dsseEntry(signer, theirEnvelope,
			statement, theirSig)), flag, "verified "},
		"an envelope": {envelope, key, "verified "},
		"an envelope, of several": {encode(t, object{
			"payload": b64(statement), "payloadType": intotoType,
			"signatures": []any{object{"sig": b64([]byte("no"))}, object{"sig": b64(sig)}},
		}), key, "verified "},
		"an envelope with a certificate": {
			encode(t, object{
				"payload": b64(statement), "payloadType": intotoType,
				"signatures": []any{object{"sig": b64(theirSig), "cert": string(signer.pem(t))}},
			}), flag,
			"failed log-mismatch",
		},
		"an envelope, of an unknown key": {
			envelope,
			inspect.Expected{Keys: []inspect.ExpectedKey{newKeyed(t).expected(t)}},
			"unknown unknown-key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			row, err := VerifyBlob(context.Background(), BlobRequest{
				Artifact: bytes.NewReader(blob), Bundle: tt.file,
				Trust: s.trust(), Expected: tt.expected,
			})
			if got := statusOf(t, row, err); got != tt.want {
				t.Errorf("got %s: %s", got, Why(row))
			}
		})
	}
	for name, file := range map[string]string{
		"nothing": "", "no JSON": "hello", "another object": `{"a":1}`, "a number": "7", "a list of lists": "[[[[]]]]",
		"an empty list":     "[]",
		"an answer without": `{"attestations":[]}`, "a cut line": string(ours[:50]),
	} {
		if _, err := VerifyBlob(context.Background(), BlobRequest{
			Artifact: bytes.NewReader(blob),
			Bundle:   []byte(file), Trust: s.trust(), Expected: flag,
		}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The key chooses the hash: key services sign with that of the curve, cosign with SHA-256.
func TestHashesOfAKey(t *testing.T) {
	payload := simplePayload(t, digestOf(blob))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	for name, tt := range map[string]struct {
		key  crypto.Signer
		hash crypto.Hash
		want string
	}{
		"P-256":              {curve(elliptic.P256()), crypto.SHA256, "verified "},
		"P-384 by cosign":    {curve(elliptic.P384()), crypto.SHA256, "verified "},
		"P-384":              {curve(elliptic.P384()), crypto.SHA384, "verified "},
		"P-521":              {curve(elliptic.P521()), crypto.SHA512, "verified "},
		"RSA by cosign":      {rsaKey, crypto.SHA256, "verified "},
		"RSA with SHA-384":   {rsaKey, crypto.SHA384, "verified "},
		"RSA with SHA-512":   {rsaKey, crypto.SHA512, "verified "},
		"P-256 with SHA-512": {curve(elliptic.P256()), crypto.SHA512, "unknown unknown-key"},
	} {
		t.Run(name, func(t *testing.T) {
			h := tt.hash.New()
			h.Write(payload)
			sig, err := tt.key.Sign(rand.Reader, h.Sum(nil), tt.hash)
			if err != nil {
				t.Fatal(err)
			}
			a, err := readAnnotated(payload,
				map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(sig)}, false)
			if err != nil {
				t.Fatal(err)
			}
			x := mustExpect(t, inspect.Expected{Keys: []inspect.ExpectedKey{keyOf(t, tt.key.Public())}})
			var row inspect.Signature
			a.verify(context.Background(), newStudio(t).roots(), imageOf(digestOf(blob)), x).fill(&row)
			if got := statusOf(t, row, nil); got != tt.want {
				t.Errorf("got %s: %s", got, Why(row))
			}
		})
	}
}

// FuzzBundlesIn changes files of bundles: what comes out is never verified by anybody.
func FuzzBundlesIn(f *testing.F) {
	s := newStudio(f)
	signer, statement := s.keyless(alice), statementOf(f, digestOf(blob))
	envelope, sig := s.envelope(signer, statement)
	f.Add(s.ofCosign2(signer, envelope, s.dsseEntry(signer, envelope, statement, sig)))
	f.Add(envelope)
	f.Add([]byte(`{"attestations":[{"bundle":{"mediaType":"x"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		bundles, err := bundlesIn(data)
		if err != nil {
			return
		}
		for _, b := range bundles {
			_, _ = readBundle(b)
		}
		if len(bundles) == 0 || len(bundles) > maxBundles {
			t.Errorf("%d bundles", len(bundles))
		}
	})
}
