package bagit

import (
	"archive/tar"
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
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Outlet is where a bag is written: beside its place, and renamed in the end.
// Files are created one after the other: the one before is closed first. Until Publish there is nothing at the path,
// so that a bundle which is there is a whole one.
type Outlet interface {
	// Create begins a file of exactly size bytes below the bundle's root.
	Create(name string, size int64) (io.WriteCloser, error)
	// Publish puts the bundle in its place.
	Publish() error
	// Discard removes what was written. After Publish it does nothing.
	Discard()
	// Altered reads the bag back at its place and names the files that are not there or not what was written.
	Altered(sums []FileSum) []string
}

// isArchive reports whether the ending of a path asks for an archive.
func isArchive(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz") || strings.HasSuffix(path, zstdSuffix)
}

// zstdSuffix is that of archives that are compressed with Zstandard (RFC 8878); all others are with gzip.
const zstdSuffix = ".tar.zst"

// NewOutlet begins a bag at a path that must not exist yet; an empty directory counts as none. The ending of the path
// decides on the form: a directory, .tar.gz (.tgz) or .tar.zst. An archive has one directory, top (RFC 8493, 4.2).
// Folders above the path are made, with mode 0700: evidence is for its owner alone to read.
func NewOutlet(to, top string) (Outlet, error) {
	abs, err := filepath.Abs(to)
	if err != nil || to == "" {
		return nil, fmt.Errorf("writing a bundle to %q: not the name of a file or directory", to)
	}
	info, err := os.Lstat(abs)
	switch {
	case err == nil && info.IsDir() && !isArchive(to) && isEmptyDir(abs):
	case err == nil:
		return nil, fmt.Errorf("writing a bundle to %s: there is something already; name a path that does not "+
			"exist yet", to)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, Explain("writing a bundle to "+to, err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return nil, Explain("writing a bundle to "+to, err)
	}
	// Beside its place: a rename within one file system is atomic. The dot hides what an ended process leaves.
	pattern := "." + filepath.Base(abs) + ".partial-*"
	if isArchive(to) {
		return newArchiveOutlet(abs, pattern, top)
	}
	temp, err := os.MkdirTemp(filepath.Dir(abs), pattern)
	if err != nil {
		return nil, Explain("writing a bundle to "+to, err)
	}
	return &dirOutlet{to: abs, temp: temp}, nil
}

func isEmptyDir(path string) bool {
	names, err := os.ReadDir(path)
	return err == nil && len(names) == 0
}

// dirOutlet writes a directory: temp, which is renamed to to.
type dirOutlet struct{ to, temp string }

func (d *dirOutlet) Create(name string, _ int64) (io.WriteCloser, error) {
	path := filepath.Join(d.temp, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

func (d *dirOutlet) Publish() error {
	// A directory is not renamed over another one: an empty one has to go first. One with files in it stays.
	if err := os.Remove(d.to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(d.temp, d.to); err != nil {
		return err
	}
	d.temp = ""
	return nil
}

func (d *dirOutlet) Discard() {
	if d.temp != "" {
		_ = os.RemoveAll(d.temp)
	}
}

func (d *dirOutlet) Altered(sums []FileSum) []string {
	var gone []string
	for _, s := range sums {
		sum, err := sumOfFile(filepath.Join(d.to, filepath.FromSlash(s.Name)))
		if err != nil || sum != s.SHA256 {
			gone = append(gone, s.Name)
		}
	}
	return gone
}

// archiveOutlet writes a compressed tar with one directory in it. Times are 0 and owners root, so that the same content
// gives the same bytes.
type archiveOutlet struct {
	to, top string
	file    *os.File       // nil once it is published
	sum     hash.Hash      // of the packed bytes, as they are written
	packer  io.WriteCloser // gzip or zstd
	tar     *tar.Writer
	want    string // sha256 of the published file, in hex
}

func newArchiveOutlet(to, pattern, top string) (Outlet, error) {
	f, err := os.CreateTemp(filepath.Dir(to), pattern)
	if err != nil {
		return nil, Explain("writing a bundle to "+to, err)
	}
	a := &archiveOutlet{to: to, top: top, file: f, sum: sha256.New()}
	a.packer = gzip.NewWriter(io.MultiWriter(f, a.sum))
	if strings.HasSuffix(to, zstdSuffix) {
		// One encoder: the same content gives the same bytes on any number of cores.
		if a.packer, err = zstd.NewWriter(io.MultiWriter(f, a.sum), zstd.WithEncoderConcurrency(1)); err != nil {
			a.Discard()
			return nil, fmt.Errorf("writing a bundle to %s: %w", to, err)
		}
	}
	a.tar = tar.NewWriter(a.packer)
	return a, nil
}

func (a *archiveOutlet) Create(name string, size int64) (io.WriteCloser, error) {
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: a.top + "/" + name, Size: size, Mode: 0o600,
		ModTime: time.Unix(0, 0), Format: tar.FormatPAX,
	}
	if err := a.tar.WriteHeader(h); err != nil {
		return nil, err
	}
	return member{a.tar}, nil
}

// member ends a file of a tar: the next header checks that all its bytes came.
type member struct{ io.Writer }

func (member) Close() error { return nil }

func (a *archiveOutlet) Publish() error {
	err := errors.Join(a.tar.Close(), a.packer.Close())
	if err == nil {
		err = a.file.Sync()
	}
	if cerr := a.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	a.want = hex.EncodeToString(a.sum.Sum(nil))
	// Link and remove instead of rename: it never replaces what came there meanwhile.
	if err := os.Link(a.file.Name(), a.to); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := os.Rename(a.file.Name(), a.to); err != nil {
			return err
		}
	}
	_ = os.Remove(a.file.Name())
	a.file = nil
	return nil
}

func (a *archiveOutlet) Discard() {
	if a.file != nil {
		_ = a.file.Close()
		_ = os.Remove(a.file.Name())
	}
}

// Its digest covers all files at once: reading the archive back member by member would find no more.
func (a *archiveOutlet) Altered([]FileSum) []string {
	if sum, err := sumOfFile(a.to); err != nil || sum != a.want {
		return []string{a.to}
	}
	return nil
}

func sumOfFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
