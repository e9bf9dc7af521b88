package evidence

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

// outlet is where a bundle is written: beside its place, and renamed in the end.
type outlet interface {
	// create begins a file of exactly size bytes below the bundle's root.
	create(name string, size int64) (io.WriteCloser, error)
	// publish puts the bundle in its place.
	publish() error
	// discard removes what was written; after publish it does nothing.
	discard()
	// taken reads the bundle back at its place and names the files that are not there or not what was written.
	taken(sums []fileSum) []string
}

func isArchive(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz") || strings.HasSuffix(path, zstdSuffix)
}

// zstdSuffix is that of archives that are compressed with Zstandard (RFC 8878); all others are with gzip.
const zstdSuffix = ".tar.zst"

// newOutlet begins a bundle at a path that must not exist yet; an empty directory counts as none.
func newOutlet(to, top string) (outlet, error) {
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
		return nil, inWords("writing a bundle to "+to, err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return nil, inWords("writing a bundle to "+to, err)
	}
	pattern := "." + filepath.Base(abs) + ".partial-*"
	if isArchive(to) {
		return newArchiveOutlet(abs, pattern, top)
	}
	temp, err := os.MkdirTemp(filepath.Dir(abs), pattern)
	if err != nil {
		return nil, inWords("writing a bundle to "+to, err)
	}
	return &dirOutlet{to: abs, temp: temp}, nil
}

func isEmptyDir(path string) bool {
	names, err := os.ReadDir(path)
	return err == nil && len(names) == 0
}

// dirOutlet writes a directory.
type dirOutlet struct{ to, temp string }

func (d *dirOutlet) create(name string, _ int64) (io.WriteCloser, error) {
	path := filepath.Join(d.temp, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

func (d *dirOutlet) publish() error {
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

func (d *dirOutlet) discard() {
	if d.temp != "" {
		_ = os.RemoveAll(d.temp)
	}
}

func (d *dirOutlet) taken(sums []fileSum) []string {
	var gone []string
	for _, s := range sums {
		sum, err := sumOfFile(filepath.Join(d.to, filepath.FromSlash(s.name)))
		if err != nil || sum != s.sha256 {
			gone = append(gone, s.name)
		}
	}
	return gone
}

// archiveOutlet writes a compressed tar with one directory in it. Times are 0 and owners root, so that the same content
// gives the same bytes.
type archiveOutlet struct {
	to, top string
	file    *os.File
	sum     hash.Hash
	packer  io.WriteCloser
	tar     *tar.Writer
	want    string
}

func newArchiveOutlet(to, pattern, top string) (outlet, error) {
	f, err := os.CreateTemp(filepath.Dir(to), pattern)
	if err != nil {
		return nil, inWords("writing a bundle to "+to, err)
	}
	a := &archiveOutlet{to: to, top: top, file: f, sum: sha256.New()}
	a.packer = gzip.NewWriter(io.MultiWriter(f, a.sum))
	if strings.HasSuffix(to, zstdSuffix) {
		// One encoder: the same content gives the same bytes on any number of cores.
		if a.packer, err = zstd.NewWriter(io.MultiWriter(f, a.sum), zstd.WithEncoderConcurrency(1)); err != nil {
			a.discard()
			return nil, fmt.Errorf("writing a bundle to %s: %w", to, err)
		}
	}
	a.tar = tar.NewWriter(a.packer)
	return a, nil
}

func (a *archiveOutlet) create(name string, size int64) (io.WriteCloser, error) {
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

func (a *archiveOutlet) publish() error {
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

func (a *archiveOutlet) discard() {
	if a.file != nil {
		_ = a.file.Close()
		_ = os.Remove(a.file.Name())
	}
}

func (a *archiveOutlet) taken([]fileSum) []string {
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
