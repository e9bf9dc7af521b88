package shop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// blob is bytes with their digest.
type blob struct {
	mediaType types.MediaType
	data      []byte
	hash      v1.Hash
}

func hashOf(data []byte) v1.Hash {
	sum := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

func newBlob(mediaType types.MediaType, data []byte) blob { return blob{mediaType, data, hashOf(data)} }

func (b blob) descriptor() v1.Descriptor {
	return v1.Descriptor{MediaType: b.mediaType, Size: int64(len(b.data)), Digest: b.hash}
}

// document is a blob that holds JSON.
func document(mediaType types.MediaType, v any) (blob, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return blob{}, fmt.Errorf("writing %s: %w", mediaType, err)
	}
	return newBlob(mediaType, data), nil
}

// image is an image as its repository holds it.
type image struct {
	repository string
	tag        string
	blobs      []blob // config and layers
	manifests  []blob // in the order in which they are pushed; the last one is what the tag names
}

func (i image) main() blob { return i.manifests[len(i.manifests)-1] }

func (i image) digest() string { return i.main().hash.String() }

// newImage makes the image of layers for linux/amd64.
func newImage(repository, tag string, built time.Time, config v1.Config, layers []layer) (image, error) {
	i := image{repository: repository, tag: tag}
	c := v1.ConfigFile{
		Architecture: "amd64", OS: "linux", Created: v1.Time{Time: built}, Config: config, RootFS: v1.RootFS{Type: "layers"},
	}
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	for _, l := range layers {
		empty := len(l.files) == 0
		c.History = append(c.History, v1.History{Created: v1.Time{Time: l.when}, CreatedBy: l.by, EmptyLayer: empty})
		if empty {
			continue
		}
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.diffID)
		m.Layers = append(m.Layers, l.blob.descriptor())
		i.blobs = append(i.blobs, l.blob)
	}
	written, err := document(types.OCIConfigJSON, c)
	if err != nil {
		return i, err
	}
	i.blobs, m.Config = append(i.blobs, written), written.descriptor()
	manifest, err := document(types.OCIManifestSchema1, m)
	i.manifests = []blob{manifest}
	return i, err
}

// withClaims puts the image into an index, together with what BuildKit claims of its build: a statement that nobody
// signed (https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md).
func (i image) withClaims(statement blob, predicateType string) (image, error) {
	subject := i.main()
	config, err := document(types.OCIConfigJSON, v1.ConfigFile{
		Architecture: "unknown", OS: "unknown", RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{statement.hash}},
	})
	if err != nil {
		return i, err
	}
	layer := statement.descriptor()
	layer.Annotations = map[string]string{"in-toto.io/predicate-type": predicateType}
	claims, err := document(types.OCIManifestSchema1, v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config.descriptor(), Layers: []v1.Descriptor{layer},
	})
	if err != nil {
		return i, err
	}
	own, beside := subject.descriptor(), claims.descriptor()
	own.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
	beside.Platform = &v1.Platform{OS: "unknown", Architecture: "unknown"}
	beside.Annotations = map[string]string{
		"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": subject.hash.String(),
	}
	index, err := document(types.OCIImageIndex, v1.IndexManifest{
		SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{own, beside},
	})
	i.blobs = append(i.blobs, config, statement)
	i.manifests = append(i.manifests, claims, index)
	return i, err
}
