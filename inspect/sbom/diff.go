package sbom

import (
	"cmp"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// name is what makes a package the same one in two images, whatever its version.
type name struct{ kind, name string }

// compare lists the packages that came, went or changed from one image to another. A package that is there in several
// versions is compared version by version; how many copies of one version there are does not matter. Copies of one
// version are compared once. The result is in one order, whatever order the lists have. before and now are not changed.
// The three lists are never nil, so that JSON has [] for "none".
func compare(before, now []inspect.Package) inspect.PackageDiff {
	d := inspect.PackageDiff{
		Added: []inspect.Package{}, Removed: []inspect.Package{},
		Changed: []inspect.PackageChange{},
	}
	old, current := byName(before), byName(now)
	for n, list := range current {
		gone, came := apart(old[n], list)
		for len(gone) > 0 && len(came) > 0 {
			i, j := pair(gone, came)
			d.Changed = append(d.Changed, change(gone[i], came[j]))
			gone, came = slices.Delete(gone, i, i+1), slices.Delete(came, j, j+1)
		}
		d.Removed = append(d.Removed, gone...)
		d.Added = append(d.Added, came...)
	}
	for n, list := range old {
		if _, still := current[n]; !still {
			gone, _ := apart(list, nil)
			d.Removed = append(d.Removed, gone...)
		}
	}
	slices.SortFunc(d.Added, comparePackages)
	slices.SortFunc(d.Removed, comparePackages)
	slices.SortFunc(d.Changed, compareChanges)
	return d
}

// byName groups packages by type and name.
func byName(list []inspect.Package) map[name][]inspect.Package {
	m := map[name][]inspect.Package{}
	for _, p := range list {
		n := name{p.Type, p.Name}
		m[n] = append(m[n], p)
	}
	return m
}

// apart gives the packages whose version is in only one of two lists, each version once, in order.
func apart(before, now []inspect.Package) (gone, came []inspect.Package) {
	return without(before, now), without(now, before)
}

// without are the packages of a list in versions that the other does not have, one for each version.
func without(list, other []inspect.Package) []inspect.Package {
	left := slices.Clone(list)
	slices.SortFunc(left, comparePackages)
	left = slices.CompactFunc(left, func(a, b inspect.Package) bool { return a.Version == b.Version })
	return slices.DeleteFunc(left, func(p inspect.Package) bool {
		return slices.ContainsFunc(other, func(o inspect.Package) bool { return o.Version == p.Version })
	})
}

// pair picks what belongs together: packages found at the same place, else the first of each. Without a common place
// the first of each in order are paired, which is a guess where several versions are there. The indexes are those in
// gone and came, neither of which may be empty.
func pair(gone, came []inspect.Package) (i, j int) {
	for i := range gone {
		for j := range came {
			if slices.Equal(gone[i].Locations, came[j].Locations) {
				return i, j
			}
		}
	}
	return 0, 0
}

// change is one package in two versions, with the direction where the versions can be compared.
func change(from, to inspect.Package) inspect.PackageChange {
	return inspect.PackageChange{
		Type: to.Type, Name: to.Name, From: from.Version, To: to.Version, PURL: to.PURL,
		Change: direction(to.Type, from.Version, to.Version), Layer: to.Layer,
	}
}

// compareChanges orders changes by type and name.
func compareChanges(a, b inspect.PackageChange) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.From, b.From),
		cmp.Compare(a.To, b.To))
}
