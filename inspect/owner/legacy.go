package owner

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"runtime"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"golang.org/x/sync/errgroup"
)

// legacyDigests holds the digests that package databases compare with, MD5, SHA-1 and others, by the sha256 of the
// content: the same content is hashed once, in whichever layer and at whichever path it stands. They are kept by
// layer.
type legacyDigests struct {
	tree *layer.Tree
	mu   sync.Mutex
	sums map[legacyKey]string // in hex
	new  map[int][]string     // lines to keep, by layer
	// buffers are handed from file to file: an image has tens of thousands, and most are smaller than a buffer.
	buffers sync.Pool
}

// legacyKey names a content by its sha256, in hex, and the algorithm of another digest of it.
type legacyKey struct{ sha256, algorithm string }

// newLegacyDigests reads the digests that were computed before for the layers of a tree. A record that cannot be read,
// or was cut, only means that digests are computed again. The record is a line for each digest, "SHA256 ALGORITHM SUM".
// It lies in the store of this machine, and whoever may write there could also change the layers.
func newLegacyDigests(t *layer.Tree) *legacyDigests {
	w := &legacyDigests{tree: t, sums: make(map[legacyKey]string, t.Len()), new: map[int][]string{}}
	w.buffers.New = func() any { b := make([]byte, 128<<10); return &b }
	for _, number := range t.Numbers() {
		data, err := t.Record(layer.RecordWeak, t.DiffID(number))
		if err != nil {
			continue
		}
		layer.Lines(data, func(line string) {
			content, rest, _ := strings.Cut(line, " ")
			if algorithm, sum, ok := strings.Cut(rest, " "); ok {
				w.sums[legacyKey{content, algorithm}] = sum
			}
		})
	}
	return w
}

// digestRequest is a file whose digest by an algorithm is wanted.
type digestRequest struct {
	node      *inspect.Node
	algorithm string
}

// make computes all that is not known yet, in parallel, and keeps it. What cannot be read has no digest. Errors: those
// of reading a file, which end the check: a file that could not be compared must not count as intact.
func (w *legacyDigests) make(ctx context.Context, wanted []digestRequest) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	started := map[legacyKey]bool{}
	for _, d := range wanted {
		key := legacyKey{d.node.SHA256, d.algorithm}
		if w.get(d) != "" || started[key] || newLegacyHash(d.algorithm) == nil {
			continue
		}
		started[key] = true
		group.Go(func() error {
			return layer.Guarded(func() error { return w.add(ctx, key, d) })
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return w.keep()
}

// add computes the digest of one file that a database names in another algorithm than sha256. The result is kept
// under the sha256 of the content, so that the same file of another layer is not read again.
func (w *legacyDigests) add(ctx context.Context, key legacyKey, d digestRequest) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := w.tree.Open(ctx, d.node)
	if err != nil {
		return fmt.Errorf("comparing with the package database: %w", err)
	}
	defer c.Close()
	h := newLegacyHash(d.algorithm)
	buf := w.buffers.Get().(*[]byte)
	defer w.buffers.Put(buf)
	if _, err := io.CopyBuffer(h, io.NewSectionReader(c, 0, c.Size()), *buf); err != nil {
		return fmt.Errorf("comparing %s with the package database: %w", d.node.Path, err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sums[key] = sum
	w.new[d.node.Layer] = append(w.new[d.node.Layer], key.sha256+" "+key.algorithm+" "+sum)
	return nil
}

// get gives the digest of a file, "" where it was not made.
func (w *legacyDigests) get(d digestRequest) string {
	if d.algorithm == "sha256" {
		return d.node.SHA256
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sums[legacyKey{d.node.SHA256, d.algorithm}]
}

// keep adds the computed digests to the records of their layers, for the next case that has these layers. Records only
// grow; one content has one line for each algorithm.
func (w *legacyDigests) keep() error {
	for number, added := range w.new {
		diffID := w.tree.DiffID(number)
		old, err := w.tree.Record(layer.RecordWeak, diffID)
		if err != nil {
			old = nil
		}
		data := append(old, strings.Join(added, "\n")+"\n"...)
		if err := w.tree.PutRecord(layer.RecordWeak, diffID, data); err != nil {
			return err
		}
	}
	return nil
}

// newLegacyHash is the hash of that name; nil for an unknown one. MD5 and SHA-1 are compared since databases have
// nothing else: a match is evidence against accidents and careless attackers, and none against a collision.
func newLegacyHash(algorithm string) hash.Hash {
	switch algorithm {
	case "md5":
		return md5.New()
	case "sha1":
		return sha1.New()
	case "sha224":
		return sha256.New224()
	case "sha384":
		return sha512.New384()
	case "sha512":
		return sha512.New()
	default:
		return nil
	}
}
