package signature

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/backtrail/backtrail/inspect"
)

// What the conformance suite for Sigstore clients asks of bundles and trusted roots, made here by code
// (https://github.com/sigstore/sigstore-conformance, test/assets/bundle-verify); each case is named as there.

// dated is a root whose parts were valid in times of their own.
type dated struct {
	root.TrustedMaterial
	logStart, logEnd time.Time
	stamps           []root.TimestampingAuthority
	caEnd            time.Time
}

func (d dated) RekorLogs() map[string]*root.TransparencyLog {
	logs := map[string]*root.TransparencyLog{}
	for id, l := range d.TrustedMaterial.RekorLogs() {
		one := *l
		one.ValidityPeriodStart, one.ValidityPeriodEnd = d.logStart, d.logEnd
		logs[id] = &one
	}
	return logs
}

func (d dated) TimestampingAuthorities() []root.TimestampingAuthority {
	if d.stamps != nil {
		return d.stamps
	}
	return d.TrustedMaterial.TimestampingAuthorities()
}

func (d dated) FulcioCertificateAuthorities() []root.CertificateAuthority {
	if d.caEnd.IsZero() {
		return d.TrustedMaterial.FulcioCertificateAuthorities()
	}
	var all []root.CertificateAuthority
	for _, a := range d.TrustedMaterial.FulcioCertificateAuthorities() {
		one := *a.(*root.FulcioCertificateAuthority)
		one.ValidityPeriodStart, one.ValidityPeriodEnd = time.Time{}, d.caEnd
		all = append(all, &one)
	}
	return all
}

func conforms(t *testing.T, m root.TrustedMaterial, bundle object, want string) {
	t.Helper()
	b, err := readBundle(encode(t, bundle))
	if err != nil {
		if want != "failed malformed" {
			t.Errorf("reading it: %v, want %s", err, want)
		}
		return
	}
	o := b.verify([]Root{{Material: m}}, file(t, blob), expectAlice(t))
	if status, reason := o.verdict(); string(status)+" "+reason != want {
		t.Errorf("got %s %s, want %s: %+v; the library says %v", status, reason, want, o.steps, o.judged)
	}
	if o.sound() && o.judged != nil {
		t.Errorf("the links hold, and the library says %v", o.judged)
	}
}

func TestConformanceOfTrustedRoots(t *testing.T) {
	s := newStudio(t)
	c := s.keyless(alice)
	at := time.Unix(s.at.Unix(), 0)
	hour := at.Add(-time.Hour)
	message := func() object { return s.messageBundle(c, blob) }
	for _, test := range []struct {
		name string
		root dated
		want string
	}{
		{
			"trust-root-tlog-validity-end-inclusive",
			dated{TrustedMaterial: s.root, logStart: hour, logEnd: at},
			"verified ",
		},
		{"trust-root-tlog-validity-ended", dated{
			TrustedMaterial: s.root, logStart: hour,
			logEnd: at.Add(-time.Second),
		}, "failed log-mismatch"},
		{"trust-root-tlog-validity-start-inclusive", dated{TrustedMaterial: s.root, logStart: at}, "verified "},
		{
			"trust-root-tlog-not-yet-valid",
			dated{TrustedMaterial: s.root, logStart: at.Add(time.Second)},
			"failed log-mismatch",
		},
		{"trust-root-tlog-missing-validity-start", dated{TrustedMaterial: s.root}, "failed log-mismatch"},
		{
			"trust-root-ca-validity-end-inclusive",
			dated{TrustedMaterial: s.root, logStart: hour, caEnd: at},
			"verified ",
		},
		{
			"trust-root-ca-validity-ended",
			dated{TrustedMaterial: s.root, logStart: hour, caEnd: at.Add(-time.Second)},
			"failed untrusted-root",
		},
	} {
		t.Run(test.name, func(t *testing.T) { conforms(t, test.root, message(), test.want) })
	}
}

// The same for a log of the second generation, whose entries have no time of their own.
func TestConformanceOfTheSecondLog(t *testing.T) {
	s := newStudio(t)
	statement := statementOf(t, digestOf(blob))
	bundle := rekorV2(t, s, statement, true)
	conforms(t, dated{TrustedMaterial: s.root, logStart: time.Now().Add(-time.Hour)}, bundle, "verified ")
	conforms(t, dated{TrustedMaterial: s.root}, bundle, "failed log-mismatch")
	conforms(t, dated{TrustedMaterial: s.root, logStart: time.Now().Add(time.Hour)}, bundle, "failed log-mismatch")
}

// stampAt is a timestamp of the house's clock.
func (h *house) stampAt(at time.Time, over []byte) []byte {
	h.t.Helper()
	hash := crypto.SHA256.New()
	hash.Write(over)
	stamp := timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: hash.Sum(nil), Time: at, Policy: asn1.ObjectIdentifier{1, 2, 3},
		SerialNumber:      big.NewInt(9),
		AddTSACertificate: true,
	}
	data, err := stamp.CreateResponseWithOpts(h.stampCert, h.stampKey, crypto.SHA256)
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

func (h *house) clock(start, end time.Time) root.TimestampingAuthority {
	return &root.SigstoreTimestampingAuthority{
		Root: h.root, Leaf: h.stampCert, ValidityPeriodStart: start,
		ValidityPeriodEnd: end, URI: "https://tsa.example.com",
	}
}

func TestConformanceOfTimestamps(t *testing.T) {
	s, h, stranger := newStudio(t), newHouse(t, "clock"), newHouse(t, "stranger")
	c := s.keyless(alice)
	at := c.cert.NotBefore.Add(time.Minute)
	statement := statementOf(t, digestOf(blob))
	bundle := func(times ...time.Time) object {
		b := s.gitHubBundle(c, statement, false)
		sig := mustB64(t, dig(b, "dsseEnvelope", "signatures")["sig"].(string))
		var all []any
		for _, one := range times {
			all = append(all, object{"signedTimestamp": b64(h.stampAt(one, sig))})
		}
		dig(b, "verificationMaterial")["timestampVerificationData"] = object{"rfc3161Timestamps": all}
		return b
	}
	byClocks := func(clocks ...root.TimestampingAuthority) root.TrustedMaterial {
		return withoutLogs{dated{TrustedMaterial: s.root, stamps: clocks}}
	}
	empty := &root.SigstoreTimestampingAuthority{
		ValidityPeriodStart: at.Add(-time.Hour),
		ValidityPeriodEnd:   at.Add(time.Hour),
	}
	for _, test := range []struct {
		name   string
		root   root.TrustedMaterial
		bundle object
		want   string
	}{
		{
			"timestamp of the trust root's TSA", byClocks(h.clock(at.Add(-time.Hour), time.Time{})), bundle(at),
			"verified ",
		},
		{"trust-root-tsa-validity-end-inclusive", byClocks(h.clock(at.Add(-time.Hour), at)), bundle(at), "verified "},
		{
			"timestamp-outside-trust-root-tsa-validity", byClocks(h.clock(at.Add(-time.Hour), at.Add(-time.Second))),
			bundle(at), "failed no-timestamp",
		},
		{"timestamp-wrong-tsa-validity-borrow, an empty TSA", byClocks(h.clock(at.Add(-time.Hour),
			at.Add(-time.Second)), empty), bundle(at), "failed no-timestamp"},
		{"timestamp-wrong-tsa-validity-borrow, a stranger", byClocks(h.clock(at.Add(-time.Hour), at.Add(-time.Second)),
			stranger.clock(at.Add(-time.Hour), time.Time{})), bundle(at), "failed no-timestamp"},
		{
			"timestamp of a stranger", byClocks(stranger.clock(at.Add(-time.Hour), time.Time{})), bundle(at),
			"failed no-timestamp",
		},
		{
			"timestamp-with-incorrect-time, before the certificate", byClocks(h.clock(houseTime, time.Time{})),
			bundle(c.cert.NotBefore.Add(-time.Minute)), "failed no-timestamp",
		},
		{
			"timestamp-with-incorrect-time, after it", byClocks(h.clock(houseTime, time.Time{})),
			bundle(c.cert.NotAfter.Add(time.Minute)), "failed no-timestamp",
		},
		{"multiple-timestamps, both inside", byClocks(h.clock(houseTime, time.Time{})), bundle(at,
			at.Add(time.Second)), "verified "},
		{"multiple-timestamps-one-outside-cert-validity", byClocks(h.clock(houseTime, time.Time{})), bundle(at,
			c.cert.NotAfter.Add(time.Minute)), "failed no-timestamp"},
		{
			"the same, the other way round", byClocks(h.clock(houseTime, time.Time{})),
			bundle(c.cert.NotAfter.Add(time.Minute), at), "failed no-timestamp",
		},
	} {
		t.Run(test.name, func(t *testing.T) { conforms(t, test.root, test.bundle, test.want) })
	}
}

func TestConformanceOfBundles(t *testing.T) {
	s := newStudio(t)
	c, other := s.keyless(alice), s.keyless(alice)
	digest := digestOf(blob)
	message := func() object { return s.messageBundle(c, blob) }
	statement := func() object { return s.statementBundle(c, statementOf(t, digest), "dsse") }
	entry := func(o object) object { return dig(o, "verificationMaterial", "tlogEntries") }
	checkpoint := func(o object, from, to string) {
		note := dig(entry(o), "inclusionProof", "checkpoint")
		if text := note["envelope"].(string); strings.Contains(text, from) {
			note["envelope"] = strings.Replace(text, from, to, 1)
			return
		}
		t.Fatalf("no %q in the checkpoint", from)
	}
	version := func(o object, v string) { o["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=" + v }
	chained := func(o object, certs ...*x509.Certificate) {
		var all []any
		for _, c := range certs {
			all = append(all, object{"rawBytes": b64(c.Raw)})
		}
		m := dig(o, "verificationMaterial")
		delete(m, "certificate")
		m["x509CertificateChain"] = object{"certificates": all}
	}
	untyped := strings.Replace(string(statementOf(t, digest)), `"_type":"https://in-toto.io/Statement/v1",`, "", 1)
	for _, test := range []struct {
		name   string
		bundle object
		alter  func(object)
		want   string
	}{
		{"message-digest-mismatch", message(), func(o object) {
			dig(o, "messageSignature",
				"messageDigest")["digest"] = b64(make([]byte, 32))
		}, "failed log-mismatch"},
		{"dsse-statement-missing-type", s.statementBundle(c, []byte(untyped), "dsse"), nil, "failed malformed"},
		{"dsse-two-signatures", statement(), func(o object) {
			sig := dig(o, "dsseEnvelope", "signatures")
			dig(o, "dsseEnvelope")["signatures"] = []any{sig, sig}
		}, "failed invalid-signature"},
		{
			"dsse-no-signature", statement(), func(o object) { dig(o, "dsseEnvelope")["signatures"] = []any{} },
			"failed malformed",
		},
		{"dsse-mismatch-sig", statement(), func(o object) {
			dig(o, "dsseEnvelope")["signatures"] = dig(s.statementBundle(c, statementOf(t, digest), "dsse"),
				"dsseEnvelope")["signatures"]
		}, "failed log-mismatch"},
		{"dsse-mismatch-envelope", statement(), func(o object) {
			dig(o, "dsseEnvelope")["payload"] = dig(s.statementBundle(c, []byte(strings.Replace(string(statementOf(t,
				digest)), `"app"`, `"b"`, 1)), "dsse"), "dsseEnvelope")["payload"]
		}, "failed log-mismatch"},
		{
			"dsse-with-hashedrekord-mismatch-envelope", s.statementBundle(c, statementOf(t, digest), "hashedrekord"),
			func(o object) {
				dig(o, "dsseEnvelope")["payload"] = b64([]byte(strings.Replace(string(statementOf(t, digest)), `"app"`,
					`"b"`, 1)))
			}, "failed log-mismatch",
		},
		{
			"dsse-with-hashedrekord-mismatch-sig", s.statementBundle(c, statementOf(t, digest), "hashedrekord"),
			func(o object) {
				dig(o, "dsseEnvelope")["signatures"] = dig(s.statementBundle(c, statementOf(t, digest), "dsse"),
					"dsseEnvelope")["signatures"]
			}, "failed log-mismatch",
		},
		{"cve-2022-36056-swapped-tlog-entry", message(), func(o object) {
			dig(o, "verificationMaterial")["tlogEntries"] = dig(s.messageBundle(other, []byte("x")),
				"verificationMaterial")["tlogEntries"]
		}, "failed log-mismatch"},
		{"wrong-material", message(), func(o object) {
			dig(o, "verificationMaterial")["certificate"] = object{"rawBytes": b64(other.cert.Raw)}
		}, "failed log-mismatch"},
		{"checkpoint-wrong-roothash", message(), func(o object) {
			note := dig(entry(o), "inclusionProof", "checkpoint")["envelope"].(string)
			checkpoint(o, strings.Split(note, "\n")[2], b64(make([]byte, 32)))
		}, "failed log-mismatch"},
		{
			"checkpoint-wrong-size", message(), func(o object) { checkpoint(o, "\n42\n", "\n43\n") },
			"failed log-mismatch",
		},
		{"checkpoint-bad-keyhint", message(), func(o object) {
			note := dig(entry(o), "inclusionProof", "checkpoint")["envelope"].(string)
			sig := strings.Fields(note[strings.LastIndex(note, "— "):])[2]
			raw := mustB64(t, sig)
			raw[0] ^= 1
			checkpoint(o, sig, b64(raw))
		}, "failed log-mismatch"},
		{"invalid-checkpoint-signature", message(), func(o object) {
			note := dig(entry(o), "inclusionProof", "checkpoint")["envelope"].(string)
			sig := strings.Fields(note[strings.LastIndex(note, "— "):])[2]
			raw := mustB64(t, sig)
			raw[len(raw)-1] ^= 1
			checkpoint(o, sig, b64(raw))
		}, "failed log-mismatch"},
		{
			"checkpoint-missing", message(), func(o object) { delete(dig(entry(o), "inclusionProof"), "checkpoint") },
			"failed malformed",
		},
		{"inclusion-proof-corrupted", message(), func(o object) {
			dig(entry(o),
				"inclusionProof")["hashes"] = []any{b64(make([]byte, 32))}
		}, "failed log-mismatch"},
		{
			"inclusion-proof-missing", message(), func(o object) { delete(entry(o), "inclusionProof") },
			"failed malformed",
		},
		{"v0.1 without an inclusion proof", message(), func(o object) {
			version(o, "0.1")
			chained(o,
				c.cert)
			delete(entry(o), "inclusionProof")
		}, "verified "},
		{"v0.1 without a promise", message(), func(o object) {
			version(o, "0.1")
			chained(o, c.cert)
			delete(entry(o),
				"inclusionPromise")
		}, "failed malformed"},
		{"v0.2 with a chain", message(), func(o object) { version(o, "0.2"); chained(o, c.cert) }, "verified "},
		{"v0.3 with a chain", message(), func(o object) { chained(o, c.cert) }, "failed malformed"},
		{"a version that is not known", message(), func(o object) { version(o, "0.9") }, "failed malformed"},
		{
			"no verification material", message(), func(o object) { delete(o, "verificationMaterial") },
			"failed malformed",
		},
		{"no content", message(), func(o object) { delete(o, "messageSignature") }, "failed malformed"},
		{
			"promise without its time", message(), func(o object) { delete(entry(o), "integratedTime") },
			"failed log-mismatch",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.alter != nil {
				test.alter(test.bundle)
			}
			conforms(t, s.root, test.bundle, test.want)
		})
	}
}

// A log may sign a time at which the certificate was not valid: integrated-time-in-future, intoto-expired-certificate.
func TestConformanceOfIntegratedTimes(t *testing.T) {
	s := newStudio(t)
	c := s.keyless(alice)
	for name, at := range map[string]time.Time{
		"before": c.cert.NotBefore.Add(-time.Minute),
		"after":  c.cert.NotAfter.Add(time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			s.at = at
			conforms(t, s.root, s.messageBundle(c, blob), "failed no-timestamp")
			conforms(t, s.root, s.statementBundle(c, statementOf(t, digestOf(blob)), "dsse"), "failed no-timestamp")
		})
	}
}

// A trusted root of JSON is foreign too: one whose log has no start of validity verifies nothing.
func TestConformanceOfARootWithoutStart(t *testing.T) {
	s := newStudio(t)
	logs := s.ca.RekorLogs()
	for _, l := range logs { // the library's own test instance writes the ID in hex where a root has its bytes
		raw, err := hex.DecodeString(string(l.ID))
		if err != nil {
			t.Fatal(err)
		}
		l.ID = raw
	}
	made, err := root.NewTrustedRoot(root.TrustedRootMediaType01, s.ca.FulcioCertificateAuthorities(), nil,
		s.ca.TimestampingAuthorities(), logs)
	if err != nil {
		t.Fatal(err)
	}
	data, err := made.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, alter := range []bool{false, true} {
		var o map[string]any
		if err := json.Unmarshal(data, &o); err != nil {
			t.Fatal(err)
		}
		if alter {
			key := o["tlogs"].([]any)[0].(map[string]any)["publicKey"].(map[string]any)
			delete(key["validFor"].(map[string]any), "start")
		}
		r, err := NewRoot(encode(t, o), inspect.TrustFile, "root.json")
		if err != nil {
			if !alter {
				t.Fatal(err)
			}
			continue
		}
		want := map[bool]string{false: "verified ", true: "failed log-mismatch"}[alter]
		conforms(t, r.Material, s.messageBundle(s.keyless(alice), blob), want)
	}
}
