package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The annotations that name an image of a layout: OCI's, and containerd's full name.
const (
	annotationRefName    = "org.opencontainers.image.ref.name"
	annotationContainerd = "io.containerd.image.name"
)

// layout is an OCI image layout
// (https://github.com/opencontainers/image-spec/blob/main/image-layout.md) in a directory or archive.
type layout struct {
	files files
	index *v1.IndexManifest // index.json
}

// newLayout reads index.json. Errors: ErrNotFound where it is null or no index: then there is no image, and nothing is
// damaged.
func newLayout(from files, index []byte) (*layout, error) {
	doc, err := parseDocument(index)
	if errors.Is(err, errNull) {
		return nil, fmt.Errorf("reading index.json: %w: %w", ErrNotFound, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading index.json: %w", err)
	}
	if doc.index == nil {
		return nil, fmt.Errorf("reading index.json: it is no index: %w", ErrNotFound)
	}
	return &layout{files: from, index: doc.index}, nil
}

// blobPath is where a layout keeps a blob (image-layout.md, "Blobs").
func blobPath(digest string) string { return "blobs/sha256/" + strings.TrimPrefix(digest, "sha256:") }

func (l *layout) blob(_ context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	digest := hashString(desc.Digest)
	if !IsDigest(digest) {
		return nil, fmt.Errorf("opening blob %q: it is not sha256:<hex>", digest)
	}
	r, _, err := l.files.open(blobPath(digest))
	if err != nil {
		return nil, err
	}
	return r, nil
}

// has reports whether a blob is there, without reading it.
func (l *layout) has(digest string) bool {
	r, _, err := l.files.open(blobPath(digest))
	if err != nil {
		return false
	}
	_ = r.Close()
	return true
}

// manifest reads a manifest by digest, or by a name of index.json.
func (l *layout) manifest(ctx context.Context, ref string) (Part, error) {
	desc, ok := l.find(ref)
	if !ok && !IsDigest(ref) {
		return Part{}, fmt.Errorf("reading manifest %s: %w", ref, ErrNotFound)
	}
	if !ok {
		desc = descriptorOf(ref)
		if !l.has(ref) {
			return Part{}, fmt.Errorf("reading manifest %s: %w", ref, ErrNotFound)
		}
	}
	return readPart(ctx, l, desc, MaxManifest)
}

// find returns the descriptor of index.json for a digest or name.
func (l *layout) find(ref string) (v1.Descriptor, bool) {
	if IsDigest(ref) {
		for _, d := range l.index.Manifests {
			if hashString(d.Digest) == ref {
				return d, true
			}
		}
		return v1.Descriptor{}, false
	}
	// An exact name first: "1" must not find "shop/web:1" where an image is called "1".
	for _, same := range []func(name string) bool{
		func(name string) bool { return name == ref },
		func(name string) bool { return strings.HasSuffix(name, ":"+ref) || strings.HasSuffix(name, "/"+ref) },
	} {
		for _, d := range l.index.Manifests {
			for _, name := range layoutNames(d) {
				if same(name) {
					return d, true
				}
			}
		}
	}
	return v1.Descriptor{}, false
}

// layoutNames returns the names of a descriptor, OCI's first.
func layoutNames(d v1.Descriptor) []string {
	var names []string
	for _, key := range []string{annotationRefName, annotationContainerd} {
		if name := d.Annotations[key]; name != "" {
			names = append(names, name)
		}
	}
	return names
}

// image returns the descriptor that a location means: by digest, by name, or the only image there is.
// Errors: ErrNotFound, *AmbiguousError.
func (l *layout) image(ctx context.Context, loc Location) (v1.Descriptor, error) {
	if ref := firstOf(loc.Digest, loc.Tag); ref != "" {
		if d, ok := l.find(ref); ok {
			return d, nil
		}
		// a manifest inside of an index that index.json names, as --platform pins it
		if IsDigest(ref) && l.has(ref) {
			return descriptorOf(ref), nil
		}
		return v1.Descriptor{}, fmt.Errorf("there is no image %s in %s: %w", ref, loc.Path, ErrNotFound)
	}
	images := l.images(ctx)
	switch len(images) {
	case 0:
		return v1.Descriptor{}, fmt.Errorf("there is no image in %s: %w", loc.Path, ErrNotFound)
	case 1:
		return images[0], nil
	}
	names := make([]string, len(images))
	for i, d := range images {
		names[i] = firstOf(append(layoutNames(d), hashString(d.Digest))...)
	}
	sort.Strings(names)
	return v1.Descriptor{}, &AmbiguousError{Place: loc.Path, Names: names}
}

// images returns the descriptors that are images, each digest once: no companions, and no unnamed manifests that
// another image's index holds anyway.
func (l *layout) images(ctx context.Context) []v1.Descriptor {
	var images []v1.Descriptor
	seen, inside := map[string]bool{}, map[string]bool{}
	for _, d := range l.index.Manifests {
		digest := hashString(d.Digest)
		if seen[digest] {
			continue
		}
		doc, known := l.document(ctx, d)
		if !known && isCompanion(d) || known && isCompanionManifest(doc, isCompanion(d)) {
			continue
		}
		if doc.index != nil {
			// tools such as buildx write the children beside their index
			for _, child := range doc.index.Manifests {
				inside[hashString(child.Digest)] = true
			}
		}
		seen[digest] = true
		images = append(images, d)
	}
	var out []v1.Descriptor
	for _, d := range images {
		if !inside[hashString(d.Digest)] || len(layoutNames(d)) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// document parses what a descriptor names; known is false where it cannot be read.
func (l *layout) document(ctx context.Context, d v1.Descriptor) (doc document, known bool) {
	part, err := readPart(ctx, l, d, MaxManifest)
	if err != nil || !part.Holds() {
		return document{}, false
	}
	doc, err = parseDocument(part.Bytes)
	return doc, err == nil
}

// names returns all names that index.json gives a digest.
func (l *layout) names(digest string) []string {
	var out []string
	for _, d := range l.index.Manifests {
		if hashString(d.Digest) == digest {
			out = append(out, layoutNames(d)...)
		}
	}
	return unique(out)
}

// descriptorOf is a descriptor of which only the digest is known.
func descriptorOf(digest string) v1.Descriptor {
	hash, err := v1.NewHash(digest)
	if err != nil {
		return v1.Descriptor{Size: -1}
	}
	return v1.Descriptor{Digest: hash, Size: -1}
}

func mediaType(text string) types.MediaType { return types.MediaType(text) }

// firstOf is the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// unique sorts texts and leaves each once.
func unique(texts []string) []string {
	sort.Strings(texts)
	var out []string
	for i, t := range texts {
		if i == 0 || t != texts[i-1] {
			out = append(out, t)
		}
	}
	return out
}
