package signature

import (
	"bytes"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/registry"
)

// Media types of what is signed.
const (
	mediaSimple   = "application/vnd.dev.cosign.simplesigning.v1+json"
	mediaEnvelope = "application/vnd.dsse.envelope.v1+json"
	mediaBundle   = "application/vnd.dev.sigstore.bundle" // with a version, in two spellings
	mediaNotation = "application/vnd.cncf.notary.signature"
)

// item is one signature that a manifest names.
// The descriptor's annotations are foreign: of cosign's form they carry the signature itself.
type item struct {
	match
	form string // one of the media types above
	desc v1.Descriptor
}

// items lists the signatures of a manifest. Errors: a manifest that cannot be read.
// A manifest of another artifact, such as an SBOM, has none.
func (h match) items() ([]item, error) {
	if !h.part.Holds() {
		return nil, fmt.Errorf("manifest %s: %s: %s", h.part.Digest, h.part.Problem, h.part.Detail)
	}
	if strings.Contains(h.part.MediaType, "index") || strings.Contains(h.part.MediaType, "manifest.list") {
		return nil, nil // the list behind a referrers tag
	}
	m, err := v1.ParseManifest(bytes.NewReader(h.part.Bytes))
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", h.part.Digest, err)
	}
	if len(m.Layers) > registry.MaxLayers {
		return nil, fmt.Errorf("manifest %s: it names %d signatures, more than %d", h.part.Digest, len(m.Layers),
			registry.MaxLayers)
	}
	var found []item
	for _, d := range m.Layers {
		if form := formOf(string(d.MediaType)); form != "" {
			found = append(found, item{h, form, d})
		} else if isNotation(m) {
			found = append(found, item{h, mediaNotation, d})
		}
	}
	return found, nil
}

// altered reports whether a manifest of cosign's is there and does not match its digest, or no manifest: what stood
// in it was a signature. Of a referrer it is not known, and of one that is missing neither.
// It makes a difference: an unknown referrer is silence, and an altered signature an attack or a damage.
func (h match) altered() bool {
	return (h.role == "signature" || h.role == "attestation") && h.part.Bytes != nil &&
		h.part.Problem != registry.ProblemLimit
}

// formOf is how a layer of that media type is read; empty for one that is no signature.
func formOf(mediaType string) string {
	switch {
	case mediaType == mediaSimple, mediaType == mediaEnvelope:
		return mediaType
	case registry.IsSignedStatement(mediaType):
		return mediaEnvelope
	case strings.HasPrefix(mediaType, mediaBundle):
		return mediaBundle
	}
	return ""
}

// isNotation recognizes a Notary Project signature by its artifact type, or by the config of older ones
// (https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md).
func isNotation(m *v1.Manifest) bool {
	return m.Config.MediaType == mediaNotation || strings.Contains(string(m.Config.MediaType), "notary") ||
		m.ArtifactType == mediaNotation
}

// contains reports whether bytes are an index that lists one of the named manifests.
// Only direct entries count; an index within an index is not followed.
func contains(data []byte, names map[string]string) bool {
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil || len(index.Manifests) > registry.MaxChildren {
		return false
	}
	for _, d := range index.Manifests {
		if _, ok := names[d.Digest.String()]; ok {
			return true
		}
	}
	return false
}

// manifest parses what a store gave as a manifest.
// Bytes that are not their digest are an error, and are not parsed.
func (h match) manifest() (*v1.Manifest, error) {
	return v1.ParseManifest(bytes.NewReader(h.part.Bytes))
}
