package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// local is an opened layout, archive or docker-save form. At least one of layout and docker is set; kind is which
// of two is read.
type local struct {
	kind   Kind
	files  files
	layout *layout
	docker *dockerSave
}

// locals are the opened places of this machine, each opened once: a compressed archive is unpacked for that.
type locals struct {
	store *Store
	mu    sync.Mutex
	open  map[localKey]*localEntry
}

// localKey is a path, and whether it was named as a docker-archive.
type localKey struct {
	path   string
	docker bool
}

type localEntry struct {
	mu    sync.Mutex
	local *local
}

func (l *locals) get(ctx context.Context, loc Location) (*local, error) {
	l.mu.Lock()
	key := localKey{loc.Path, loc.Kind == KindDockerArchive}
	entry := l.open[key]
	if entry == nil {
		entry = &localEntry{}
		l.open[key] = entry
	}
	l.mu.Unlock()

	entry.mu.Lock()
	defer entry.mu.Unlock()
	if entry.local != nil {
		return entry.local, nil
	}
	// Errors are not kept: an archive that is still being copied opens on the next try.
	opened, err := openLocal(ctx, loc, l.store)
	if err != nil {
		return nil, fmt.Errorf("opening image %s: %w", loc.Path, err)
	}
	entry.local = opened
	return opened, nil
}

func (l *locals) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for key, entry := range l.open {
		entry.mu.Lock()
		if entry.local != nil {
			errs = append(errs, entry.local.files.Close())
		}
		entry.mu.Unlock()
		delete(l.open, key)
	}
	return errors.Join(errs...)
}

// openLocal recognizes by content what is at a path: an index.json makes it OCI, else a manifest.json makes it
// docker-save.
func openLocal(ctx context.Context, loc Location, store *Store) (*local, error) {
	info, err := os.Stat(loc.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("no such file or directory: %w", ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	opened := &local{kind: KindLayout}
	switch {
	case info.IsDir():
		root, err := os.OpenRoot(loc.Path)
		if err != nil {
			return nil, err
		}
		opened.files = dirFiles{root}
	case info.Mode().IsRegular():
		opened.kind = KindArchive
		if opened.files, err = openArchive(ctx, loc.Path, store); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("neither a file nor a directory: %w", ErrNotFound)
	}
	if err := opened.read(loc.Kind); err != nil {
		_ = opened.files.Close()
		return nil, err
	}
	return opened, nil
}

// read parses index.json and manifest.json. Which of two counts depends on the kind: an explicit docker-archive is
// read by its manifest.json, as skopeo and older versions of Docker do, everything else as OCI.
func (l *local) read(kind Kind) error {
	index, err := readFile(l.files, "index.json", MaxManifest)
	if err == nil {
		l.layout, err = newLayout(l.files, index)
	} else if errors.Is(err, ErrNotFound) {
		err = nil
	}
	if err != nil && kind != KindDockerArchive {
		return err
	}
	manifest, missing := readFile(l.files, "manifest.json", MaxManifest)
	switch {
	case errors.Is(missing, ErrNotFound) && l.layout != nil:
		return nil
	case errors.Is(missing, ErrNotFound) && err == nil:
		return fmt.Errorf("neither an OCI layout nor what docker save writes: there is no index.json and no "+
			"manifest.json: %w", ErrNotFound)
	case missing != nil:
		return errors.Join(err, missing)
	}
	// Docker 25 wrote an empty index beside its manifest.json.
	if l.layout != nil && len(l.layout.index.Manifests) == 0 {
		l.layout = nil
	}
	l.docker, err = newDockerSave(l.files, manifest)
	if l.layout != nil && kind != KindDockerArchive {
		return nil // one that cannot be read beside a layout leads nowhere
	}
	l.kind = KindDockerArchive
	return err
}

// reads returns what a place is read as: exactly one of the two is not nil.
func (l *local) reads() (*layout, *dockerSave) {
	if l.kind == KindDockerArchive {
		return nil, l.docker
	}
	return l.layout, nil
}

// readFile reads a small file whole. Errors: ErrNotFound, *LimitError.
func readFile(from files, name string, limit int64) ([]byte, error) {
	r, _, err := from.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := readAll(r, limit, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return data, nil
}

// openArchive opens a tar. One that is compressed is unpacked once into a temporary file, so that it can be read at
// any offset.
func openArchive(ctx context.Context, path string, store *Store) (files, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	// gzip: RFC 1952, 2.3.1; zstd: RFC 8878, 3.1.1. The name of the file is not looked at.
	magic := make([]byte, 4)
	n, _ := f.ReadAt(magic, 0)
	switch {
	case n >= 2 && string(magic[:2]) == "\x1f\x8b", n == 4 && string(magic) == "\x28\xb5\x2f\xfd":
		defer f.Close()
		temp, size, err := unpack(ctx, f, magic[0] == 0x1f, store)
		if err != nil {
			return nil, fmt.Errorf("unpacking archive: %w", err)
		}
		return newTarFiles(temp, size)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return newTarFiles(f, info.Size())
}

// newTarFiles indexes a tar and takes over its file, which is closed where that fails.
func newTarFiles(file interface {
	io.ReaderAt
	io.Closer
}, size int64,
) (files, error) {
	members, err := indexTar(file, size)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &tarFiles{file: file, members: members}, nil
}

// unpack writes an unpacked archive to a temporary file. One that is damaged is unpacked
// as far as it goes: the digests inside show what of it is intact.
func unpack(ctx context.Context, packed *os.File, isGzip bool, store *Store) (*TempFile, int64, error) {
	info, err := packed.Stat()
	if err != nil {
		return nil, 0, err
	}
	reader, err := decompressor(contextReader{ctx, packed}, isGzip)
	if err != nil {
		return nil, 0, err
	}
	defer reader.Close()
	temp, err := store.Temp()
	if err != nil {
		return nil, 0, err
	}
	// the same ratio that bounds layers, over the whole archive
	limit := min(int64(MaxArchiveBytes), max(int64(RatioFloor), info.Size()*MaxRatio))
	source := &errorKeeper{r: reader}
	size, err := io.Copy(temp, io.LimitReader(source, limit+1))
	switch {
	case size > limit:
		err = &LimitError{What: "unpacked archive in bytes", Limit: limit}
	case err == nil, size > 0 && source.err != nil && ctx.Err() == nil:
		return temp, size, nil
	case source.err == nil:
		err = store.wordsFor("unpacking", err)
	}
	_ = temp.Close()
	return nil, 0, err
}

// errorKeeper distinguishes a reader's errors from those of the writer.
type errorKeeper struct {
	r   io.Reader
	err error
}

func (e *errorKeeper) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return n, err
}

// decompressor unpacks gzip or zstd. A zstd frame may declare a window of many gigabytes (RFC 8878, 3.1.1.1.2), which
// is bounded.
func decompressor(r io.Reader, isGzip bool) (io.ReadCloser, error) {
	if isGzip {
		return gzip.NewReader(r)
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(1<<30), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}
