package lock

import "slices"

// Bounds of what is read.
const (
	maxFile    = 64 << 20  // bytes of one lock
	maxCostly  = 12 << 20  // bytes of one whose decoder takes a hundred times as much memory
	maxBytes   = 256 << 20 // of all locks of an image
	maxEntries = 100_000   // packages of one lock
	maxLocks   = 200       // of one image
	maxRows    = 500       // of one lock that are reported
)

// file is one lock file as it was read. Path and layer are those in the merged tree: the lock of a lower layer that a
// later one replaced is not read.
type file struct {
	path    string
	kind    string // npm, pnpm, yarn, bun, uv, poetry, pipfile, requirements, bundler, composer, go
	eco     string // npm, python, gem, composer, go: what its packages are looked for among
	layer   int
	entries []entry
}

// entry is a package of a lock. What a kind of lock does not have is empty. An example of npm's: name debug, version
// 4.4.1, place node_modules/debug, resolved https://registry.npmjs.org/debug/-/debug-4.4.1.tgz, integrity sha512-….
type entry struct {
	name      string
	version   string
	place     string // of npm: below the folder of the lock, such as node_modules/debug
	resolved  string // address; empty where the lock has none: the registry that is set
	integrity string // as the lock writes it; for composer the commit
	script    bool   // the package manager saw an install script
	link      bool   // of a workspace or a path: nothing is fetched for it
	spare     bool   // for development, optional, of a platform, or brought inside another package: it may be missing
}

// clip keeps a lock within its bound, and in one order. Readers that fill it from a map get one order that way; what is
// past maxEntries is cut after the sorting.
func clip(entries []entry) []entry {
	slices.SortStableFunc(entries, func(a, b entry) int {
		switch {
		case a.name != b.name:
			return compare(a.name, b.name)
		case a.version != b.version:
			return compare(a.version, b.version)
		}
		return compare(a.place, b.place)
	})
	return entries[:min(len(entries), maxEntries)]
}

// compare orders texts by their bytes.
func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
