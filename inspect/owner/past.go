package owner

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// Whoever replaces a program in a layer of their own can write its new digest into the package database with it. The layers
// below still hold what the database said before, about the same package in the same version.

// recalled is what an earlier layer's database said of a file.
type recalled struct {
	sum string
	by  int // number of the layer that changed it
}

// recall puts back what the package databases of lower layers said, where a later layer changed it without changing the
// package's version. What of the past cannot be read is passed over: the databases as they are have been read.
func (o *Ownership) recall(ctx context.Context) error {
	was := map[string]recalled{}
	for _, number := range slices.Backward(databaseLayers(o.Tree)) { // the oldest has the last word
		past := before(o.Tree, number)
		for _, read := range systemSources() {
			db, err := read(ctx, past)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil || db == nil {
				continue
			}
			for _, c := range db.claims {
				p, _ := past.Place(c.Path)
				now, ok := o.Claims[p]
				if !ok || c.Sum == "" || c.Config || now.Config || c.Version == "" || now.From.Language || now.Package != c.Package || now.Version != c.Version {
					continue
				}
				by := number
				if later, known := was[p]; known {
					by = later.by
				}
				if now.Sum == c.Sum && now.also == "" {
					delete(was, p)
				} else {
					was[p] = recalled{c.Sum, by}
				}
			}
		}
	}
	for p, r := range was {
		c := o.Claims[p]
		if c.Sum != r.sum {
			c.Recalled = r.by
		}
		c.Sum, c.also = r.sum, ""
		o.Claims[p] = c
	}
	return nil
}

// databaseLayers are the layers that changed a package database which a lower layer brought, at most MaxPasts of them.
func databaseLayers(t *layer.Tree) []int {
	var changed []int
	for _, number := range t.Numbers() {
		for n := range t.Entries(number) {
			if layer.IsRegular(n) && databaseFile(n.Path) {
				changed = append(changed, number)
				break
			}
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return slices.Clone(changed[1:min(len(changed), MaxPasts+1)])
}

// before is the image as it was with the layers below a number only, in so far as it says whose file something was and the
// image as it is does not: its directories, links, and those files of package databases that are not the same any more.
func before(t *layer.Tree, number int) *layer.Tree {
	return t.Before(number, func(n *inspect.Node) bool {
		return databaseFile(n.Path) && (path.Dir(n.Path) != dpkgInfo || t.Get(n.Path) != n)
	})
}

// databaseFile says that a path is that of a file of a package database of the system.
func databaseFile(p string) bool {
	if layer.Within(p, "/var/lib/dpkg") {
		dir := path.Dir(p)
		return dir == "/var/lib/dpkg" || dir == dpkgStatusD || dir == dpkgInfo && (strings.HasSuffix(p, ".list") || strings.HasSuffix(p, ".md5sums"))
	}
	switch path.Base(p) { // asked of every file of an image: the lists are looked up last
	case "installed":
		return slices.Contains(apkInstalled(), p)
	case "rpmdb.sqlite", "Packages.db", "Packages":
		return slices.Contains(rpmPlaces(), p)
	default:
		return false
	}
}

// unpackaged leaves out what a package had brought that the databases name no more: they are asked as they were before the
// layer that took the file away.
func Unpackaged(ctx context.Context, t *layer.Tree, all []layer.ShadowedEntry) ([]layer.ShadowedEntry, error) {
	by := map[int][]layer.ShadowedEntry{}
	for _, r := range all {
		by[r.By] = append(by[r.By], r)
	}
	var left []layer.ShadowedEntry
	for _, number := range t.Numbers() {
		group := by[number]
		if len(group) == 0 {
			continue
		}
		owned, err := packagedAmong(ctx, before(t, number), group)
		if err != nil {
			return nil, err
		}
		for _, r := range group {
			if !owned[r.Node.Path] {
				left = append(left, r)
			}
		}
	}
	return left, nil
}

// packagedAmong says which files the system's package databases name. Only claims of the same name are led through the
// tree's links, which takes longest.
func packagedAmong(ctx context.Context, t *layer.Tree, all []layer.ShadowedEntry) (map[string]bool, error) {
	names, owned := map[string]bool{}, map[string]bool{}
	for _, r := range all {
		names[path.Base(r.Node.Path)] = true
	}
	for _, read := range systemSources() {
		db, err := read(ctx, t)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil || db == nil {
			continue
		}
		for _, c := range db.claims {
			if names[path.Base(c.Path)] {
				p, _ := t.Place(c.Path)
				owned[p] = true
			}
		}
	}
	return owned, nil
}
