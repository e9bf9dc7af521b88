package owner

import (
	"context"

	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/memo"
)

// OwnershipCache keeps what the package databases of images say about their trees, within bounds. It is safe for
// concurrent use.
type Cache struct {
	known *memo.Cache[*Ownership]
}

// NewOwnershipCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{memo.New(memo.Bounds{Count: MaxKeptOwners, Bytes: MaxKeptOwnerBytes}, (*Ownership).bytes)}
}

// Of asks all package databases of a tree, and compares what they say with what is there. Do not change the answer.
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
