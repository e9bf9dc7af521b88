package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Store keeps bytes on disk under their digest: compressed layers under the digest of the compressed bytes,
// uncompressed layer tars under their diff ID (which is the sha256 of the tar, so it is their digest).
//
// Never look a layer up by a diff ID that only a config claims: a hostile config can name a known base's. The record
// of kind RecordLayer under the blob's digest holds the diff ID that was proven when that blob was read.
//
// Several processes may use one directory at once: files are written beside and renamed. A blob was its digest when
// it was written. Open does not read it again, so whoever keeps facts about a blob keeps its size with them: a
// machine that lost power may have cut the last files short.
type Store struct {
	dir string
}

// RecordLayer is the kind of the record that holds the proven diff ID of a blob; its key is the blob's digest.
const RecordLayer = "layer"

// touchAfter is how old the time of use of a file may get before using it writes a new one.
const touchAfter = time.Hour

// tempPrefix begins the name of files that are being written.
const tempPrefix = ".tmp-"

// OpenStore opens or makes a store in a directory, which it makes with mode 0700.
func OpenStore(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil || dir == "" {
		return nil, fmt.Errorf("opening cache %q: not a directory name", dir)
	}
	s := &Store{dir: abs}
	for _, d := range []string{s.blobDir(), s.recordDir(), s.tempDir()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("opening cache %s (--cache DIR chooses another): %w", abs, err)
		}
	}
	return s, nil
}

// Dir returns the directory.
func (s *Store) Dir() string { return s.dir }

func (s *Store) blobDir() string   { return filepath.Join(s.dir, "blobs", "sha256") }
func (s *Store) recordDir() string { return filepath.Join(s.dir, "records") }
func (s *Store) tempDir() string   { return filepath.Join(s.dir, "tmp") }

// damagedDir holds what SetAside took out of use; it is there only once something was.
func (s *Store) damagedDir() string { return filepath.Join(s.dir, "damaged") }

// blobPath is the file of a blob. Only hex of the right length becomes a path.
func (s *Store) blobPath(digest string) (string, error) {
	if !IsDigest(digest) {
		return "", fmt.Errorf("digest %q is not sha256:<hex>", digest)
	}
	return filepath.Join(s.blobDir(), strings.TrimPrefix(digest, "sha256:")), nil
}

// Open opens a blob for reading at any offset. Errors: ErrNotFound.
func (s *Store) Open(digest string) (*os.File, int64, error) {
	path, err := s.blobPath(digest)
	if err != nil {
		return nil, 0, fmt.Errorf("opening cached blob: %w", err)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("opening cached blob %s: %w", digest, ErrNotFound)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("opening cached blob: %w", err)
	}
	info, err := f.Stat()
	// a cache in a shared folder may hold what others put there: no pipe, no device
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, fmt.Errorf("opening cached blob %s: %w", digest, err)
	}
	touch(path, info)
	return f, info.Size(), nil
}

// Has reports whether a blob is there.
func (s *Store) Has(digest string) bool {
	path, err := s.blobPath(digest)
	if err != nil {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Read returns a blob of at most limit bytes, verified. A damaged one is removed and counts as absent.
// Errors: ErrNotFound, *LimitError.
func (s *Store) Read(digest string, limit int64) ([]byte, error) {
	f, size, err := s.Open(digest)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > limit {
		return nil, &LimitError{What: "cached blob " + digest, Limit: limit}
	}
	data, err := readAll(f, limit, "cached blob "+digest)
	if err != nil {
		return nil, err
	}
	if digestOf(data) != digest {
		_ = s.Remove(digest)
		return nil, fmt.Errorf("reading cached blob %s: it was damaged: %w", digest, ErrNotFound)
	}
	return data, nil
}

// Put stores small bytes that are digest. Errors: *DigestError.
func (s *Store) Put(digest string, data []byte) error {
	if _, err := s.blobPath(digest); err != nil {
		return fmt.Errorf("writing blob: %w", err)
	}
	// the same digest is the same bytes; whoever reads them verifies them
	if s.Has(digest) {
		return nil
	}
	w, err := s.Create()
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Commit(digest)
}

// Remove drops a blob; one that is not there is no error.
func (s *Store) Remove(digest string) error {
	path, err := s.blobPath(digest)
	if err != nil {
		return fmt.Errorf("removing cached blob: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing cached blob: %w", err)
	}
	return nil
}

// wordsFor adds what to do to a failed write where the disk is full.
func (s *Store) wordsFor(doing string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s to the cache %s: no space left; --cache DIR chooses another: %w", doing, s.dir, err)
	}
	return fmt.Errorf("%s to the cache %s: %w", doing, s.dir, err)
}

// touch notes that a file was used, for Prune. The time of access is no help: many systems do not keep it.
func touch(path string, info fs.FileInfo) {
	if now := time.Now(); now.Sub(info.ModTime()) > touchAfter {
		_ = os.Chtimes(path, now, now)
	}
}

// digestOf is the digest of bytes, sha256:<hex>.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// openVerified opens a blob for one reading from begin to end, which ends with ErrDamagedStore if the bytes are not
// what they were; the blob is then removed.
func (s *Store) openVerified(digest string) (io.ReadCloser, error) {
	f, _, err := s.Open(digest)
	if err != nil {
		return nil, err
	}
	return &verifiedFile{file: f, store: s, digest: digest, hash: sha256.New()}, nil
}

// verifiedFile does not embed its file: io.Copy would find its WriteTo and pass the hash by.
type verifiedFile struct {
	file   *os.File
	store  *Store
	digest string
	hash   hash.Hash
}

func (v *verifiedFile) Read(p []byte) (int, error) {
	n, err := v.file.Read(p)
	v.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && "sha256:"+hex.EncodeToString(v.hash.Sum(nil)) != v.digest {
		_ = v.store.Remove(v.digest)
		return n, fmt.Errorf("reading cached blob %s: %w", v.digest, ErrDamagedStore)
	}
	return n, err
}

func (v *verifiedFile) Close() error { return v.file.Close() }
