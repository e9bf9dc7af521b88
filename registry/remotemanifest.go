package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// smallTimeout bounds the reading of something small.
const smallTimeout = 2 * time.Minute

// manifestTypes are the media types that we ask for.
func manifestTypes() http.Header {
	return http.Header{"Accept": {strings.Join([]string{
		string(types.OCIImageIndex), string(types.DockerManifestList), string(types.OCIManifestSchema1),
		string(types.DockerManifestSchema2),
	}, ", ")}}
}

// manifest reads a manifest by tag or digest. What a tag means now is asked with HEAD, which costs no pull, and then
// read by digest. Errors: ErrNotFound.
func (r *repository) manifest(ctx context.Context, ref string) (Part, error) {
	if IsDigest(ref) {
		return r.byDigest(ctx, descriptorOf(ref))
	}
	if !tagForm.MatchString(ref) { // a digest of another algorithm, whose bytes could not be compared with it
		return Part{}, fmt.Errorf("reading manifest %q: it is neither a tag nor a sha256 digest", ref)
	}
	meant, err := r.head(ctx, ref)
	if err != nil {
		return Part{}, err
	}
	if meant.desc.Digest.Hex != "" {
		part, err := r.byDigest(ctx, meant.desc)
		if !errors.Is(err, ErrNotFound) {
			return part, err
		}
	}
	// Some registries give no digest, or one under which they have nothing.
	data, mediaType, err := r.getManifest(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return Part{}, err
	}
	return r.keep(newPart(v1.Descriptor{MediaType: mediaType, Size: -1}, data, err))
}

// byDigest reads a manifest whose digest is known. A missing one is an error.
func (r *repository) byDigest(ctx context.Context, desc v1.Descriptor) (Part, error) {
	digest := hashString(desc.Digest)
	// A digest means the same bytes for ever: what the store has is not requested again, also where the registry has
	// lost it.
	if data, err := r.store.Read(digest, MaxManifest); err == nil {
		if desc.MediaType == "" {
			desc.MediaType = ownMediaType(data)
		}
		return newPart(desc, data, nil)
	}
	data, mediaType, err := r.getManifest(ctx, digest)
	if errors.Is(err, ErrNotFound) {
		return Part{}, err
	}
	if desc.MediaType == "" {
		desc.MediaType = mediaType
	}
	return r.keep(newPart(desc, data, err))
}

// manifestPart reads what a descriptor of an index names; a missing one is a Part with that error.
func (r *repository) manifestPart(ctx context.Context, desc v1.Descriptor) (Part, error) {
	if p, other := otherHashed(desc); other {
		return p, nil
	}
	part, err := r.byDigest(ctx, desc)
	if errors.Is(err, ErrNotFound) {
		return newPart(desc, nil, err)
	}
	return part, err
}

// keep puts a part that holds into the store. A store that cannot take it is no reason to fail.
func (r *repository) keep(part Part, err error) (Part, error) {
	if err == nil && part.Holds() {
		_ = r.store.Put(part.Digest, part.Bytes)
	}
	return part, err
}

// tagged is what a tag means, and since when according to the registry. The digest is empty and the time zero where
// the registry gives none.
type tagged struct {
	desc    v1.Descriptor
	changed time.Time
}

// head asks what a tag means now.
func (r *repository) head(ctx context.Context, tag string) (tagged, error) {
	says := func(t tagged) bool { return t.desc.Digest.Hex != "" }
	return once(ctx, "tag "+r.repo.Name()+":"+tag, says, func() (tagged, error) { return r.askHead(ctx, tag) })
}

// askHead requests the head of a tag's manifest. A registry that does not answer HEAD, or without a digest, leaves the
// tag open: the zero value, and no error.
func (r *repository) askHead(ctx context.Context, tag string) (tagged, error) {
	ctx, cancel := context.WithTimeout(ctx, smallTimeout)
	defer cancel()
	resp, err := r.do(ctx, http.MethodHead, "manifests/"+tag, manifestTypes())
	if err != nil {
		return tagged{}, fmt.Errorf("asking for %s: %w", tag, err)
	}
	drain(resp.Body)
	if resp.StatusCode == http.StatusNotFound {
		return tagged{}, fmt.Errorf("%s has no %s:%s: %w", r.shown, r.repo.RepositoryStr(), tag, ErrNotFound)
	}
	// The header is a claim. It chooses what is read next, by that digest, and what is read is compared with it.
	digest := resp.Header.Get("Docker-Content-Digest")
	if resp.StatusCode != http.StatusOK || !IsDigest(digest) {
		return tagged{}, nil
	}
	desc := descriptorOf(digest)
	desc.MediaType = contentType(resp)
	changed, _ := http.ParseTime(resp.Header.Get("Last-Modified"))
	return tagged{desc, changed}, nil
}

// getManifest reads the bytes of a manifest, unverified, with the media type that the registry gives them.
func (r *repository) getManifest(ctx context.Context, ref string) ([]byte, types.MediaType, error) {
	ctx, cancel := context.WithTimeout(ctx, smallTimeout)
	defer cancel()
	resp, err := r.do(ctx, http.MethodGet, "manifests/"+ref, manifestTypes())
	if err != nil {
		return nil, "", fmt.Errorf("reading manifest %s: %w", ref, err)
	}
	defer resp.Body.Close()
	if err := r.checkStatus(resp, http.StatusOK); err != nil {
		return nil, "", fmt.Errorf("reading manifest %s: %w", ref, err)
	}
	data, err := readAll(resp.Body, MaxManifest, "size of manifest "+ref+" in bytes")
	if err != nil {
		return nil, "", fmt.Errorf("reading manifest %s: %w", ref, err)
	}
	return data, contentType(resp), nil
}

// checkStatus turns an answer that was not hoped for into an error. Errors: ErrNotFound, *StatusError.
func (r *repository) checkStatus(resp *http.Response, want ...int) error {
	for _, status := range want {
		if resp.StatusCode == status {
			return nil
		}
	}
	if resp.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%s/%s does not have it (404): %w", r.shown, r.repo.RepositoryStr(), ErrNotFound)
	}
	return &StatusError{
		Method: resp.Request.Method, URL: showURL(resp.Request.URL), Status: resp.StatusCode,
		Text: errorText(resp),
	}
}

// errorText reads a registry's description of an error
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes). It is the registry's text.
func errorText(resp *http.Response) string {
	data, err := readAll(resp.Body, 64<<10, "error")
	if err != nil {
		return ""
	}
	var body struct {
		Errors []struct{ Code, Message string }
	}
	if json.Unmarshal(data, &body) != nil || len(body.Errors) == 0 {
		return ""
	}
	text := strings.TrimSpace(body.Errors[0].Code + " " + body.Errors[0].Message)
	return strings.Trim(strconv.QuoteToGraphic(text[:min(len(text), 200)]), `"`)
}

// contentType is the media type of an answer without its parameters.
func contentType(resp *http.Response) types.MediaType {
	text, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return types.MediaType(strings.TrimSpace(text))
}

// ownMediaType is the media type within a manifest, else that of its shape.
func ownMediaType(data []byte) types.MediaType {
	doc, err := parseDocument(data)
	switch {
	case err != nil:
		return ""
	case doc.index != nil && doc.index.MediaType != "":
		return doc.index.MediaType
	case doc.index != nil:
		return types.OCIImageIndex
	case doc.manifest.MediaType != "":
		return doc.manifest.MediaType
	}
	return types.OCIManifestSchema1
}
