package shop

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// file is a file or link of a layer, by its path without the leading slash.
type file struct {
	path string
	mode int64
	link string // target of a symbolic link
	body []byte
}

// step is a step of a build: a layer, or without files only a line in the history.
type step struct {
	by    string // command
	when  time.Time
	files []file
}

// layer is a step with its layer as the registry keeps it.
type layer struct {
	step
	blob   blob
	diffID v1.Hash
}

// pack writes the layer of a step. It is not compressed: the stored form of gzip is the same with every version of the
// library, and the fastest.
func (s step) pack() (layer, error) {
	l := layer{step: s}
	if len(s.files) == 0 {
		return l, nil
	}
	content, err := s.tar()
	if err != nil {
		return l, err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		return l, fmt.Errorf("packing a layer: %w", err)
	}
	if _, err := z.Write(content); err != nil {
		return l, fmt.Errorf("packing a layer: %w", err)
	}
	if err := z.Close(); err != nil {
		return l, fmt.Errorf("packing a layer: %w", err)
	}
	l.diffID, l.blob = hashOf(content), newBlob(types.OCILayer, b.Bytes())
	return l, nil
}

// tar writes the files in order of their paths, each after the directories that it lies in.
func (s step) tar() ([]byte, error) {
	byPath := map[string]file{}
	for _, f := range s.files {
		byPath[f.path] = f
		for dir := path.Dir(f.path); dir != "."; dir = path.Dir(dir) {
			byPath[dir+"/"] = file{path: dir + "/", mode: modeOfDirectory(dir)}
		}
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(byPath)) {
		f := byPath[name]
		h := &tar.Header{Name: f.path, Mode: f.mode, Size: int64(len(f.body)), ModTime: s.when, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		switch {
		case strings.HasSuffix(f.path, "/"):
			h.Typeflag = tar.TypeDir
		case f.link != "":
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.link, 0o777
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("writing %s: %w", f.path, err)
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, fmt.Errorf("writing %s: %w", f.path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing a layer: %w", err)
	}
	return b.Bytes(), nil
}

func modeOfDirectory(dir string) int64 {
	if dir == "tmp" || dir == "var/tmp" {
		return 0o1777
	}
	return 0o755
}

// steps packs several steps.
func steps(all ...step) ([]layer, error) {
	layers := make([]layer, 0, len(all))
	for _, s := range all {
		l, err := s.pack()
		if err != nil {
			return nil, fmt.Errorf("packing the layer of %q: %w", s.by, err)
		}
		layers = append(layers, l)
	}
	return layers, nil
}

func text(path, content string) file { return file{path: path, mode: 0o644, body: []byte(content)} }

func script(path, content string) file { return file{path: path, mode: 0o755, body: []byte(content)} }

func symlink(path, to string) file { return file{path: path, link: to} }

// at is the program as a file.
func (p program) at(path string) (file, error) {
	body, err := p.bytes()
	f := file{path: path, mode: 0o755, body: body}
	if p.library {
		f.mode = 0o644
	}
	return f, err
}
