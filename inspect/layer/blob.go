package layer

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/backtrail/backtrail/registry"
)

// blobWriter hashes the blob as it comes, and keeps it unless the store has it already.
type blobWriter struct {
	hash hash.Hash
	w    *registry.Writer // nil where the store has the blob
	size int64
}

func (c *Cache) newBlob(digest string) (*blobWriter, error) {
	if digest != "" && c.store.Has(digest) {
		return &blobWriter{hash: sha256.New()}, nil
	}
	w, err := c.store.Create()
	if err != nil {
		return nil, err
	}
	return &blobWriter{w: w}, nil
}

func (b *blobWriter) Write(p []byte) (int, error) {
	b.size += int64(len(p))
	if b.w != nil {
		return onlyWriter{b.w}.Write(p)
	}
	return b.hash.Write(p)
}

func (b *blobWriter) digest() string {
	if b.w != nil {
		return b.w.Digest()
	}
	return "sha256:" + hex.EncodeToString(b.hash.Sum(nil))
}

// kept says that the store had the blob before.
func (b *blobWriter) kept() bool { return b.w == nil }

func (b *blobWriter) commit() error {
	if b.w == nil {
		return nil
	}
	return b.w.Commit("")
}

func (b *blobWriter) discard() {
	if b.w != nil {
		b.w.Discard()
	}
}
