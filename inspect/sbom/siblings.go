package sbom

import (
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// siblings lists the paths that fit a pattern which leaves only the name open: /var/lib/dpkg/info/curl.*, or
// /srv/app/node_modules/left-pad/*. syft asks such a question for each package of dpkg and npm, and stereoscope answers
// it by looking at all names of the image. ok is false for every other pattern, and where a link is on the way.
func (r *resolver) siblings(pattern string) (paths []string, ok bool) {
	dir, name := path.Dir(pattern), path.Base(pattern)
	if !strings.HasPrefix(pattern, "/") || path.Clean(pattern) != pattern || strings.ContainsAny(dir, "*?"+sets) ||
		!strings.ContainsAny(name, "*?") || strings.ContainsAny(name, sets) || strings.Contains(name, "**") {
		return nil, false
	}
	if n := r.tree.Get(dir); n == nil || n.Type != inspect.EntryDir {
		return nil, false
	}
	for _, n := range r.tree.Children(dir) {
		if fits, err := path.Match(name, path.Base(n.Path)); err == nil && fits {
			paths = append(paths, n.Path)
		}
	}
	return paths, true
}

// sets are the characters of patterns that stand for more than any name or any character.
const sets = "[]{}\\"
