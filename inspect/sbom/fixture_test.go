package sbom

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
)

// member is one entry of a layer that a test makes.
type member struct {
	path string
	kind byte // zero: a regular file
	link string
	body string
	mode int64 // zero: 0644, directories 0755
}

func dir(path string) member            { return member{path: path, kind: tar.TypeDir} }
func textFile(path, body string) member { return member{path: path, body: body} }
func symlink(path, to string) member    { return member{path: path, kind: tar.TypeSymlink, link: to} }

func hardlink(path, to string) member { return member{path: path, kind: tar.TypeLink, link: to} }

func program(path string, b []byte) member { return member{path: path, body: string(b), mode: 0o755} }

// makeLayer makes a layer of an image.
func makeLayer(t testing.TB, members ...member) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.path, Typeflag: m.kind, Linkname: m.link, Mode: m.mode, Size: int64(len(m.body))}
		if m.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
			if m.kind == tar.TypeDir {
				h.Mode = 0o755
			}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
	)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// imageOf makes an image of layers, lowest first.
func imageOf(t testing.TB, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	cfg = cfg.DeepCopy()
	cfg.OS, cfg.Architecture = "linux", "amd64"
	img, err = mutate.ConfigFile(img, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// save writes an image as an OCI layout and gives its directory.
func save(t testing.TB, img v1.Image) string {
	t.Helper()
	d := t.TempDir()
	p, err := layout.Write(d, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	return d
}

// bench is a client and a cache over a store of their own.
type bench struct {
	client *registry.Client
	cache  *layer.Cache
}

func newBench(t testing.TB) bench {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return bench{client, layer.NewCache(store)}
}

// read ingests the image of a layout and merges its tree.
func (b bench) read(t testing.TB, target string) ([]inspect.Layer, *registry.Image, *layer.Tree) {
	t.Helper()
	layers, img, err := b.cache.ImageLayers(context.Background(), b.client, target, v1.Platform{})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := b.cache.Tree(context.Background(), layers)
	if err != nil {
		t.Fatal(err)
	}
	return layers, img, tree
}

// goProgram builds a small Go program, which carries its build information.
func goProgram(t testing.TB) []byte {
	t.Helper()
	d := t.TempDir()
	for name, body := range map[string]string{
		"go.mod":  "module example.com/shop\n\ngo 1.26\n",
		"main.go": "package main\n\nfunc main() { println(\"shop\") }\n",
	} {
		if err := os.WriteFile(filepath.Join(d, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(d, "shop")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", out, ".")
	cmd.Dir = d
	cmd.Env = append(
		os.Environ(),
		"CGO_ENABLED=0",
		"GOFLAGS=-mod=mod",
		"GOPROXY=off",
		"GOWORK=off",
		"GOTOOLCHAIN=local",
	)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building a Go program: %v\n%s", err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// jar makes a Java archive that names a Maven artefact.
func jar(t testing.TB, group, artefact, version string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct{ name, body string }{
		{
			"META-INF/MANIFEST.MF",
			"Manifest-Version: 1.0\r\nImplementation-Title: " + artefact + "\r\nImplementation-Version: " + version + "\r\n\r\n",
		},
		{
			"META-INF/maven/" + group + "/" + artefact + "/pom.properties",
			"groupId=" + group + "\nartifactId=" + artefact + "\nversion=" + version + "\n",
		},
	} {
		w, err := z.Create(f.name)
		if err == nil {
			_, err = io.WriteString(w, f.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// dpkgStatus makes dpkg's database of name and version pairs.
func dpkgStatus(pairs ...string) string {
	var b bytes.Buffer
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(
			&b,
			"Package: %s\nStatus: install ok installed\nPriority: required\nSection: admin\nMaintainer: Nobody <nobody@example.com>\nArchitecture: amd64\nVersion: %s\nDescription: %s\n\n",
			pairs[i],
			pairs[i+1],
			pairs[i],
		)
	}
	return b.String()
}

// apkInstalled makes apk's database of name and version pairs; each package owns a directory and a file.
func apkInstalled(pairs ...string) string {
	var b bytes.Buffer
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(
			&b,
			"C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:%[1]s\nV:%[2]s\nA:x86_64\nS:1\nI:1\nT:%[1]s\nU:https://example.com\nL:MIT\no:%[1]s\nm:Nobody <nobody@example.com>\nt:1\nF:usr/share/%[1]s\nR:readme\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n",
			pairs[i],
			pairs[i+1],
		)
	}
	return b.String()
}

// resolverOf lets syft look at an image of one layer.
func resolverOf(t testing.TB, b bench, members []member) *resolver {
	t.Helper()
	layers, img, tree := b.read(t, "oci:"+save(t, imageOf(t, makeLayer(t, members...))))
	src := newSource(context.Background(), img.Digest(), layers, tree)
	return src.resolver
}
