package sbom

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// search finds the files of a merged tree by pattern and by type, with the meaning of stereoscope's search, on which
// syft's cataloguers rely: a pattern is met by the path of a file and by every path that leads to it through links. A
// test compares the two. stereoscope's own tree and index would take more memory than all else that is known of an
// image.
type search struct {
	tree   *layer.Tree
	byName []named
	byEnd  map[string][]named // by what stands behind the last dot of their names, and the dot
	byType map[string][]*inspect.Node
	links  map[string][]string // the paths of the links that lead to a path
}

// named is a node and the last element of its path, by which lists of them are sorted.
type named struct {
	name string
	node *inspect.Node
}

// newSearch indexes a tree by the names, endings and types that catalogers ask for. It goes over the tree once. Links
// that lead nowhere are no other names of anything.
func newSearch(t *layer.Tree) *search {
	s := &search{
		tree: t, byName: make([]named, 0, t.Len()), byEnd: map[string][]named{},
		byType: map[string][]*inspect.Node{}, links: map[string][]string{},
	}
	for n := range t.All() {
		if n.Path == "/" {
			continue
		}
		s.byName = append(s.byName, named{path.Base(n.Path), n})
		if n.MIME != "" && isFile(n) {
			s.byType[n.MIME] = append(s.byType[n.MIME], n)
		}
		if n.Type == inspect.EntrySymlink {
			if to, ok := t.Place(linked(n)); ok {
				s.links[to] = append(s.links[to], n.Path)
			}
		}
	}
	slices.SortStableFunc(s.byName, func(a, b named) int { return cmp.Compare(a.name, b.name) })
	for _, n := range s.byName {
		if end := path.Ext(n.name); end != "" {
			s.byEnd[end] = append(s.byEnd[end], n)
		}
	}
	return s
}

// linked is where a link points to, inside the image.
func linked(n *inspect.Node) string {
	if strings.HasPrefix(n.Link, "/") {
		return n.Link
	}
	return path.Join(path.Dir(n.Path), n.Link)
}

// glob lists the paths of files that fit a pattern, those without links first.
func (s *search) glob(pattern string) []string {
	if !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(pattern, "**") {
		pattern = "/" + pattern
	}
	if !strings.ContainsAny(pattern, wild) {
		return []string{pattern}
	}
	var found []hit
	for n := range s.candidates(pattern) {
		if p, ok := s.pathThatFits(pattern, n.Path); ok {
			found = append(found, hit{p, s.tree.Get(p) == s.tree.Resolve(p)})
		}
	}
	slices.SortFunc(found, func(a, b hit) int {
		if a.real != b.real {
			return map[bool]int{true: -1, false: 1}[a.real]
		}
		return cmp.Compare(a.path, b.path)
	})
	paths := make([]string, len(found))
	for i, h := range found {
		paths[i] = h.path
	}
	return paths
}

// hit is a path that fits, and whether it is a file's own.
type hit struct {
	path string
	real bool
}

// alias is a path to a node: through a link, or its own.
type alias struct {
	at    string // where the link is, or the node itself
	below string // what follows behind the link
	by    *alias // the alias whose directory it is another name of
}

// maxAliases bounds how many paths to one node are tried: links may be tangled so that there is no end of them. Real
// images have a few, as /lib and /usr/lib. An attacker can make the number grow with each link that leads back above
// itself.
const maxAliases = 256

// pathThatFits gives the first path to a node that fits the pattern: its own, else one through links to directories
// above it. Through one that leads round in a circle it goes once more. At most maxAliases ways are tried, the shortest
// first.
func (s *search) pathThatFits(pattern, own string) (string, bool) {
	ways := []*alias{{at: own}}
	for next := 0; next < len(ways); next++ {
		a := ways[next]
		full := a.at + a.below
		if s.fits(pattern, full) && s.tree.Resolve(full) != nil {
			return full, true
		}
		for end := 1; end < len(a.at); end++ {
			if a.at[end] == '/' {
				ways = s.through(ways, a, a.at[:end], full[end:])
			}
		}
		if a.below != "" {
			ways = s.through(ways, a, a.at, a.below)
		}
	}
	return "", false
}

// through adds the paths that lead through a link to a directory.
func (s *search) through(ways []*alias, a *alias, dir, below string) []*alias {
	for _, link := range s.links[dir] {
		if len(ways) < maxAliases && a.times(link) < 2 {
			ways = append(ways, &alias{link, below, a})
		}
	}
	return ways
}

// times counts how often a way goes through a link.
func (a *alias) times(link string) (n int) {
	for ; a != nil; a = a.by {
		if a.at == link {
			n++
		}
	}
	return n
}

// fits reports whether a path, or one that it leads over by being a link, fits a pattern. A chain of links is followed
// as far as Linux follows one.
func (s *search) fits(pattern, p string) bool {
	for range layer.MaxLinks {
		if ok, err := doublestar.Match(pattern, p); ok && err == nil {
			return true
		}
		n := s.tree.Get(p)
		if n == nil || n.Type != inspect.EntrySymlink {
			return false
		}
		p = path.Clean(linked(n))
	}
	return false
}
