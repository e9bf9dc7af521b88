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
func identityOf(cert *x509.Certificate) (identity, issuer string) {
	if names := cryptoutils.GetSubjectAlternateNames(cert); len(names) > 0 {
		identity = names[0]
	}
	return identity, extensions(cert)["issuer"]
}

func within(cert *x509.Certificate, t time.Time) bool {
	return !t.Before(cert.NotBefore) && !t.After(cert.NotAfter)
}

func validity(cert *x509.Certificate) string {
	return fmt.Sprintf("%s to %s", stamp(cert.NotBefore), stamp(cert.NotAfter))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
