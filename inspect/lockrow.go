package inspect

import "cmp"

// LockRow is a difference between a lock file of an image and what is installed beside it.
type LockRow struct {
	File      string     `json:"file"` // the lock's path
	Type      string     `json:"type"` // npm, pnpm, yarn, bun, uv, poetry, pipfile, requirements, bundler, composer, go
	Name      string     `json:"name"`
	Locked    string     `json:"locked"`    // version in the lock; empty where the lock does not name it
	Installed string     `json:"installed"` // version in the tree; empty where it is not there
	Resolved  string     `json:"resolved"`  // where the lock takes it from
	Change    LockChange `json:"change"`
	Detail    string     `json:"detail"`
	Path      string     `json:"path"` // of what is installed
	Layer     int        `json:"layer"`
	Status    RowStatus  `json:"status"`
	Severity  Severity   `json:"severity"`
}

// LockChange is how a lock and the tree differ.
type LockChange string

// The differences. The empty one stands for a lock that could not be read.
const (
	LockUnreadable    LockChange = ""
	LockVersionSpoof  LockChange = "version-spoof"  // another version is installed than the lock names
	LockPhantom       LockChange = "phantom"        // installed, and no lock names it
	LockNotInstalled  LockChange = "not-installed"  // in the lock, needed here, and not there
	LockForeignSource LockChange = "foreign-source" // taken from another place than the others of its kind
	LockRewritten     LockChange = "rewritten"      // other content at the same version than in the image compared with
	LockScriptGone    LockChange = "script-gone"    // the lock records an install script that is no longer there
)

// FactKind is the fact's JSON name.
func (LockRow) FactKind() string { return "lock" }

// fold: the key is the lock file, the name, the path of what is installed and the difference.
func (l LockRow) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Lock, l, func(a, b LockRow) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Change, b.Change))
	})
}
