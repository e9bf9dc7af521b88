package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ggcrlayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// tarOf makes a tar of name, content, name, content.
func tarOf(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		if err := tw.WriteHeader(&tar.Header{Name: pairs[i], Mode: 0o644, Size: int64(len(pairs[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	if _, err := zw.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// imageOf makes an image with a gzip layer for each text.
func imageOf(t testing.TB, platform v1.Platform, texts ...string) v1.Image {
	t.Helper()
	img := mutate.MediaType(empty.Image, "application/vnd.oci.image.manifest.v1+json")
	img = mutate.ConfigMediaType(img, "application/vnd.oci.image.config.v1+json")
	for _, text := range texts {
		content := tarOf(t, "file", text)
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "COPY " + text}}); err != nil {
			t.Fatal(err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = platform.OS, platform.Architecture, platform.Variant
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// aboutOf makes a manifest about an image, as cosign writes them: one layer of a media type of its own.
func aboutOf(t testing.TB, mediaType types.MediaType, content string) v1.Image {
	t.Helper()
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img, err := mutate.Append(img, mutate.Addendum{Layer: static.NewLayer([]byte(content), mediaType)})
	if err != nil {
		t.Fatal(err)
	}
	return mutate.ConfigMediaType(img, types.OCIConfigJSON)
}

var (
	amd64 = v1.Platform{OS: "linux", Architecture: "amd64"}
	arm64 = v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}
)

// indexOf makes an index of images for amd64 and arm64, and an attestation as BuildKit adds it.
func indexOf(t testing.TB) (index v1.ImageIndex, forAMD, forARM v1.Image) {
	t.Helper()
	forAMD, forARM = imageOf(t, amd64, "one", "amd"), imageOf(t, arm64, "one", "arm")
	index = mutate.AppendManifests(mutate.IndexMediaType(empty.Index, "application/vnd.oci.image.index.v1+json"),
		mutate.IndexAddendum{Add: forARM, Descriptor: v1.Descriptor{Platform: &arm64}},
		mutate.IndexAddendum{Add: forAMD, Descriptor: v1.Descriptor{Platform: &amd64}},
		mutate.IndexAddendum{Add: imageOf(t, amd64, "att"), Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"},
		}})
	return index, forAMD, forARM
}

func digestIn(t testing.TB, from interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	h, err := from.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// layoutOf writes an OCI layout.
func layoutOf(t testing.TB, add func(p ggcrlayout.Path)) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	p, err := ggcrlayout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	add(p)
	return dir
}

func refName(name string) ggcrlayout.Option {
	return ggcrlayout.WithAnnotations(map[string]string{annotationRefName: name})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// blobFile is where a layout keeps a blob.
func blobFile(dir, digest string) string {
	return filepath.Join(dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// tarDir writes a directory as a tar.
func tarDir(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(path)
	check(t, err)
	tw := tar.NewWriter(f)
	check(t, tw.AddFS(os.DirFS(dir)))
	check(t, tw.Close())
	check(t, f.Close())
	return path
}

func newStore(t testing.TB) *Store {
	t.Helper()
	s, err := OpenStore(filepath.Join(t.TempDir(), "cache"))
	check(t, err)
	return s
}

// client makes a client that finds no credentials of this machine and does not really wait.
func client(t testing.TB, change ...func(*Options)) *Client {
	t.Helper()
	home := t.TempDir()
	if tt, ok := t.(*testing.T); ok {
		for _, key := range []string{"HOME", "DOCKER_CONFIG", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"} {
			tt.Setenv(key, home)
		}
		tt.Setenv("REGISTRY_AUTH_FILE", "")
	}
	opts := Options{Store: newStore(t), UserAgent: "backtrail/test"}
	for _, f := range change {
		f(&opts)
	}
	c, err := New(opts)
	check(t, err)
	c.trip.sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func parse(t testing.TB, text string) Location {
	t.Helper()
	loc, err := Parse(text)
	check(t, err)
	return loc
}

// serve starts go-containerregistry's registry behind a handler that may change or refuse answers.
func serve(t testing.TB, wrap func(http.Handler) http.Handler, opts ...fake.Option) (host string) {
	t.Helper()
	handler := fake.New(append(opts, fake.Logger(discardLogger()))...)
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// push puts an image or index under a reference.
func push(t testing.TB, ref string, what remote.Taggable) {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	check(t, err)
	switch it := what.(type) {
	case v1.ImageIndex:
		check(t, remote.WriteIndex(parsed, it))
	case v1.Image:
		check(t, remote.Write(parsed, it))
	}
}
