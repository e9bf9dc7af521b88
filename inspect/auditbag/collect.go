package auditbag

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// Collector keeps what an audit finds of each image until the bag is written, in a temporary folder: the facts of ten
// thousand images are some hundred megabytes. It is safe for concurrent use. Close it.
//
// Facts are copied and not read from their store again: another audit, running at the same time, may have replaced them
// there, and rows have to follow from the facts that they were made of.
type Collector struct {
	dir string
	out bagit.Outlet
	id  string

	mu    sync.Mutex
	units []string // that were kept
}

// Begin opens the outlet of a bag at a path that must not exist yet, so that a path which cannot be written to is found
// before the audit and not after hours. id names the bag.
func Begin(path, id string) (*Collector, error) {
	out, err := bagit.NewOutlet(path, id)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "backtrail-audit-*")
	if err != nil {
		out.Discard()
		return nil, fmt.Errorf("making a folder for what the audit finds: %w", err)
	}
	return &Collector{dir: dir, out: out, id: id}, nil
}

// Close removes what is not needed any more. After Export the bag stays.
func (c *Collector) Close() error {
	c.out.Discard()
	return os.RemoveAll(c.dir)
}

// Keep takes the facts of an image, and what they were compared with, once the rows of all its places have been made.
func (c *Collector) Keep(j *audit.Joined) error {
	facts, err := audit.EncodeFacts(j.Facts)
	if err != nil {
		return fmt.Errorf("encoding the facts of %s: %w", j.Unit, err)
	}
	sum := sha256.Sum256(facts)
	line, err := json.Marshal(Image{Comparison: j.Comparison(), Facts: "sha256:" + hex.EncodeToString(sum[:])})
	if err != nil {
		return fmt.Errorf("encoding what %s was compared with: %w", j.Unit, err)
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(c.dir, hex.EncodeToString(sum[:])), facts, 0o600),
		os.WriteFile(c.linePath(j.Unit), append(line, '\n'), 0o600))
	if err != nil {
		return fmt.Errorf("keeping what was found of %s: %w", j.Unit, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.units = append(c.units, j.Unit)
	return nil
}

// linePath is where the line of an image waits. Units are foreign text: a digest of one is a safe name.
func (c *Collector) linePath(unit string) string {
	sum := sha256.Sum256([]byte(unit))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:])+".line")
}

// sorted are the images that were kept, in the order in which they stand in the bag.
func (c *Collector) sorted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.units)
	return slices.Compact(c.units)
}
