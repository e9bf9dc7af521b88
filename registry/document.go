package registry

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// document is a parsed index or manifest: exactly one of the two is set.
type document struct {
	index    *v1.IndexManifest
	manifest *v1.Manifest
}

// errNull reports whether a document is JSON's null or empty: there is nothing, which is something else than damage.
var errNull = errors.New("it is null")

// parseDocument parses an index or a manifest. What it is, is recognized by its content, as the media type beside it is
// only a claim; one that is both is refused, since readers would disagree about it (CVE-2021-41190).
// Errors: errNull, *LimitError, or words for what is malformed.
func parseDocument(data []byte) (document, error) {
	var shape struct {
		SchemaVersion int             `json:"schemaVersion"`
		Manifests     json.RawMessage `json:"manifests"`
		Layers        json.RawMessage `json:"layers"`
		Config        json.RawMessage `json:"config"`
		FSLayers      json.RawMessage `json:"fsLayers"`
	}
	if isNull(data) {
		return document{}, errNull
	}
	if err := json.Unmarshal(data, &shape); err != nil {
		return document{}, fmt.Errorf("parsing manifest: %w", err)
	}
	// The decision is by fields, not by mediaType: containerd and Docker both reject documents that have both
	// (image-spec 1.0.2).
	isIndex, isManifest := shape.Manifests != nil, shape.Layers != nil || shape.Config != nil
	switch {
	case isIndex && isManifest:
		return document{}, errors.New("parsing manifest: it is an index and a manifest at once")
	case isIndex:
		return parseIndex(data)
	case isManifest:
		return parseManifest(data)
	case shape.FSLayers != nil || shape.SchemaVersion == 1:
		return document{}, fmt.Errorf("parsing manifest: %w", &FormError{FormSchema1})
	}
	return document{}, errors.New("parsing manifest: it is neither an index nor a manifest")
}

// parseIndex parses an index or manifest list. Errors: *LimitError, *FormError, words for what is malformed.
func parseIndex(data []byte) (document, error) {
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil {
		return document{}, fmt.Errorf("parsing index: %w", cmp.Or(otherHash(data), err))
	}
	if len(index.Manifests) > MaxChildren {
		return document{}, fmt.Errorf("parsing index: %w", &LimitError{What: "number of manifests", Limit: MaxChildren})
	}
	for _, d := range index.Manifests {
		// Only the one that is chosen has to be of a form that is read.
		if err := checkDescriptor(d); err != nil && hashForm(hashString(d.Digest)) == "" {
			return document{}, fmt.Errorf("parsing index: %w", err)
		}
	}
	return document{index: index}, nil
}

// parseManifest parses a manifest: config and layers are checked, since these lead to further reads.
func parseManifest(data []byte) (document, error) {
	manifest, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return document{}, fmt.Errorf("parsing manifest: %w", cmp.Or(otherHash(data), err))
	}
	if len(manifest.Layers) > MaxLayers {
		return document{}, fmt.Errorf("parsing manifest: %w", &LimitError{What: "number of layers", Limit: MaxLayers})
	}
	for _, d := range append([]v1.Descriptor{manifest.Config}, manifest.Layers...) {
		if err := checkDescriptor(d); err != nil {
			return document{}, fmt.Errorf("parsing manifest: %w", err)
		}
	}
	return document{manifest: manifest}, nil
}

// checkDescriptor refuses a digest that is not sha256:<hex>, which also is the name of a file in the store, and a size
// that cannot be.
func checkDescriptor(d v1.Descriptor) error {
	if digest := hashString(d.Digest); !IsDigest(digest) {
		if form := hashForm(digest); form != "" {
			return &FormError{form}
		}
		return fmt.Errorf("descriptor's digest %q is not sha256:<hex>", digest)
	}
	if d.Size < 0 {
		return fmt.Errorf("descriptor of %s has the size %d", d.Digest, d.Size)
	}
	return nil
}

// parseConfig parses an image config. Errors: errNull, *LimitError, or words for what is malformed.
func parseConfig(data []byte) (*v1.ConfigFile, error) {
	if isNull(data) {
		return nil, errNull
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("parsing config: %w", cmp.Or(otherHash(data), err))
	}
	if len(config.RootFS.DiffIDs) > MaxLayers {
		return nil, fmt.Errorf("parsing config: %w", &LimitError{What: "number of diff IDs", Limit: MaxLayers})
	}
	for _, id := range config.RootFS.DiffIDs {
		if !IsDigest(hashString(id)) {
			if form := hashForm(hashString(id)); form != "" {
				return nil, fmt.Errorf("parsing config: %w", &FormError{form})
			}
			return nil, fmt.Errorf("parsing config: diff ID %q is not sha256:<hex>", hashString(id))
		}
	}
	return config, nil
}

// JSON null decodes into any struct without an error: without this check an empty answer would be a manifest without
// layers.
func isNull(data []byte) bool {
	text := bytes.TrimSpace(data)
	return len(text) == 0 || string(text) == "null"
}

// artifactTag is how cosign and the referrers tag schema name what belongs to a digest.
var artifactTag = regexp.MustCompile(`(^|:)sha256-[0-9a-f]{64}(\.[a-z0-9.-]+)?$`)

// aboutImages are media types of statements about an image. Matched within a layer's media type.
var aboutImages = []string{
	"cosign.simplesigning", "dsse.envelope", "in-toto", "sigstore.bundle", "notary.signature", "spdx", "cyclonedx",
	"syft",
	"application/jose", "application/cose",
}

// isCompanion reports whether a descriptor is presented as a signature, attestation, SBOM or referrer by its index.
// That is the index author's text: it explains an entry and never hides one that could run.
func isCompanion(d v1.Descriptor) bool {
	switch d.Annotations[AnnotationKind] {
	case KindSignatures, KindAttestations, KindSBOMs:
		return true
	case KindImage, KindImageIndex:
		return false
	}
	return artifactTag.MatchString(d.Annotations[annotationRefName]) || isAttestation(d) ||
		(d.ArtifactType != "" && !isImageConfig(d.ArtifactType))
}

// isCompanionManifest reports whether a manifest is about an image and is none, by what it holds: whatever has the
// layers of a file system can run, also with a subject or an artifact type. marked is what its descriptor is
// presented as.
func isCompanionManifest(doc document, marked bool) bool {
	if doc.index != nil {
		return marked || doc.index.Subject != nil && len(runnable(doc.index)) == 0
	}
	m := doc.manifest
	// an image without layers (FROM scratch with a config only) is an image
	about := len(m.Layers) > 0
	for _, l := range m.Layers {
		if isFileSystem(l.MediaType) {
			return false
		}
		about = about && isAboutImages(string(l.MediaType))
	}
	return about || marked || m.Subject != nil || (m.ArtifactType != "" && !isImageConfig(m.ArtifactType))
}

// isFileSystem reports whether a layer's media type is one that a runtime unpacks, compressed or encrypted in any way.
func isFileSystem(t types.MediaType) bool {
	text := string(t)
	return t.IsLayer() || strings.HasPrefix(text, string(types.OCIUncompressedLayer)) ||
		strings.HasPrefix(text, "application/vnd.docker.image.rootfs.")
}

// isAboutImages reports whether a layer holds a signature, a statement or an SBOM.
func isAboutImages(mediaType string) bool {
	for _, part := range aboutImages {
		if strings.Contains(mediaType, part) {
			return true
		}
	}
	return false
}

// isAttestation recognizes BuildKit's attestation manifests, which stand inside the index beside the images
// (https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md).
func isAttestation(d v1.Descriptor) bool {
	return d.Annotations["vnd.docker.reference.type"] != ""
}

// isImageConfig reports whether a config's media type is one that builders write into images. Old ones left it out or
// wrote octet-stream; registries of other products wrote application/json and text/html.
func isImageConfig(mediaType string) bool {
	base, _, _ := strings.Cut(mediaType, ";")
	switch types.MediaType(strings.TrimSpace(base)) {
	case "", types.OCIConfigJSON, types.DockerConfigJSON, "application/octet-stream", "application/json",
		"text/html", "text/plain":
		return true
	default:
		return strings.Contains(mediaType, "image")
	}
}
