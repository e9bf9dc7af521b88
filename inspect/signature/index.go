package signature

import (
	"bytes"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/registry"
)

// contains says that bytes are an index that lists one of the named manifests.
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
func (h hit) manifest() (*v1.Manifest, error) {
	return v1.ParseManifest(bytes.NewReader(h.part.Bytes))
}
