package autorun

import (
	"context"
	"path"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/owner"
)

// isRPMDatabase matches the databases in which rpm keeps the scripts of all packages.
func isRPMDatabase(p, _ string) bool { return owner.IsRPMDatabase(p) }

// readRPMScripts makes a hook of each script of rpm's packages. They run as root when the package is installed, updated
// or removed, so that an image in which one was changed attacks whoever builds on it. A database that cannot be read
// has none here: the check of the packages reports it. Texts count toward MaxTextAll like files, so that a database
// full of scripts cannot use more memory than the check may.
func readRPMScripts(ctx context.Context, s *scene, n *inspect.Node) []hook {
	scripts, err := owner.RPMScripts(ctx, s.tree, n)
	if err != nil {
		return nil
	}
	var all []hook
	for _, script := range scripts {
		if len(all) == MaxRows || s.read > MaxTextAll {
			s.skipped++
			continue
		}
		text := script.Text[:min(len(script.Text), MaxText)]
		s.read += int64(len(text))
		all = append(all, hook{
			kind: KindMaintainerScript, node: n, name: path.Dir(n.Path) + " " + script.Package + " " + script.Kind,
			title:   "the " + script.Kind + " script of package " + script.Package,
			trigger: "runs when package " + script.Package + " is installed or removed (" + script.Kind + ")",
			command: excerpt([]byte(text)), text: []byte(text), pkg: script.Package, version: script.Version,
		})
	}
	return all
}
