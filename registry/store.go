package registry

import (
	"context"
	"os"
	"time"
)

// Store keeps bytes on disk under their digest: compressed layers under the digest of the compressed bytes,
// uncompressed layer tars under their diff ID (which is the sha256 of the tar, so it is their digest).
//
// Never look a layer up by a diff ID that only a config claims: a hostile config can name a known base's. The record
// of kind "layer" under the blob's digest holds the diff ID that was proven when that blob was read.
//
// Several processes may use one directory at once: files are written beside and renamed.
type Store struct {
	dir string
}

// Writer takes the bytes of a new blob; end it with Commit or Discard.
type Writer struct{}

// RecordLayer is the kind of the record that holds the proven diff ID of a blob; its key is the blob's digest.
const RecordLayer = "layer"

// OpenStore opens or makes a store in a directory, which it makes with mode 0700.
func OpenStore(dir string) (*Store, error) { return &Store{dir: dir}, nil }

// Dir returns the directory.
func (s *Store) Dir() string { return s.dir }

// Create begins a new blob.
func (s *Store) Create() (*Writer, error) { return nil, errTODO }

// Write adds bytes.
func (w *Writer) Write(p []byte) (int, error) { return 0, errTODO }

// Digest returns the digest of what was written so far.
func (w *Writer) Digest() string { return "" }

// Size returns the number of bytes written so far.
func (w *Writer) Size() int64 { return 0 }

// Commit puts the blob in its place if its digest is want; with an empty want, under whatever digest it has.
// Errors: *DigestError, after which the bytes are gone.
func (w *Writer) Commit(want string) error { return errTODO }

// Discard drops the blob; after Commit it does nothing, so that it can be deferred.
func (w *Writer) Discard() {}

// Put stores small bytes that are already known to be digest.
func (s *Store) Put(digest string, data []byte) error { return errTODO }

// Open opens a blob for reading at any offset. Errors: ErrNotFound.
func (s *Store) Open(digest string) (*os.File, int64, error) { return nil, 0, ErrNotFound }

// Has says whether a blob is there.
func (s *Store) Has(digest string) bool { return false }

// Remove drops a blob.
func (s *Store) Remove(digest string) error { return errTODO }

// Temp opens a file without a name of its own, gone when closed.
func (s *Store) Temp() (*os.File, error) { return nil, errTODO }

// Record returns what PutRecord kept under kind and key. A damaged record is removed and counts as absent.
// Errors: ErrNotFound.
func (s *Store) Record(kind, key string) ([]byte, error) { return nil, ErrNotFound }

// PutRecord keeps data under kind (lower-case letters and "-") and key (any text).
func (s *Store) PutRecord(kind, key string, data []byte) error { return errTODO }

// Size returns the bytes and the number of files that the store holds.
func (s *Store) Size() (bytes int64, files int, err error) { return 0, 0, errTODO }

// Prune removes blobs and records that were not used since olderThan and for which keep, which may be nil, is not
// true. It returns how many bytes it freed.
func (s *Store) Prune(ctx context.Context, olderThan time.Time, keep func(digest string) bool) (int64, error) {
	return 0, errTODO
}

// Verify reads every blob and record and returns the names of those that are damaged; it removes nothing.
func (s *Store) Verify(ctx context.Context) (bad []string, err error) { return nil, errTODO }
