package inspect

import (
	"cmp"
	"context"
	"errors"
	"io"
)

// ErrNotKept means that a store does not hold what was asked for. It is no statement about the image.
var ErrNotKept = errors.New("not kept here")

// Store gives back what is too big for the stream of events. There are two: the cache on disk and a bundle.
type Store interface {
	// Index lists the entries of a layer in the order of its tar. The diff ID must be one that a Layer event
	// proved, never one that only a config claims.
	Index(ctx context.Context, diffID string) ([]Entry, error)
	// Catalogue lists the packages of an image, by the digest of its manifest (of its config where it has none).
	Catalogue(ctx context.Context, image string) ([]Package, error)
	// Open gives the content of a regular file of a layer.
	Open(ctx context.Context, diffID string, e Entry) (Content, error)
	// Blob gives the bytes of a blob by its digest: a manifest, a layer, a bundle, an exhibit.
	Blob(ctx context.Context, digest string) (io.ReadCloser, error)
}

// Content is a file's bytes, read by offset.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// StoreReply is what one store of signatures answered for one subject digest.
type StoreReply struct {
	Store   string      `json:"store"`   // cosign-tag, referrers, referrers-tag, layout, buildkit
	Subject string      `json:"subject"` // digest that was asked for
	Status  StoreStatus `json:"status"`
	Detail  string      `json:"detail"`
	Found   int         `json:"found"`
}

// FactKind is the fact's JSON name.
func (StoreReply) FactKind() string { return "store" }

// fold: the key is the store and the digest that it was asked for.
func (s StoreReply) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Stores, s, func(a, b StoreReply) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Subject, b.Subject))
	})
}
