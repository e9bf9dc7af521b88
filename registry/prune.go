package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tempAge is how old a file that is being written must be to count as left behind by a crash.
const tempAge = 24 * time.Hour

// Size returns the bytes and the number of files that the store holds.
func (s *Store) Size() (bytes int64, files int, err error) {
	err = s.walk(context.Background(), s.allDirs(), func(path string, info fs.FileInfo) error {
		bytes += info.Size()
		files++
		return nil
	})
	return bytes, files, err
}

// Kept names what Prune leaves, however old it is: blobs by their digest, records by kind and key.
type Kept struct{ blobs, records map[string]bool }

// Blob leaves a blob.
func (k *Kept) Blob(digest string) {
	if k.blobs == nil {
		k.blobs = map[string]bool{}
	}
	k.blobs[digest] = true
}

// Record leaves a record.
func (k *Kept) Record(kind, key string) {
	if k.records == nil {
		k.records = map[string]bool{}
	}
	k.records[recordName(kind, key)] = true
}

// Pruned is what Prune did.
type Pruned struct {
	Freed int64 // bytes
	Files int   // removed
	Left  int64 // bytes of what was old enough and stays because it is to be kept
	Stay  int   // files of these
}

// Prune removes blobs and records that were not used since olderThan, except those that are to be kept, and what a
// crash left behind.
func (s *Store) Prune(ctx context.Context, olderThan time.Time, kept Kept) (Pruned, error) {
	var p Pruned
	err := s.walk(ctx, s.allDirs(), func(path string, info fs.FileInfo) error {
		limit, stays := olderThan, false
		switch {
		// another process may be writing it: only what is a day old was left behind
		case strings.HasPrefix(info.Name(), tempPrefix):
			limit = time.Now().Add(-tempAge)
		case s.isBlob(path):
			stays = kept.blobs["sha256:"+info.Name()]
		default:
			stays = kept.records[filepath.Base(filepath.Dir(path))+"/"+info.Name()]
		}
		if !info.ModTime().Before(limit) {
			return nil
		}
		if stays {
			p.Left += info.Size()
			p.Stay++
			return nil
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		p.Freed += info.Size()
		p.Files++
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("pruning cache %s: %w", s.dir, err)
	}
	return p, nil
}

// Verify reads every blob and record and returns the names, below the store's directory, of those that are damaged.
// It removes nothing: see SetAside.
func (s *Store) Verify(ctx context.Context) (bad []string, err error) {
	err = s.walk(ctx, []string{s.blobDir(), s.recordDir()}, func(path string, info fs.FileInfo) error {
		if strings.HasPrefix(info.Name(), tempPrefix) {
			return nil
		}
		good, err := s.intact(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if name, _ := filepath.Rel(s.dir, path); !good {
			bad = append(bad, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		return bad, fmt.Errorf("verifying cache %s: %w", s.dir, err)
	}
	return bad, nil
}

// SetAside takes a file that Verify named out of use: it is kept in the folder "damaged", until Prune finds it old, and
// whoever needs what it should have been reads that anew.
func (s *Store) SetAside(name string) error {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	// the name may come from a person or a script: it stays below the cache
	if within, err := filepath.Rel(s.dir, path); err != nil || !filepath.IsLocal(within) {
		return fmt.Errorf("setting %q aside: it is no file of the cache", name)
	}
	if err := os.MkdirAll(s.damagedDir(), 0o700); err != nil {
		return fmt.Errorf("setting %s aside: %w", name, err)
	}
	if err := os.Rename(path, filepath.Join(s.damagedDir(), filepath.Base(path))); err != nil && !errors.Is(err,
		fs.ErrNotExist) {
		return fmt.Errorf("setting %s aside: %w", name, err)
	}
	return nil
}

func (s *Store) intact(ctx context.Context, path string) (bool, error) {
	if !s.isBlob(path) {
		data, err := readRecord(path)
		if err != nil {
			return false, err
		}
		sum := recordSum(filepath.Base(path), data[min(recordHead, len(data)):])
		return bytes.HasPrefix(data, []byte(recordMark+sum+"\n")), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{ctx, f}); err != nil {
		return false, err
	}
	return hex.EncodeToString(h.Sum(nil)) == filepath.Base(path), nil
}

func (s *Store) isBlob(path string) bool { return filepath.Dir(path) == s.blobDir() }

func (s *Store) allDirs() []string {
	return []string{s.blobDir(), s.recordDir(), s.tempDir(), s.damagedDir()}
}

// walk visits all regular files below some directories; what another process removes meanwhile is passed over.
func (s *Store) walk(ctx context.Context, dirs []string, visit func(path string, info fs.FileInfo) error) error {
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			if !entry.Type().IsRegular() {
				return nil
			}
			info, err := entry.Info()
			if err != nil {
				return nil
			}
			return visit(path, info)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
