package layer

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Key names the layers of the tree; empty where it was not made of a cache's.
func (t *Tree) Key() string { return t.key }

// Bytes estimates what the tree takes in memory.
func (t *Tree) Bytes() int64 {
	const nameBytes = 80 // of a path and a link, on average
	sum := int64(len(t.nodes)) * 16
	for _, s := range t.layers {
		sum += int64(len(s.nodes))*(entryBytes+nameBytes) + int64(len(s.hidden))*8
	}
	return sum
}

// Record returns what was kept of a kind under a key by PutRecord. Errors: inspect.ErrNotKept, also where the tree is
// not of a cache.
func (t *Tree) Record(kind, key string) ([]byte, error) {
	if t.cache == nil {
		return nil, inspect.ErrNotKept
	}
	data, err := t.cache.store.Record(kind, key)
	return data, notKept(err)
}

// PutRecord keeps what was found of the tree's layers. It does nothing where the tree is not of a cache.
func (t *Tree) PutRecord(kind, key string, data []byte) error {
	if t.cache == nil {
		return nil
	}
	return t.cache.store.PutRecord(kind, key, data)
}

// ReadFile reads the file that a path leads to, through links; nil where there is none. Errors: *registry.LimitError
// where it is larger than limit, in bytes.
func (t *Tree) ReadFile(ctx context.Context, p string, limit int64) ([]byte, error) {
	n := t.Resolve(p)
	if n == nil || !isRegular(n) {
		return nil, nil
	}
	if n.Size > limit {
		return nil, fmt.Errorf("reading %s: %w", p, &registry.LimitError{What: "file that is read whole", Limit: limit})
	}
	data, err := t.Head(ctx, n, limit)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p, err)
	}
	return data, nil
}

// Head reads the first bytes of a file, at most limit of them. It reads nothing beyond them, so that a file of any size
// may be looked at.
func (t *Tree) Head(ctx context.Context, n *inspect.Node, limit int64) ([]byte, error) {
	c, err := t.Open(ctx, n)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return io.ReadAll(io.NewSectionReader(c, 0, min(c.Size(), limit)))
}

// Files returns the regular files directly in a directory by their names, at most limit of them. A link to a directory
// is followed, links within it are not.
func (t *Tree) Files(dir string, limit int) map[string]*inspect.Node {
	real := t.Resolve(dir)
	if real == nil {
		return nil
	}
	found := map[string]*inspect.Node{}
	for _, n := range t.Children(real.Path) {
		if isRegular(n) && len(found) < limit {
			found[path.Base(n.Path)] = n
		}
	}
	return found
}

// maxLine is where a line of a text is cut, in bytes: no path is longer.
const maxLine = 16 << 10

// Lines calls each with the lines of a text; very long lines are cut. The lines share the memory of the text.
func Lines(data []byte, each func(line string)) {
	text := string(data)
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		line = strings.TrimSuffix(line, "\r")
		each(line[:min(len(line), maxLine)])
	}
}
