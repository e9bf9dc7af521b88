package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// recordMark begins a record file: the format, then the checksum of kind, key and data in hex, then a line feed.
const recordMark = "backtrail-record/1 "

// recordHead is the length of a record's first line.
const recordHead = len(recordMark) + 2*sha256.Size + 1

var recordKind = regexp.MustCompile(`^[a-z][a-z0-9-]{0,40}$`)

// Record returns what PutRecord kept under kind and key. A damaged record, or one that lies under another's name, is
// removed and counts as absent. Errors: ErrNotFound.
func (s *Store) Record(kind, key string) ([]byte, error) {
	path, err := s.recordPath(kind, key)
	if err != nil {
		return nil, fmt.Errorf("reading cached record: %w", err)
	}
	data, err := readRecord(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading cached record %s %s: %w", kind, key, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading cached record %s %s: %w", kind, key, err)
	}
	sum := recordSum(filepath.Base(path), data[min(recordHead, len(data)):])
	if !bytes.HasPrefix(data, []byte(recordMark+sum+"\n")) {
		_ = os.Remove(path)
		return nil, fmt.Errorf("reading cached record %s %s: it was damaged: %w", kind, key, ErrNotFound)
	}
	return data[recordHead:], nil
}

// PutRecord keeps data under kind (lower-case letters, digits and "-") and key (any text). Errors: *LimitError.
func (s *Store) PutRecord(kind, key string, data []byte) error {
	path, err := s.recordPath(kind, key)
	if err != nil {
		return fmt.Errorf("writing record: %w", err)
	}
	if len(data) > MaxRecord {
		return fmt.Errorf("writing record %s: %w", kind, &LimitError{What: "record", Limit: MaxRecord})
	}
	doing := "writing record " + kind
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return s.wordsFor(doing, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	if err != nil {
		return s.wordsFor(doing, err)
	}
	_, err = f.WriteString(recordMark + recordSum(filepath.Base(path), data) + "\n")
	if err == nil {
		_, err = f.Write(data)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return s.wordsFor(doing, err)
	}
	return nil
}

// recordPath names a record's file by the hash of kind and key, so that any text can be a key.
func (s *Store) recordPath(kind, key string) (string, error) {
	if !recordKind.MatchString(kind) {
		return "", fmt.Errorf("kind %q is not lower-case letters, digits and dashes", kind)
	}
	return filepath.Join(s.recordDir(), filepath.FromSlash(recordName(kind, key))), nil
}

// recordName is the file of a record below the directory of records.
func recordName(kind, key string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + key))
	return kind + "/" + hex.EncodeToString(sum[:])
}

// readRecord reads a record with its head, within a bound, and notes that it was used.
func readRecord(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		touch(path, info)
	}
	return readAll(f, MaxRecord+int64(recordHead), "record")
}

// recordSum covers the file's name too, which stands for kind and key.
func recordSum(name string, data []byte) string {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{0})
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
