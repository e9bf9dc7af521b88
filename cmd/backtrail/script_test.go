package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/backtrail/backtrail/inspect/vuln/vulntest"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"backtrail": main}) }

// TestScript runs the command line as a person would: each file of testdata/script is a transcript.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"} {
				env.Setenv(name, filepath.Join(env.WorkDir, "home"))
			}
			env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "none"))
			env.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"layout": makeLayout, "truncate": truncateLargest, "sign": signLayout, "caseid": nameCase, "damage": damageLargest,
			"database": makeDatabase,
		},
	})
}

// makeLayout writes an OCI layout with one image of one layer: layout DIR [npm], with a package of npm.
func makeLayout(ts *testscript.TestScript, _ bool, args []string) {
	img, err := smallImage(args[1:]...)
	ts.Check(err)
	p, err := layout.Write(ts.MkAbs(args[0]), empty.Index)
	ts.Check(err)
	ts.Check(p.AppendImage(img))
}

// nameCase puts the name of the newest case into $CASE.
func nameCase(ts *testscript.TestScript, _ bool, _ []string) {
	entries, err := os.ReadDir(filepath.Join(ts.Getenv("XDG_DATA_HOME"), "backtrail", "cases"))
	ts.Check(err)
	if len(entries) == 0 {
		ts.Fatalf("there is no case")
	}
	ts.Setenv("CASE", entries[len(entries)-1].Name())
}

// damageLargest turns a bit of the largest file of a directory: damage DIR.
func damageLargest(ts *testscript.TestScript, _ bool, args []string) {
	list, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	name, size := "", int64(0)
	for _, e := range list {
		if info, err := e.Info(); err == nil && info.Size() > size {
			name, size = filepath.Join(ts.MkAbs(args[0]), e.Name()), info.Size()
		}
	}
	data, err := os.ReadFile(name)
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(name, data, 0o600))
}

func smallImage(more ...string) (v1.Image, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	files := []struct{ name, content string }{{"etc/os-release", "ID=test\n"}, {"app", "#!/bin/sh\necho\n"}}
	for _, kind := range more {
		files = append(files, struct{ name, content string }{
			kind + "/node_modules/left-pad/package.json",
			`{"name": "left-pad", "version": "1.3.0"}`,
		})
	}
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o755, Size: int64(len(f.content))}); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	return mutate.Config(img, v1.Config{Entrypoint: []string{"/app"}})
}

// truncateLargest cuts the layer of a layout short: truncate DIR.
func truncateLargest(ts *testscript.TestScript, _ bool, args []string) {
	manifests, err := layout.ImageIndexFromPath(ts.MkAbs(args[0]))
	ts.Check(err)
	index, err := manifests.IndexManifest()
	ts.Check(err)
	img, err := manifests.Image(index.Manifests[0].Digest)
	ts.Check(err)
	layers, err := img.Layers()
	ts.Check(err)
	digest, err := layers[0].Digest()
	ts.Check(err)
	path := filepath.Join(ts.MkAbs(args[0]), "blobs", "sha256", digest.Hex)
	ts.Check(os.Truncate(path, 60))
}

// makeDatabase writes a vulnerability database for the image of makeLayout: database ARCHIVE DATE.
func makeDatabase(ts *testscript.TestScript, _ bool, args []string) {
	built, err := time.Parse(time.DateOnly, args[1])
	ts.Check(err)
	dir := ts.MkAbs("database")
	ts.Check(vulntest.Write(dir, built, vulntest.Entries()...))
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(vulntest.Archive(dir, f))
	ts.Check(f.Close())
}
