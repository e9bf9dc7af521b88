package registry

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// dockerManifest writes a manifest.json into the layout that names an image of it.
func (l handLayout) dockerManifest(d v1.Descriptor, edit func(*dockerEntry)) {
	l.t.Helper()
	data, err := os.ReadFile(blobFile(l.dir, d.Digest.String()))
	check(l.t, err)
	var m v1.Manifest
	check(l.t, json.Unmarshal(data, &m))
	e := dockerEntry{Config: blobPath(m.Config.Digest.String()), RepoTags: []string{"app:1"}}
	for _, layer := range m.Layers {
		e.Layers = append(e.Layers, blobPath(layer.Digest.String()))
	}
	if edit != nil {
		edit(&e)
	}
	data, err = json.Marshal([]dockerEntry{e})
	check(l.t, err)
	check(l.t, os.WriteFile(filepath.Join(l.dir, "manifest.json"), data, 0o644))
}

// A file can be an OCI layout of one image and a docker save of another. It is read as it is named, and the other is known.
func TestAFileThatIsTwoImages(t *testing.T) {
	l := newHandLayout(t)
	plain, odd := l.image(amd64, "plain"), l.image(amd64, "odd")
	l.root(plain)
	for name, tt := range map[string]struct {
		docker   v1.Descriptor
		edit     func(*dockerEntry)
		conflict bool
	}{
		"the same image":           {plain, nil, false},
		"another image":            {odd, nil, true},
		"the same config, renamed": {plain, func(e *dockerEntry) { e.Layers = []string{"0123/layer.tar"} }, false},
		"layers of another image": {plain, func(e *dockerEntry) {
			data, err := os.ReadFile(blobFile(l.dir, odd.Digest.String()))
			check(t, err)
			var m v1.Manifest
			check(t, json.Unmarshal(data, &m))
			e.Layers = []string{blobPath(m.Layers[0].Digest.String())}
		}, true},
		"a config that is not there": {plain, func(e *dockerEntry) { e.Config = "nothing.json" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			l.dockerManifest(tt.docker, tt.edit)
			file := tarDir(t, l.dir)
			for _, target := range []string{"oci:" + l.dir, "oci-archive:" + file, file, "docker-archive:" + file} {
				img, err := client(t).Resolve(t.Context(), parse(t, target), v1.Platform{})
				check(t, err)
				if (img.Conflict != nil) != tt.conflict {
					t.Errorf("%s: conflict %+v", target[:6], img.Conflict)
				}
				asDocker := strings.HasPrefix(target, "docker-archive:")
				if !asDocker && img.Digest() != plain.Digest.String() || asDocker && (img.Digest() != "" || img.Layers[0].Member == "") {
					t.Errorf("%s: manifest %q, layers %+v", target[:6], img.Digest(), img.Layers)
				}
			}
		})
	}
}

// countedFiles counts how often each file is opened.
type countedFiles struct {
	files
	opened map[string]int
}

func (c countedFiles) open(name string) (io.ReadCloser, int64, error) {
	c.opened[name]++
	return c.files.open(name)
}

// A small manifest.json can name one large config a thousand times.
func TestAConfigOfManyEntriesIsReadOnce(t *testing.T) {
	l := newHandLayout(t)
	plain := l.image(amd64, "plain")
	l.root(plain)
	l.dockerManifest(plain, nil)
	opened, err := openLocal(t.Context(), parse(t, "oci:"+l.dir), newStore(t))
	check(t, err)
	t.Cleanup(func() { _ = opened.files.Close() })
	counted := countedFiles{opened.files, map[string]int{}}
	opened.files = counted
	entry := opened.docker.entries[0]
	opened.docker.entries = slices.Repeat([]dockerEntry{entry}, MaxChildren)
	if c := opened.conflict(t.Context()); c != nil || counted.opened[entry.Config] != 1 {
		t.Errorf("conflict %+v, the config was read %d times", c, counted.opened[entry.Config])
	}
}
