package files

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// relic is a file of a layer that a later one deleted, or put another in the place of: no container sees it, and whoever
// has the image still has it.
type relic struct {
	node     *inspect.Node
	by       int // number of the layer that took it away
	replaced bool
}

// relics lists the regular files with content that the merged tree does not show, lowest layer first. A copy that differs
// from what stands in its place in its mode only is none.
func (t *Tree) relics() []relic {
	numbers := t.numbers()
	gone := map[*inspect.Node]int{}
	for _, number := range numbers {
		for _, n := range t.layers[number].hidden {
			gone[n] = number
		}
	}
	var all []relic
	for at, number := range numbers {
		nodes := t.layers[number].nodes
		for i := range nodes {
			n := &nodes[i]
			seen := t.Get(n.Path)
			if seen == n || !isRegular(n) || n.Size == 0 || seen != nil && seen.SHA256 == n.SHA256 {
				continue
			}
			r := relic{node: n, by: -1}
			if by, ok := gone[n]; ok {
				r.by = by
			} else if by := t.nextWith(n.Path, numbers[at+1:]); by >= 0 {
				r.by, r.replaced = by, true
			}
			if r.by >= 0 {
				all = append(all, r)
			}
		}
	}
	return all
}

// numbers lists the layers of the tree, lowest first.
func (t *Tree) numbers() []int { return slices.Sorted(maps.Keys(t.layers)) }

// nextWith finds the first of some layers that holds a path itself, -1 for none.
func (t *Tree) nextWith(p string, numbers []int) int {
	for _, number := range numbers {
		if t.layers[number].get(p) != nil {
			return number
		}
	}
	return -1
}

// get finds the entry of a layer by its path.
func (s *stratum) get(p string) *inspect.Node {
	i, ok := slices.BinarySearchFunc(s.nodes, p, func(n inspect.Node, p string) int { return comparePaths(n.Path, p) })
	if !ok {
		return nil
	}
	return &s.nodes[i]
}

// past is the image as it was with the layers below a number only, in so far as it says whose file something was and the
// image as it is does not: its directories, links, and those files of package databases that are not the same any more. It
// shares its nodes with the tree.
func (t *Tree) past(below int) *Tree {
	gone, at := map[*inspect.Node]bool{}, map[string]*inspect.Node{}
	for _, number := range t.numbers() {
		if number >= below {
			break
		}
		s := t.layers[number]
		for _, n := range s.hidden {
			gone[n] = true
		}
		for i := range s.nodes {
			n := &s.nodes[i]
			if isRegular(n) && !databaseFile(n.Path) {
				continue
			}
			at[n.Path] = n
		}
	}
	was := &Tree{store: t.store, cache: t.cache, layers: t.layers, far: t.far}
	for _, n := range at {
		if !gone[n] && (!isRegular(n) || t.Get(n.Path) != n || path.Dir(n.Path) != dpkgInfo) {
			was.nodes = append(was.nodes, n)
		}
	}
	slices.SortFunc(was.nodes, func(a, b *inspect.Node) int { return comparePaths(a.Path, b.Path) })
	was.arrange()
	return was
}

// databaseFile says that a path is that of a file of a package database of the system.
func databaseFile(p string) bool {
	if within(p, "/var/lib/dpkg") {
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
