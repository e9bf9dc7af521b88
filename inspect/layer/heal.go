package layer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/registry"
)

// A disk may lose bits of what it keeps. Reading all of a layer again before each use would take as long as the first time,
// so that a layer is looked at again where it would say something bad: before a file is called altered.

// sound says that the content of a file is still what it was when its layer was read. Else the kept layer, and what was
// computed of it, are removed. Errors: registry.ErrDamagedStore.
func (t *Tree) VerifyFile(ctx context.Context, n *inspect.Node) error {
	c, err := t.Open(ctx, n)
	if err != nil {
		return fmt.Errorf("comparing with the package database: %w", err)
	}
	defer c.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(c, 0, c.Size())); err != nil {
		return fmt.Errorf("comparing %s with the package database: %w", n.Path, err)
	}
	if hex.EncodeToString(h.Sum(nil)) == n.SHA256 {
		return nil
	}
	diffID := t.DiffID(t.home(n).layer)
	if err := t.cache.drop(diffID); err != nil {
		return err
	}
	if err := t.cache.store.PutRecord(RecordWeak, diffID, nil); err != nil {
		return err
	}
	return fmt.Errorf("reading %s in layer %s: %w", n.Path, diffID, registry.ErrDamagedStore)
}

// heal reads the layers of an image again that the cache has lost.
func (c *Cache) Reread(ctx context.Context, client *registry.Client, image inspect.Image) error {
	img, err := Resolve(ctx, client, image)
	if err != nil {
		return err
	}
	for _, l := range img.Layers {
		c.proofs.Forget(proofKey(img, l))
	}
	layers, err := c.IngestAll(ctx, client, img, nil)
	if err != nil {
		return err
	}
	if why := Unread(layers); why != "" {
		return engine.Unchecked("what the cache kept was damaged, and cannot be had again: %s", why)
	}
	return nil
}
