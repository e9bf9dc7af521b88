package sbom

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/sbom"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/owner"
)

// guard gives a file to a cataloguer in a form that bounds what the cataloguer does with it, or notes why it is
// refused. It looks at the path that was searched for and at the one that it leads to: a link chooses the cataloguer as
// a name does. Content that is refused is an error to syft, and a reason in refused. The order of the cases follows
// from the names: a path is one kind of file only. Databases of SQLite come with what their write-ahead logs have.
// Nothing is closed here, on an error neither: closed is what the caller closes in the end, in place of opened.
func (r *resolver) guard(opened inspect.Content, n *inspect.Node, l file.Location) (
	c, closed inspect.Content, err error,
) {
	gap, names := "", []string{l.AccessPath, l.RealPath}
	switch {
	case slices.ContainsFunc(names, rpmDatabase):
		if strings.HasSuffix(n.Path, ".sqlite") {
			opened, gap, err = owner.SQLiteContent(r.ctx, r.tree, n, opened)
		}
		// go-rpmdb trusts what it reads: a hostile database would end the program from a goroutine of its own.
		if err == nil {
			c, err = owner.PlainRPM(opened)
		}
	case slices.ContainsFunc(names, nixDatabase):
		if opened, gap, err = owner.SQLiteContent(r.ctx, r.tree, n, opened); err == nil {
			c, err = opened, owner.SoundNix(opened)
		}
	case slices.ContainsFunc(names, isArchive):
		c, err = opened, r.nested.admit(r.ctx, opened)
	default:
		c = opened
	}
	if err != nil {
		gap = err.Error()
	}
	if gap != "" {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.refused[l.RealPath] = gap
	}
	return c, opened, err
}

// unread lists in words the package databases and archives that could not be read. What else syft could not read (a
// program without build information, a broken archive) reveals little about what is installed.
func (r *resolver) unread(found *sbom.SBOM) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	why := maps.Clone(r.refused)
	for at, reasons := range found.Artifacts.Unknowns {
		if _, known := why[at.RealPath]; !known && isDatabase(at.RealPath) && len(reasons) > 0 {
			why[at.RealPath] = reasons[0]
		}
	}
	var list []string
	for _, p := range slices.Sorted(maps.Keys(why)) {
		list = append(list, p+": "+why[p])
	}
	return list
}

// nixDatabase reports whether syft takes a path for the database of a Nix store.
func nixDatabase(p string) bool { return strings.HasSuffix(p, "/nix/var/nix/db/db.sqlite") }

// rpmDatabase reports whether syft takes a path for an rpm database, wherever it is in the image. An attacker who puts
// such a file into another directory named rpm has it read, too, so that the name decides and not the place.
func rpmDatabase(p string) bool {
	base := path.Base(p)
	return path.Base(path.Dir(p)) == "rpm" && (base == "Packages" || base == "Packages.db" || base == "rpmdb.sqlite")
}
