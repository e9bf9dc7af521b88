package binary

import (
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// searchPath is PATH as the image's environment sets it: the directories that are there, in order, each once.
type searchPath struct {
	dirs     []string            // real paths
	at       map[string]int      // place of a directory among dirs
	packaged map[string][]inPath // by name: the files of packages that PATH finds
	cut      int                 // how many directories were left out, past MaxPathDirs
}

// inPath is a file in one of the directories.
type inPath struct {
	dir  int
	file string // real path
}

// pathOf reads PATH from an environment, or takes what runtimes set where it has none. Of several the last one counts,
// since a later value replaces an earlier one when runtimes merge them.
func pathOf(env []string) string {
	value := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, e := range env {
		if rest, ok := strings.CutPrefix(e, "PATH="); ok {
			value = rest
		}
	}
	return value
}

// newSearchPath resolves PATH once, so that what is asked of it for each program takes no time. Whoever writes an image
// chooses how long its PATH is. Relative directories are left out: what they mean depends on where a process is.
func newSearchPath(t *layer.Tree, own *owner.Ownership, env []string) *searchPath {
	p := &searchPath{at: map[string]int{}, packaged: map[string][]inPath{}}
	named := map[string]bool{}
	for d := range strings.SplitSeq(pathOf(env), ":") {
		if !strings.HasPrefix(d, "/") || named[d] {
			continue
		}
		named[d] = true
		n := t.Resolve(d)
		if n == nil || n.Type != inspect.EntryDir {
			continue
		}
		if _, twice := p.at[n.Path]; twice {
			continue
		}
		if len(p.dirs) == MaxPathDirs {
			p.cut++
			continue
		}
		p.at[n.Path] = len(p.dirs)
		p.dirs = append(p.dirs, n.Path)
	}
	for i, d := range p.dirs {
		for _, n := range t.Children(d) {
			real := n
			if n.Type == inspect.EntrySymlink {
				real = t.Resolve(n.Path)
			}
			if real == nil || !layer.IsRegular(real) {
				continue
			}
			if _, owned := own.Claims[real.Path]; owned {
				base := path.Base(n.Path)
				p.packaged[base] = append(p.packaged[base], inPath{i, real.Path})
			}
		}
	}
	return p
}

// inFrontOf finds the packaged program that a program stands in front of, "" for none. The same file behind a link in
// an earlier directory is not in front of itself. /usr/local/bin/curl before /usr/bin/curl is an example: it runs for
// everybody who types the name, and the package's file stays untouched.
func (p *searchPath) inFrontOf(n *inspect.Node) string {
	at, ok := p.at[path.Dir(n.Path)]
	if !ok {
		return ""
	}
	for _, other := range p.packaged[path.Base(n.Path)] {
		if other.dir > at && other.file != n.Path {
			return other.file
		}
	}
	return ""
}
