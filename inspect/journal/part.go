package journal

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// placedPackage is a package at one of the places where it lies.
type placedPackage struct {
	inspect.Package
	path string
}

// A part is known by a hash of its sorted rows, so that a second image with the same rows costs one lookup and no
// insert. Packages and files of a layer are two parts: a package database that an upper layer rewrites then does not
// store the files anew.

// putParts stores what each layer contributes to an image in the stead of what was stored of it.
func (w *writer) putParts(image int64, packages []inspect.Package, files []File) error {
	if err := w.run("DELETE FROM image_part WHERE image = ?", image); err != nil {
		return err
	}
	byLayer := map[int][]placedPackage{}
	for _, p := range packages {
		// All locations stand in the facts; the first is enough to be found by, and is what people look for.
		at := placedPackage{Package: p}
		if len(p.Locations) > 0 {
			at.path = p.Locations[0]
		}
		byLayer[p.Layer] = append(byLayer[p.Layer], at)
	}
	for layer, list := range byLayer {
		if err := w.putPart(image, layer, func() (int64, error) { return w.packagePart(list) }); err != nil {
			return err
		}
	}
	filesByLayer := map[int][]File{}
	for _, f := range files {
		filesByLayer[f.Layer] = append(filesByLayer[f.Layer], f)
	}
	for layer, list := range filesByLayer {
		if err := w.putPart(image, layer, func() (int64, error) { return w.filePart(list) }); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) putPart(image int64, layer int, store func() (int64, error)) error {
	part, err := store()
	if err != nil {
		return err
	}
	return w.run("INSERT OR IGNORE INTO image_part (image, layer, part) VALUES (?, ?, ?)", image, layer, part)
}

// newPart returns the number of a part by its hash; fresh is true for one whose rows are still to be stored.
func (w *writer) newPart(hash []byte) (part int64, fresh bool, err error) {
	part, found, err := w.number("SELECT id FROM part WHERE hash = ?", hash)
	if err != nil || found {
		return part, false, err
	}
	part, err = w.idOf("SELECT id FROM part WHERE hash = ?", "INSERT INTO part (hash) VALUES (?)", hash)
	return part, true, err
}

// packagePart stores packages that lie in one layer, unless another image has the same ones.
func (w *writer) packagePart(list []placedPackage) (int64, error) {
	slices.SortFunc(list, func(a, b placedPackage) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Type, b.Type),
			cmp.Compare(a.PURL, b.PURL), cmp.Compare(a.path, b.path))
	})
	h := sha256.New()
	// The hash is over everything that is stored of the part and nothing else: two lists with one hash have the same
	// rows.
	for _, p := range list { // quoted: no name can be mistaken for several
		fmt.Fprintf(h, "package %q %q %q %q %q\n", p.Type, p.Name, p.Version, p.PURL, p.path)
	}
	part, fresh, err := w.newPart(h.Sum(nil))
	if err != nil || !fresh {
		return part, err
	}
	for _, p := range list {
		id, err := w.packageID(p.Package)
		if err != nil {
			return 0, err
		}
		at, err := w.pathID(p.path)
		if err != nil {
			return 0, err
		}
		err = w.run("INSERT OR IGNORE INTO part_package (part, package, path) VALUES (?, ?, ?)", part, id, at)
		if err != nil {
			return 0, err
		}
	}
	return part, nil
}

// filePart stores files of one layer, unless another image has the same ones.
func (w *writer) filePart(list []File) (int64, error) {
	slices.SortFunc(list, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.SHA256, b.SHA256))
	})
	h := sha256.New()
	for _, f := range list {
		fmt.Fprintf(h, "file %q %q %q\n", f.Path, f.Kind, f.SHA256)
	}
	part, fresh, err := w.newPart(h.Sum(nil))
	if err != nil || !fresh {
		return part, err
	}
	for _, f := range list {
		sum := bytesOf(f.SHA256)
		// a file whose content could not be read has no digest to be found by
		if sum == nil {
			continue
		}
		content, err := w.idOf("SELECT id FROM content WHERE sha256 = ?",
			"INSERT INTO content (sha256) VALUES (?)", sum)
		if err != nil {
			return 0, err
		}
		at, err := w.pathID(f.Path)
		if err != nil {
			return 0, err
		}
		err = w.run("INSERT OR IGNORE INTO part_file (part, path, content, kind) VALUES (?, ?, ?, ?)",
			part, at, content, f.Kind)
		if err != nil {
			return 0, err
		}
	}
	return part, nil
}

func (w *writer) pathID(value string) (int64, error) {
	return w.idOf("SELECT id FROM path WHERE value = ?", "INSERT INTO path (value) VALUES (?)", value)
}

func (w *writer) packageID(p inspect.Package) (int64, error) {
	id, found, err := w.number("SELECT id FROM package WHERE name = ? AND version = ? AND type = ? AND purl = ?",
		p.Name, p.Version, p.Type, p.PURL)
	if err != nil || found {
		return id, err
	}
	insert, err := w.statement(`INSERT INTO package (name, version, type, purl, spelling, base, upstream)
		VALUES (?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return 0, err
	}
	r, err := insert.ExecContext(w.ctx, p.Name, p.Version, p.Type, p.PURL, spelling(p.Name), baseOf(p.Name),
		upstreamOf(p.PURL))
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}
