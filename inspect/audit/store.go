package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/backtrail/backtrail/inspect"
)

// Bounds of what is read back from a folder of facts, which another program may have written.
const (
	maxFactsFile = 64 << 20 // bytes, compressed
	// a bound on decompression: zstd can make gigabytes of kilobytes
	maxFactsJSON = 512 << 20 // bytes, decompressed
	// resumeFor is how long an audit that was ended may be gone on with: what its first half saw is as old as that.
	// A day, since audits run every night: one that began yesterday and was killed is still the same night's work.
	resumeFor = 24 * time.Hour
)

// Store keeps facts in a folder, a file for each image and depth. A file is written under another name and moved into
// place, so that whoever is killed loses one image, and two audits may use one folder.
type Store struct{ dir string }

// OpenStore opens the folder, which is made when something is kept.
func OpenStore(dir string) *Store { return &Store{dir: dir} }

// path is where the facts of a unit are kept.
func (s *Store) path(unit string, d Depth) string {
	sum := sha256.Sum256([]byte(unit))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(s.dir, name[:2], name+"."+string(d)+".json.zst")
}

// Facts returns the facts of a unit that are at least as deep as wanted and complete; ok is false where there are none.
// Errors are those of a disk: a file that cannot be understood counts as none, and is written again.
func (s *Store) Facts(unit string, d Depth) (f Facts, ok bool, err error) {
	for _, deep := range Depths() {
		if !deep.Covers(d) {
			continue
		}
		raw, err := readFile(s.path(unit, deep), maxFactsFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Facts{}, false, fmt.Errorf("reading stored facts: %w", err)
		}
		f, err := decodeFacts(raw)
		if err == nil && f.Unit == unit && f.usable(d) {
			return f, true, nil
		}
	}
	return Facts{}, false, nil
}

// Put keeps facts.
func (s *Store) Put(f Facts) error {
	raw, err := encodeFacts(f)
	if err != nil {
		return err
	}
	if err := writeFile(s.path(f.Unit, f.Depth), raw); err != nil {
		return fmt.Errorf("keeping the facts of %s: %w", f.Unit, err)
	}
	return nil
}

// begun is the record of an audit that has not ended.
type begun struct {
	Since inspect.Time `json:"since"`
}

func (s *Store) marker(scope string) string {
	sum := sha256.Sum256([]byte(scope))
	return filepath.Join(s.dir, "running", hex.EncodeToString(sum[:])+".json")
}

// Begin records that an audit of a scope begins, and returns since when facts count for it: since an audit of the same
// scope began that has not ended, so that it is gone on with, else from now on. The marker is one small file for each
// scope, so that an audit of one namespace does not go on with that of all.
func (s *Store) Begin(scope string, now time.Time) (since time.Time, err error) {
	raw, err := readFile(s.marker(scope), maxMarker)
	var b begun
	if err == nil && json.Unmarshal(raw, &b) == nil && now.Sub(b.Since.Time) < resumeFor && !b.Since.After(now) {
		return b.Since.Time, nil
	}
	if raw, err = json.Marshal(begun{inspect.At(now)}); err != nil {
		return now, fmt.Errorf("recording the beginning of the audit: %w", err)
	}
	if err := writeFile(s.marker(scope), raw); err != nil {
		return now, fmt.Errorf("recording the beginning of the audit: %w", err)
	}
	return now, nil
}

// maxMarker bounds the record of an audit that has not ended, in bytes.
const maxMarker = 4 << 10

// End records that the audit of a scope has ended.
func (s *Store) End(scope string) error {
	if err := os.Remove(s.marker(scope)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("recording the end of the audit: %w", err)
	}
	return nil
}

// coders are made once: each has tables of some hundred KiB, and a recheck reads ten thousand files. EncodeAll and
// DecodeAll may be called from several goroutines. One goroutine each inside: sixteen images are encoded side by side,
// and the frame must not depend on how many cores there are.
var coders = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	w, errWriter := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	r, errReader := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxFactsJSON))
	if err := errors.Join(errWriter, errReader); err != nil {
		panic(err) // the options are constants
	}
	return w, r
})

// readFile reads a file within a bound, in bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// One read of the right size: growing a buffer takes longer than the read itself where ten thousand files are read.
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = min(info.Size(), limit)
	}
	b := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	_, err = b.ReadFrom(io.LimitReader(f, limit+1))
	raw := b.Bytes()
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("reading %s: it is larger than %d bytes", path, limit)
	}
	return raw, err
}

// writeFile writes a file so that it is there whole or not at all.
func writeFile(path string, raw []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// in the same folder, since a rename is atomic within one file system only
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
