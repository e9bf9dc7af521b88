package signature

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/backtrail/backtrail/inspect"
)

var blob = []byte("what was built\n")

// dig walks down a decoded JSON.
func dig(o object, path ...string) object {
	for _, p := range path {
		v := o[p]
		if list, ok := v.([]any); ok {
			v = list[0]
		}
		switch v := v.(type) {
		case object:
			o = v
		case map[string]any:
			o = v
		}
	}
	return o
}

// flip changes a letter in the middle of a base64 text, so that it stays one.
func flip(o object, key string) {
	text := []byte(o[key].(string))
	i := len(text) / 2
	if text[i] == 'A' {
		text[i] = 'B'
	} else {
		text[i] = 'A'
	}
	o[key] = string(text)
}

func TestBundles(t *testing.T) {
	s := newStudio(t)
	other := newStudio(t)
	signedKeyless, keyed := s.keyless(alice), newKeyed(t)
	digest := digestOf(blob)
	message := func() object { return s.messageBundle(signedKeyless, blob) }
	statement := func() object { return s.statementBundle(signedKeyless, statementOf(t, digest), "dsse") }
	entry := func(o object) object { return dig(o, "verificationMaterial", "tlogEntries") }
	for _, c := range []struct {
		name   string
		bundle object
		alter  func(object)
		expect inspect.Expected
		want   string // status and reason
	}{
		{"a message by its signer", message(), nil, inspect.Expected{
			Identities: []string{alice},
			Issuers:    []string{issuer},
		}, "verified "},
		{"nobody said who", message(), nil, inspect.Expected{}, "unknown no-expectation"},
		{
			"another identity", message(), nil,
			inspect.Expected{Identities: []string{"bob@example.com"}},
			"failed identity-mismatch",
		},
		{
			"one of two identities", message(), nil,
			inspect.Expected{Identities: []string{"bob@example.com", alice}},
			"verified ",
		},
		{
			"a pattern of identities", message(), nil,
			inspect.Expected{IdentityRegexps: []string{"@example.com$"}},
			"verified ",
		},
		{"another issuer", message(), nil, inspect.Expected{
			Identities: []string{alice},
			Issuers:    []string{"https://evil.example.com"},
		}, "failed identity-mismatch"},
		{
			"only a key was expected", message(), nil,
			inspect.Expected{Keys: []inspect.ExpectedKey{keyed.expected(t)}},
			"failed identity-mismatch",
		},
		{"a statement", statement(), nil, inspect.Expected{Identities: []string{alice}}, "verified "},
		{
			"a statement logged as a hash", s.statementBundle(signedKeyless, statementOf(t, digest), "hashedrekord"), nil,
			inspect.Expected{Identities: []string{alice}},
			"verified ",
		},
		{"that one about something else", s.statementBundle(signedKeyless, statementOf(t, digestOf([]byte("x"))),
			"hashedrekord"), nil, inspect.Expected{Identities: []string{alice}}, "failed subject-mismatch"},
		{"a statement about something else", s.statementBundle(signedKeyless, statementOf(t, digestOf([]byte("x"))),
			"dsse"), nil, inspect.Expected{}, "failed subject-mismatch"},
		{
			"a message about something else", s.messageBundle(signedKeyless, []byte("x")), nil,
			inspect.Expected{},
			"failed subject-mismatch",
		},
		{
			"another instance's", other.messageBundle(other.keyless(alice), blob), nil,
			inspect.Expected{Identities: []string{alice}},
			"failed untrusted-root",
		},
		{
			"a statement of a type that nobody knows", s.statementBundle(signedKeyless,
				[]byte(strings.Replace(string(statementOf(t, digest)), "Statement/v1", "Statement/v2", 1)), "dsse"), nil,
			inspect.Expected{Identities: []string{alice}},
			"failed malformed",
		},
		{
			"signature altered", message(), func(o object) { flip(dig(o, "messageSignature"), "signature") },
			inspect.Expected{},
			"failed log-mismatch",
		},
		{
			"payload altered", statement(), func(o object) { flip(dig(o, "dsseEnvelope"), "payload") },
			inspect.Expected{},
			"failed",
		},
		{"promise altered", message(), func(o object) {
			flip(dig(entry(o), "inclusionPromise"),
				"signedEntryTimestamp")
		}, inspect.Expected{}, "failed"},
		{
			"time altered", message(), func(o object) { entry(o)["integratedTime"] = "1700000000" },
			inspect.Expected{},
			"failed log-mismatch",
		},
		{
			"proof altered", message(), func(o object) { flip(dig(entry(o), "inclusionProof"), "rootHash") },
			inspect.Expected{},
			"failed log-mismatch",
		},
		{"entry of another signature", message(), func(o object) {
			dig(o, "verificationMaterial")["tlogEntries"] = dig(message(), "verificationMaterial")["tlogEntries"]
		}, inspect.Expected{}, "failed log-mismatch"},
		{"certificate of somebody else", message(), func(o object) {
			dig(o, "verificationMaterial")["certificate"] = object{"rawBytes": b64(s.keyless(alice).cert.Raw)}
		}, inspect.Expected{}, "failed log-mismatch"},
		{
			"entry called by another kind", message(), func(o object) { dig(entry(o), "kindVersion")["kind"] = "dsse" },
			inspect.Expected{},
			"failed log-mismatch",
		},
		{
			"no log entry", message(), func(o object) { delete(dig(o, "verificationMaterial"), "tlogEntries") },
			inspect.Expected{},
			"failed log-mismatch",
		},
		{
			"a managed key", s.messageBundle(keyed, blob), nil,
			inspect.Expected{Keys: []inspect.ExpectedKey{newKeyed(t).expected(t), keyed.expected(t)}},
			"verified ",
		},
		{
			"a managed key without log entry", s.messageBundle(keyed, blob), func(o object) {
				delete(dig(o,
					"verificationMaterial"), "tlogEntries")
			},
			inspect.Expected{Keys: []inspect.ExpectedKey{keyed.expected(t)}},
			"verified ",
		},
		{"a managed key with another's entry", s.messageBundle(keyed, blob), func(o object) {
			dig(o, "verificationMaterial")["tlogEntries"] = dig(message(), "verificationMaterial")["tlogEntries"]
		}, inspect.Expected{Keys: []inspect.ExpectedKey{keyed.expected(t)}}, "failed log-mismatch"},
		{
			"another key", s.messageBundle(keyed, blob), nil,
			inspect.Expected{Keys: []inspect.ExpectedKey{newKeyed(t).expected(t)}},
			"unknown unknown-key",
		},
		{"no key at hand", s.messageBundle(keyed, blob), nil, inspect.Expected{}, "unknown unknown-key"},
		{"a certain key that does not verify", s.messageBundle(keyed, blob), func(o object) {
			delete(dig(o, "verificationMaterial"), "tlogEntries")
			dig(o, "messageSignature")["signature"] = b64(newKeyed(t).sign(t, blob))
		}, inspect.Expected{Keys: []inspect.ExpectedKey{keyed.expected(t)}}, "failed invalid-signature"},
		{
			"a statement by a managed key", s.statementBundle(keyed, statementOf(t, digest), "dsse"), nil,
			inspect.Expected{Keys: []inspect.ExpectedKey{keyed.expected(t)}},
			"verified ",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.alter != nil {
				c.alter(c.bundle)
			}
			a := file(t, blob)
			b, err := readBundle(encode(t, c.bundle))
			if err != nil {
				if !strings.HasPrefix(c.want, "failed") {
					t.Fatal(err)
				}
				return
			}
			o := b.verify(s.roots(), a, mustExpect(t, c.expect))
			row := b.row(a)
			o.fill(&row)
			if got := string(row.Status) + " " + row.Reason; !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s, want %s: %s", got, c.want, Why(row))
			}
			agree(t, o)
		})
	}
}

// agree says that explanation and verdict of the library are the same on all links but the identity. Only where we
// look at more than the library does may we refuse what it takes: a statement of an unknown type, an entry at odds
// with itself.
func agree(t *testing.T, o outcome) {
	t.Helper()
	stricter := o.status(inspect.StepIntegrity) == inspect.Failed || strings.Contains(o.steps[3].Detail, "it is called")
	if o.sound() != (o.judged == nil) && !stricter {
		t.Errorf("the links say %v, the library says %v: %+v", o.sound(), o.judged, o.steps)
	}
	if len(o.steps) != len(inspect.StepNames()) {
		t.Errorf("steps: %+v", o.steps)
	}
	for i, name := range inspect.StepNames() {
		if o.steps[i].Name != name || o.steps[i].Detail == "" {
			t.Errorf("step %d is %+v, want %s with words", i, o.steps[i], name)
		}
	}
}

func TestBundleTimestamps(t *testing.T) {
	s := newStudio(t)
	c := s.keyless(alice)
	b := s.messageBundle(c, blob)
	sig := c.sign(t, blob)
	stamped, err := s.ca.TimestampResponse(sig)
	if err != nil {
		t.Fatal(err)
	}
	// A timestamp of another signature came with this one.
	dig(b,
		"verificationMaterial")["timestampVerificationData"] = object{"rfc3161Timestamps": []any{object{"signedTimestamp": b64(stamped)}}}
	r, err := readBundle(encode(t, b))
	if err != nil {
		t.Fatal(err)
	}
	o := r.verify(s.roots(), file(t, blob), expectAlice(t))
	if status, reason := o.verdict(); status != inspect.Failed || reason != inspect.ReasonNoTimestamp {
		t.Errorf("got %s %s, want failed %s", status, reason, inspect.ReasonNoTimestamp)
	}
	agree(t, o)
}

func TestSCTIsDemandedWhereTheRootHasALog(t *testing.T) {
	s := newStudio(t)
	b, err := readBundle(encode(t, s.messageBundle(s.keyless(alice), blob)))
	if err != nil {
		t.Fatal(err)
	}
	o := b.verify([]Root{{Material: s.ca}}, file(t, blob), expectAlice(t))
	if o.status(inspect.StepSCT) != inspect.Failed {
		t.Errorf("sct is %s", o.status(inspect.StepSCT))
	}
	agree(t, o)
}

func TestRootsAreTriedOneByOne(t *testing.T) {
	s, other := newStudio(t), newStudio(t)
	b, err := readBundle(encode(t, s.messageBundle(s.keyless(alice), blob)))
	if err != nil {
		t.Fatal(err)
	}
	// The other instance requirements an SCT; this one has no such log.
	o := b.verify([]Root{{Material: other.ca}, {Material: s.root}}, file(t, blob), expectAlice(t))
	if status, reason := o.verdict(); status != inspect.Verified {
		t.Errorf("got %s %s", status, reason)
	}
}

func TestNoRoot(t *testing.T) {
	s := newStudio(t)
	b, err := readBundle(encode(t, s.messageBundle(s.keyless(alice), blob)))
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := b.verify(nil, file(t, blob), expectAlice(t)).verdict(); status != inspect.Unknown {
		t.Errorf("without a trusted root it is %s, want unknown", status)
	}
}

func FuzzBundle(f *testing.F) {
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AA=="},"signature":"AA=="}}`))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":"AA=="},"tlogEntries":[{"logId":{"keyId":"AA=="},"kindVersion":{},"canonicalizedBody":"e30="}]},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}]}}`))
	k := newKeyed(f)
	s := newStudio(f)
	f.Add(encode(f, s.messageBundle(newKeyed(f), blob)))
	f.Add(encode(f, s.statementBundle(s.keyless(alice), statementOf(f, digestOf([]byte("x"))), "dsse")))
	x := mustExpect(f, inspect.Expected{Keys: []inspect.ExpectedKey{k.expected(f)}})
	a := imageOf(digestOf(blob))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := readBundle(data)
		if err != nil {
			return
		}
		o := b.verify([]Root{{Material: &root.BaseTrustedMaterial{}}}, a, x)
		row := b.row(a)
		o.fill(&row)
		if row.Status == inspect.Verified {
			t.Errorf("random bytes are verified: %q", data)
		}
		if _, err := json.Marshal(row); err != nil {
			t.Error(err)
		}
	})
}
