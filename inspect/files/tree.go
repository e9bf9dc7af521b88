package files

import (
	"context"
	"iter"

	"github.com/backtrail/backtrail/inspect"
)

// Tree is the file tree of an image: its layers laid over each other as a container sees them. It does not change and
// is safe for concurrent use. Paths are clean and absolute; no path leads through a symbolic link.
type Tree struct {
	cache *Cache
}

// Tree merges layers, lowest first. Layers without a proven diff ID (missing, damaged) are left out. It is memoised by
// the list of diff IDs.
func (c *Cache) Tree(ctx context.Context, layers []inspect.Layer) (*Tree, error) { return nil, errTODO }

// Get returns the node at exactly this path, nil where there is none. Links are not followed. Do not change it.
func (t *Tree) Get(path string) *inspect.Node { return nil }

// Resolve returns the node that a path leads to, following symbolic links in every component inside the root only;
// nil where there is none, and where links go round. Hard links are not resolved: see Open.
func (t *Tree) Resolve(path string) *inspect.Node { return nil }

// All gives all nodes sorted by path, component by component, so that what is in a directory follows it.
func (t *Tree) All() iter.Seq[*inspect.Node] { return func(func(*inspect.Node) bool) {} }

// Len is the number of nodes.
func (t *Tree) Len() int { return 0 }

// Children lists what is directly in a directory, sorted by name.
func (t *Tree) Children(dir string) []*inspect.Node { return nil }

// DiffID returns the proven diff ID of a layer by its number in the manifest, "" where it has none.
func (t *Tree) DiffID(layer int) string { return "" }

// Layer returns a layer by its number in the manifest.
func (t *Tree) Layer(number int) inspect.Layer { return inspect.Layer{} }

// Open gives the content of a regular file or hard link of this tree, or of a node of LayerNodes.
func (t *Tree) Open(ctx context.Context, node *inspect.Node) (inspect.Content, error) {
	return nil, errTODO
}

// LayerNodes lists what a layer did to the tree below, sorted by path: its own entries marked Added or Modified (or
// Same, where a directory only stands there again), and the nodes that it hides marked Removed. Those keep the number of
// the layer that holds them, so that what was deleted can still be read.
func (t *Tree) LayerNodes(number int) []inspect.Node { return nil }

// MergedNodes lists the whole tree, sorted by path.
func (t *Tree) MergedNodes() []inspect.Node { return nil }
