package registry

import (
	"context"
	"path"
	"slices"
	"strings"
)

// Conflict means that a place is both an OCI layout and a docker save, and that the two name different images: tools
// end at one or the other, by which file they read first.
type Conflict struct {
	Names  []string // tags that manifest.json gives the image
	Docker string   // digest of the config that manifest.json leads to; empty where it cannot be read
	OCI    []string // digests of the configs that index.json leads to
}

// conflict compares manifest.json with index.json and returns the first image of manifest.json that index.json does not
// lead to; nil where all agree, or where only one of the two is there.
func (l *local) conflict(ctx context.Context) *Conflict {
	if l.layout == nil || l.docker == nil {
		return nil
	}
	known := l.layout.configs(ctx)
	digests := map[string]string{} // by file: many entries may name one
	// Agreement is by config digest and, where the names show them, by layers: manifest.json may name the same config
	// and other layers, of which a config has only the diff IDs.
	for _, e := range l.docker.entries {
		digest, read := digests[e.Config]
		if !read {
			digest = e.configDigest()
			if data, err := readFile(l.files, e.Config, MaxConfig); err == nil {
				digest = digestOf(data)
			}
			digests[e.Config] = digest
		}
		layers, ok := known[digest]
		if ok && e.agrees(layers) {
			continue
		}
		c := &Conflict{Names: e.RepoTags, Docker: digest}
		for config := range known {
			c.OCI = append(c.OCI, config)
		}
		slices.Sort(c.OCI)
		return c
	}
	return nil
}

// agrees reports whether the layers of an entry are those of a manifest with the same config, as far as the names of
// its files are digests; others are compared by nothing but their diff IDs, which are the config's.
func (e dockerEntry) agrees(manifests [][]string) bool {
	var named []string
	for _, file := range e.Layers {
		digest := "sha256:" + path.Base(file)
		if !strings.HasPrefix(clean(file), "blobs/sha256/") || !IsDigest(digest) {
			return true
		}
		named = append(named, digest)
	}
	return slices.ContainsFunc(manifests, func(layers []string) bool { return slices.Equal(layers, named) })
}

// configs returns the digests of all configs that index.json leads to, each with the layers of the manifests that
// name it.
func (l *layout) configs(ctx context.Context) map[string][][]string {
	found := map[string][][]string{}
	seen := map[string]bool{}
	list := l.index.Manifests
	for depth := 0; depth <= MaxIndexDepth && len(list) > 0; depth++ {
		below := list[:0:0]
		for _, d := range list {
			if digest := hashString(d.Digest); seen[digest] || len(seen) == MaxChildren {
				continue
			} else {
				seen[digest] = true
			}
			doc, known := l.document(ctx, d)
			switch {
			case !known:
			case doc.index != nil:
				below = append(below, doc.index.Manifests...)
			default:
				var layers []string
				for _, layer := range doc.manifest.Layers {
					layers = append(layers, hashString(layer.Digest))
				}
				config := hashString(doc.manifest.Config.Digest)
				found[config] = append(found[config], layers)
			}
		}
		list = below
	}
	return found
}
