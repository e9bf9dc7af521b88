package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Options says how to read. Only Store is required.
type Options struct {
	Store     *Store            // where bytes are kept
	UserAgent string            // such as "backtrail/1.0"
	Map       []Mapping         // where to ask instead, see Mapping
	CA        []byte            // more certificate authorities to trust, PEM
	Keychain  authn.Keychain    // asked last, such as the pull secrets of a pod
	Transport http.RoundTripper // nil: the usual one, with the proxy of the environment
	Notice    func(string)      // waits, retries and limits in words; nil: nobody listens
	Log       func(Request)     // each request made, for the chain of custody; nil: nobody listens
}

// Mapping asks another host or repository than an image names, as --registry-map FROM=TO: what begins with From
// ("docker.io", "ghcr.io/acme") is asked at To. It changes where bytes come from, never what is shown.
type Mapping struct {
	From, To string
}

// Request is one request that was made.
type Request struct {
	Method string
	URL    string // without user and with the values of its query left out
	Status int    // 0 when there was no answer
	Bytes  int64  // of the answer's body, as announced; -1 when not announced
	Time   time.Time
}

// Client reads images. It is safe for concurrent use.
type Client struct {
	opts Options
}

var errTODO = errors.New("not yet there")

// New returns a client. Credentials are looked for when a host is first asked.
func New(opts Options) (*Client, error) {
	if opts.Store == nil {
		return nil, errors.New("making a registry client: there is no store")
	}
	return &Client{opts: opts}, nil
}

// Close lets go of open archives.
func (c *Client) Close() error { return nil }

// Store returns the byte store.
func (c *Client) Store() *Store { return c.opts.Store }

// Resolve reads index, manifest and config of an image and nothing more. With a zero platform it takes the only one
// there is, else linux/amd64.
//
// An image whose parts do not hold is an Image with Problems; an error means that there is no image, or that none
// could be chosen: ErrNotFound, *AmbiguousError, *PlatformError, *AuthError, *RateLimitError.
func (c *Client) Resolve(ctx context.Context, loc Location, platform v1.Platform) (*Image, error) {
	return nil, errTODO
}

// Layer streams a layer of an image as its place gives it, compressed or not. The bytes are NOT verified: whoever
// reads compares digest and size, while reading. Errors: ErrNotFound (a missing blob), *LimitError.
func (c *Client) Layer(ctx context.Context, img *Image, number int) (io.ReadCloser, error) {
	return nil, errTODO
}

// Blob streams any blob of a repository, layout or archive, from the store if it is there. The bytes are NOT
// verified. A remote transfer that breaks is taken up again where it broke.
func (c *Client) Blob(ctx context.Context, loc Location, desc v1.Descriptor) (io.ReadCloser, error) {
	return nil, errTODO
}

// Fetch reads a small blob whole and verifies it. Errors: ErrNotFound, *DigestError, *LimitError.
func (c *Client) Fetch(ctx context.Context, loc Location, digest string, limit int64) ([]byte, error) {
	return nil, errTODO
}

// Manifest reads any manifest of the same repository, layout or archive by tag or digest. A tag is asked for with
// HEAD first; what the store has by digest is not asked for again. Bytes that are not their digest come back in a
// Part with its Problem. Errors: ErrNotFound.
func (c *Client) Manifest(ctx context.Context, loc Location, tagOrDigest string) (Part, error) {
	return Part{}, errTODO
}

// ReferrersAPI asks a registry's referrers API who refers to a digest; an empty artifactType asks for all of them.
// Errors: ErrNoReferrersAPI; with a *LimitError come those that were read.
func (c *Client) ReferrersAPI(ctx context.Context, loc Location, digest, artifactType string) ([]v1.Descriptor, error) {
	return nil, errTODO
}

// ReferrersTag reads the index under the tag sha256-<hex>, which lists referrers where the API is missing. It works
// for registries, layouts and OCI archives. Errors: ErrNotFound.
func (c *Client) ReferrersTag(ctx context.Context, loc Location, digest string) ([]v1.Descriptor, error) {
	return nil, errTODO
}

// LayoutDescriptors returns all descriptors of a layout's index.json with their annotations; cosign's save marks them
// by the annotation "kind" (KindSignatures, KindAttestations and so on). It is empty for registries and docker-save.
func (c *Client) LayoutDescriptors(ctx context.Context, loc Location) ([]v1.Descriptor, error) {
	return nil, errTODO
}

// LayoutReferrers returns those descriptors of a layout's index.json whose manifest names digest as its subject.
func (c *Client) LayoutReferrers(ctx context.Context, loc Location, digest string) ([]v1.Descriptor, error) {
	return nil, errTODO
}

// The annotation by which `cosign save` marks what a descriptor of a layout is, and its values.
const (
	AnnotationKind   = "kind"
	KindImage        = "dev.cosignproject.cosign/image"
	KindImageIndex   = "dev.cosignproject.cosign/imageIndex"
	KindSignatures   = "dev.cosignproject.cosign/sigs"
	KindAttestations = "dev.cosignproject.cosign/atts"
	KindSBOMs        = "dev.cosignproject.cosign/sboms"
)
