package signature

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/notaryproject/notation-go/verifier/truststore"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// plainStore is the name of the store of a directory that holds nothing but certificates.
const plainStore = "ca:given"

// readStores reads every trust store below a directory: DIR/truststore/x509/KIND/NAME/*, where DIR is notation's own,
// or any directory on that way, or one with certificates in it.
// The layout is that of the Notary Project's trust store specification; names of stores are those that a policy uses.
func (n *Notary) readStores(dir string) error {
	if dir == "" {
		return nil
	}
	top := dir
	for _, below := range []string{"truststore/x509", "x509", "."} {
		if info, err := os.Stat(filepath.Join(dir, below)); err == nil && info.IsDir() {
			top = filepath.Join(dir, below)
			break
		}
	}
	if _, err := os.Stat(top); err != nil {
		return fmt.Errorf("reading the trust store: %w", err)
	}
	for _, kind := range truststore.Types {
		names, err := os.ReadDir(filepath.Join(top, string(kind)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the trust store: %w", err)
		}
		for _, name := range names {
			if err := n.readStore(string(kind)+":"+name.Name(), filepath.Join(top, string(kind),
				name.Name())); err != nil {
				return err
			}
		}
	}
	if len(n.doc.Stores) == 0 && top == dir {
		return n.readStore(plainStore, dir)
	}
	return nil
}

// readStore reads the certificates of one store. A link in it is refused, as notation does.
// A file that is no certificate is an error: a store that is half read would refuse a good signature without a reason.
func (n *Notary) readStore(name, dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading trust store %s: %w", name, err)
	}
	if len(files) > maxTrustFiles {
		return fmt.Errorf("reading trust store %s: it has more than %d files", name, maxTrustFiles)
	}
	for _, f := range files {
		if name == plainStore && !isCertificateName(f.Name()) {
			continue
		}
		if !f.Type().IsRegular() {
			return fmt.Errorf("reading trust store %s: %s is no regular file", name, f.Name())
		}
		data, err := readSmall(filepath.Join(dir, f.Name()), maxTrustFile)
		if err != nil {
			return fmt.Errorf("reading trust store %s: %w", name, err)
		}
		certs, err := parseCertificates(data)
		if err != nil {
			return fmt.Errorf("reading trust store %s: %s: %w", name, f.Name(), err)
		}
		for _, c := range certs {
			n.doc.Stores[name] = append(n.doc.Stores[name], pemOf(c))
		}
	}
	return nil
}

// isCertificateName reports whether a file of a plain directory is taken for a certificate.
func isCertificateName(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".crt", ".pem", ".cer", ".der":
		return true
	}
	return false
}

// parseCertificates reads certificates in PEM or DER.
func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	if strings.Contains(string(data), "-----BEGIN") {
		certs, err := cryptoutils.UnmarshalCertificatesFromPEM(data)
		if err == nil && len(certs) == 0 {
			err = errors.New("there is no certificate in it")
		}
		return certs, err
	}
	return x509.ParseCertificates(data)
}
