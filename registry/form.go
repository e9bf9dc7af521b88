package registry

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Form is a form of manifests or layers that is not read here. Its bytes may be all right: they are unknown, never
// damaged.
type Form string

// The forms, in the words of a report.
const (
	FormSchema1   Form = "Docker schema 1 manifest"       // before 2017; has no config and no sizes
	FormSHA512    Form = "sha512 digest"                  // image-spec, descriptor.md, Registered algorithms
	FormOtherHash Form = "digest of an unknown algorithm" //
	FormEncrypted Form = "encrypted layer"                // github.com/containers/ocicrypt
	FormWasm      Form = "WebAssembly module"             // tag-runtime.cncf.io/wgs/wasm: layers are no tar
	FormNydus     Form = "Nydus blob"                     // github.com/dragonflyoss/nydus: chunks for lazy loading
	FormBzip2     Form = "layer packed with bzip2"        // Docker and CRI-O unpack it, containerd does not
	FormXZ        Form = "layer packed with xz"           // likewise
)

// FormError means that something is of a form that is not read.
type FormError struct{ Form Form }

func (e *FormError) Error() string { return fmt.Sprintf("%s: this form cannot be read", e.Form) }

// formOf returns the form of a layer by its media type, or "" for a tar in any packing: how a tar is packed is
// recognized by its first bytes, which media types often get wrong.
func formOf(d v1.Descriptor) Form {
	text := strings.ToLower(string(d.MediaType))
	switch {
	case strings.HasSuffix(text, "+encrypted"):
		return FormEncrypted
	case strings.Contains(text, "wasm"):
		return FormWasm
	// the annotation is what nydus writes; a hostile one makes a layer unknown, which is no pass
	case strings.Contains(text, "nydus.blob"), d.Annotations["containerd.io/snapshot/nydus-blob"] != "":
		return FormNydus
	}
	return ""
}

// otherDigest is a digest of another algorithm than sha256, as the image specification writes it.
var otherDigest = regexp.MustCompile(`^([a-z0-9]+(?:[.+_-][a-z0-9]+)*):[0-9a-zA-Z=_-]{32,}$`)

// otherHash looks for a digest of another algorithm than sha256 in a manifest or config that could not be parsed,
// which is valid and not read here. It returns nil where there is none.
func otherHash(data []byte) error {
	type descriptor struct {
		Digest string `json:"digest"`
	}
	var doc struct {
		Config    descriptor   `json:"config"`
		Layers    []descriptor `json:"layers"`
		Manifests []descriptor `json:"manifests"`
		Subject   descriptor   `json:"subject"`
		RootFS    struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	// a document that is no JSON has no digests: the first error stands
	if json.Unmarshal(data, &doc) != nil {
		return nil
	}
	for _, id := range doc.RootFS.DiffIDs {
		doc.Layers = append(doc.Layers, descriptor{id})
	}
	for _, d := range append(append(doc.Layers, doc.Manifests...), doc.Config, doc.Subject) {
		if form := hashForm(d.Digest); form != "" {
			return &FormError{form}
		}
	}
	return nil
}

// hashForm returns the form of a digest of another algorithm than sha256, or "".
func hashForm(digest string) Form {
	m := otherDigest.FindStringSubmatch(digest)
	switch {
	case m == nil || m[1] == "sha256":
		return ""
	case m[1] == "sha512":
		return FormSHA512
	default:
		return FormOtherHash
	}
}

// otherHashed returns the part that a descriptor names by another algorithm than sha256: it is not read.
func otherHashed(d v1.Descriptor) (Part, bool) {
	form := hashForm(hashString(d.Digest))
	if form == "" {
		return Part{}, false
	}
	p := Part{Digest: hashString(d.Digest), MediaType: string(d.MediaType), Size: d.Size}
	p.malformed(&FormError{form})
	return p, true
}
