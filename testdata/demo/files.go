package shop

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// File is a file that inspect/demo embeds.
type File struct {
	Name string
	Data []byte
}

// Names of the embedded files.
const (
	imagesFile  = "images.tar.zst" // the registry: an OCI layout
	clusterFile = "cluster.json"
	alertsFile  = "alerts.jsonl" // of the second incident; those of the first are written by hand
	trustFile   = "trusted_root.json"
)

// refName is the annotation by which an index of a layout names an image
// (https://github.com/opencontainers/image-spec/blob/main/annotations.md).
const refName = "org.opencontainers.image.ref.name"

// Files generates both incidents.
func Files() ([]File, error) {
	s, err := newShop()
	if err != nil {
		return nil, err
	}
	layout, err := archive(s.images(), map[string]bool{})
	if err != nil {
		return nil, fmt.Errorf("writing the images: %w", err)
	}
	packed, err := compress(layout)
	if err != nil {
		return nil, fmt.Errorf("compressing the images: %w", err)
	}
	p, err := s.poisoned()
	if err != nil {
		return nil, err
	}
	second, err := s.pack(p)
	return []File{{imagesFile, packed}, {clusterFile, s.snapshot()}, {trustFile, s.trust}, second}, err
}

// blobPath is where an OCI layout keeps a blob.
func blobPath(b blob) string { return "blobs/sha256/" + b.hash.Hex }

// archive writes the images as an OCI layout. Its index lists every manifest in the order in which they are pushed, under
// REPOSITORY:TAG or REPOSITORY@DIGEST. Blobs that were written elsewhere are left out; other files follow.
func archive(images []image, written map[string]bool, others ...File) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	put := func(name string, data []byte) error {
		if written[name] {
			return nil
		}
		written[name] = true
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		_, err := w.Write(data)
		return err
	}
	for n, i := range images {
		for _, c := range append(i.blobs, i.manifests...) {
			if err := put(blobPath(c), c.data); err != nil {
				return nil, err
			}
		}
		index.Manifests = append(index.Manifests, i.descriptors(tagMoves(i, images[n+1:]))...)
	}
	data, err := json.Marshal(index)
	if err != nil {
		return nil, fmt.Errorf("writing the index: %w", err)
	}
	if err := put("index.json", data); err != nil {
		return nil, err
	}
	if err := put("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return nil, err
	}
	for _, f := range others {
		if err := put(f.Name, f.Data); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
}

// descriptors are the entries of an image in the index of the layout.
func (i image) descriptors(untagged bool) []v1.Descriptor {
	var all []v1.Descriptor
	for n, m := range i.manifests {
		d := m.descriptor()
		name := i.repository + "@" + m.hash.String()
		if n == len(i.manifests)-1 && i.tag != "" && !untagged {
			name = i.repository + ":" + i.tag
		}
		d.Annotations = map[string]string{refName: name}
		all = append(all, d)
	}
	return all
}

// tagMoves reports whether a later image takes the tag of i.
func tagMoves(i image, later []image) bool {
	for _, l := range later {
		if l.repository == i.repository && l.tag == i.tag {
			return true
		}
	}
	return false
}

// compress packs data as one zstd frame. One worker at a fixed level gives the same bytes with one version of the library.
func compress(data []byte) ([]byte, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		return nil, err
	}
	return z.EncodeAll(data, nil), z.Close()
}
