package autorun

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// isPth recognizes the files of site directories whose lines that begin with import are executed at every start of
// Python (https://docs.python.org/3/library/site.html). A distribution's .pth of setuptools or of an editable install
// is the ordinary case; it is compared with the earlier image.
func isPth(p, base string) bool {
	return strings.HasSuffix(base, ".pth") && siteDirectory(path.Dir(p))
}

// siteDirectory reports whether Python adds a directory to its path by itself.
func siteDirectory(dir string) bool {
	base := path.Base(dir)
	return base == "site-packages" || base == "dist-packages" || strings.HasPrefix(base, "python") &&
		strings.HasSuffix(path.Dir(dir), "/lib")
}

// readPth makes a hook of the lines that are executed, and of what Python imports by itself from the directories that
// the other lines name.
//
//	import os; exec(…)     executed
//	/opt/extra             added to Python's path
//	# a comment
func readPth(ctx context.Context, s *scene, n *inspect.Node) []hook {
	var code, dirs []string
	for _, line := range pthLines(s.whole(ctx, n)) {
		switch {
		case strings.HasPrefix(line, "import ") || strings.HasPrefix(line, "import\t"):
			code = append(code, line)
		case len(dirs) < MaxLoads && !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "":
			dir := strings.TrimRight(line, " \t")
			if !path.IsAbs(dir) {
				dir = path.Join(path.Dir(n.Path), dir)
			}
			dirs = append(dirs, dir)
		}
	}
	all := s.customizing(dirs, n.Path)
	if len(code) == 0 {
		return all
	}
	text := strings.Join(code, "\n")
	return append(all, hook{
		kind: KindPythonPth, node: n, name: named(n), trigger: "runs at every start of Python",
		command: shorten(text), text: []byte(text),
		loads: s.imported(n, text),
	})
}

// pthLines splits a file as Python's site module does: without a byte order mark, at all ends of lines that
// str.splitlines recognizes (Python 3.13; earlier ones recognize fewer). A form feed within a line thus begins another
// one, which an editor does not show: an attacker could put an import there.
func pthLines(text []byte) []string {
	return strings.FieldsFunc(strings.TrimPrefix(string(text), "\ufeff"), func(r rune) bool {
		return strings.ContainsRune("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", r)
	})
}

// customizing makes a hook of each module in directories that Python imports by its name at every start, where the
// directories are no site directories by themselves. by names what adds them to Python's path.
func (s *scene) customizing(dirs []string, by string) []hook {
	var all []hook
	for _, dir := range dirs {
		real := s.tree.Resolve(dir)
		if real == nil || real.Type != inspect.EntryDir {
			continue
		}
		for _, name := range siteModules() {
			for _, p := range []string{name + ".py", name + ".pyc", name + "/__init__.py", name + ".so"} {
				n := s.tree.Resolve(path.Join(real.Path, p))
				if n == nil || !layer.IsRegular(n) || isPythonSite(n.Path, path.Base(n.Path)) || len(all) > MaxLoads {
					continue
				}
				all = append(all, hook{
					kind: KindPythonSite, node: n, name: named(n),
					trigger: "is imported at every start of Python (" + by + ")",
				})
			}
		}
	}
	return all
}

// imported finds the modules beside a .pth file that its lines import: the code may stand there. Modules elsewhere on
// Python's path are not followed. The words are not parsed as Python: exec(__import__("x").y) gives x, and a name that
// is put together at run time gives none.
func (s *scene) imported(n *inspect.Node, text string) []*inspect.Node {
	var found []*inspect.Node
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n,;()'\"", r) })
	for i, w := range words[:min(len(words), MaxWords)] {
		if i == 0 || words[i-1] != "import" && words[i-1] != "__import__" && !strings.HasSuffix(words[i-1],
			"import_module") && words[i-1] != "from" {
			continue
		}
		name := strings.ReplaceAll(strings.TrimSpace(w), ".", "/")
		for _, end := range []string{".py", "/__init__.py"} {
			if to := s.tree.Resolve(path.Join(path.Dir(n.Path), name) + end); to != nil && layer.IsRegular(to) &&
				len(found) < MaxLoads {
				found = append(found, to)
			}
		}
	}
	return found
}

// siteModules are the modules that Python imports by their names at every start.
func siteModules() []string { return []string{"sitecustomize", "usercustomize"} }

// isPythonSite recognizes the files of these modules, where Python looks for them: as source, compiled, as a library,
// or as a package. PYTHONPATH is taken by readEnvironment, other directories by readPth. A .pyc beside no source is
// imported too (PEP 3147), so it counts without its .py.
func isPythonSite(p, base string) bool {
	name, end, _ := strings.Cut(base, ".")
	dir := path.Dir(p)
	if name == "__init__" {
		name, dir = path.Base(dir), path.Dir(dir)
	}
	if !slices.Contains(siteModules(), name) || end != "py" && end != "pyc" && end != "so" &&
		!strings.HasSuffix(end, ".so") {
		return false
	}
	return siteDirectory(dir) || strings.HasPrefix(dir, "/etc/python")
}

// readPythonSite makes one hook of the module: it is imported whole.
func readPythonSite(ctx context.Context, s *scene, n *inspect.Node) []hook {
	text := s.text(ctx, n)
	if ext := path.Ext(n.Path); ext == ".pyc" || ext == ".so" {
		name, _, _ := strings.Cut(path.Base(n.Path), ".")
		source := s.tree.Resolve(path.Join(path.Dir(n.Path), name+".py"))
		return []hook{{
			kind: KindPythonSite, node: n, name: named(n), trigger: "is imported at every start of Python, compiled",
			command: path.Base(n.Path), text: []byte{}, opaque: source == nil,
		}}
	}
	return []hook{{
		kind: KindPythonSite, node: n, name: named(n), trigger: "is imported at every start of Python",
		command: excerpt(text), text: text,
	}}
}
