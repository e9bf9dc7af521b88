package signature

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/cosign/v2/pkg/oci/static"

	"github.com/backtrail/backtrail/inspect"
)

// company is a certificate authority of one's own: root, something between, and long-lived certificates of signers.
type company struct {
	t             testing.TB
	root, between *x509.Certificate
	h             *house
	signer        credential
}

var companyTime = time.Now().Add(-24 * time.Hour).Truncate(time.Second)

func newCompany(t testing.TB) *company {
	t.Helper()
	h := &house{t: t, rootKey: newKeyed(t).key}
	ca := func(n int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, NotBefore: companyTime,
			NotAfter: companyTime.AddDate(10, 0, 0),
			IsCA:     true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	c := &company{t: t, h: h}
	top := ca(1, "company root")
	c.root = h.certify(top, top, h.rootKey.Public())
	betweenKey := newKeyed(t).key
	c.between = h.certify(ca(2, "company signing"), c.root, betweenKey.Public())
	h.rootKey = betweenKey
	c.signer = newKeyed(t)
	c.signer.cert = h.certify(&x509.Certificate{
		SerialNumber: big.NewInt(3), EmailAddresses: []string{alice}, NotBefore: companyTime,
		NotAfter: companyTime.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}, c.between, c.signer.key.Public())
	return c
}

// authority is what --ca-roots reads, at a time.
func (c *company) authority(now time.Time, certs ...*x509.Certificate) Root {
	c.t.Helper()
	var text strings.Builder
	for _, cert := range certs {
		text.WriteString(pemOf(cert))
	}
	r, err := NewAuthority([]byte(text.String()), inspect.TrustFile, "ca.pem", func() time.Time { return now })
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

var anyIssuer = inspect.Expected{Identities: []string{alice}, IssuerRegexps: []string{".*"}}

func TestCertificateOfOnesOwn(t *testing.T) {
	c, other, s := newCompany(t), newCompany(t), newStudio(t)
	digest := digestOf([]byte("image"))
	payload := simplePayload(t, digest)
	envelope, _ := s.envelope(c.signer, statementOf(t, digest))
	now, later := time.Now(), companyTime.AddDate(2, 0, 0)
	chain := func(a map[string]string) { a[static.ChainAnnotationKey] = pemOf(c.between) + pemOf(c.root) }
	public := s.roots()
	for _, test := range []struct {
		name     string
		roots    []Root
		envelope bool
		logged   bool
		alter    func(map[string]string)
		expect   inspect.Expected
		want     string
	}{
		{
			"its authority is at hand",
			[]Root{c.authority(now, c.root, c.between)},
			false, false, nil, anyIssuer,
			"verified ",
		},
		{
			"the chain came with the signature",
			[]Root{c.authority(now, c.root)},
			false, false, chain, anyIssuer,
			"verified ",
		},
		{"an attestation", []Root{c.authority(now, c.root)}, true, false, chain, anyIssuer, "verified "},
		{
			"the link between is nowhere",
			[]Root{c.authority(now, c.root)},
			false, false, nil, anyIssuer,
			"failed untrusted-root",
		},
		{
			"beside the public instance", append(public[:1:1], c.authority(now, c.root)), false, false, chain, anyIssuer,
			"verified ",
		},
		{"nobody trusts its authority", public, false, false, chain, anyIssuer, "failed untrusted-root"},
		{
			"another company's authority",
			[]Root{other.authority(now, other.root)},
			false, false, chain, anyIssuer,
			"failed untrusted-root",
		},
		{
			"its certificate has run out, and nothing says when it was signed",
			[]Root{c.authority(later, c.root)},
			false,
			false, chain, anyIssuer, "failed no-timestamp",
		},
		{"it has run out, and the log says that it was signed before", append(public[:1:1], c.authority(later,
			c.root)), false, true, chain, anyIssuer, "verified "},
		{
			"a log that nobody knows",
			[]Root{c.authority(now, c.root)},
			false, true, chain, anyIssuer,
			"failed log-mismatch",
		},
		{
			"nobody said who",
			[]Root{c.authority(now, c.root)},
			false, false, chain,
			inspect.Expected{},
			"unknown no-expectation",
		},
		{
			"another name",
			[]Root{c.authority(now, c.root)},
			false, false, chain,
			inspect.Expected{Identities: []string{"bob@example.com"}, IssuerRegexps: []string{".*"}},
			"failed identity-mismatch",
		},
		{
			"an issuer that it does not name",
			[]Root{c.authority(now, c.root)},
			false, false, chain,
			inspect.Expected{Identities: []string{alice}, Issuers: []string{issuer}},
			"failed identity-mismatch",
		},
		{
			"its key by flag", public, false, false, chain,
			inspect.Expected{Keys: []inspect.ExpectedKey{c.signer.expected(t)}},
			"verified ",
		},
		{"the signature of another key", []Root{c.authority(now, c.root)}, false, false, func(a map[string]string) {
			chain(a)
			a[static.SignatureAnnotationKey] = b64(newKeyed(t).sign(t, payload))
		}, anyIssuer, "failed invalid-signature"},
		{
			"a chain that cannot be read",
			[]Root{c.authority(now, c.root, c.between)},
			false, false,
			func(a map[string]string) { a[static.ChainAnnotationKey] = "-----BEGIN" }, anyIssuer, "verified ",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			signed := payload
			if test.envelope {
				signed = envelope
			}
			annotations := s.annotations(c.signer, signed, test.envelope, test.logged)
			if test.alter != nil {
				test.alter(annotations)
			}
			sig, err := readAnnotated(signed, annotations, test.envelope)
			if err != nil {
				t.Fatal(err)
			}
			o := sig.verify(context.Background(), test.roots, imageOf(digest), mustExpect(t, test.expect))
			if status, reason := o.verdict(); string(status)+" "+reason != test.want {
				t.Errorf("got %s %s, want %s: %+v; the library says %v", status, reason, test.want, o.steps, o.judged)
			}
			agree(t, o)
		})
	}
}

// Newer bundles have the certificate and no chain.
func TestBundleOfOnesOwnAuthority(t *testing.T) {
	c, s := newCompany(t), newStudio(t)
	bundle := func() object {
		b := s.messageBundle(c.signer, blob)
		delete(dig(b, "verificationMaterial"), "tlogEntries")
		return b
	}
	for _, test := range []struct {
		name   string
		roots  []Root
		bundle object
		alter  func(object)
		want   string
	}{
		{"its authority", []Root{c.authority(time.Now(), c.root, c.between)}, bundle(), nil, "verified "},
		{
			"beside the public instance", append(s.roots(), c.authority(time.Now(), c.root, c.between)), bundle(), nil,
			"verified ",
		},
		{"with an entry in a known log", append(s.roots(), c.authority(companyTime.AddDate(2, 0, 0), c.root,
			c.between)), s.messageBundle(c.signer, blob), nil, "verified "},
		{
			"with an entry in a log that nobody knows",
			[]Root{c.authority(time.Now(), c.root, c.between)},
			s.messageBundle(c.signer, blob), nil, "failed log-mismatch",
		},
		{
			"run out",
			[]Root{c.authority(companyTime.AddDate(2, 0, 0), c.root, c.between)},
			bundle(), nil,
			"failed no-timestamp",
		},
		{
			"not valid yet",
			[]Root{c.authority(companyTime.AddDate(-1, 0, 0), c.root, c.between)},
			bundle(), nil,
			"failed no-timestamp",
		},
		{"nobody trusts it", s.roots(), bundle(), nil, "failed untrusted-root"},
		{"altered", []Root{c.authority(time.Now(), c.root, c.between)}, bundle(), func(o object) {
			dig(o, "messageSignature")["signature"] = b64(newKeyed(t).sign(t, blob))
		}, "failed invalid-signature"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.alter != nil {
				test.alter(test.bundle)
			}
			b, err := readBundle(encode(t, test.bundle))
			if err != nil {
				t.Fatal(err)
			}
			o := b.verify(test.roots, file(t, blob), mustExpect(t, anyIssuer))
			if status, reason := o.verdict(); string(status)+" "+reason != test.want {
				t.Errorf("got %s %s, want %s: %+v; the library says %v", status, reason, test.want, o.steps, o.judged)
			}
			agree(t, o)
		})
	}
}

// A timestamp of an authority that a trusted root knows says when it was signed, also where the log was not asked.
func TestTimestampOfOnesOwn(t *testing.T) {
	c, s := newCompany(t), newStudio(t)
	payload := simplePayload(t, digestOf(blob))
	annotations := s.annotations(c.signer, payload, false, false)
	stamp, err := s.ca.TimestampResponse(mustB64(t, annotations[static.SignatureAnnotationKey]))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(object{"SignedRFC3161Timestamp": b64(stamp)})
	annotations[static.RFC3161TimestampAnnotationKey] = string(text)
	sig, err := readAnnotated(payload, annotations, false)
	if err != nil {
		t.Fatal(err)
	}
	roots := append(s.roots(), c.authority(companyTime.AddDate(2, 0, 0), c.root, c.between))
	o := sig.verify(context.Background(), roots, imageOf(digestOf(blob)), mustExpect(t, anyIssuer))
	if status, reason := o.verdict(); status != inspect.Verified {
		t.Errorf("got %s %s: %+v; the library says %v", status, reason, o.steps, o.judged)
	}
	agree(t, o)
}

// The link between the signer and the root may run out before the signer does.
func TestOnesOwnChainRunsOut(t *testing.T) {
	c, s := newCompany(t), newStudio(t)
	key, rootKey := newKeyed(t).key, newKeyed(t).key
	ca := func(n int64, name string, end time.Time) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, NotBefore: companyTime, NotAfter: end,
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	top := ca(1, "short root", companyTime.AddDate(9, 0, 0))
	c.h.rootKey = rootKey
	c.root = c.h.certify(top, top, rootKey.Public())
	c.between = c.h.certify(ca(2, "short signing", companyTime.Add(time.Hour)), c.root, key.Public())
	c.h.rootKey = key
	c.signer.cert = c.h.certify(&x509.Certificate{
		SerialNumber: big.NewInt(3), EmailAddresses: []string{alice}, NotBefore: companyTime,
		NotAfter: companyTime.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}, c.between, c.signer.key.Public())
	payload := simplePayload(t, digestOf(blob))
	sig, err := readAnnotated(payload, s.annotations(c.signer, payload, false, false), false)
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[time.Time]string{
		companyTime.Add(time.Minute):   "verified ",
		companyTime.Add(2 * time.Hour): "failed no-timestamp",
	} {
		o := sig.verify(context.Background(), []Root{c.authority(now, c.root, c.between)}, imageOf(digestOf(blob)),
			mustExpect(t, anyIssuer))
		if status, reason := o.verdict(); string(status)+" "+reason != want {
			t.Errorf("at %s: got %s %s, want %s: %+v", now, status, reason, want, o.steps)
		}
		agree(t, o)
	}
}

func TestAuthoritiesThatAreNone(t *testing.T) {
	c := newCompany(t)
	for name, data := range map[string]string{
		"nothing": "", "no certificate": "-----BEGIN NOTHING", "a signer": pemOf(c.root) + pemOf(c.signer.cert),
		"no root": pemOf(c.between), "rubbish": "x",
	} {
		if _, err := NewAuthority([]byte(data), inspect.TrustFile, "ca.pem", nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzAuthority(f *testing.F) {
	f.Add([]byte(pemOf(newCompany(f).root)))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = NewAuthority(data, inspect.TrustFile, "ca.pem", nil) })
}
