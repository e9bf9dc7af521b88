package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
)

// Writer takes the bytes of a new blob and hashes them on the way, so that a caller who needs their digest need not
// hash them again. End it with Commit or Discard.
type Writer struct {
	store *Store
	file  *os.File // nil once ended
	hash  hash.Hash
	size  int64
}

// Create begins a new blob.
func (s *Store) Create() (*Writer, error) {
	f, err := os.CreateTemp(s.blobDir(), tempPrefix+"*")
	if err != nil {
		return nil, s.wordsFor("beginning a blob", err)
	}
	return &Writer{store: s, file: f, hash: sha256.New()}, nil
}

// Write adds bytes.
func (w *Writer) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, errors.New("writing blob: it has ended")
	}
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.size += int64(n)
	if err != nil {
		return n, w.store.wordsFor("writing a blob", err)
	}
	return n, nil
}

// Digest returns the digest of what was written so far, sha256:<hex>.
func (w *Writer) Digest() string { return "sha256:" + hex.EncodeToString(w.hash.Sum(nil)) }

// Size returns the number of bytes written so far.
func (w *Writer) Size() int64 { return w.size }

// Commit puts the blob in its place if its digest is want; with an empty want, under whatever digest it has.
// Errors: *DigestError, after which the bytes are gone.
func (w *Writer) Commit(want string) error {
	if w.file == nil {
		return errors.New("committing blob: it has ended")
	}
	// hashed while writing: what the disk took is what is named
	have := w.Digest()
	if want != "" && want != have {
		w.Discard()
		return fmt.Errorf("committing blob: %w", &DigestError{Want: want, Have: have})
	}
	path, err := w.store.blobPath(have)
	if err != nil {
		w.Discard()
		return err
	}
	temp := w.file.Name()
	err = w.file.Close()
	w.file = nil
	if err == nil {
		// Atomic within one file system. Two processes that write the same blob write the same bytes, and either may
		// win.
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return w.store.wordsFor("writing blob "+have, err)
	}
	return nil
}

// Discard drops the blob; after Commit it does nothing, so that it can be deferred.
func (w *Writer) Discard() {
	if w.file == nil {
		return
	}
	temp := w.file.Name()
	_ = w.file.Close()
	_ = os.Remove(temp)
	w.file = nil
}

// TempFile is a file for the time of one run, gone once it is closed.
type TempFile struct {
	*os.File
}

// Temp opens a temporary file in the store's directory.
func (s *Store) Temp() (*TempFile, error) {
	f, err := os.CreateTemp(s.tempDir(), tempPrefix+"*")
	if err != nil {
		return nil, s.wordsFor("making a temporary file", err)
	}
	// Where a file may lose its name while open, not even a crash leaves it behind.
	_ = os.Remove(f.Name())
	return &TempFile{File: f}, nil
}

// Close closes and removes the file.
func (t *TempFile) Close() error {
	err := t.File.Close()
	_ = os.Remove(t.Name())
	return err
}
