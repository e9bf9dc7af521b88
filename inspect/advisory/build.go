package advisory

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/text"
)

// Bounds of what is imported.
const (
	// npm, the largest, has some 200,000 malicious-package records; the numbers leave room for years
	maxEntries  = 2_000_000 // of an archive or a folder
	maxLines    = 1_000_000 // of the reduced file
	maxUnpacked = 8 << 30   // bytes of the records of archives: all of npm have less than 2 GB
)

// Builder collects OSV records and writes the reduced file. The zero Builder is ready.
type Builder struct {
	lines    map[string]bool
	size     int    // bytes of the lines
	unpacked int64  // bytes of the records of archives
	date     string // of the youngest record
	Broken   int    // records that could not be read
}

// Add takes one OSV record as JSON. What is no malicious-package record is passed over, and what cannot be read is
// counted.
func (b *Builder) Add(data []byte) error {
	lines, modified, err := reduce(data)
	if err != nil {
		b.Broken++
		return nil //nolint:nilerr // one broken record hides no other; the caller reports the count
	}
	for _, l := range lines {
		if err := b.line(l); err != nil {
			return err
		}
	}
	// The date of the data is that of its youngest record, not of the download: a mirror that stopped a year ago serves
	// what is a year old. Dates of this form are ordered as texts.
	b.date = max(b.date, strings.Trim(modified, "-"))
	return nil
}

// line takes one line, within the bounds of the reduced file.
func (b *Builder) line(l string) error {
	if b.lines == nil {
		b.lines = map[string]bool{}
	}
	if b.lines[l] {
		return nil
	}
	// both bounds are those of ReadDatabase, so that what is built can be read
	b.size += len(l) + 1
	if len(b.lines) >= maxLines || b.size > maxDatabase-len(databaseHeader)-64 {
		return fmt.Errorf("collecting advisories: more than %d records or %d bytes", maxLines, maxDatabase)
	}
	b.lines[l] = true
	return nil
}

// add takes all that another Builder collected.
func (b *Builder) add(o *Builder) error {
	for l := range o.lines {
		if err := b.line(l); err != nil {
			return err
		}
	}
	b.date, b.Broken = max(b.date, o.date), b.Broken+o.Broken
	return nil
}

// Keep takes the records of a reduced file whose keys do not have one of the given purl types before the slash.
func (b *Builder) Keep(d *Database, without ...string) error {
	if d == nil {
		return nil
	}
	for line := range strings.Lines(string(d.lines)) {
		if kind, _, _ := strings.Cut(line, "/"); slices.Contains(without, kind) {
			continue
		}
		if err := b.line(strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
	if !d.Date.IsZero() {
		b.date = max(b.date, d.Date.Format("2006-01-02"))
	}
	return nil
}

// KeepImported takes the records of a file that were imported by hand, but those that the source has too, by their ID:
// its form of a record is the younger one.
func (b *Builder) KeepImported(d *Database) error {
	if d == nil {
		return nil
	}
	have := map[string]bool{}
	for l := range b.lines {
		if r, ok := parseRecord(l); ok {
			have[r.id] = true
		}
	}
	for line := range strings.Lines(string(d.lines)) {
		line = strings.TrimSuffix(line, "\n")
		if r, ok := parseRecord(line); !ok || have[r.id] {
			continue
		}
		if err := b.line(line); err != nil {
			return err
		}
	}
	return nil
}

// Len is the number of records so far.
func (b *Builder) Len() int { return len(b.lines) }

// AddPath takes what stands at a path: an OSV record, a zip archive of them as osv.dev serves it, or a folder of
// records.
func (b *Builder) AddPath(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("importing advisories: %w", err)
	}
	switch {
	case info.IsDir():
		return b.addFolder(name)
	case strings.EqualFold(filepath.Ext(name), ".zip"):
		return b.addZip(context.Background(), name)
	default:
		return b.addFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	}
}

// addFolder reads the records below a folder.
func (b *Builder) addFolder(name string) error {
	root, n := os.DirFS(name), 0
	return fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("importing advisories: %w", err)
		}
		if n++; n > maxEntries {
			return fmt.Errorf("importing advisories: more than %d files in %s", maxEntries, name)
		}
		if !d.Type().IsRegular() || path.Ext(p) != ".json" {
			return nil
		}
		return b.addFile(root, p)
	})
}

// addZip takes the records of an archive. osv.dev names each file after its record, so others need not be unpacked.
func (b *Builder) addZip(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("importing advisories: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("importing advisories: %w", err)
	}
	// The directory of an archive is read into memory whole by archive/zip: how many entries it claims is looked at
	// before.
	if n := sbom.DirectoryEntries(f, info.Size()); n > 2*maxEntries { // it estimates from above
		return fmt.Errorf("importing advisories from %s: more than %d files", name, maxEntries)
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return fmt.Errorf("importing advisories from %s: %w", name, err)
	}
	if len(z.File) > maxEntries {
		return fmt.Errorf("importing advisories from %s: more than %d files", name, maxEntries)
	}
	// Names of entries are looked at and never used as paths: records go into memory, not onto the disk.
	for _, f := range z.File {
		if base := path.Base(f.Name); path.Ext(base) != ".json" || !isMalicious(base) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := b.addEntry(f)
		if err != nil {
			return err
		}
		if b.unpacked += n; b.unpacked > maxUnpacked {
			return fmt.Errorf("importing advisories from %s: more than %s unpacked", name,
				text.Size(maxUnpacked))
		}
	}
	return nil
}

// addEntry takes a record of an archive, whatever size it claims.
func (b *Builder) addEntry(f *zip.File) (n int64, err error) {
	r, err := f.Open()
	if err != nil {
		b.Broken++
		return 0, nil //nolint:nilerr // counted, as any record that cannot be read
	}
	defer r.Close()
	return b.addReader(r)
}

// addFile reads one record or archive.
func (b *Builder) addFile(root fs.FS, p string) error {
	f, err := root.Open(p)
	if err != nil {
		return fmt.Errorf("importing advisories: %w", err)
	}
	defer f.Close()
	_, err = b.addReader(f)
	return err
}

// addReader reads one record. One that is too large or cannot be read is counted as broken, and the others are read.
func (b *Builder) addReader(r io.Reader) (n int64, err error) {
	// The size that an archive claims for an entry is not relied upon: the reader stops one byte past the bound, and
	// Add refuses what reaches it.
	data, err := io.ReadAll(io.LimitReader(r, maxOSVRecord+1))
	if err != nil {
		b.Broken++
		return int64(len(data)), nil //nolint:nilerr // counted, as any record that cannot be read
	}
	return int64(len(data)), b.Add(data)
}

// Bytes writes the reduced file.
func (b *Builder) Bytes() []byte {
	lines := make([]string, 0, len(b.lines))
	for l := range b.lines {
		lines = append(lines, l)
	}
	slices.Sort(lines)
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\t%s\t%d\n", databaseHeader, cmp.Or(b.date, "-"), len(lines))
	for _, l := range lines {
		out.WriteString(l)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// Save writes the reduced file into the folder of the data. The old one stays until the new one is whole.
func (b *Builder) Save(dir string) error {
	data := b.Bytes()
	// what is written is read first: a file that would be refused tomorrow must not take the place of one that is sound
	if _, err := ReadDatabase(data); err != nil {
		return fmt.Errorf("saving the advisories: %w", err)
	}
	return writeFile(DatabasePath(dir), data)
}

// writeFile replaces a file at once, readable by its owner's group and others.
func writeFile(name string, data []byte) (err error) {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // public data, as other programs' caches
		return fmt.Errorf("writing %s: %w", name, err)
	}
	f, err := os.CreateTemp(dir, ".new-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", name, errors.Join(err, os.Remove(f.Name())))
		}
	}()
	if _, err = f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// ImportPack checks an incident pack and copies it into the folder of the data, under its ID.
func ImportPack(dir, name string) (*Pack, error) {
	p, err := packOf(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		return nil, fmt.Errorf("importing %s: %w", name, err)
	}
	// the ID was checked to be a plain name (packID): it cannot leave the folder
	return p, writeFile(filepath.Join(PackFolder(dir), p.ID+".yaml"), []byte(p.text))
}
