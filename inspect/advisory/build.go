package advisory

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of what is imported.
const (
	maxEntries = 2_000_000 // of an archive or a folder
	maxLines   = 1_000_000 // of the reduced file
)

// Builder collects OSV records and writes the reduced file. The zero Builder is ready.
type Builder struct {
	lines  map[string]bool
	date   string // of the youngest record
	Broken int    // records that could not be read
}

// Add takes one OSV record as JSON. What is no malicious-package record is passed over, and what cannot be read is
// counted.
func (b *Builder) Add(data []byte) error {
	lines, modified, err := reduce(data)
	if err != nil {
		b.Broken++
		return nil //nolint:nilerr // one broken record hides no other; the caller reports the count
	}
	if b.lines == nil {
		b.lines = map[string]bool{}
	}
	for _, l := range lines {
		if len(b.lines) >= maxLines {
			return fmt.Errorf("collecting advisories: more than %d", maxLines)
		}
		b.lines[l] = true
	}
	b.date = max(b.date, strings.Trim(modified, "-"))
	return nil
}

// Keep takes the records of a reduced file whose keys do not have one of the given purl types before the slash.
func (b *Builder) Keep(d *Database, without ...string) {
	if d == nil {
		return
	}
	if b.lines == nil {
		b.lines = map[string]bool{}
	}
	for line := range strings.Lines(string(d.lines)) {
		kind, _, _ := strings.Cut(line, "/")
		if !slices.Contains(without, kind) && len(b.lines) < maxLines {
			b.lines[strings.TrimSuffix(line, "\n")] = true
		}
	}
	if !d.Date.IsZero() {
		b.date = max(b.date, d.Date.Format("2006-01-02"))
	}
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
		return b.addZip(name)
	default:
		return b.addFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	}
}

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
func (b *Builder) addZip(name string) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("importing advisories from %s: %w", name, err)
	}
	defer z.Close()
	if len(z.File) > maxEntries {
		return fmt.Errorf("importing advisories from %s: more than %d files", name, maxEntries)
	}
	for _, f := range z.File {
		if base := path.Base(f.Name); path.Ext(base) != ".json" || !isMalicious(base) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			b.Broken++
			continue
		}
		err = b.addReader(r)
		_ = r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Builder) addFile(root fs.FS, p string) error {
	f, err := root.Open(p)
	if err != nil {
		return fmt.Errorf("importing advisories: %w", err)
	}
	defer f.Close()
	return b.addReader(f)
}

func (b *Builder) addReader(r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, maxOSVRecord+1))
	if err != nil {
		b.Broken++
		return nil //nolint:nilerr // counted, as any record that cannot be read
	}
	return b.Add(data)
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
	return p, writeFile(filepath.Join(PackFolder(dir), p.ID+".yaml"), []byte(p.text))
}
