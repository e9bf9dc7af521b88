package registry

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Image is what is known of an image without its layers.
type Image struct {
	Location Location    // where it is, with its kind settled
	Names    []string    // tags that a layout or archive gives it
	Index    Part        // zero when the reference names a manifest
	Manifest Part        // zero for the docker-save form, which has none
	Config   Part        //
	Platform v1.Platform // of the config, else of the index's entry; zero when neither says
	Nested   []Part      // indexes between Index and Manifest, the outer ones first
	Layers   []Layer     // in the order of the manifest, the lowest first

	// Candidates are the entries of the index, and of the nested ones, that some node could run; empty without an
	// index.
	Candidates []Candidate

	Conflict *Conflict // of a layout or archive that is a docker save too; nil where the two agree

	IndexManifest *v1.IndexManifest // nil without an index that holds
	ManifestFile  *v1.Manifest      // nil without a manifest that holds
	ConfigFile    *v1.ConfigFile    // nil without a config that holds; kept with ProblemLayerCount
}

// Layer is one layer as manifest and config claim it.
type Layer struct {
	Number     int           // position in the manifest, from 0
	Descriptor v1.Descriptor // of the manifest; in the docker-save form only Size and MediaType are set
	DiffID     string        // sha256:<hex> as the config claims it; empty when the config does not hold
	Member     string        // docker-save: the file of the archive; else empty
	Form       Form          // that is not read here; empty for a tar
}

// Digest returns the layer's digest as sha256:<hex>, or "" in the docker-save form, which has none.
func (l Layer) Digest() string { return hashString(l.Descriptor.Digest) }

// Digest returns the manifest's digest, or "" in the docker-save form, which the config's digest identifies.
func (img *Image) Digest() string { return img.Manifest.Digest }

// History returns the build history of the config, nil when there is none.
func (img *Image) History() []v1.History {
	if img.ConfigFile == nil {
		return nil
	}
	return img.ConfigFile.History
}

// Problem returns the first part that does not hold, in the order index, manifest, config; ok is false when all hold.
func (img *Image) Problem() (part Part, ok bool) {
	for _, p := range []Part{img.Index, img.Manifest, img.Config} {
		if p.Problem != "" {
			return p, true
		}
	}
	return Part{}, false
}

// hashString is v1.Hash.String with "" instead of ":" for the zero hash.
func hashString(h v1.Hash) string {
	if h.Hex == "" {
		return ""
	}
	return h.String()
}

// Rivals returns the candidates that a runtime ranks as high as the chosen one and whose content is another, or is not
// known.
func (img *Image) Rivals() []Candidate {
	var rivals []Candidate
	for _, c := range img.Candidates {
		if c.Rival && (c.Config == "" || c.Config != img.Config.Digest) {
			rivals = append(rivals, c)
		}
	}
	return rivals
}

// Chosen returns the candidate that the image is; ok is false without an index.
func (img *Image) Chosen() (c Candidate, ok bool) {
	for _, c := range img.Candidates {
		if c.Chosen {
			return c, true
		}
	}
	return Candidate{}, false
}
