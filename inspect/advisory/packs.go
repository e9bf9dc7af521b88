package advisory

import (
	"embed"
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

// embedded are the packs of published incidents that come with the program.
//
//go:embed packs/*.yaml
var embedded embed.FS

// maxPacks bounds the packs of one folder.
const maxPacks = 2000

// EmbeddedPacks returns the packs that come with the program, sorted by ID.
func EmbeddedPacks() ([]*Pack, error) {
	sub, err := fs.Sub(embedded, "packs")
	if err != nil {
		return nil, err
	}
	return packsOf(sub)
}

// packsOf reads all packs of a folder, sorted by their ID. One that cannot be read is named in the error, and hides no
// other.
func packsOf(dir fs.FS) ([]*Pack, error) {
	entries, err := fs.ReadDir(dir, ".")
	// a folder that was never made: nothing was imported
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the folder of incident packs: %w", err)
	}
	var packs []*Pack
	var bad []error
	for _, e := range entries {
		if ext := path.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		if len(packs) >= maxPacks {
			bad = append(bad, fmt.Errorf("reading the folder of incident packs: more than %d packs", maxPacks))
			break
		}
		p, err := packOf(dir, e.Name())
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", e.Name(), err))
			continue
		}
		packs = append(packs, p)
	}
	slices.SortFunc(packs, func(a, b *Pack) int { return strings.Compare(a.ID, b.ID) })
	return packs, errors.Join(bad...)
}

// packOf reads one pack.
func packOf(dir fs.FS, name string) (*Pack, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPackBytes+1))
	if err != nil {
		return nil, err
	}
	return ReadPack(data)
}

// PackFolder is the folder of imported packs below the folder of the data.
func PackFolder(dir string) string { return filepath.Join(dir, "incidents") }

// importedPacks reads the packs that were imported into the folder of the data. An imported pack takes the place of an
// embedded one with the same ID.
func importedPacks(dir string) ([]*Pack, error) { return packsOf(os.DirFS(PackFolder(dir))) }

// merged lays imported packs over embedded ones.
func merged(embedded, imported []*Pack) []*Pack {
	all := slices.Clone(imported)
	for _, p := range embedded {
		if !slices.ContainsFunc(imported, func(o *Pack) bool { return o.ID == p.ID }) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *Pack) int { return strings.Compare(a.ID, b.ID) })
	return all
}
