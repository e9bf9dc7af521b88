package layer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// proof is what was found when a blob was read whole and was its digest: the record of kind registry.RecordLayer,
// whose key is the blob's digest. Never is a layer looked up by a diff ID that a config claims.
type proof struct {
	DiffID  string   `json:"diffID"`
	Size    int64    `json:"size"`    // of the blob, bytes
	TarSize int64    `json:"tarSize"` // unpacked
	Entries int      `json:"entries,omitempty"`
	Notes   []string `json:"notes,omitempty"`
	Refused string   `json:"refused,omitempty"` // why containerd does not unpack the tar with any snapshotter

	cached bool // an earlier run made it
}

func (p proof) bytes() int64 {
	sum := int64(400)
	for _, n := range p.Notes {
		sum += int64(len(n))
	}
	return sum
}

// proven gives the proof of an earlier run, if all that it speaks of is still there in full length.
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

// kept says that a layer was read before and is still there, as far as that can be told without reading its index.
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

// has says whether a blob is there with this size. One that was cut short by a crash is dropped.
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

// drop removes a blob that is damaged. Who has it open reads on; the next opens what takes its place.
func (c *Cache) drop(digest string) error {
	c.handles.forget(digest)
	return c.store.Remove(digest)
}

// keep writes the index and the proof of a layer. The proof comes last: where it is, the rest is.
func (c *Cache) keep(digest string, p proof, entries []inspect.Entry) error {
	p.Entries = len(entries)
	c.count(p)
	if err := c.store.PutRecord(recordIndex, p.DiffID, encodeIndex(entries)); err != nil {
		return fmt.Errorf("keeping the index of layer %s: %w", p.DiffID, err)
	}
	c.hold(p.DiffID, entries)
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

// hold keeps the entries of a layer at hand until they are part of a tree, as long as there is room.
func (c *Cache) hold(diffID string, entries []inspect.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.held[diffID]; there || c.heldAll+len(entries) > MaxHeldEntries {
		return
	}
	if c.held == nil {
		c.held = map[string]int{}
	}
	c.held[diffID] = len(entries)
	c.heldAll += len(entries)
	c.index.Put(diffID, entries)
}

func (c *Cache) letGo(diffID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heldAll -= c.held[diffID]
	delete(c.held, diffID)
	c.index.Forget(diffID)
}

// count remembers what a tree has to know of a layer before it reads its index.
func (c *Cache) count(p proof) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) > MaxKeptLayers {
		c.known = map[string]proof{} // what is forgotten is counted again while it is merged
	}
	c.known[p.DiffID] = p
}

// knownOf gives the proof of a layer that was read in this run, the zero proof where there is none.
func (c *Cache) knownOf(diffID string) proof {
	if c == nil {
		return proof{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[diffID]
}
