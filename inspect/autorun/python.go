package autorun

import (
	"context"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// isPth knows the files of site directories whose lines that begin with import are executed at every start of Python
// (https://docs.python.org/3/library/site.html).
func isPth(p, base string) bool {
	return strings.HasSuffix(base, ".pth") && siteDirectory(path.Dir(p))
}

// siteDirectory reports whether Python adds a directory to its path by itself.
func siteDirectory(dir string) bool {
	base := path.Base(dir)
	return base == "site-packages" || base == "dist-packages" || strings.HasPrefix(base, "python") &&
		strings.HasSuffix(path.Dir(dir), "/lib")
}

// readPth makes a hook of the lines that are executed; a file that only names directories is none.
func readPth(ctx context.Context, s *scene, n *inspect.Node) []hook {
	var code []string
	layer.Lines(s.text(ctx, n), func(line string) {
		if strings.HasPrefix(line, "import ") || strings.HasPrefix(line, "import\t") {
			code = append(code, line)
		}
	})
	if len(code) == 0 {
		return nil
	}
	text := strings.Join(code, "\n")
	return []hook{{
		kind: KindPythonPth, node: n, name: named(n), trigger: "runs at every start of Python",
		command: shorten(text), text: []byte(text),
		loads: s.imported(n, text),
	}}
}

// imported finds the modules beside a .pth file that its lines import: the code may stand there.
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

// isPythonSite knows the modules that Python imports by their names at every start. They count where Python looks for
// them; PYTHONPATH is taken by readEnvironment.
func isPythonSite(p, base string) bool {
	if base != "sitecustomize.py" && base != "usercustomize.py" {
		return false
	}
	dir := path.Dir(p)
	return siteDirectory(dir) || strings.HasPrefix(dir, "/etc/python")
}

func readPythonSite(ctx context.Context, s *scene, n *inspect.Node) []hook {
	text := s.text(ctx, n)
	return []hook{{kind: KindPythonSite, node: n, name: named(n), trigger: "is imported at every start of Python",
		command: excerpt(text), text: text}}
}
