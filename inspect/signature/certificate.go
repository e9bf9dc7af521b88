package signature

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/backtrail/backtrail/inspect"
)

// describe puts a signing certificate into the words of its extensions, as Fulcio names them
// (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
// It is what a person compares, whether the certificate is trusted or not: all of it is a claim until its chain holds.
func describe(cert *x509.Certificate) *inspect.Certificate {
	sum := sha256.Sum256(cert.Raw)
	return &inspect.Certificate{
		Subject:    cryptoutils.GetSubjectAlternateNames(cert),
		Issuer:     cert.Issuer.String(),
		Serial:     cert.SerialNumber.Text(16),
		NotBefore:  inspect.At(cert.NotBefore),
		NotAfter:   inspect.At(cert.NotAfter),
		Extensions: extensions(cert),
		SHA256:     hex.EncodeToString(sum[:]),
	}
}

// extensions gives Fulcio's extensions by name; the names are the JSON names of sigstore-go's structure.
// A certificate of another authority has none of them, which is no error.
func extensions(cert *x509.Certificate) map[string]string {
	named := map[string]string{}
	parsed, err := certificate.ParseExtensions(cert.Extensions)
	if err != nil {
		return named
	}
	data, err := json.Marshal(parsed)
	if err != nil {
		return named
	}
	_ = json.Unmarshal(data, &named)
	return named
}

// identityOf is who a certificate names, and who vouched for that person or workflow.
// The identity is the first subject alternative name: a URI of a workflow or an e-mail address.
func identityOf(cert *x509.Certificate) (identity, issuer string) {
	if names := cryptoutils.GetSubjectAlternateNames(cert); len(names) > 0 {
		identity = names[0]
	}
	return identity, extensions(cert)["issuer"]
}

// within reports whether a certificate is valid at a time, both ends included (RFC 5280, 4.1.2.5).
func within(cert *x509.Certificate, t time.Time) bool {
	return !t.Before(cert.NotBefore) && !t.After(cert.NotAfter)
}

// validity is the span of a certificate in words. Fulcio's live for ten minutes, which is why a signed time is needed.
func validity(cert *x509.Certificate) string {
	return fmt.Sprintf("%s to %s", stamp(cert.NotBefore), stamp(cert.NotAfter))
}

// stamp writes a time as the details of steps have it, in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
