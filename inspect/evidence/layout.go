package evidence

import (
	"encoding/json"
	"slices"

	"github.com/backtrail/backtrail/registry"
)

// Media types of manifests and indexes.
const (
	ociManifest    = "application/vnd.oci.image.manifest.v1+json"
	ociIndex       = "application/vnd.oci.image.index.v1+json"
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
)

// annotationName names a manifest of a layout (OCI image-spec, annotations).
const annotationName = "org.opencontainers.image.ref.name"

// layoutFolder is where the layout of an image lies in the bundle.
func layoutFolder(of string) string { return "data/" + of }

// descriptor is OCI's content descriptor, with what the layout needs of it.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	Annotations  map[string]string `json:"annotations,omitempty"`
}

// document is what of a manifest or an index refers to others.
// The fields are those of OCI's image manifest and image index (image-spec, manifest.md and image-index.md), which
// Docker's schema 2 shares.
type document struct {
	MediaType    string       `json:"mediaType"`
	ArtifactType string       `json:"artifactType"`
	Config       *descriptor  `json:"config"`
	Layers       []descriptor `json:"layers"`
	Manifests    []descriptor `json:"manifests"`
	Subject      *descriptor  `json:"subject"`
}

// parseDocument reads a manifest or index; ok is false for bytes that are neither.
// A media type that contradicts the fields is the registry client's matter: here it only decides what is listed.
func parseDocument(data []byte) (document, bool) {
	var d document
	// An image's config has a "config" too, which is no descriptor.
	if json.Unmarshal(data, &d) != nil || d.Manifests == nil && (d.Config == nil || d.Config.Digest == "") {
		return d, false
	}
	if d.MediaType == "" {
		d.MediaType = ociManifest
		if d.Manifests != nil {
			d.MediaType = ociIndex
		}
	}
	switch d.MediaType {
	case ociManifest, ociIndex, dockerManifest, dockerList:
		return d, true
	default:
		return d, false
	}
}

// children are the blobs that a manifest names, config first; those of an index are its manifests.
func (d document) children() []descriptor {
	if d.Config == nil {
		return d.Manifests
	}
	return append([]descriptor{*d.Config}, d.Layers...)
}

// writeLayout makes an OCI layout of the carried blobs: index.json names the images and what was signed and stated
// about them, in a way that opening the layout finds both again.
// A blob without a line in index.json would not be found by any tool that opens the layout: crane, skopeo and cosign
// begin there (OCI image-spec, image-layout.md).
func (x *export) writeLayout(of string) error {
	var roots []descriptor
	inside := x.insideIndexes()
	for _, l := range x.blobs.sorted() {
		doc, isDocument := x.documents[l.key()]
		if l.Of != of || l.State != blobCarried || !isDocument {
			continue
		}
		d := descriptor{MediaType: doc.MediaType, Digest: l.Digest, Size: l.Size, ArtifactType: doc.ArtifactType}
		// The media type that a registry sent is kept where it is of the same kind: it is what a pull would give.
		if l.MediaType != "" && l.MediaType != doc.MediaType &&
			doc.Manifests == nil == (l.MediaType == ociManifest || l.MediaType == dockerManifest) {
			d.MediaType = l.MediaType
		}
		if l.Role == "manifest" || l.Role == "index" {
			roots = append(roots, x.imageDescriptors(of, l, d)...)
		} else if !inside[l.Digest] && !isBareIndex(l, doc) {
			roots = append(roots, companion(l, doc, d))
		}
	}
	if roots == nil && !x.hasBlobs(of) {
		return nil
	}
	// The images first, as a reader of index.json expects.
	slices.SortStableFunc(roots, func(a, b descriptor) int { return rootRank(a) - rootRank(b) })
	index := struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []descriptor `json:"manifests"`
	}{2, ociIndex, roots}
	if err := x.bag.AddBytes(layoutFolder(of)+"/oci-layout",
		[]byte(`{"imageLayoutVersion":"1.0.0"}`+"\n")); err != nil {
		return err
	}
	return x.bag.AddJSON(layoutFolder(of)+"/index.json", index)
}

// insideIndexes are the manifests that stand in the indexes of images, BuildKit's attestations among them: they are
// found through their index, and are none of cosign's.
func (x *export) insideIndexes() map[string]bool {
	inside := map[string]bool{}
	for _, l := range x.blobs.lines {
		if l.Role == "index" {
			for _, child := range x.documents[l.key()].Manifests {
				inside[child.Digest] = true
			}
		}
	}
	return inside
}

// isBareIndex reports whether an index is neither a list of referrers under its tag nor a referrer. It is carried
// since a signature names it; in index.json it would be taken for an image.
func isBareIndex(l blobLine, doc document) bool {
	return l.Tag == "" && doc.Config == nil && doc.Subject == nil
}

// hasBlobs reports whether a layout would have any blob: an empty one is not written.
func (x *export) hasBlobs(of string) bool {
	return slices.ContainsFunc(x.blobs.lines, func(l blobLine) bool { return l.Of == of && l.State == blobCarried })
}

// imageDescriptors names an image in index.json, once for each container that runs it. A manifest that stands in a
// carried index needs no name of its own.
func (x *export) imageDescriptors(of string, l blobLine, d descriptor) []descriptor {
	var out []descriptor
	kind := registry.KindImage
	if l.Role == "index" {
		kind = registry.KindImageIndex
	}
	for _, i := range x.c.Images {
		index, manifest := i.Index, i.Digest
		if of == ofKnownGood {
			if i.Diff == nil || i.Diff.KnownGood == nil {
				continue
			}
			index, manifest = i.Diff.KnownGood.Index, i.Diff.KnownGood.Digest
		}
		root := manifest
		if index != "" && x.blobs.carried(of, index) {
			root = index
		}
		if root == l.Digest {
			d.Annotations = map[string]string{annotationName: safePart(i.Container), registry.AnnotationKind: kind}
			out = append(out, d)
		}
	}
	return out
}

// companion is the descriptor of a signature, attestation, SBOM or referrer: by its tag, by its subject, or else by the
// annotation that cosign's save writes.
// Cosign finds a signature by the tag sha256-<hex>.sig (its SIGNATURE_SPEC.md), a referrer by its subject
// (distribution-spec, "Listing Referrers").
func companion(l blobLine, doc document, d descriptor) descriptor {
	switch {
	case l.Tag != "":
		d.Annotations = map[string]string{annotationName: l.Tag}
	case doc.Subject != nil:
	case l.Role == "signature":
		d.Annotations = map[string]string{registry.AnnotationKind: registry.KindSignatures}
	case l.Role == "attestation":
		d.Annotations = map[string]string{registry.AnnotationKind: registry.KindAttestations}
	case l.Role == "sbom":
		d.Annotations = map[string]string{registry.AnnotationKind: registry.KindSBOMs}
	}
	return d
}

// rootRank puts the manifest of the image before those of signatures and referrers: tools that open a layout without
// a name take the first.
func rootRank(d descriptor) int {
	switch d.Annotations[registry.AnnotationKind] {
	case registry.KindImage, registry.KindImageIndex:
		return 0
	default:
		return 1
	}
}
