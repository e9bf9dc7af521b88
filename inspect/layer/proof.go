package layer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// proof is what was found when a blob was read whole and was its digest: the record of kind registry.RecordLayer,
// whose key is the blob's digest. Never is a layer looked up by a diff ID that a config claims. The record is believed
// as far as this machine's disk is: whoever may write to the store can forge it, and could as well change the program.
type proof struct {
	DiffID  string   `json:"diffID"`
	Size    int64    `json:"size"`    // of the blob, bytes
	TarSize int64    `json:"tarSize"` // unpacked
	Entries int      `json:"entries,omitempty"`
	Notes   []string `json:"notes,omitempty"`
	Refused string   `json:"refused,omitempty"` // why containerd does not unpack the tar with any snapshotter

	cached bool // an earlier run made it
}

// bytes estimates what a proof takes in memory.
func (p proof) bytes() int64 {
	sum := int64(400)
	for _, n := range p.Notes {
		sum += int64(len(n))
	}
	return sum
}

// proven returns the proof of an earlier run, if all blobs and records that it refers to are still there in full
// length. The bytes are not hashed again: that would take as long as reading the layer the first time. A file that is
// about to be called altered is, see Tree.VerifyFile.
func (c *Cache) proven(digest string) (proof, bool) {
	p, ok := c.kept(digest)
	if !ok {
		return proof{}, false
	}
	index, err := c.store.Record(recordIndex, p.DiffID)
	if err != nil || !isIndex(index) {
		return proof{}, false
	}
	c.count(p)
	p.cached = true
	return p, true
}

// kept reports whether a layer was read before and its blobs are still there. It does not read the index.
func (c *Cache) kept(digest string) (proof, bool) {
	data, err := c.store.Record(registry.RecordLayer, digest)
	if err != nil {
		return proof{}, false
	}
	var p proof
	if json.Unmarshal(data, &p) != nil || !registry.IsDigest(p.DiffID) {
		return proof{}, false
	}
	return p, c.has(digest, p.Size) && c.has(p.DiffID, p.TarSize)
}

// has reports whether a blob is there with this size. One that was cut short by a crash is dropped. The size is all
// that is compared here.
func (c *Cache) has(digest string, size int64) bool {
	f, have, err := c.store.Open(digest)
	if err != nil {
		return false
	}
	_ = f.Close()
	if have != size {
		_ = c.drop(digest)
		return false
	}
	return true
}

// drop removes a blob that is damaged. Open handles stay readable; the next one is of what takes its place. It is
// called where bytes are not their digest: the next reader fetches them again.
func (c *Cache) drop(digest string) error {
	c.handles.forget(digest)
	return c.store.Remove(digest)
}

// keep writes the index and the proof of a layer. The proof comes last: where it is, the rest is. digest is that of the
// blob, empty for a layer that was not read to its end or has none: such a one gets no proof, and is read again in the
// next run.
func (c *Cache) keep(digest string, p proof, entries []inspect.Entry) error {
	p.Entries = len(entries)
	c.count(p)
	if err := c.store.PutRecord(recordIndex, p.DiffID, encodeIndex(entries)); err != nil {
		return fmt.Errorf("keeping the index of layer %s: %w", p.DiffID, err)
	}
	c.pin(p.DiffID, entries)
	if digest == "" {
		return nil
	}
	data, err := json.Marshal(p)
	if err != nil {
		return errors.Join(errors.New("encoding the proof of a layer"), err)
	}
	if err := c.store.PutRecord(registry.RecordLayer, digest, data); err != nil {
		return fmt.Errorf("keeping the proof of layer %s: %w", digest, err)
	}
	return nil
}

// pin keeps the entries of a layer in memory until unpin, as far as MaxPinnedEntries allows. An image with many large
// layers must not hold all listings at once.
func (c *Cache) pin(diffID string, entries []inspect.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.pinned[diffID]; there || c.pinnedAll+len(entries) > MaxPinnedEntries {
		return
	}
	if c.pinned == nil {
		c.pinned = map[string]int{}
	}
	c.pinned[diffID] = len(entries)
	c.pinnedAll += len(entries)
	c.index.Put(diffID, entries)
}

// unpin releases the entries of a layer that is part of a tree now.
func (c *Cache) unpin(diffID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinnedAll -= c.pinned[diffID]
	delete(c.pinned, diffID)
	c.index.Forget(diffID)
}

// count keeps the proof of a layer for builders of trees, which need it before they read the index. Past MaxKeptLayers
// all of them are forgotten: an audit of thousands of images must not collect them, and a builder that finds none
// counts while it merges.
func (c *Cache) count(p proof) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) > MaxKeptLayers {
		c.known = map[string]proof{} // what is forgotten is counted again while it is merged
	}
	c.known[p.DiffID] = p
}

// knownOf returns the proof of a layer that was read in this run, the zero proof where there is none.
func (c *Cache) knownOf(diffID string) proof {
	if c == nil {
		return proof{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[diffID]
}
