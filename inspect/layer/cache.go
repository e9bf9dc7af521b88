package layer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/memo"
	"github.com/backtrail/backtrail/registry"
)

// Cache is the inspect.Store on disk: the uncompressed tars of layers, their indexes, and the catalogues of images,
// over the byte store of package registry. It is safe for concurrent use.
type Cache struct {
	store  *registry.Store
	index  *memo.Cache[[]inspect.Entry]
	proofs *memo.Cache[proof]
	trees  *memo.Cache[*Tree]
	images *memo.Cache[*LayeredImage]
	skips  Skips

	handles handles

	mu        sync.Mutex
	pinned    map[string]int   // numbers of entries in index of layers that are not yet part of a tree, by diff ID
	pinnedAll int              // sum of pinned
	known     map[string]proof // of layers, by diff ID

	followers map[string]func(inspect.Progress) // of images that are read, by the key of the memo
}

var _ inspect.Store = (*Cache)(nil)

// NewCache returns the cache over a byte store.
func NewCache(store *registry.Store) *Cache {
	return &Cache{
		store:  store,
		index:  memo.New(memo.Bounds{Count: MaxKeptLayers, Bytes: MaxKeptIndexBytes}, bytesOfEntries),
		proofs: memo.New(memo.Bounds{Count: MaxKeptLayers, Bytes: MaxKeptProofBytes}, proof.bytes),
		trees:  memo.New(memo.Bounds{Count: MaxKeptTrees, Bytes: MaxKeptTreeBytes}, (*Tree).Bytes),
		images: memo.New(memo.Bounds{Count: MaxKeptImages, Bytes: MaxKeptImageBytes}, (*LayeredImage).bytes),
	}
}

// entryBytes estimates what an entry takes in memory beside its names: its struct, and what an index by path adds.
const entryBytes = 320

// bytesOfEntries estimates what a listing takes in memory, for the bound on the listings that are kept.
func bytesOfEntries(entries []inspect.Entry) int64 {
	sum := int64(0)
	for i := range entries {
		sum += entryBytes + int64(len(entries[i].Path)+len(entries[i].Link))
	}
	return sum
}

// Skips are the layers that are left out, for all readers of this cache.
func (c *Cache) Skips() *Skips { return &c.skips }

// Store returns the byte store below.
func (c *Cache) Store() *registry.Store { return c.store }

// Kinds of the records that the cache keeps.
const (
	recordIndex     = "index"     // by diff ID
	recordCatalogue = "catalogue" // by image digest: JSON of []inspect.Package
	RecordWeak      = "weak"      // by diff ID: MD5 and SHA-1 of files
)

// Index lists the entries of a layer in the order of its tar. Errors: inspect.ErrNotKept.
func (c *Cache) Index(ctx context.Context, diffID string) ([]inspect.Entry, error) {
	return c.index.Get(ctx, diffID, func(context.Context) ([]inspect.Entry, error) {
		data, err := c.store.Record(recordIndex, diffID)
		if err != nil {
			return nil, fmt.Errorf("reading the index of layer %s: %w", diffID, notKept(err))
		}
		entries, err := decodeIndex(data)
		if err != nil {
			return nil, fmt.Errorf("decoding the index of layer %s: %w", diffID, err)
		}
		return entries, nil
	})
}

// Catalogue lists the packages of an image by the digest of its manifest, or of its config where it has none.
// Errors: inspect.ErrNotKept.
func (c *Cache) Catalogue(_ context.Context, image string) ([]inspect.Package, error) {
	data, err := c.store.Record(recordCatalogue, image)
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue of %s: %w", image, notKept(err))
	}
	var packages []inspect.Package
	if err := json.Unmarshal(data, &packages); err != nil {
		return nil, fmt.Errorf("decoding the catalogue of %s: %w", image, err)
	}
	return packages, nil
}

// PutCatalogue keeps the packages of an image for Catalogue.
func (c *Cache) PutCatalogue(_ context.Context, image string, packages []inspect.Package) error {
	data, err := json.Marshal(packages)
	if err != nil {
		return fmt.Errorf("encoding the catalogue of %s: %w", image, err)
	}
	return c.store.PutRecord(recordCatalogue, image, data)
}

// Blob gives the bytes of a blob. Errors: inspect.ErrNotKept.
func (c *Cache) Blob(_ context.Context, digest string) (io.ReadCloser, error) {
	f, _, err := c.store.Open(digest)
	if err != nil {
		return nil, fmt.Errorf("opening blob %s: %w", digest, notKept(err))
	}
	return f, nil
}

// notKept maps registry.ErrNotFound to inspect.ErrNotKept.
func notKept(err error) error {
	if errors.Is(err, registry.ErrNotFound) {
		return inspect.ErrNotKept
	}
	return err
}

// KeepLayer adds to kept what of a layer must stay for its case: the blob, its proof, the uncompressed tar and its
// listing. Facts about programs are not among it: they are derived again from these bytes.
func (c *Cache) KeepLayer(kept *registry.Kept, digest string) {
	kept.Blob(digest)
	kept.Record(registry.RecordLayer, digest)
	data, err := c.store.Record(registry.RecordLayer, digest)
	var p proof
	if err == nil && json.Unmarshal(data, &p) == nil {
		c.KeepTar(kept, p.DiffID)
	}
}

// KeepTar is KeepLayer for a layer that has a diff ID only: those of docker-save archives have no digest.
func (c *Cache) KeepTar(kept *registry.Kept, diffID string) {
	kept.Blob(diffID)
	kept.Record(recordIndex, diffID)
	kept.Record(RecordWeak, diffID)
}

// KeepImage adds the catalogue of an image to kept, by its Key.
func (c *Cache) KeepImage(kept *registry.Kept, image string) { kept.Record(recordCatalogue, image) }

// VerifyFile verifies that the content of a file is still what it was when its layer was read: a disk may lose bits.
// Reading all of a layer again before each use would take as long as the first time, so that it is called only before a
// file is reported as altered. On a mismatch the kept layer, and what was computed from it, are removed. Errors:
// registry.ErrDamagedStore.
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
	if t.cache != nil { // what a bundle carries stays as it is
		if err := t.cache.drop(diffID); err != nil {
			return err
		}
		if err := t.cache.store.PutRecord(RecordWeak, diffID, nil); err != nil {
			return err
		}
	}
	return fmt.Errorf("reading %s in layer %s: %w", n.Path, diffID, registry.ErrDamagedStore)
}

// Reread reads the layers of an image again, of which the cache has lost some.
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
