package lock

import (
	"context"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// form is how a kind of lock file is named and read.
type form struct {
	kind, eco string
	read      func([]byte) ([]entry, error)
}

// limit bounds one lock, in bytes. The YAML of yarn and pnpm takes about a hundred times its size in memory when it is
// decoded, bun's is copied once more.
func (f form) limit() int64 {
	switch f.kind {
	case "pnpm", "yarn", "bun":
		return maxCostly
	}
	return maxFile
}

// forms are the lock files by their names.
var forms = map[string]form{
	"package-lock.json":   {"npm", "npm", readNPM},
	"npm-shrinkwrap.json": {"npm", "npm", readNPM},
	".package-lock.json":  {"npm", "npm", readNPM}, // that npm leaves in node_modules: what it put there
	"pnpm-lock.yaml":      {"pnpm", "npm", readPNPM},
	"yarn.lock":           {"yarn", "npm", readYarn},
	"bun.lock":            {"bun", "npm", readBun},
	"uv.lock":             {"uv", "python", readTOML},
	"poetry.lock":         {"poetry", "python", readTOML},
	"Pipfile.lock":        {"pipfile", "python", readPipfile},
	"requirements.txt":    {"requirements", "python", readRequirements},
	"requirements.lock":   {"requirements", "python", readRequirements},
	"Gemfile.lock":        {"bundler", "gem", readGemfile},
	"gems.locked":         {"bundler", "gem", readGemfile},
	"composer.lock":       {"composer", "composer", readComposer},
	"go.sum":              {"go", "go", readGoSum},
}

// inside are folders of installed packages: a lock in them is that of a package's own development.
var inside = []string{
	"/node_modules/", "/site-packages/", "/dist-packages/", "/vendor/", "/gems/", "/pkg/mod/",
	"/testdata/",
}

// formOf returns the form of a lock file that belongs to an application; ok is false for all others. npm's hidden lock
// counts in the outermost node_modules only: each package could bring one. Names are compared with their case, as the
// package managers do it.
func formOf(p string) (form, bool) {
	f, ok := forms[path.Base(p)]
	if !ok {
		return form{}, false
	}
	if path.Base(p) == hiddenName {
		return f, path.Base(path.Dir(p)) == "node_modules" && strings.Count(p, "/node_modules/") == 1
	}
	for _, dir := range inside {
		if strings.Contains(p, dir) {
			return form{}, false
		}
	}
	return f, true
}

// hiddenName is the file that npm leaves in node_modules.
const hiddenName = ".package-lock.json"

// find reads the lock files of a tree, and makes a row of each that cannot be read. Errors: those of the context. A
// lock without packages is left out. The first lock past maxLocks ends the search, and one past maxBytes is passed
// over; each has a row with the reason, since its packages are unknown.
func find(ctx context.Context, tree *layer.Tree) (files []file, unread []inspect.LockRow, err error) {
	left := int64(maxBytes)
	for n := range tree.All() {
		f, ok := formOf(n.Path)
		if !ok || !layer.IsRegular(n) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if len(files)+len(unread) >= maxLocks {
			return files, append(unread, unreadable(n, f, "the image has more lock files than are read")), nil
		}
		if left -= min(n.Size, f.limit()); left < 0 {
			unread = append(unread, unreadable(n, f, "the lock files of the image have more bytes than are read"))
			continue
		}
		entries, err := readFile(ctx, tree, n, f)
		if err != nil {
			unread = append(unread, unreadable(n, f, err.Error()))
			continue
		}
		if len(entries) > 0 {
			files = append(files, file{path: n.Path, kind: f.kind, eco: f.eco, layer: n.Layer, entries: entries})
		}
	}
	return files, unread, nil
}

// readFile reads one lock. A parser that breaks over hostile bytes is an error of this lock. Errors:
// *registry.LimitError, and what the reader refuses. The size is checked before the bytes are read, and layer.Guarded
// turns a panic into an error.
func readFile(ctx context.Context, tree *layer.Tree, n *inspect.Node, f form) (entries []entry, err error) {
	data, err := tree.ReadFile(ctx, n.Path, f.limit())
	if err != nil {
		return nil, err
	}
	err = layer.Guarded(func() error {
		entries, err = f.read(data)
		return err
	})
	return entries, err
}

// unreadable is the row of a lock that was not read, with the reason: its packages are unknown, and not fine. It counts
// as a gap of the check and never as a difference.
func unreadable(n *inspect.Node, f form, why string) inspect.LockRow {
	return inspect.LockRow{
		File: n.Path, Type: f.kind, Change: inspect.LockUnreadable, Detail: why, Path: n.Path, Layer: n.Layer,
		Status: inspect.RowUnknown, Severity: inspect.Info,
	}
}
