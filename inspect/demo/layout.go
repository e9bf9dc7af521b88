package demo

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"
)

// maxLayout bounds the unpacked layout, in bytes.
const maxLayout = 16 << 20

// refName is the annotation by which the index names a manifest, REPOSITORY:TAG or REPOSITORY@DIGEST
// (https://github.com/opencontainers/image-spec/blob/main/annotations.md).
const refName = "org.opencontainers.image.ref.name"

// layout is the unpacked OCI layout.
type layout struct {
	index *v1.IndexManifest
	blobs map[string][]byte // manifests too, by the hex digits of their digest
	files map[string][]byte // that stand beside the layout, by name
}

// unpack reads a layout from a tar that is compressed with zstd.
func unpack(packed []byte) (layout, error) {
	l := layout{blobs: map[string][]byte{}, files: map[string][]byte{}}
	z, err := zstd.NewReader(
		bytes.NewReader(packed),
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(maxLayout),
	)
	if err != nil {
		return l, fmt.Errorf("decompressing: %w", err)
	}
	defer z.Close()
	archive := tar.NewReader(io.LimitReader(z, maxLayout))
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return l, fmt.Errorf("reading the archive: %w", err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return l, fmt.Errorf("reading %s: %w", h.Name, err)
		}
		switch dir, base := path.Split(h.Name); {
		case h.Name == "index.json":
			if l.index, err = v1.ParseIndexManifest(bytes.NewReader(data)); err != nil {
				return l, fmt.Errorf("reading the index: %w", err)
			}
		case dir == "blobs/sha256/":
			l.blobs[base] = data
		case dir == "":
			l.files[base] = data
		}
	}
	if l.index == nil {
		return l, errors.New("reading the archive: it has no index.json")
	}
	return l, nil
}

// handler returns a registry in memory with the images of the layout.
func (l layout) handler(ctx context.Context) (http.Handler, error) {
	blobs := registry.NewInMemoryBlobHandler()
	store, ok := blobs.(registry.BlobPutHandler)
	if !ok {
		return nil, errors.New("its blob store is read-only")
	}
	// The store in memory keeps blobs by digest, whatever the repository.
	for hex, data := range l.blobs {
		if err := store.Put(ctx, "", v1.Hash{Algorithm: "sha256", Hex: hex},
			io.NopCloser(bytes.NewReader(data))); err != nil {
			return nil, fmt.Errorf("storing blob %s: %w", hex, err)
		}
	}
	handler := registry.New(
		registry.WithBlobHandler(blobs),
		registry.WithReferrersSupport(true),
		registry.Logger(log.New(io.Discard, "", 0)),
	)
	for _, d := range l.index.Manifests {
		if err := push(ctx, handler, d, l.blobs[d.Digest.Hex]); err != nil {
			return nil, fmt.Errorf("pushing %s: %w", d.Annotations[refName], err)
		}
	}
	return handler, nil
}

// push hands a manifest to the registry without a connection.
func push(ctx context.Context, to http.Handler, d v1.Descriptor, manifest []byte) error {
	repository, name, byDigest := strings.Cut(d.Annotations[refName], "@")
	if !byDigest {
		repository, name, _ = strings.Cut(repository, ":")
	}
	r, err := http.NewRequestWithContext(
		ctx,
		http.MethodPut,
		"http://"+host+"/v2/"+repository+"/manifests/"+name,
		bytes.NewReader(manifest),
	)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", string(d.MediaType))
	var a answer
	to.ServeHTTP(&a, r)
	if a.status != http.StatusCreated {
		return fmt.Errorf("the registry answered %d: %s", a.status, a.body.String())
	}
	return nil
}

// answer records the response of a handler.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header that the handler fills.
func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

// WriteHeader records the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write records the body.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
