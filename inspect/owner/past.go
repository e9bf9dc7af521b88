package owner

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// before is the image as it was with the layers below a number only, in so far as it shows whose file something was
// and the image as it is does not: its directories, links, and those files of package databases that are not the same
// any more.
//
// Lists of dpkg that did not change are left out, as long as the diversions are the same too: a diversion moves what a
// list names. It is a tree of few nodes, so that several of them fit in memory beside the image's own.
func before(t *layer.Tree, number int) *layer.Tree {
	past := t.Before(number, func(n *inspect.Node) bool {
		return databaseFile(n.Path) && (path.Dir(n.Path) != dpkgInfo || t.Get(n.Path) != n)
	})
	if past.Get(dpkgDiversions) == t.Get(dpkgDiversions) {
		return past
	}
	return t.Before(number, func(n *inspect.Node) bool { return databaseFile(n.Path) })
}

// databaseFile reports whether a path is that of a file of a package database of the system. Lists of scripts and
// triggers are none: they claim no file.
func databaseFile(p string) bool { return databaseKind(p) != "" }

// databaseKind names the kind of package database that a file belongs to, as Database.Name does; "" for none. It
// decides by the path alone, so that it can be asked of layers whose bytes were not read. A new place of a database has
// to be added here as well as in its source, or its history is not read.
func databaseKind(p string) string {
	if layer.Within(p, "/var/lib/dpkg") {
		switch dir := path.Dir(p); {
		case dir == dpkgStatusD:
			return "dpkg (distroless)"
		case dir == "/var/lib/dpkg", dir == dpkgUpdates, dir == dpkgInfo && (strings.HasSuffix(p, ".list") ||
			strings.HasSuffix(p,
				".md5sums")):
			return "dpkg"
		}
		return ""
	}
	switch base := path.Base(p); base { // called for every file of an image: the lists are looked up last
	case "installed":
		return kindAt("apk", slices.Contains(apkInstalled(), p))
	case rpmSQLite, rpmSQLite + "-wal", rpmSQLite + "-journal", "Packages.db", "Packages":
		file := strings.TrimSuffix(strings.TrimSuffix(p, "-wal"), "-journal")
		return kindAt("rpm", slices.Contains(rpmPlaces(), file))
	case "manifest.wall":
		return kindAt("chisel", p == chiselManifest)
	case "desc", "files", "mtree":
		return kindAt("pacman", layer.Within(p, pacmanLocal))
	case "status":
		return kindAt("opkg", slices.Contains(opkgDirs(), path.Dir(p)))
	default:
		return kindAt("opkg", strings.HasSuffix(base, ".list") && path.Base(path.Dir(p)) == "info" &&
			slices.Contains(opkgDirs(), path.Dir(path.Dir(p))))
	}
}

// kindAt is the kind of a database where its file lies in its place; a file of that name elsewhere is none. Any file
// may be called status or installed.
func kindAt(kind string, there bool) string {
	if there {
		return kind
	}
	return ""
}

// Unpackaged leaves out what a package had brought that the databases name no more: they are read as they were
// before the layer that took the file away. What the databases still name is the caller's to leave out.
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

// packagedAmong gives which files the system's package databases name. Only claims of the same name are led
// through the tree's links, which takes longest.
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
