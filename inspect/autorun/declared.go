package autorun

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// isEntryPoints recognizes the declarations of an installed distribution of Python
// (https://packaging.python.org/en/latest/specifications/entry-points/).
func isEntryPoints(p, base string) bool {
	dir := path.Dir(p)
	return base == "entry_points.txt" && (strings.HasSuffix(dir, ".dist-info") || strings.HasSuffix(dir, ".egg-info"))
}

// loadedGroups are the groups of entry points that a tool loads unasked: pytest its plugins, setuptools
// what changes a build. console_scripts and gui_scripts only make programs, others are loaded by name.
func loadedGroups() []string {
	return []string{"pytest11", "setuptools.finalize_distribution_options", "distutils.setup_keywords"}
}

// readEntryPoints makes a hook of each entry point of such a group:
//
//	[pytest11]
//	cov = pytest_cov.plugin
//
// The module is looked for beside the distribution only, where pip puts it. A line is at most one hook, and a file has
// at most MaxLoads.
func readEntryPoints(ctx context.Context, s *scene, n *inspect.Node) []hook {
	var all []hook
	group, site := "", path.Dir(path.Dir(n.Path))
	layer.Lines(s.text(ctx, n), func(line string) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			group = strings.TrimSpace(strings.TrimSuffix(name, "]"))
			return
		}
		name, object, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || !slices.Contains(loadedGroups(), group) || len(all) >= MaxLoads {
			return
		}
		module, _, _ := strings.Cut(strings.TrimSpace(object), ":")
		module, _, _ = strings.Cut(module, " ")
		h := hook{
			kind: KindPythonEntry, node: n, name: named(n) + " " + group + " " + strings.TrimSpace(name),
			trigger: "is loaded by a tool of Python (" + group + ")", command: shorten(line), inline: true,
			text: []byte{},
		}
		for _, end := range []string{".py", "/__init__.py"} {
			to := s.tree.Resolve(below(site, strings.ReplaceAll(module, ".", "/")) + end)
			if to != nil && layer.IsRegular(to) {
				h.loads = append(h.loads, to)
			}
		}
		all = append(all, h)
	})
	return all
}

// isServiceFile recognizes the files by which Java finds implementations of a service without naming them
// (java.util.ServiceLoader), where they lie in the file system: those in archives are not looked at.
func isServiceFile(p, base string) bool {
	return path.Base(path.Dir(p)) == "services" && path.Base(path.Dir(path.Dir(p))) == "META-INF" && base != ""
}

// readServiceFile makes one hook of the classes that a service file names, one a line. Logging, JDBC and many others
// are found so; what counts is what the classes beside it do. The file's name is that of the interface and its lines
// are classes: META-INF/services/java.sql.Driver holds "org.postgresql.Driver".
func readServiceFile(ctx context.Context, s *scene, n *inspect.Node) []hook {
	root := path.Dir(path.Dir(path.Dir(n.Path)))
	h := hook{
		kind: KindJavaService, node: n, name: named(n), text: []byte{}, inline: true,
		trigger: "is loaded by Java where service " + path.Base(n.Path) + " is looked for",
	}
	var classes []string
	layer.Lines(s.text(ctx, n), func(line string) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" || len(classes) == MaxLoads {
			return
		}
		classes = append(classes, line)
		if to := s.tree.Resolve(below(root, strings.ReplaceAll(line, ".", "/")) + ".class"); to != nil &&
			layer.IsRegular(to) {
			h.loads = append(h.loads, to)
		}
	})
	if len(classes) == 0 {
		return nil
	}
	h.command = shorten(strings.Join(classes, "; "))
	return []hook{h}
}
