package signature

import (
	"context"
	"strings"
	"testing"

	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/backtrail/backtrail/inspect"
)

func TestAnnotations(t *testing.T) {
	s, other := newStudio(t), newStudio(t)
	byAlice, keyed := s.keyless(alice), newKeyed(t)
	digest, foreign := digestOf([]byte("image")), digestOf([]byte("other image"))
	own := other.keyless("ci@example.com")
	simple := simplePayload(t, digest)
	envelope, _ := s.envelope(byAlice, statementOf(t, digest))
	keyedEnvelope, _ := s.envelope(keyed, statementOf(t, digest))
	expectsAlice := inspect.Expected{Identities: []string{alice}, Issuers: []string{issuer}}
	expectsKey := inspect.Expected{Keys: []inspect.ExpectedKey{newKeyed(t).expected(t), keyed.expected(t)}}
	set := func(key, value string) func(map[string]string) {
		return func(a map[string]string) { a[key] = value }
	}
	for _, c := range []struct {
		name        string
		payload     []byte
		envelope    bool
		annotations map[string]string
		alter       func(map[string]string)
		expect      inspect.Expected
		want        string
	}{
		{"keyless", simple, false, s.annotations(byAlice, simple, false, true), nil, expectsAlice, "verified "},
		{
			"keyless, nobody said who", simple, false, s.annotations(byAlice, simple, false, true), nil,
			inspect.Expected{},
			"unknown no-expectation",
		},
		{
			"keyless, by somebody else", simple, false, s.annotations(s.keyless("bob@example.com"), simple, false, true),
			nil, expectsAlice, "failed identity-mismatch",
		},
		{
			"keyless attestation", envelope, true, s.annotations(byAlice, envelope, true, true), nil, expectsAlice,
			"verified ",
		},
		{"key", simple, false, s.annotations(keyed, simple, false, false), nil, expectsKey, "verified "},
		{
			"key with a log entry", simple, false, s.annotations(keyed, simple, false, true), nil, expectsKey,
			"verified ",
		},
		{
			"attestation by a key", keyedEnvelope, true, s.annotations(keyed, keyedEnvelope, true, false), nil,
			expectsKey, "verified ",
		},
		{"key with a certificate of an authority of its own", simple, false, other.annotations(own, simple, false,
			false), nil, inspect.Expected{Keys: []inspect.ExpectedKey{own.expected(t)}}, "verified "},
		{
			"that, logged", simple, false, s.annotations(own, simple, false, true), nil,
			inspect.Expected{Keys: []inspect.ExpectedKey{own.expected(t)}},
			"verified ",
		},
		{
			"another key", simple, false, s.annotations(newKeyed(t), simple, false, false), nil, expectsKey,
			"unknown unknown-key",
		},
		{
			"no key at hand", simple, false, s.annotations(keyed, simple, false, false), nil,
			inspect.Expected{},
			"unknown unknown-key",
		},
		{"another image", simplePayload(t, foreign), false, s.annotations(byAlice, simplePayload(t, foreign), false,
			true), nil, expectsAlice, "failed subject-mismatch"},
		{
			"payload swapped", simplePayload(t, foreign), false, s.annotations(byAlice, simple, false, true), nil,
			expectsAlice, "failed log-mismatch",
		},
		{
			"payload cut off", simple[:len(simple)-1], false, s.annotations(keyed, simple, false, false), nil, expectsKey,
			"failed malformed",
		},
		{
			"signature of another", simple, false, s.annotations(byAlice, simple, false, true),
			set(static.SignatureAnnotationKey, b64(byAlice.sign(t, simple))), expectsAlice, "failed log-mismatch",
		},
		{
			"certificate of another", simple, false, s.annotations(byAlice, simple, false, true),
			set(static.CertificateAnnotationKey, string(s.keyless(alice).pem(t))), expectsAlice, "failed log-mismatch",
		},
		{"certificate of another instance", simple, false, other.annotations(other.keyless(alice), simple, false,
			true), nil, expectsAlice, "failed untrusted-root"},
		{
			"no log entry", simple, false, s.annotations(byAlice, simple, false, false), nil, expectsAlice,
			"failed log-mismatch",
		},
		{
			"entry of another instance", simple, false, s.annotations(byAlice, simple, false, true),
			set(static.BundleAnnotationKey, other.annotations(byAlice, simple, false,
				true)[static.BundleAnnotationKey]), expectsAlice, "failed log-mismatch",
		},
		{
			"timestamp that is none", simple, false, s.annotations(byAlice, simple, false, true),
			set(static.RFC3161TimestampAnnotationKey, `{"SignedRFC3161Timestamp":"AAAA"}`), expectsAlice,
			"failed no-timestamp",
		},
		{
			"log entry with a body that is no text", simple, false, s.annotations(byAlice, simple, false, true),
			set(static.BundleAnnotationKey, `{"Payload":{"body":5}}`), expectsAlice, "failed malformed",
		},
		{
			"certificate that is none", simple, false, s.annotations(byAlice, simple, false, true),
			set(static.CertificateAnnotationKey, "-----BEGIN"), expectsAlice, "failed malformed",
		},
		{"no signature", simple, false, s.annotations(byAlice, simple, false, true), set(static.SignatureAnnotationKey,
			""), expectsAlice, "failed malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.alter != nil {
				c.alter(c.annotations)
			}
			a := imageOf(digest)
			sig, err := readAnnotated(c.payload, c.annotations, c.envelope)
			if err != nil {
				if c.want != "failed malformed" {
					t.Fatal(err)
				}
				return
			}
			o := sig.verify(context.Background(), s.roots(), a, mustExpect(t, c.expect))
			row := sig.row(a, digestOf(c.payload))
			o.fill(&row)
			if got := string(row.Status) + " " + row.Reason; got != c.want {
				t.Errorf("got %s, want %s: %s", got, c.want, Why(row))
			}
			agree(t, o)
		})
	}
}

// Without a log the signature itself is what fails.
func TestAlteredPayloadOfAKey(t *testing.T) {
	s, keyed := newStudio(t), newKeyed(t)
	digest := digestOf([]byte("image"))
	payload := simplePayload(t, digest)
	annotations := s.annotations(keyed, payload, false, true)
	altered := []byte(strings.Replace(string(payload), "registry.example.com/app", "registry.example.com/evil", 1))
	delete(annotations, static.BundleAnnotationKey)
	sig, err := readAnnotated(altered, annotations, false)
	if err != nil {
		t.Fatal(err)
	}
	o := sig.verify(context.Background(), s.roots(), imageOf(digest), mustExpect(t,
		inspect.Expected{Keys: []inspect.ExpectedKey{keyed.expected(t)}}))
	// Nothing names the key, so that it could be somebody else's signature: unknown, not failed.
	if status, reason := o.verdict(); status != inspect.Unknown || reason != inspect.ReasonUnknownKey {
		t.Errorf("got %s %s", status, reason)
	}
	agree(t, o)
}

func TestTimestampedAnnotation(t *testing.T) {
	s := newStudio(t)
	c := s.keyless(alice)
	digest := digestOf([]byte("image"))
	payload := simplePayload(t, digest)
	annotations := s.annotations(c, payload, false, true)
	sig, err := readAnnotated(payload, annotations, false)
	if err != nil {
		t.Fatal(err)
	}
	stamped, err := s.ca.TimestampResponse(mustB64(t, sig.signature))
	if err != nil {
		t.Fatal(err)
	}
	annotations[static.RFC3161TimestampAnnotationKey] = string(encode(t,
		object{"SignedRFC3161Timestamp": b64(stamped)}))
	if sig, err = readAnnotated(payload, annotations, false); err != nil {
		t.Fatal(err)
	}
	// The test authority stamps with a time of its own, which need not be the certificate's: what matters is that the
	// library and the links say the same.
	agree(t, sig.verify(context.Background(), s.roots(), imageOf(digest), expectAlice(t)))
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte(`{"critical":{"image":{"docker-manifest-digest":"sha256:00"}}}`), false)
	f.Add([]byte(`{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}]}`), true)
	f.Fuzz(func(t *testing.T, data []byte, envelope bool) {
		s, err := readAnnotated(data, map[string]string{static.SignatureAnnotationKey: "AA=="}, envelope)
		if err != nil {
			return
		}
		o := s.verify(context.Background(), nil, imageOf(digestOf(blob)), expectation{})
		if status, _ := o.verdict(); status == inspect.Verified {
			t.Errorf("random bytes are verified: %q", data)
		}
	})
}

func FuzzAnnotations(f *testing.F) {
	k := newKeyed(f)
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", `{"Payload":{"body":"e30=","logID":"00"}}`,
		`{"SignedRFC3161Timestamp":"AAAA"}`)
	f.Add("",
		`{"SignedEntryTimestamp":"AA==","Payload":{"body":"eyJraW5kIjoiaGFzaGVkcmVrb3JkIiwiYXBpVmVyc2lvbiI6IjAuMC4xIiwic3BlYyI6e319","logID":"00"}}`, "")
	x := mustExpect(f, inspect.Expected{Keys: []inspect.ExpectedKey{k.expected(f)}})
	digest := digestOf(blob)
	payload := simplePayload(f, digest)
	f.Fuzz(func(t *testing.T, cert, rekor, stamp string) {
		s, err := readAnnotated(payload, map[string]string{
			static.SignatureAnnotationKey: "AA==", static.CertificateAnnotationKey: cert,
			static.BundleAnnotationKey:           rekor,
			static.RFC3161TimestampAnnotationKey: stamp,
		}, false)
		if err != nil {
			return
		}
		o := s.verify(context.Background(), []Root{{Material: &root.BaseTrustedMaterial{}}}, imageOf(digest), x)
		if status, _ := o.verdict(); status == inspect.Verified {
			t.Errorf("random annotations are verified")
		}
	})
}
