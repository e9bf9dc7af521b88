// Package image makes the images that the stack's pods run: real tars with a real package database and real ELF
// programs, the same bytes on every machine and on every day.
package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Epoch is the time of everything in these images.
var Epoch = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// File is one entry of a layer; Path has no leading slash. Link makes it a symbolic link.
type File struct {
	Path string
	Mode int64
	Body []byte
	Link string
}

// Step is one line of a build: the command as the history shows it, and the files that its layer holds. Without files
// it is an empty step.
type Step struct {
	CreatedBy string
	Files     []File
}

// Spec is an image to be.
type Spec struct {
	Steps      []Step
	Entrypoint []string
	Env        []string
	Labels     map[string]string
}

// Build makes the image for linux/amd64, in OCI media types.
func Build(spec Spec) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, step := range spec.Steps {
		history := v1.History{Created: v1.Time{Time: Epoch}, CreatedBy: step.CreatedBy, EmptyLayer: len(step.Files) == 0}
		addendum := mutate.Addendum{History: history}
		if len(step.Files) > 0 {
			layer, err := Layer(step.Files)
			if err != nil {
				return nil, err
			}
			addendum.Layer, addendum.MediaType = layer, types.OCILayer
		}
		var err error
		if img, err = mutate.Append(img, addendum); err != nil {
			return nil, fmt.Errorf("appending the layer of %q: %w", step.CreatedBy, err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the image's config: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Created = v1.Time{Time: Epoch}
	config.Config.Entrypoint, config.Config.Env, config.Config.Labels = spec.Entrypoint, spec.Env, spec.Labels
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, fmt.Errorf("setting the image's config: %w", err)
	}
	return img, nil
}

// Layer packs files, sorted by path and with the folders above them, as a gzipped tar.
func Layer(files []File) (v1.Layer, error) {
	content, err := pack(files)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	return layer, nil
}

func pack(files []File) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	made := map[string]bool{}
	for _, file := range files {
		for i, c := range file.Path {
			if folder := file.Path[:i]; c == '/' && !made[folder] {
				made[folder] = true
				header := &tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: folderMode(folder), ModTime: Epoch}
				if err := w.WriteHeader(header); err != nil {
					return nil, fmt.Errorf("packing %s: %w", folder, err)
				}
			}
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: file.Path, Mode: file.Mode, Size: int64(len(file.Body)), ModTime: Epoch}
		if file.Link != "" {
			header.Typeflag, header.Linkname, header.Size, header.Mode = tar.TypeSymlink, file.Link, 0, 0o777
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("packing %s: %w", file.Path, err)
		}
		if header.Size > 0 {
			if _, err := w.Write(file.Body); err != nil {
				return nil, fmt.Errorf("packing %s: %w", file.Path, err)
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("packing a layer: %w", err)
	}
	return buf.Bytes(), nil
}

func folderMode(folder string) int64 {
	if folder == "tmp" || folder == "var/tmp" {
		return 0o1777
	}
	return 0o755
}
