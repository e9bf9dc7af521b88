package sbom

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Bounds on the archives of one image, those within archives included. Past one the archive is left out, and reported
// to be.
const (
	// MaxArchiveEntries bounds the entries that the directories of all archives name. The largest application servers
	// seen have some hundred thousand.
	MaxArchiveEntries = 1_000_000
	// MaxDirectory bounds the entries of one archive, all of which are held in memory at once.
	MaxDirectory = 300_000
	// MaxNestedArchives bounds the archives within archives. A large ear has some hundred jars.
	MaxNestedArchives = 20_000
	// MaxNestedBytes bounds the unpacked bytes of what cataloguers unpack: archives within archives and descriptions.
	// Nothing of it stays: it bounds time, and maxHeldArchive bounds memory.
	MaxNestedBytes = 4 << 30
	// MaxArchiveDepth bounds archives within archives within archives. An ear holds wars, and a war holds jars: three
	// levels are ordinary.
	MaxArchiveDepth = 8
	// MaxDescription bounds one file of an archive that describes it, which cataloguers hold in memory. A
	// pom.properties has a hundred bytes and a license some ten thousand: what is larger is no description.
	MaxDescription = 16 << 20
	// maxHeldArchive bounds an archive within an archive that is unpacked in memory. It is held while it is walked,
	// once for each level of nesting.
	maxHeldArchive = 256 << 20
)

// errArchive is the error of an archive that would take cataloguers too long to read.
var errArchive = errors.New("the archive is past a limit")

// archiveEndings are the names that syft takes for archives of Java, and zip for those that wrap them.
var archiveEndings = []string{
	".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".far",
	".lpkg", ".rar", ".zap", ".zip",
}

// isArchive reports whether a file is one of Java's archives by its ending.
func isArchive(p string) bool { return slices.Contains(archiveEndings, strings.ToLower(path.Ext(p))) }

// isDescription reports whether a cataloguer reads a file of an archive into memory. syft takes names in any case and
// place. The list errs on the side of more names: what is counted and not unpacked by syft costs a little of the
// budget, and what syft unpacks and is not counted would be a gap.
func isDescription(name string) bool {
	base := strings.ToLower(path.Base(name))
	return base == "manifest.mf" || base == "version.properties" || strings.HasSuffix(base, "pom.xml") ||
		strings.HasSuffix(base, "pom.properties") ||
		strings.Contains(base, "licen") || strings.Contains(base, "notice") || strings.Contains(base, "copying")
}

// archiveBudget is what is left of the bounds on the archives of one image. It is safe for concurrent use.
type archiveBudget struct {
	mu                       sync.Mutex
	entries, archives, bytes int64
}

// newArchiveBudget begins the budget of one image: all its archives together share it.
func newArchiveBudget() *archiveBudget {
	return &archiveBudget{entries: MaxArchiveEntries, archives: MaxNestedArchives, bytes: MaxNestedBytes}
}

// take takes from what is left. left is one of the fields of b. An error ends the cataloging of that archive only. What
// was taken is not given back: a second archive cannot begin where the first one failed.
func (b *archiveBudget) take(left *int64, n int64, what string, limit int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if *left -= n; *left < 0 {
		return fmt.Errorf("%w: more than %d %s", errArchive, limit, what)
	}
	return nil
}

// admit walks an archive as a cataloguer would, and takes what it costs from the budget. What is no archive costs
// nothing: cataloguers refuse it. It runs before the cataloger gets the file, since a cataloger that has begun cannot
// be stopped by a bound.
func (b *archiveBudget) admit(ctx context.Context, c inspect.Content) error {
	return b.walk(ctx, c, c.Size(), 0)
}

// walk looks through an archive and those within it. More entries, bytes or levels than the budget has are an error. It
// goes through the same entries as syft's cataloger of Java, which unpacks archives within archives to disk and
// descriptions into memory. DirectoryEntries goes first, because zip.NewReader holds every entry in memory before it
// returns.
func (b *archiveBudget) walk(ctx context.Context, from io.ReaderAt, size int64, depth int) error {
	if depth > MaxArchiveDepth {
		return fmt.Errorf("%w: archives within archives are more than %d deep", errArchive, MaxArchiveDepth)
	}
	if claimed := DirectoryEntries(from, size); claimed > MaxDirectory {
		return fmt.Errorf("%w: more than %d entries", errArchive, MaxDirectory)
	}
	z, err := zip.NewReader(from, size)
	if err != nil {
		return nil //nolint:nilerr // no archive
	}
	if err := b.take(&b.entries, int64(len(z.File)), "entries", MaxArchiveEntries); err != nil {
		return err
	}
	for _, f := range z.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(f.Name, "/"):
		case isArchive(f.Name):
			err = b.nested(ctx, from, f, depth)
		case isDescription(f.Name):
			err = b.description(f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nested walks an archive within an archive: in place where it is stored as it is, else unpacked in memory. Sizes in a
// directory are claims: what is unpacked is counted as it comes. Entries that overlap ("zip bombs" that share one
// stream) cost their full size each.
func (b *archiveBudget) nested(ctx context.Context, from io.ReaderAt, f *zip.File, depth int) error {
	if err := b.take(&b.archives, 1, "archives within archives", MaxNestedArchives); err != nil {
		return err
	}
	if at, err := f.DataOffset(); f.Method == zip.Store && err == nil {
		size := int64(min(f.CompressedSize64, f.UncompressedSize64, 1<<62))
		if err := b.take(&b.bytes, size, "bytes within archives", MaxNestedBytes); err != nil {
			return err
		}
		return b.walk(ctx, io.NewSectionReader(from, at, size), size, depth+1)
	}
	var held bytes.Buffer
	if err := b.unpack(&held, f, maxHeldArchive); err != nil {
		return err
	}
	return b.walk(ctx, bytes.NewReader(held.Bytes()), int64(held.Len()), depth+1)
}

// description unpacks a description of a library and discards it: only its size counts, against a bomb that syft
// would unpack.
func (b *archiveBudget) description(f *zip.File) error {
	return b.unpack(io.Discard, f, MaxDescription)
}

// unpack unpacks an entry, whatever size it claims. One that cannot be unpacked costs what it gave.
func (b *archiveBudget) unpack(to io.Writer, f *zip.File, limit int64) error {
	r, err := f.Open()
	if err != nil {
		return nil //nolint:nilerr // no cataloguer can read it either
	}
	defer r.Close()
	n, _ := io.Copy(to, io.LimitReader(r, limit+1))
	if n > limit {
		return fmt.Errorf("%w: %s has more than %s", errArchive, path.Base(f.Name), text.Size(limit))
	}
	return b.take(&b.bytes, n, "bytes within archives", MaxNestedBytes)
}

// Marks and sizes of a zip file's end (APPNOTE.TXT 6.3.10, 4.3.14 to 4.3.16).
const (
	zipEntry   = 46 // bytes of the smallest entry of a directory
	zipEnd     = 22
	zip64End   = 56
	zip64Where = 20 // bytes of the locator before the end
	zipComment = 1 << 16
)

// DirectoryEntries estimates from above how many entries the directory of an archive has, before any is held in memory:
// readers go on from its beginning to the end of the file, whatever number it claims. It is the number of smallest
// entries that fit between the claimed beginning and the end of the file; 0 for what has no end of a directory. The
// sizes at offsets 12 and 16 of the end record are those of the directory; for zip64 they are 64-bit numbers at 40 and
// 48 of its own end record. All of them are the author's, so that each is cut to the size of the file.
func DirectoryEntries(from io.ReaderAt, size int64) int64 {
	tail := make([]byte, min(size, zipEnd+zipComment+zip64Where))
	if n, _ := from.ReadAt(tail, size-int64(len(tail))); n < len(tail) {
		return 0
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+zipEnd > len(tail) {
		return 0
	}
	le := binary.LittleEndian
	length, start := int64(le.Uint32(tail[at+12:])), int64(le.Uint32(tail[at+16:]))
	if where := at - zip64Where; where >= 0 && string(tail[where:where+4]) == "PK\x06\x07" {
		end := make([]byte, zip64End)
		if n, _ := from.ReadAt(end, int64(le.Uint64(tail[where+8:])&math.MaxInt64)); n == len(end) {
			length, start = int64(le.Uint64(end[40:])&math.MaxInt64), int64(le.Uint64(end[48:])&math.MaxInt64)
		}
	}
	return max(min(length, size), size-min(start, size)) / zipEntry
}
