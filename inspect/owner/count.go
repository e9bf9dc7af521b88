package owner

import (
	"cmp"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// MaxCounted bounds the packages whose files are counted one by one; a whole desktop has some 4,000. The totals are
// complete.
const MaxCounted = 5_000

// Count sorts the regular files of the merged tree into the classes of ownership: owned and equal to the digest of the
// package, owned and not verifiable, since no database has a digest, owned and altered, unowned. The first three add up
// to what is owned. Packages with an altered or an unverifiable file come first where not all can be listed. Unowned
// stays 0 where ownership is unknown: without a database there is nothing to be unowned by.
func (o *Ownership) Count() inspect.Files {
	f := inspect.Files{Ownership: o.Level, Detail: o.Detail}
	type key struct {
		packageKey
		from *Database
	}
	by := map[key]*inspect.PackageFiles{}
	for n := range o.Tree.All() {
		if !layer.IsRegular(n) {
			continue
		}
		f.Total++
		c, owned := o.Claims[n.Path]
		if !owned {
			if o.Level != Unknown {
				f.Unowned++
			}
			continue
		}
		of := by[key{c.key(), c.From}]
		if of == nil {
			of = &inspect.PackageFiles{Name: c.Package, Version: c.Version, Database: c.From.Name}
			by[key{c.key(), c.From}] = of
		}
		f.Owned++
		of.Files++
		switch {
		case o.Altered(n.Path):
			of.Altered++
		case c.Sum == "":
			f.Unverifiable++
			of.Unverifiable++
		default:
			f.Equal++
			of.Equal++
		}
	}
	all := make([]inspect.PackageFiles, 0, len(by))
	for _, of := range by {
		all = append(all, *of)
	}
	byName := func(a, b inspect.PackageFiles) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Database, b.Database), cmp.Compare(a.Files, b.Files))
	}
	if len(all) > MaxCounted {
		slices.SortFunc(all, func(a, b inspect.PackageFiles) int {
			return cmp.Or(-cmp.Compare(a.Altered, b.Altered), -cmp.Compare(a.Unverifiable, b.Unverifiable),
				byName(a, b))
		})
		f.MorePackages, all = len(all)-MaxCounted, all[:MaxCounted]
	}
	slices.SortFunc(all, byName)
	f.Packages = all
	return f
}
