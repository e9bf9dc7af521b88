package shop

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net/url"
	"time"
)

// authority is the shop's own certificate authority, a Fulcio: it names in a certificate which workflow asked for it.
type authority struct {
	key  *ecdsa.PrivateKey
	root *x509.Certificate
}

func newAuthority() (*authority, error) {
	key, err := newKey("the certificate authority")
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"shop-example"}, CommonName: "fulcio.shop.example"},
		NotBefore: founded(), NotAfter: ends(), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true, IsCA: true, MaxPathLen: 1,
	}
	// No source of randomness: see sign.
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the authority's certificate: %w", err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the authority's certificate: %w", err)
	}
	return &authority{key, root}, nil
}

// credential is a key and the certificate that names its owner for ten minutes.
type credential struct {
	key *ecdsa.PrivateKey
	der []byte // of the certificate
}

// issue certifies a run of a workflow.
func (a *authority) issue(r run, when time.Time) (credential, error) {
	key, err := newKey(r.identity())
	if err != nil {
		return credential{}, err
	}
	identity, err := url.Parse(r.identity())
	if err != nil {
		return credential{}, fmt.Errorf("naming the workflow: %w", err)
	}
	extensions, err := r.extensions()
	if err != nil {
		return credential{}, err
	}
	serial := sha256.Sum256([]byte(r.invocation()))
	der, err := x509.CreateCertificate(nil, &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:16]), NotBefore: when, NotAfter: when.Add(10 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		URIs: []*url.URL{identity}, ExtraExtensions: extensions,
	}, a.root, key.Public(), a.key)
	if err != nil {
		return credential{}, fmt.Errorf("certifying %s: %w", r.identity(), err)
	}
	return credential{key, der}, nil
}

// extensions are Fulcio's (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md), by the last number of their
// object identifier. Numbers 1 to 6 are the older ones, whose text is not encoded.
func (r run) extensions() ([]pkix.Extension, error) {
	all := []pkix.Extension{fulcioExtension(1, []byte(issuer))}
	for _, e := range []struct {
		number int
		value  string
	}{
		{8, issuer},
		{9, r.identity()},
		{10, r.commit},
		{11, "github-hosted"},
		{12, r.source()},
		{13, r.commit},
		{14, r.ref()},
		{16, "https://github.com/" + organisation},
		{18, r.identity()},
		{19, r.commit},
		{20, "push"},
		{21, r.invocation()},
		{22, "private"},
	} {
		der, err := asn1.MarshalWithParams(e.value, "utf8")
		if err != nil {
			return nil, fmt.Errorf("writing extension %d: %w", e.number, err)
		}
		all = append(all, fulcioExtension(e.number, der))
	}
	return all, nil
}

func fulcioExtension(number int, value []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, number}, Value: value}
}
