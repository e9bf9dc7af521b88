package signature

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/backtrail/backtrail/inspect"
)

// NotationTrustKind is the kind of inspect.Trust that is a trust store and trust policy of the Notary Project.
const NotationTrustKind = "notation"

// Notary is whom to believe of those who sign by the Notary Project's rules: certificates in named stores, and a
// policy that names which stores and which subjects count for which repository
// (https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md).
// It does not change once it is made, and is safe for concurrent use. It implements notation-go's trust store.
type Notary struct {
	doc    notaryDocument
	stores map[string][]*x509.Certificate // by ca:NAME, signingAuthority:NAME, tsa:NAME
	policy *trustpolicy.Document          // nil: there is none
	bytes  []byte
	record inspect.Trust
	err    error // what cannot be read at the usual place; it is told when it is needed
}

// notaryDocument is store and policy in one file, so that a bundle can carry them and verdicts follow from it again.
type notaryDocument struct {
	Schema string              `json:"schema"`
	Named  bool                `json:"named"`  // the policy was named by a person, for this case
	Policy json.RawMessage     `json:"policy"` // trustpolicy.json, or null
	Stores map[string][]string `json:"stores"` // PEM of each certificate
}

// notarySchema is that of the document in a bundle; it is this program's own.
const notarySchema = "backtrail.dev/notation-trust/v1"

// NotaryOptions locate trust store and trust policy.
type NotaryOptions struct {
	Store  string // directory: notation's own, its truststore, or one of certificates
	Policy string // trustpolicy.json
	// notation's configuration directory, for what the other two do not name; what is not there is not needed
	Config string
}

// NewNotary reads trust store and policy. Errors: what was named and cannot be read. What cannot be read at the usual
// place is named when a signature needs it.
//
// Reading the usual place means that what `notation verify` would accept on this machine is known here too.
func NewNotary(o NotaryOptions) (*Notary, error) {
	n := &Notary{doc: notaryDocument{Schema: notarySchema, Stores: map[string][]string{}}}
	store, policy := o.Store, o.Policy
	if o.Config != "" && store == "" {
		store = o.Config
	}
	if o.Config != "" && policy == "" {
		policy = usualPolicy(o.Config)
	}
	n.doc.Named = o.Policy != ""
	var from []string
	if err := n.readStores(store); err != nil && (o.Store != "" || !errors.Is(err, fs.ErrNotExist)) {
		n.err = err
	}
	if len(n.doc.Stores) > 0 {
		from = append(from, store)
	}
	if err := n.readPolicy(policy); err != nil && (o.Policy != "" || !errors.Is(err, fs.ErrNotExist)) {
		n.err = errors.Join(n.err, err)
	}
	if len(n.doc.Policy) > 0 {
		from = append(from, policy)
	}
	if n.err != nil && (o.Store != "" || o.Policy != "") {
		return nil, n.err
	}
	if n.err != nil || len(from) == 0 {
		return n, nil // nothing that a verdict could rest on
	}
	return n, n.seal(inspect.TrustFile, strings.Join(from, ", "))
}

// usualPolicy is the trust policy in notation's configuration directory: trustpolicy.oci.json, which notation 1.3
// introduced and prefers, else trustpolicy.json.
// A file that is there and cannot be read is returned all the same, so that the error is reported.
func usualPolicy(dir string) string {
	newer := filepath.Join(dir, "trustpolicy.oci.json")
	if _, err := os.Stat(newer); errors.Is(err, fs.ErrNotExist) {
		return filepath.Join(dir, "trustpolicy.json")
	}
	return newer
}

// ReadNotary reads what a Notary was written as into a bundle.
// It may be a stranger's: what it trusts counts only where the person accepts the bundle's roots.
func ReadNotary(data []byte, origin, name string) (*Notary, error) {
	n := &Notary{}
	if len(data) > maxNotary {
		return nil, fmt.Errorf("reading Notary Project trust %s: it is larger than %d bytes", name, maxNotary)
	}
	if err := json.Unmarshal(data, &n.doc); err != nil {
		return nil, fmt.Errorf("reading Notary Project trust %s: %w", name, err)
	}
	if n.doc.Schema != notarySchema {
		return nil, fmt.Errorf("reading Notary Project trust %s: its schema is %q", name, n.doc.Schema)
	}
	if err := n.parse(); err != nil {
		return nil, fmt.Errorf("reading Notary Project trust %s: %w", name, err)
	}
	n.bytes, n.record = data, inspect.Trust{Kind: NotationTrustKind, Origin: origin, Name: name, Digest: digestOf(data)}
	return n, nil
}

// seal writes store and policy as one document, which is what verdicts rest on.
func (n *Notary) seal(origin, name string) error {
	if err := n.parse(); err != nil {
		return err
	}
	data, err := json.Marshal(n.doc)
	if err != nil {
		return fmt.Errorf("writing Notary Project trust: %w", err)
	}
	n.bytes, n.record = data, inspect.Trust{Kind: NotationTrustKind, Origin: origin, Name: name, Digest: digestOf(data)}
	return nil
}

// parse reads the document. An invalid policy is an error, as for notation: part of one would be another policy.
func (n *Notary) parse() error {
	n.stores = map[string][]*x509.Certificate{}
	for _, name := range slices.Sorted(maps.Keys(n.doc.Stores)) {
		for _, text := range n.doc.Stores[name] {
			certs, err := cryptoutils.LoadCertificatesFromPEM(strings.NewReader(text))
			if err != nil {
				return fmt.Errorf("reading trust store %s: %w", name, err)
			}
			if err := truststore.ValidateCertificates(certs); err != nil {
				return fmt.Errorf("reading trust store %s: %w", name, err)
			}
			n.stores[name] = append(n.stores[name], certs...)
		}
	}
	if len(n.doc.Policy) == 0 || string(n.doc.Policy) == "null" {
		return nil
	}
	n.policy = &trustpolicy.Document{}
	if err := json.Unmarshal(n.doc.Policy, n.policy); err != nil {
		return fmt.Errorf("reading the trust policy: %w", err)
	}
	return n.policy.Validate()
}

// readPolicy keeps the policy as it is written; parse reads it.
func (n *Notary) readPolicy(path string) error {
	if path == "" {
		return nil
	}
	data, err := readSmall(path, maxTrustFile)
	if err != nil {
		return fmt.Errorf("reading the trust policy: %w", err)
	}
	if !json.Valid(data) {
		return fmt.Errorf("reading the trust policy %s: it is not JSON", path)
	}
	n.doc.Policy = data
	return nil
}

// Digest names store and policy where the person named the policy for this case: it names the expected signer.
// It is empty for nil, and where the policy is only what lies at the usual place.
func (n *Notary) Digest() string {
	if n == nil || !n.doc.Named {
		return ""
	}
	return n.record.Digest
}

// Trust describes what store and policy are, for the case.
func (n *Notary) Trust() inspect.Trust { return n.record }

// GetCertificates gives the certificates of a store by kind and name, as notation-go asks for them.
func (n *Notary) GetCertificates(_ context.Context, kind truststore.Type, name string) ([]*x509.Certificate, error) {
	certs := n.stores[string(kind)+":"+name]
	if len(certs) == 0 {
		return nil, fmt.Errorf("there is no trust store %s:%s", kind, name)
	}
	return certs, nil
}

// pemOf writes a certificate as bundles and stores have it (RFC 7468).
func pemOf(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

// readSmall reads a regular file of at most limit bytes.
// A pipe or a device is refused: reading it could wait or never end.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is no file, or larger than %d bytes", path, limit)
	}
	return os.ReadFile(path)
}
