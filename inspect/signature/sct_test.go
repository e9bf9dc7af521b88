package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// ledger is a certificate authority that puts its certificates into a transparency log of its own, as Fulcio does (RFC 6962).
type ledger struct {
	root.TrustedMaterial // whose transparency log for signatures and timestamp authorities are used
	company              *company
	betweenKey, logKey   *ecdsa.PrivateKey
	decoy                *x509.Certificate // an intermediate of the same name and another key
}

func newLedger(t *testing.T, s *studio) *ledger {
	c := newCompany(t)
	return &ledger{
		TrustedMaterial: s.root, company: c, betweenKey: c.h.rootKey, logKey: newKeyed(t).key,
		decoy: newCompany(t).between,
	}
}

func (l *ledger) FulcioCertificateAuthorities() []root.CertificateAuthority {
	return []root.CertificateAuthority{
		&root.FulcioCertificateAuthority{Root: l.company.root, Intermediates: []*x509.Certificate{
			l.decoy,
			l.company.between,
		}},
	}
}

func (l *ledger) CTLogs() map[string]*root.TransparencyLog {
	id := l.logID()
	return map[string]*root.TransparencyLog{hex.EncodeToString(id[:]): {
		BaseURL: "https://ct.example.com", ID: id[:], PublicKey: l.logKey.Public(), HashFunc: crypto.SHA256,
		SignatureHashFunc:   crypto.SHA256,
		ValidityPeriodStart: companyTime,
	}}
}

func (l *ledger) logID() [32]byte {
	der, _ := x509.MarshalPKIXPublicKey(l.logKey.Public())
	return sha256.Sum256(der)
}

// certify makes a signer's certificate with the promise of a log in it, by a key.
func (l *ledger) certify(t *testing.T, by *ecdsa.PrivateKey) credential {
	t.Helper()
	c := newKeyed(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(77), EmailAddresses: []string{alice}, NotBefore: time.Now().Add(-time.Minute),
		NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{
			Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1},
			Value: []byte(issuer),
		}},
	}
	before := l.company.h.certify(template, l.company.between, c.key.Public())
	if by != nil {
		template.ExtraExtensions = append(template.ExtraExtensions, l.promise(t, by, before.RawTBSCertificate))
	}
	c.cert = l.company.h.certify(template, l.company.between, c.key.Public())
	return c
}

// promise is the extension with one signed certificate timestamp (RFC 6962, sections 3.2 and 3.3).
func (l *ledger) promise(t *testing.T, by *ecdsa.PrivateKey, tbs []byte) pkix.Extension {
	t.Helper()
	at := binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixMilli()))
	issuerKey := sha256.Sum256(l.company.between.RawSubjectPublicKeyInfo)
	signed := append([]byte{0, 0}, at...) // version, kind of signature
	signed = append(signed, 0, 1)         // entry of a precertificate
	signed = append(signed, issuerKey[:]...)
	signed = append(signed, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	signed = append(append(signed, tbs...), 0, 0)
	sum := sha256.Sum256(signed)
	sig, err := by.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	id := l.logID()
	sct := append([]byte{0}, id[:]...)
	sct = append(append(sct, at...), 0, 0, 4, 3) // no extensions; SHA-256 with ECDSA
	sct = append(binary.BigEndian.AppendUint16(sct, uint16(len(sig))), sig...)
	list := append(binary.BigEndian.AppendUint16(nil, uint16(len(sct))), sct...)
	value, err := asn1.Marshal(append(binary.BigEndian.AppendUint16(nil, uint16(len(list))), list...))
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value}
}

// The issuer of a promise is the one that the certificate was followed to, not any of the same name
// (sct-duplicate-intermediate-name); a promise of another key is none (invalid-ct-key).
func TestConformanceOfPromises(t *testing.T) {
	s := newStudio(t)
	l := newLedger(t, s)
	for _, test := range []struct {
		name string
		by   *ecdsa.PrivateKey
		want string
	}{
		{"sct-duplicate-intermediate-name", l.logKey, "verified "},
		{"invalid-ct-key", newKeyed(t).key, "failed log-mismatch"},
		{"no sct", nil, "failed log-mismatch"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := l.certify(t, test.by)
			conforms(t, l, s.messageBundle(c, blob), test.want)
			conforms(t, l, s.statementBundle(c, statementOf(t, digestOf(blob)), "dsse"), test.want)
		})
	}
}
