package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// dockerSave is what `docker save` wrote before it wrote OCI layouts
// (https://github.com/moby/moby/blob/master/image/spec/v1.2.md#combined-image-json--filesystem-changeset-format):
// manifest.json names a config and layers by file. Nothing names a manifest by digest; the config's digest
// identifies the image.
type dockerSave struct {
	files   files
	entries []dockerEntry
}

// dockerEntry is an image of manifest.json: names of files in the archive, and the tags that it had where it was saved.
type dockerEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// newDockerSave reads manifest.json. Errors: ErrNotFound where it names no image.
func newDockerSave(from files, manifest []byte) (*dockerSave, error) {
	entries, err := parseDockerManifest(manifest)
	if err != nil {
		return nil, fmt.Errorf("reading manifest.json: %w", err)
	}
	return &dockerSave{files: from, entries: entries}, nil
}

// parseDockerManifest parses manifest.json. Errors: ErrNotFound if there is no image in it, *LimitError.
func parseDockerManifest(data []byte) ([]dockerEntry, error) {
	var all []*dockerEntry
	// [{"Config":"<hex>.json","RepoTags":["shop/web:1"],"Layers":["<hex>/layer.tar"]}]
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	if len(all) > MaxChildren {
		return nil, &LimitError{What: "number of images", Limit: MaxChildren}
	}
	var entries []dockerEntry
	for _, e := range all {
		// null entries decode to nil pointers
		if e == nil || e.Config == "" {
			continue
		}
		if len(e.Layers) > MaxLayers {
			return nil, &LimitError{What: "number of layers", Limit: MaxLayers}
		}
		entries = append(entries, *e)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("there is no image in it: %w", ErrNotFound)
	}
	return entries, nil
}

// configDigest is what the name of the config's file claims ("<hex>.json", "blobs/sha256/<hex>"), or "".
func (e dockerEntry) configDigest() string {
	digest := "sha256:" + strings.TrimSuffix(path.Base(e.Config), ".json")
	if IsDigest(digest) {
		return digest
	}
	return ""
}

// is reports whether a location means the image: by the digest of its config, or by a tag with or without its
// repository.
func (e dockerEntry) is(loc Location) bool {
	if loc.Digest != "" {
		return e.configDigest() == loc.Digest
	}
	for _, tag := range e.RepoTags {
		if tag == loc.Tag || strings.HasSuffix(tag, ":"+loc.Tag) || strings.HasSuffix(tag, "/"+loc.Tag) {
			return true
		}
	}
	return false
}

// image returns the entry that a location means. Errors: ErrNotFound, *AmbiguousError.
func (d *dockerSave) image(loc Location) (dockerEntry, error) {
	if loc.Tag != "" || loc.Digest != "" {
		for _, e := range d.entries {
			if e.is(loc) {
				return e, nil
			}
		}
		return dockerEntry{}, fmt.Errorf("there is no image %s in %s: %w", firstOf(loc.Digest, loc.Tag), loc.Path,
			ErrNotFound)
	}
	if len(d.entries) == 1 {
		return d.entries[0], nil
	}
	var names []string
	for _, e := range d.entries {
		names = append(names, firstOf(append(append([]string{}, e.RepoTags...), e.configDigest(), e.Config)...))
	}
	sort.Strings(names)
	return dockerEntry{}, &AmbiguousError{Place: loc.Path, Names: names}
}

// blob opens the one blob that this form names by digest, a config.
func (d *dockerSave) blob(_ context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	for _, e := range d.entries {
		if digest := e.configDigest(); digest != "" && digest == hashString(desc.Digest) {
			r, _, err := d.files.open(e.Config)
			return r, err
		}
	}
	return nil, fmt.Errorf("opening blob %s: docker save names no blobs by digest: %w", desc.Digest, ErrNotFound)
}

// resolve makes the image of an entry.
func (d *dockerSave) resolve(loc Location) (*Image, error) {
	entry, err := d.image(loc)
	if err != nil {
		return nil, err
	}
	img := &Image{Location: loc, Names: entry.RepoTags}
	data, err := readFile(d.files, entry.Config, MaxConfig)
	// The name of the file is all that claims a digest; one that is not its content is a Problem of the config.
	named := descriptorOf(entry.configDigest())
	named.MediaType = types.DockerConfigJSON
	if img.Config, err = newPart(named, data, err); err != nil {
		return nil, fmt.Errorf("reading config %s: %w", entry.Config, err)
	}
	for i, name := range entry.Layers {
		layer := Layer{Number: i, Member: name, Descriptor: v1.Descriptor{
			MediaType: types.DockerUncompressedLayer,
			Size:      -1,
		}}
		r, size, err := d.files.open(name)
		if err == nil {
			layer.Descriptor.Size = size
			_ = r.Close()
		} else if !errors.Is(err, ErrNotFound) {
			return nil, fmt.Errorf("reading layer %d: %w", i, err)
		}
		img.Layers = append(img.Layers, layer)
	}
	img.readConfig()
	return img, nil
}
