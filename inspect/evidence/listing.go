package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// writeListings writes the listing of every layer of both images, and takes the suspect files and the package databases
// out of the layers on the way: one listing is in memory at a time.
func (x *export) writeListings() error {
	s := newSuspectFiles(x.c)
	p := newPackageFiles()
	for _, tree := range x.trees() {
		p.begin(tree.key)
		for number, diffID := range tree.diffIDs {
			entries, err := x.writeListing(diffID)
			if err != nil {
				return err
			}
			p.layer(number, diffID, entries)
			s.layer(diffID, entries)
		}
		if err := x.writePackageFiles(p); err != nil {
			return err
		}
	}
	if err := x.bag.AddJSON("data/packages/index.json", p.written); err != nil {
		return err
	}
	return x.writeSuspectFiles(s)
}

// tree is one image by its layers.
type tree struct {
	key     string   // digest of the manifest or config
	diffIDs []string // by layer number
}

// trees are the images of the case and their known-goods, each once.
func (x *export) trees() []tree {
	var list []tree
	seen := map[string]bool{}
	add := func(t tree) {
		if t.key != "" && len(t.diffIDs) > 0 && !seen[t.key] {
			seen[t.key] = true
			list = append(list, t)
		}
	}
	for _, i := range x.c.Images {
		t := tree{key: i.Key()}
		for _, l := range i.Layers {
			if !l.Empty {
				t.diffIDs = append(t.diffIDs, l.DiffID)
			}
		}
		add(t)
	}
	for _, i := range x.c.Images {
		if i.Diff != nil && i.Diff.KnownGood != nil {
			add(tree{key: i.Diff.KnownGood.Key(), diffIDs: x.diffIDsOf(i.Diff.KnownGood.Config)})
		}
	}
	return list
}

// diffIDsOf reads the diff IDs that a carried config names. The listing that lies under a diff ID is of the tar with
// that digest, whatever a config names: it is named by its content.
// nil where the configuration is not here or is not its digest: then the tree of the known-good has no listings.
func (x *export) diffIDsOf(config string) []string {
	r, err := x.opener(config)()
	if err != nil {
		return nil
	}
	defer r.Close()
	data, err := bagit.ReadBounded(r, MaxSmall, config)
	if err != nil || bagit.Digest(data) != config {
		return nil
	}
	return configDiffIDs(data)
}

// configDiffIDs are the diff IDs that an image's config names, in the order of the layers.
func configDiffIDs(config []byte) []string {
	var c struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if json.Unmarshal(config, &c) != nil || len(c.RootFS.DiffIDs) > maxLayers {
		return nil
	}
	return c.RootFS.DiffIDs
}

// maxLayers bounds the layers of an image (registry.MaxLayers).
const maxLayers = 512

// listingName is the file of a layer's listing. It is named by the diff ID: two blobs may pack the same tar.
func listingName(diffID string) string { return "data/index/" + bagit.HexOf(diffID) + ".jsonl.gz" }

// writeListing writes one layer's listing if the store has it, once.
// A layer that was not read, as one above --max-layer, has none; the person who exports gets a note.
func (x *export) writeListing(diffID string) ([]inspect.Entry, error) {
	if bagit.HexOf(diffID) == "" {
		return nil, nil
	}
	entries, err := x.store.Index(x.ctx, diffID)
	switch {
	case x.ctx.Err() != nil:
		return nil, x.ctx.Err()
	case errors.Is(err, inspect.ErrNotKept):
		x.note("there is no listing of layer %s: it was not read", diffID)
		return nil, nil
	case err != nil:
		x.note("the listing of layer %s could not be read: %v", diffID, err)
		return nil, nil
	}
	name := listingName(diffID)
	if x.bag.Has(name) {
		return entries, nil
	}
	data, err := packListing(entries)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return entries, x.bag.AddBytes(name, data)
}

// packListing writes a line of JSON for each entry, compressed; gzip's time is 0.
// The same entries give the same bytes: the gzip header has neither name nor time (RFC 1952, 2.3.1).
func packListing(entries []inspect.Entry) ([]byte, error) {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	enc := json.NewEncoder(zw)
	for _, e := range entries {
		if err := enc.Encode(e); err != nil {
			return nil, err
		}
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// readListing reads what packListing writes, with bounds: it may be a stranger's.
// The bound on entries holds whatever a small file unpacks to, and ctx ends the reading between two blocks.
func readListing(ctx context.Context, r io.Reader) ([]inspect.Entry, error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("unpacking the listing: %w", err)
	}
	defer zr.Close()
	var entries []inspect.Entry
	err = eachLine(bagit.WithContext(ctx, zr), func(n int, line []byte) error {
		if n > MaxEntries {
			return fmt.Errorf("more than %d entries", MaxEntries)
		}
		var e inspect.Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the listing: %w", err)
	}
	return entries, nil
}
