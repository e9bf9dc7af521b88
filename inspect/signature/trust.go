package signature

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/trustroot"
)

// TrustKind is the kind of inspect.Trust that is a Sigstore trusted root.
const TrustKind = "sigstore"

// TrustOptions are where the roots of trust come from.
type TrustOptions struct {
	Files    []string         // trusted_root.json, from --trusted-root; with one of them nothing else is asked
	CAs      []string         // certificate authorities of one's own in PEM, from --ca-roots; besides the roots
	Offline  bool             // never open a socket
	CacheDir string           // of the TUF client; empty: no TUF client
	Now      func() time.Time // nil: the wall clock; for ages

	// fetch stands in for the TUF client in tests; nil: the client of the public instance
	fetch func(context.Context) (trustroot.Fetched, error)
}

// Root is one trusted root with its bytes.
// Bytes and Record are empty for one that was made in memory.
type Root struct {
	Material root.TrustedMaterial
	Bytes    []byte        // of trusted_root.json
	Record   inspect.Trust // where it came from, for the case
}

// TimestampCertificates are those of the timestamp authorities that a root names, each with its chain.
func (r Root) TimestampCertificates() []*x509.Certificate {
	var list []*x509.Certificate
	if r.Material == nil {
		return nil
	}
	for _, a := range r.Material.TimestampingAuthorities() {
		if a, is := a.(*root.SigstoreTimestampingAuthority); is {
			list = append(list, a.Intermediates...)
			for _, c := range []*x509.Certificate{a.Root, a.Leaf} {
				if c != nil {
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// Trust loads the roots of trust when they are first asked for, once. It is safe for concurrent use.
// Loading late keeps an unsigned image from costing a request.
type Trust struct {
	opts  TrustOptions
	once  sync.Once
	roots []Root
	notes []string
	err   error
}

// NewTrust remembers where the roots come from and reads nothing yet.
func NewTrust(opts TrustOptions) *Trust {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Trust{opts: opts}
}

// FixedTrust gives roots that are at hand already: the bag's own, or a demo's.
// Without any root, a signature with a certificate has an untrusted root, and no network is asked.
func FixedTrust(roots ...Root) *Trust {
	t := NewTrust(TrustOptions{Offline: true})
	t.once.Do(func() { t.roots = roots })
	return t
}

// NewRoot reads the bytes of a trusted_root.json. Origin is one of inspect.TrustFile and its like, name the file's
// path.
// The format is trustedroot.proto of Sigstore's protobuf-specs, in its JSON form.
func NewRoot(data []byte, origin, name string) (Root, error) {
	if len(data) > maxTrustedRoot {
		return Root{}, fmt.Errorf("reading trusted root %s: it is larger than %d bytes", name, maxTrustedRoot)
	}
	var material *root.TrustedRoot
	err := protect("reading it", func() (err error) {
		material, err = root.NewTrustedRootFromJSON(data)
		return err
	})
	if err != nil {
		return Root{}, fmt.Errorf("reading trusted root %s: %w", name, err)
	}
	return Root{material, data, inspect.Trust{Kind: TrustKind, Origin: origin, Name: name, Digest: digestOf(data)}}, nil
}

// Roots gives the roots of trust. Errors: a file that cannot be read or is no trusted root.
// An error is kept: a later call returns the same.
func (t *Trust) Roots() ([]Root, error) {
	t.once.Do(func() {
		if t.roots, t.err = t.load(); t.err == nil {
			t.err = t.loadCAs()
		}
	})
	return t.roots, t.err
}

// atHand reports whether no network is asked for the roots.
// Only then are roots loaded before a signature was found.
func (t *Trust) atHand() bool { return t.opts.Offline || len(t.opts.Files) > 0 }

// Notes are what a person should know of the roots: that a fallback was taken, and why.
func (t *Trust) Notes() []string {
	_, _ = t.Roots()
	return t.notes
}

// load prefers what the person named, then TUF, then the copy in this program. The copy still verifies older
// signatures, and a note has its date and age. What TUF had of an earlier day, since the repository does not answer, is
// newer than the copy; a note names its age too.
func (t *Trust) load() ([]Root, error) {
	var roots []Root
	for _, path := range t.opts.Files {
		found, err := rootsFromFile(path)
		if err != nil {
			return nil, err
		}
		roots = append(roots, found...)
	}
	if len(roots) > 0 {
		return roots, nil
	}
	r, err := t.fromTUF()
	if err == nil {
		return []Root{r}, nil
	}
	r, embeddedErr := t.embedded()
	if embeddedErr != nil {
		return nil, embeddedErr
	}
	t.notes = append(t.notes, fmt.Sprintf("the trusted root is the embedded copy of the public Sigstore instance, %s "+
		"(%s ago): %v", r.Record.Detail, r.Record.Age, err))
	return []Root{r}, nil
}

// loadCAs adds the person's own authorities to the roots.
func (t *Trust) loadCAs() error {
	for _, path := range t.opts.CAs {
		r, err := authorityFromFile(path, t.opts.Now)
		if err != nil {
			return err
		}
		t.roots = append(t.roots, r)
	}
	return nil
}

// embedded reads the copy in this program; an error would be a defect of the build. The date of its newest key is
// named where the copy was not fetched by TUF: only that proves anything about its age.
func (t *Trust) embedded() (Root, error) {
	r, err := NewRoot(trustroot.Embedded(), inspect.TrustEmbedded, "the public Sigstore instance")
	if err != nil {
		return Root{}, err
	}
	o, err := trustroot.EmbeddedOrigin()
	if err != nil {
		return Root{}, err
	}
	now := t.opts.Now()
	r.Record.Fetched, r.Record.Age, r.Record.Detail = inspect.At(o.Fetched), days(now.Sub(o.Fetched)), o.String()
	if !o.TUF {
		r.Record.Detail += fmt.Sprintf("; its newest key is %s old", days(now.Sub(trustroot.NewestKey(r.Material))))
	}
	return r, nil
}

// days is an age as inspect.Trust has it, never negative.
func days(d time.Duration) string { return fmt.Sprintf("%dd", max(0, int(d.Hours()/24))) }

// errOffline is the reason for the embedded root where the network was ruled out by a flag.
var errOffline = errors.New("--offline fetches no newer one")

// digestOf is the sha256 of some bytes as sha256:<hex>.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// rootsFromFile reads a file that a person named, one byte above the bound at most.
func rootsFromFile(path string) ([]Root, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading trusted root: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTrustedRoot+1))
	if err != nil {
		return nil, fmt.Errorf("reading trusted root %s: %w", path, err)
	}
	return ReadRoots(data, inspect.TrustFile, path)
}

// ReadRoots reads a file of trusted roots: one trusted_root.json, or several one after the other, as
// `gh attestation trusted-root` prints that of the public instance and GitHub's own.
func ReadRoots(data []byte, origin, name string) ([]Root, error) {
	if len(data) > maxTrustedRoot {
		return nil, fmt.Errorf("reading trusted root %s: it is larger than %d bytes", name, maxTrustedRoot)
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
		return nil, fmt.Errorf("reading trusted root %s: it is PEM, not JSON; --ca-roots takes a certificate "+
			"authority of your own", name)
	}
	var parts []json.RawMessage
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var part json.RawMessage
		if err := d.Decode(&part); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("reading trusted root %s: %w", name, err)
			}
			break
		}
		parts = append(parts, part)
	}
	if len(parts) < 2 || len(parts) > maxRoots {
		parts = []json.RawMessage{data} // as it is: its digest is the file's
	}
	var roots []Root
	for _, part := range parts {
		r, err := NewRoot(part, origin, name)
		if err != nil {
			return nil, err
		}
		roots = append(roots, r)
	}
	return roots, nil
}

// fromTUF reads the trusted root of the public instance by The Update Framework, through its cache on disk. Its age is
// that of the last answer of the repository. One that is older than the cache may be is a repository that does not
// answer, which a note names.
func (t *Trust) fromTUF() (Root, error) {
	if t.opts.Offline {
		return Root{}, errOffline
	}
	fetch := t.opts.fetch
	if fetch == nil {
		fetch = trustroot.Client{Cache: t.opts.CacheDir}.Fetch
	}
	f, err := fetch(context.Background())
	if err != nil {
		return Root{}, err
	}
	r, err := NewRoot(f.Data, inspect.TrustTUF, f.Mirror)
	if err != nil || f.Updated.IsZero() {
		return r, err
	}
	age := t.opts.Now().Sub(f.Updated)
	r.Record.Fetched, r.Record.Age = inspect.At(f.Updated), days(age)
	if f.Stale(t.opts.Now()) {
		t.notes = append(t.notes, fmt.Sprintf("the trusted root was fetched %s ago: %s does not answer", days(age),
			f.Mirror))
	}
	return r, nil
}
