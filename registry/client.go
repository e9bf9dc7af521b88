package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Options is how to read. Only Store is required.
type Options struct {
	Store     *Store            // where bytes are kept
	UserAgent string            // such as "backtrail/1.0"
	Map       []Mapping         // where to ask instead, see Mapping
	CA        []byte            // more certificate authorities to trust, PEM
	Transport http.RoundTripper // nil: the usual one, with the proxy of the environment
	Notice    func(string)      // receives waits, retries and limits in words, outside of a Scope; nil: dropped
	Log       func(Request)     // receives each request made outside of a Scope; nil: dropped
}

// Mapping asks another host or repository than an image names, as --registry-map FROM=TO: what begins with From
// ("docker.io", "ghcr.io/acme") is asked at To. It changes where bytes come from, never what is shown.
type Mapping struct {
	From, To string
}

// ParseMapping reads FROM=TO.
func ParseMapping(text string) (Mapping, error) {
	from, to, ok := strings.Cut(text, "=")
	from, to = strings.Trim(from, "/"), strings.Trim(to, "/")
	if !ok || from == "" || to == "" {
		return Mapping{}, fmt.Errorf("parsing registry map %q: it is not FROM=TO", text)
	}
	if _, err := name.NewRepository(to+"/x", name.WeakValidation); err != nil {
		return Mapping{}, fmt.Errorf("parsing registry map %q: %w", text, err)
	}
	return Mapping{From: from, To: to}, nil
}

// Request is one request that was made.
type Request struct {
	Method string
	URL    string // without user and without the values of its query
	Status int    // 0 when there was no answer
	Bytes  int64  // of the answer's body, as announced; -1 when not announced
	Time   time.Time
	Host   string
	Sent   time.Time     // when it was sent
	Date   time.Time     // by the server's clock, of the answer; zero if it named none
	Waited time.Duration // until the answer began
}

// Client reads images. It is safe for concurrent use.
// One client serves all cases and images: what belongs to one case travels in a Scope, so that connections, rate limits
// and open archives are shared and credentials are not.
type Client struct {
	opts    Options
	trip    *trip
	sources []keySource
	locals  *locals

	mu    sync.Mutex
	repos map[repositoryKey]*repository
}

// New returns a client. Credentials are looked for when a host is first asked.
func New(opts Options) (*Client, error) {
	if opts.Store == nil {
		return nil, errors.New("making a registry client: there is no store")
	}
	inner := opts.Transport
	if inner == nil {
		var err error
		if inner, err = newTransport(opts.CA); err != nil {
			return nil, fmt.Errorf("making a registry client: %w", err)
		}
	}
	if opts.Notice == nil {
		opts.Notice = func(string) {}
	}
	return &Client{
		opts:    opts,
		sources: keySources(),
		locals:  &locals{store: opts.Store, open: map[localKey]*localEntry{}},
		repos:   map[repositoryKey]*repository{},
		trip: &trip{
			inner: inner, pace: bodyPace, userAgent: firstOf(opts.UserAgent, "backtrail"), notice: opts.Notice,
			log: opts.Log, sleep: sleep,
			limits: &rateLimits{hosts: map[string]rateState{}, now: time.Now},
		},
	}, nil
}

// newTransport is the way out to the network, with the proxy of the environment and more certificate authorities, PEM.
func newTransport(ca []byte) (http.RoundTripper, error) {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport was replaced")
	}
	tr := base.Clone()
	// the head only: bodies have a floor of their own, see pacedBody
	tr.ResponseHeaderTimeout = StallTimeout
	tr.MaxIdleConnsPerHost = 16
	if len(ca) == 0 {
		return tr, nil
	}
	// added to those of the system, never in their place
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("reading certificate authorities: there is no certificate in PEM form")
	}
	tr.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return tr, nil
}

// Close lets go of open archives.
func (c *Client) Close() error { return c.locals.Close() }

// Store returns the byte store.
func (c *Client) Store() *Store { return c.opts.Store }

// repositoryKey distinguishes repositories: those of a scope with credentials of its own are that scope's alone.
type repositoryKey struct {
	name  string
	scope *Scope // nil where the scope brings no credentials
}

// maxRepositories bounds how many repositories are remembered with their connections.
const maxRepositories = 512

// sourcesOf returns where credentials are looked for in a scope, its own after those of this machine.
func (c *Client) sourcesOf(scope *Scope) []keySource {
	if scope.Keychain == nil {
		return c.sources
	}
	return append(slices.Clone(c.sources), pullSecrets(scope.Keychain))
}

// repository returns the repository of a location, the same one for all that ask within a scope.
func (c *Client) repository(ctx context.Context, loc Location) (*repository, error) {
	scope := scopeOf(ctx)
	asked := loc.Name()
	longest := 0
	for _, m := range c.opts.Map {
		rest, ok := strings.CutPrefix(loc.Name()+"/", strings.TrimSuffix(m.From, "/")+"/")
		// compared with a slash behind both, so that ghcr.io/acme is no beginning of ghcr.io/acme-evil
		if ok && len(m.From) > longest {
			longest, asked = len(m.From), strings.TrimSuffix(m.To+"/"+rest, "/")
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := repositoryKey{name: asked}
	if scope.Keychain != nil {
		key.scope = scope
	}
	if r := c.repos[key]; r != nil {
		return r, nil
	}
	repo, err := name.NewRepository(asked, name.WeakValidation)
	if err != nil {
		return nil, fmt.Errorf("finding repository of %s: %w", loc, err)
	}
	r := &repository{shown: loc.Host, repo: repo, trip: c.trip, store: c.opts.Store, sources: c.sourcesOf(scope)}
	// Forgetting all is simple and rare: an audit of a thousand repositories connects a second time to some.
	if len(c.repos) >= maxRepositories {
		clear(c.repos) // those in use go on; who asks again connects again
	}
	c.repos[key] = r
	return r, nil
}

// place returns where the blobs of a location are.
func (c *Client) place(ctx context.Context, loc Location) (place, error) {
	if !loc.Local() {
		return c.repository(ctx, loc)
	}
	opened, err := c.locals.get(ctx, loc)
	if err != nil {
		return nil, err
	}
	layout, docker := opened.reads()
	if docker != nil {
		return docker, nil
	}
	return layout, nil
}

// Layer streams a layer of an image as its place gives it, compressed or not: its first bytes decide, not its media
// type. The bytes are NOT verified: whoever reads compares digest (in the docker-save form the diff ID) and size,
// while reading. Errors: ErrNotFound (a missing blob), *LimitError.
func (c *Client) Layer(ctx context.Context, img *Image, number int) (io.ReadCloser, error) {
	if number < 0 || number >= len(img.Layers) {
		return nil, fmt.Errorf("opening layer %d: the image has %d", number, len(img.Layers))
	}
	layer := img.Layers[number]
	if layer.Member == "" {
		return c.Blob(ctx, img.Location, layer.Descriptor)
	}
	opened, err := c.locals.get(ctx, img.Location)
	if err != nil {
		return nil, err
	}
	r, _, err := opened.files.open(layer.Member)
	if err != nil {
		return nil, fmt.Errorf("opening layer %d: %w", number, err)
	}
	return r, nil
}

// Blob streams any blob of a repository, layout or archive, from the store if it is there. The bytes are NOT
// verified, except that a damaged copy in the store ends with ErrDamagedStore instead of io.EOF. A remote transfer
// that breaks is taken up again where it broke. Errors: ErrNotFound, *LimitError.
func (c *Client) Blob(ctx context.Context, loc Location, desc v1.Descriptor) (io.ReadCloser, error) {
	// refused before a byte is transferred; a size that is too small is found while reading, see blobLimit
	if desc.Size > MaxLayerBytes {
		return nil, fmt.Errorf("opening blob %s: %w", desc.Digest, &LimitError{
			What:  "blob in bytes",
			Limit: MaxLayerBytes,
		})
	}
	from, err := c.place(ctx, loc)
	if err != nil {
		return nil, err
	}
	r, err := from.blob(ctx, desc)
	if err != nil {
		return nil, fmt.Errorf("opening blob of %s: %w", loc.Name(), err)
	}
	return r, nil
}

// Fetch reads a small blob whole and verifies it; limit is in bytes, at most MaxSmallBlob. What comes from a registry
// is kept in the store. Errors: ErrNotFound, *DigestError, *LimitError.
func (c *Client) Fetch(ctx context.Context, loc Location, digest string, limit int64) ([]byte, error) {
	if !IsDigest(digest) {
		return nil, fmt.Errorf("reading blob %q: it is not sha256:<hex>", digest)
	}
	from, err := c.place(ctx, loc)
	if err != nil {
		return nil, err
	}
	data, err := readBlob(ctx, from, descriptorOf(digest), min(limit, MaxSmallBlob))
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", digest, err)
	}
	// whatever place it came from, the store too
	if have := digestOf(data); have != digest {
		return nil, fmt.Errorf("reading blob: %w", &DigestError{Want: digest, Have: have})
	}
	if !loc.Local() {
		_ = c.opts.Store.Put(digest, data)
	}
	return data, nil
}

// Manifest reads any manifest of the same repository, layout or archive by tag or digest. A tag is asked for with
// HEAD first; what the store has by digest is not asked for again. Bytes that are not their digest come back in a
// Part with its Problem, and so does a manifest that an index.json names and that is missing. Errors: ErrNotFound.
func (c *Client) Manifest(ctx context.Context, loc Location, tagOrDigest string) (Part, error) {
	if !loc.Local() {
		repo, err := c.repository(ctx, loc)
		if err != nil {
			return Part{}, err
		}
		if _, err := name.NewTag("x:"+tagOrDigest, name.WeakValidation); err != nil && !IsDigest(tagOrDigest) {
			return Part{}, fmt.Errorf("reading manifest %q: it is neither a tag nor a digest", tagOrDigest)
		}
		return repo.manifest(ctx, tagOrDigest)
	}
	opened, err := c.locals.get(ctx, loc)
	if err != nil {
		return Part{}, err
	}
	layout, _ := opened.reads()
	if layout == nil {
		return Part{}, fmt.Errorf("reading manifest %s: docker save keeps no manifests: %w", tagOrDigest, ErrNotFound)
	}
	return layout.manifest(ctx, tagOrDigest)
}

// The annotation by which `cosign save` marks what a descriptor of a layout is, and its values
// (https://github.com/sigstore/cosign/blob/main/pkg/oci/layout/index.go).
const (
	AnnotationKind   = "kind"
	KindImage        = "dev.cosignproject.cosign/image"
	KindImageIndex   = "dev.cosignproject.cosign/imageIndex"
	KindSignatures   = "dev.cosignproject.cosign/sigs"
	KindAttestations = "dev.cosignproject.cosign/atts"
	KindSBOMs        = "dev.cosignproject.cosign/sboms"
)
