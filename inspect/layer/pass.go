package layer

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"runtime/debug"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// readLayer is the one pass: place -> digest, store -> unpack -> diff ID, store -> tar index and file digests. Each
// arrow is a broadcast between goroutines, so that all stages run at once. Errors: *badLayer, registry.ErrDamagedStore.
func (c *Cache) readLayer(ctx context.Context, client *registry.Client, img *registry.Image, claim registry.Layer,
	progress func(int64),
) (proof, error) {
	src, err := c.layer(ctx, client, img, claim)
	if err != nil {
		return proof{}, noBytes(ctx, err)
	}
	defer src.Close()
	stored := claim.Digest()
	if img.Location.Local() { // whatever the source has is kept under its own digest
		stored = ""
	}
	blob, err := c.newBlob(stored)
	if err != nil {
		return proof{}, err
	}
	defer blob.discard()

	raw := newBroadcast(1)
	came := make(chan error, 1)
	go func() {
		err := guarded(func() error { return copyTo(ctx, io.MultiWriter(blob, raw), src, progress) })
		raw.end(err)
		came <- err
	}()
	got, bad := c.parse(ctx, raw.taps[0], string(claim.Descriptor.MediaType))
	defer got.discard()
	_ = raw.taps[0].Close()
	if err := <-came; err != nil {
		return proof{}, noBytes(ctx, err)
	}
	if ctx.Err() != nil {
		return proof{}, ctx.Err()
	}
	return c.settle(claim, blob, got, bad)
}

// layer opens a layer as it is stored: from the store, where it was kept and not yet read or its index was lost, else
// from its place. Either way it is hashed. A layout or archive is evidence in hand: only its own bytes count.
func (c *Cache) layer(ctx context.Context, client *registry.Client, img *registry.Image,
	claim registry.Layer,
) (io.ReadCloser, error) {
	if digest := claim.Digest(); digest != "" && !img.Location.Local() {
		if f, _, err := c.store.Open(digest); err == nil {
			return f, nil
		}
	}
	return client.Layer(ctx, img, claim.Number)
}

// settle commits what was read if it holds, else gives what is wrong with it. The order of the checks matters. Bytes
// that are not their digest are kept under the digest that they have, as evidence, and are not unpacked into a layer.
// What went wrong with the store is no word about the layer. A tar that breaks off is kept with the entries before,
// under the diff ID of what was read.
func (c *Cache) settle(claim registry.Layer, blob *blobWriter, got parsed, bad error) (proof, error) {
	actual, want := blob.digest(), claim.Digest()
	if want != "" && actual != want {
		if blob.kept() {
			_ = c.drop(want)
			return proof{}, fmt.Errorf("reading layer %s: %w", want, registry.ErrDamagedStore)
		}
		if err := blob.commit(); err != nil {
			return proof{}, err
		}
		return proof{}, &badLayer{
			problem: registry.ProblemDigest, detail: mismatch(claim, blob.size, actual),
			actual: actual,
		}
	}
	if errors.As(bad, new(*storeError)) {
		return proof{}, bad
	}
	if err := blob.commit(); err != nil {
		return proof{}, err
	}
	if bad != nil && len(got.entries) == 0 {
		return proof{}, unreadLayer(bad)
	}
	p := proof{DiffID: actual, Size: blob.size, TarSize: blob.size, Notes: got.notes, Refused: got.refused}
	if got.tar != nil {
		p.DiffID, p.TarSize = got.tar.Digest(), got.tar.Size()
		if err := got.tar.Commit(p.DiffID); err != nil {
			return proof{}, err
		}
	}
	if bad != nil {
		return proof{}, c.partial(p, got, bad)
	}
	return p, c.keep(want, p, got.entries)
}

// partial describes why a layer was not read to its end, and keeps the entries that came before. It has no proof: it is
// read again in the next run. An attacker could break a layer on purpose behind its payload: the entries before the
// break are shown and the layer is not verified.
func (c *Cache) partial(p proof, got parsed, bad error) error {
	b := unreadLayer(bad)
	if err := c.keep("", p, got.entries); err != nil {
		return err
	}
	b.diffID = p.DiffID
	b.detail += fmt.Sprintf(" (what came before it is shown: %s)", counted(len(got.entries), "entry", "entries"))
	return b
}

// unreadLayer names the problem by the kind of the error: only malformed means that the bytes themselves are wrong.
func unreadLayer(bad error) *badLayer {
	b := &badLayer{problem: registry.ProblemMalformed, detail: bad.Error()}
	switch {
	case errors.As(bad, new(*registry.LimitError)):
		b.problem = registry.ProblemLimit
	case errors.As(bad, new(*formError)):
		b.problem = inspect.ReasonUnsupported
	}
	return b
}

// counted writes a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// mismatch words that bytes are not those of a digest; that they end early points to a transfer that broke rather than
// to a changed layer.
func mismatch(claim registry.Layer, size int64, actual string) string {
	text := (&registry.DigestError{Want: claim.Digest(), Have: actual}).Error()
	if size < claim.Descriptor.Size {
		text += fmt.Sprintf("; it ends after %d of %d bytes", size, claim.Descriptor.Size)
	}
	return text
}

// noBytes separates a layer that cannot be fetched from a run that cannot go on. A network that fails is no defect of
// the image: the layer is unknown, and the case goes on with the others.
func noBytes(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*storeError)):
		return err
	case errors.As(err, new(*registry.LimitError)), errors.As(err, new(*registry.SlowError)):
		return &badLayer{problem: registry.ProblemLimit, detail: err.Error()}
	case errors.Is(err, registry.ErrNotFound):
		return &badLayer{problem: registry.ProblemMissing, detail: err.Error()}
	default:
		return &badLayer{problem: registry.ProblemMissing, detail: "its bytes could not be had: " + err.Error()}
	}
}

// parsed is what came out of unpacking and scanning.
type parsed struct {
	tarListing
	tar *registry.Writer // the unpacked tar, complete and not yet committed; nil where the blob is the tar
}

// discard removes a tar that was not committed; after a commit it does nothing.
func (p parsed) discard() {
	if p.tar != nil {
		p.tar.Discard()
	}
}

// parse unpacks a blob while it comes and scans its tar, which it also keeps. With an error it gives what came before.
// Errors: *storeError, *registry.LimitError, *formError, or what is malformed. Three goroutines work on one blob:
//
//	blob ─► unpack ─► broadcast ─► store   (hashes: the diff ID)
//	└─► scanTar (here: entries, digests of files)
//
// scanTar runs in the caller's goroutine. Each of the others ends when the broadcast ends or its reader is closed, so
// that none is left behind when one of them fails.
func (c *Cache) parse(ctx context.Context, blob io.Reader, mediaType string) (parsed, error) {
	in := bufio.NewReaderSize(blob, 64<<10)
	if form := foreignForm(in, mediaType); form != "" {
		return parsed{}, &formError{form}
	}
	how := packingOf(in)
	if how == plain {
		listed, err := scanTar(ctx, in)
		if err != nil && len(listed.entries) == 0 && !isTarType(mediaType) {
			err = &formError{"of the type " + mediaType}
		}
		return parsed{tarListing: listed}, err
	}
	unpacked, err := unpack(in, how, allowanceOf(ctx))
	if err != nil {
		return parsed{}, err
	}
	defer unpacked.Close()
	w, err := c.store.Create()
	if err != nil {
		return parsed{}, &storeError{err}
	}
	got := parsed{tar: w}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	out := newBroadcast(2)
	written, unpackedAll := make(chan error, 1), make(chan error, 1)
	go func() { written <- guarded(func() error { return drain(w, out.taps[0]) }) }()
	go func() {
		err := guarded(func() error { return copyTo(ctx, out, unpacked, nil) })
		out.end(err)
		unpackedAll <- err
	}()
	got.tarListing, err = scanTar(ctx, out.taps[1])
	if errors.As(err, new(*registry.LimitError)) {
		stop() // a bomb is not unpacked to its end
	}
	_ = out.taps[1].Close()
	err = firstError(<-written, err, <-unpackedAll)
	got.notes = append(got.notes, unpacked.note()...)
	return got, err
}

// drain writes what a subscriber reads, and closes it when writing fails, so that it holds up no other.
func drain(w io.Writer, t *subscriber) error {
	defer t.Close()
	_, err := io.CopyBuffer(onlyWriter{w}, t, make([]byte, chunkSize))
	return err
}

// firstError prefers the error that is nearest to the cause: a full disk, then a tar that breaks or passes a bound,
// then the stream that it was read from.
func firstError(written, scanned, unpacked error) error {
	if errors.As(written, new(*storeError)) {
		return written
	}
	if scanned != nil {
		return scanned
	}
	return unpacked
}

// onlyWriter hides all but Write, and marks its errors as the store's own.
type onlyWriter struct{ w io.Writer }

func (o onlyWriter) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		return n, &storeError{err}
	}
	return n, nil
}

// storeError marks what went wrong with the store, which is no word about the layer.
type storeError struct{ err error }

func (s *storeError) Error() string { return s.err.Error() }
func (s *storeError) Unwrap() error { return s.err }

// copyTo copies while its context lasts. It checks the context once per chunk, and the bound on what one layer may have
// (registry.MaxLayerBytes), which holds for unpacked bytes as well. progress is called with the bytes so far.
func copyTo(ctx context.Context, w io.Writer, r io.Reader, progress func(int64)) error {
	buf, done := make([]byte, chunkSize), int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			if done += int64(n); progress != nil {
				progress(done)
			}
		}
		if done > registry.MaxLayerBytes {
			return &registry.LimitError{What: "layer", Limit: registry.MaxLayerBytes}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// guarded turns a panic of a goroutine of ours into an error, as the engine does it for a check's own goroutine. A
// hostile tar that makes a library panic costs its own layer, not the case.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the reader broke (a defect of backtrail, please report it): %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}

// blobWriter hashes the blob as it comes, and keeps it unless the store has it already.
type blobWriter struct {
	hash hash.Hash
	w    *registry.Writer // nil where the store has the blob
	size int64
}

// newBlob opens a writer for a blob. digest is what the blob claims to be, empty where it has to be kept in any case.
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

// Write hashes and keeps. Errors: *storeError.
func (b *blobWriter) Write(p []byte) (int, error) {
	b.size += int64(len(p))
	if b.w != nil {
		return onlyWriter{b.w}.Write(p)
	}
	return b.hash.Write(p)
}

// digest is that of the bytes so far; call it after the last Write.
func (b *blobWriter) digest() string {
	if b.w != nil {
		return b.w.Digest()
	}
	return "sha256:" + hex.EncodeToString(b.hash.Sum(nil))
}

// kept reports whether the store had the blob before.
func (b *blobWriter) kept() bool { return b.w == nil }

// commit keeps the blob under the digest that it has, whatever it claims to be.
func (b *blobWriter) commit() error {
	if b.w == nil {
		return nil
	}
	return b.w.Commit("")
}

// discard removes a blob that was not committed; after a commit it does nothing.
func (b *blobWriter) discard() {
	if b.w != nil {
		b.w.Discard()
	}
}
