package evidence

import (
	"context"
	"errors"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// Bag is an opened bundle. It is an inspect.Store, and its bytes are foreign: use Verify before believing it.
type Bag struct{}

// IsBag says, from a look at its beginning, whether path is a bundle.
func IsBag(path string) bool { return false }

// OpenBag opens a bundle: a directory or a .tar.gz, which is unpacked into a nameless temporary file below temp ("" for
// the system's). Close it.
func OpenBag(ctx context.Context, path, temp string) (*Bag, error) {
	return nil, errors.New("opening the bundle: not built yet")
}

// Close lets go of the files.
func (b *Bag) Close() error { return nil }

// ID is the name of the case.
func (b *Bag) ID() string { return "" }

// Replay is the saved stream of events.
func (b *Bag) Replay() inspect.Source { return nil }

// Events opens the saved stream, for another export.
func (b *Bag) Events() (io.ReadCloser, error) { return nil, inspect.ErrNotKept }

// Case is the fold of the saved stream.
func (b *Bag) Case(ctx context.Context) (inspect.Case, error) { return inspect.Case{}, nil }

// Layout gives a directory with the OCI layout of the image (of "image") or of the known-good (of "known-good"), for a
// registry client to open; cleanup removes what had to be unpacked for it.
func (b *Bag) Layout(ctx context.Context, of string) (dir string, cleanup func(), err error) {
	return "", func() {}, inspect.ErrNotKept
}

// Trust gives the bytes of a trust root or policy that the bundle carries, by its digest.
func (b *Bag) Trust(digest string) ([]byte, error) { return nil, inspect.ErrNotKept }

// Index is of inspect.Store.
func (b *Bag) Index(ctx context.Context, diffID string) ([]inspect.Entry, error) {
	return nil, inspect.ErrNotKept
}

// Catalogue is of inspect.Store.
func (b *Bag) Catalogue(ctx context.Context, image string) ([]inspect.Package, error) {
	return nil, inspect.ErrNotKept
}

// Open is of inspect.Store.
func (b *Bag) Open(ctx context.Context, diffID string, e inspect.Entry) (inspect.Content, error) {
	return nil, inspect.ErrNotKept
}

// Blob is of inspect.Store.
func (b *Bag) Blob(ctx context.Context, digest string) (io.ReadCloser, error) {
	return nil, inspect.ErrNotKept
}

var _ inspect.Store = (*Bag)(nil)
