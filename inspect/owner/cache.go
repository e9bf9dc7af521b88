package owner

import (
	"context"

	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/memo"
)

// Cache keeps what the package databases of images hold about their trees, within bounds. It is safe for concurrent
// use.
type Cache struct {
	known *memo.Cache[*Ownership]
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{memo.New(memo.Bounds{Count: MaxKeptOwners, Bytes: MaxKeptOwnerBytes}, (*Ownership).bytes)}
}

// Of reads all package databases of a tree, and compares what they name with what is there. Trees of a bundle have no
// key and are read each time. Do not change the answer: other checks hold it. Errors: those of the context and of the
// store, registry.ErrDamagedStore among them; a database that is broken is no error, see Ownership.Level. Calls for one
// tree at the same time share the reading.
func (c *Cache) Of(ctx context.Context, t *layer.Tree) (*Ownership, error) {
	if t.Key() == "" {
		return readAll(ctx, t)
	}
	return c.known.Get(ctx, t.Key(), func(ctx context.Context) (*Ownership, error) { return readAll(ctx, t) })
}

// bytes estimates what an ownership takes in memory, with the tree that it holds.
func (o *Ownership) bytes() int64 {
	const claimBytes = 320 // with its names and digests
	return int64(len(o.Claims)+len(o.Missing))*claimBytes + o.Tree.Bytes()
}
