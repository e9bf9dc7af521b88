package binary

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/command"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// Bounds of what is followed from one command line.
const (
	maxRanFiles = 64
	maxTarget   = 200 // bytes of a target that are kept
)

// runResolver finds in the merged tree what the process of an alert was given to run, and what that loads.
type runResolver struct{ *scanner }

// ran finds out what the program of an alert was given, where doing what it is given is the program's nature. It
// returns nil for a program that acts by itself, and for one that only has the name of an interpreter. Without a
// command line it is known that an interpreter ran, and not what: Kind is empty then. Target is cut at maxTarget bytes;
// the alert's raw line keeps all of it. The nodes are those of the files, without gaps.
func (h runResolver) ran(a inspect.Alert, n *inspect.Node) (*inspect.Ran, []*inspect.Node) {
	called := n.Path
	if command.RoleOf(called) == command.Other {
		called = a.Path // /usr/bin/nc leads to nc.openbsd, /usr/bin/awk to mawk
	}
	role := command.RoleOf(called)
	if role == command.Other || !h.plausible(n, role) {
		return nil, nil
	}
	run := command.Parse(called, a.CommandLine)
	r := &inspect.Ran{Program: n.Path, Role: string(role), Kind: string(run.Kind)}
	if a.CommandLine == "" {
		r.Kind = ""
		return r, nil
	}
	r.Target = cutBytes(run.Target, maxTarget)
	nodes := h.resolveRun(a, run, r)
	r.Act = h.act(a, run)
	return r, nodes
}

// plausible reports whether a file can be the interpreter or tool of its name. A miner is called python3 too:
// what lies in a hidden or temporary place, and an interpreter that is a script itself, is judged as any other
// program. A file without a kind, such as an empty one, is neither.
func (h runResolver) plausible(n *inspect.Node, role command.Role) bool {
	if autorun.Temporary(n.Path) || autorun.Hidden(n.Path) {
		return false
	}
	return n.Kind == inspect.KindELF || role == command.Tool && n.Kind == inspect.KindScript
}

// resolveRun resolves what was run and what is loaded to files, and notes where they lie. At most maxRanFiles. A file
// that is loaded and not in the image is passed over; one that was run is named with where it may lie. Flags and hash
// of the alert are about the interpreter, so they are dropped before a script is located.
func (h runResolver) resolveRun(a inspect.Alert, run command.Run, r *inspect.Ran) []*inspect.Node {
	var nodes []*inspect.Node
	gap := slices.ContainsFunc(h.layers, layer.Incomplete)
	add := func(p string, loaded bool) {
		if len(r.Files) >= maxRanFiles || slices.ContainsFunc(r.Files,
			func(f inspect.RanFile) bool { return f.Path == p }) {
			return
		}
		named := a
		named.Path, named.Flags, named.FileDigest = p, nil, ""
		f, n := locate(named, h.tree, h.image.Settings.WorkingDir, h.mounts, gap)
		if n == nil && (loaded || kernelName(p)) {
			return
		}
		file := inspect.RanFile{AlertFile: f}
		if n != nil {
			file.Owner = h.packageOf(n.Path)
			nodes = append(nodes, n)
		}
		r.Files = append(r.Files, file)
	}
	for _, p := range h.targets(a, run) {
		add(p, false)
	}
	for _, l := range run.Loads {
		for _, p := range h.loaded(a, l) {
			add(p, true)
		}
	}
	if run.Kind == command.Jar && len(r.Files) > 0 {
		for _, p := range h.beside(r.Files[0].Path) {
			add(p, true)
		}
	}
	return nodes
}

// kernelName recognizes paths that stand for something else while a process runs.
func kernelName(p string) bool {
	return layer.Within(p, "/proc") || layer.Within(p, "/dev") && !layer.Within(p, "/dev/shm") || layer.Within(p,
		"/sys")
}

// packageOf names the package of a file: by the list of its package manager, or by where it lies.
func (h runResolver) packageOf(p string) string {
	if c, ok := h.own.Claims[p]; ok {
		return strings.TrimSpace(c.Package + " " + c.Version)
	}
	return owner.ByPlace(h.tree, p)
}

// directory is the working directory of the alert's process, or the image's. sure is false for the second: a process
// may have gone elsewhere.
func (h runResolver) directory(a inspect.Alert) (dir string, sure bool) {
	if path.IsAbs(a.Directory) {
		return a.Directory, true
	}
	return path.Join("/", h.image.Settings.WorkingDir), false
}

// targets are the paths of what was run; none where it is no file, or where it cannot be known which.
func (h runResolver) targets(a inspect.Alert, run command.Run) []string {
	switch run.Kind {
	case command.Module:
		return h.module(a, run.Target)
	case command.Class:
		return h.class(a, run)
	case command.Code:
		return h.inCode(run.Target)
	case command.Script, command.Jar, command.Program:
		return h.script(a, run)
	case command.Input: // typed or piped
	}
	return nil
}

// script finds a script by its path. A relative one counts where it is there, since its directory is most often a
// guess. A name without a slash is looked for in PATH after the directory, as interpreters do it. Node.js tries .js,
// .cjs, .mjs and index.js; Python runs __main__.py of a directory.
func (h runResolver) script(a inspect.Alert, run command.Run) []string {
	if path.IsAbs(run.Target) {
		return []string{path.Clean(run.Target)}
	}
	dir, sure := h.directory(a)
	p := path.Join(dir, run.Target)
	for _, end := range []string{"", ".js", ".cjs", ".mjs", "/index.js", "/__main__.py"} { // as node and python do
		if n := h.tree.Resolve(p + end); n != nil && layer.IsRegular(n) {
			return []string{n.Path}
		}
	}
	if !strings.Contains(run.Target, "/") {
		for _, d := range h.path.dirs {
			if n := h.tree.Resolve(layer.Join(d, run.Target)); n != nil && layer.IsRegular(n) {
				return []string{n.Path}
			}
		}
	}
	if sure && (strings.Contains(run.Target, "/") || path.Ext(run.Target) != "") {
		return []string{p}
	}
	return nil
}

// module finds a module of Python as the interpreter does: in the working directory, PYTHONPATH, and the directories of
// installed packages. The package's own __main__ and __init__ run both. The order is that of sys.path for "python -m":
// the directory first, which lets a file there stand in front of an installed module.
func (h runResolver) module(a inspect.Alert, name string) []string {
	dir, _ := h.directory(a)
	dirs := []string{dir}
	for _, e := range h.image.Settings.Env {
		if value, ok := strings.CutPrefix(e, "PYTHONPATH="); ok {
			dirs = append(dirs, strings.Split(value, ":")...)
		}
	}
	rel := strings.ReplaceAll(name, ".", "/")
	for _, d := range append(dirs, h.sites()...) {
		if !path.IsAbs(d) || rel == "" {
			continue
		}
		var found []string
		for _, end := range []string{"/__main__.py", "/__init__.py", ".py"} {
			if n := h.tree.Resolve(path.Join(d, rel) + end); n != nil && layer.IsRegular(n) {
				found = append(found, n.Path)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// sites lists the directories of installed Python packages. At most 32: each is tried for each module. .pth files,
// which add directories, are rows of package autorun.
func (h runResolver) sites() []string {
	var dirs []string
	for n := range h.tree.All() {
		if base := path.Base(n.Path); n.Type == inspect.EntryDir && (base == "site-packages" ||
			base == "dist-packages") && len(dirs) < 32 {
			dirs = append(dirs, n.Path)
		}
	}
	return dirs
}

// class finds the class file of a main class below the directories of its class path. Which jar holds it is not looked
// up: all jars of the class path are loaded.
func (h runResolver) class(a inspect.Alert, run command.Run) []string {
	_, name, ok := strings.Cut(run.Target, "/") // MODULE/CLASS
	if !ok {
		name = run.Target
	}
	dir, _ := h.directory(a)
	for _, l := range append(run.Loads, dir) {
		p := path.Join(absolute(l, dir), strings.ReplaceAll(name, ".", "/")+".class")
		if n := h.tree.Resolve(p); n != nil && layer.IsRegular(n) {
			return []string{n.Path}
		}
	}
	return nil
}

// inCode lists the files of the image that code names, beside its shells and tools. It splits at the shell's separators
// and quotes and does not parse: a path that is put together at run time ("/t"+"mp/x") is not found. At most 8, since
// code may name a whole directory listing.
func (h runResolver) inCode(code string) []string {
	var found []string
	for _, w := range strings.FieldsFunc(code, func(r rune) bool {
		return strings.ContainsRune(" \t\"'`=;&|()<>,",
			r)
	}) {
		if !strings.HasPrefix(w, "/") || len(found) >= 8 {
			continue
		}
		n := h.tree.Resolve(w)
		if n != nil && layer.IsRegular(n) && (n.Kind != "" || interpreted(n.Path)) &&
			command.RoleOf(n.Path) == command.Other {
			found = append(found, n.Path)
		}
	}
	return found
}

// loaded are the files that an option names: a path, or all jars of a directory (lib/*).
func (h runResolver) loaded(a inspect.Alert, name string) []string {
	dir, _ := h.directory(a)
	if before, ok := strings.CutSuffix(name, "/*"); ok {
		return h.jarsIn(absolute(before, dir))
	}
	if n := h.tree.Resolve(absolute(name, dir)); n != nil && layer.IsRegular(n) {
		return []string{n.Path}
	}
	return nil
}

// beside lists the jars that lie with an application's jar or in a directory beside it, as its Class-Path most often
// has them. An application in the root directory has none: all of the image would be beside it.
func (h runResolver) beside(jar string) []string {
	dir := path.Dir(jar)
	if dir == "/" {
		return nil
	}
	found := h.jarsIn(dir)
	for _, n := range h.tree.Children(dir) {
		if n.Type == inspect.EntryDir {
			found = append(found, h.jarsIn(n.Path)...)
		}
	}
	return found
}

// jarsIn lists the jars of a directory, sorted, as a class path with an asterisk means them.
func (h runResolver) jarsIn(dir string) []string {
	var found []string
	for _, n := range h.tree.Children(dir) {
		if layer.IsRegular(n) && path.Ext(n.Path) == ".jar" {
			found = append(found, n.Path)
		}
	}
	return found
}

// absolute puts a relative path below a directory.
func absolute(p, dir string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(dir, p)
}

// cutBytes bounds text that an attacker chose. limit is in bytes; a character that the cut splits is dropped, so that
// the result is valid UTF-8.
func cutBytes(s string, limit int) string {
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// runWords describes what an alerted program ran, for the row of a file.
func runWords(a inspect.Alert, r *inspect.Ran) string {
	return fmt.Sprintf("%s, which the alert %q names, ran it", r.Program, a.Rule)
}
