package layer

import (
	"path"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// sheet is what one layer says by itself: its nodes, and what it hides of the layers below.
type sheet struct {
	nodes    []inspect.Node  // sorted by comparePaths, one for each path, every parent present
	implicit map[string]bool // directories that are there only because something is in them
	gone     map[string]bool // whiteouts: the path and all below it
	opaque   map[string]bool // directories whose lower content is hidden
}

// newSheet lays out the entries of a layer. The last of several entries with one path wins. A name that leads through a
// symbolic link of the same layer lands where the link points to, as it does when a runtime unpacks the layer; links of
// lower layers are not followed, since overlayfs puts a directory in their place.
func newSheet(entries []inspect.Entry, number int) *sheet {
	s := &sheet{implicit: map[string]bool{}, gone: map[string]bool{}, opaque: map[string]bool{}}
	p := placer{links: map[string]string{}, real: map[string]string{"/": "/"}}
	at := make(map[string]int, len(entries))
	placed := make([]placement, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		where := p.place(e)
		switch e.Type {
		case inspect.EntryWhiteout:
			s.gone[where] = true
			continue
		case inspect.EntryOpaque:
			s.opaque[where] = true
			continue
		default:
		}
		if k, twice := at[where]; twice {
			placed[k] = placement{where, e, i}
			continue
		}
		at[where] = len(placed)
		placed = append(placed, placement{where, e, i})
	}
	slices.SortFunc(placed, func(a, b placement) int { return comparePaths(a.path, b.path) })
	s.lay(placed, number)
	return s
}

// placement is where an entry lands.
type placement struct {
	path  string
	entry *inspect.Entry
	order int // in the tar
}

// lay makes nodes of sorted placements, adds the directories that no entry names, and settles where a layer
// contradicts itself, with something below what is no directory: what came last holds.
func (s *sheet) lay(placed []placement, number int) {
	s.nodes = make([]inspect.Node, 0, len(placed)+16)
	var dirs []string // the directories above the last node
	block, order := "", 0
	for _, p := range placed {
		if block != "" && within(p.path, block) {
			if p.order < order {
				continue
			}
			for i := len(s.nodes) - 1; i >= 0; i-- { // the blocking node is the last one that is no part of it
				if s.nodes[i].Path == block {
					s.nodes[i] = emptyDir(block, number)
					s.implicit[block] = true
					dirs = append(dirs, block)
					break
				}
			}
		}
		block = ""
		for len(dirs) > 0 && !within(p.path, dirs[len(dirs)-1]) {
			dirs = dirs[:len(dirs)-1]
		}
		for _, dir := range missing(dirs, p.path) {
			s.nodes = append(s.nodes, emptyDir(dir, number))
			s.implicit[dir] = true
			dirs = append(dirs, dir)
		}
		node := inspect.Node{Entry: *p.entry, Layer: number}
		node.Path = p.path
		s.nodes = append(s.nodes, node)
		if node.Type == inspect.EntryDir {
			dirs = append(dirs, p.path)
		} else {
			block, order = p.path, p.order
		}
	}
}

// missing lists the directories between the last known one above a path and the path, highest first.
func missing(above []string, p string) []string {
	if p == "/" {
		return nil
	}
	var list []string
	for dir := path.Dir(p); len(above) == 0 || dir != above[len(above)-1]; dir = path.Dir(dir) {
		list = append(list, dir)
		if dir == "/" {
			break
		}
	}
	slices.Reverse(list)
	return list
}

func emptyDir(p string, number int) inspect.Node {
	return inspect.Node{Entry: inspect.Entry{Path: p, Type: inspect.EntryDir, Mode: 0o755}, Layer: number}
}

// placer follows the symbolic links that a layer itself brings, in the order of its tar.
type placer struct {
	links map[string]string // path of a symbolic link to its target
	real  map[string]string // directory as named to directory as it is
	grown int               // bytes by which paths are longer than they were named, see MaxNames
}

// place says where an entry lands.
func (p *placer) place(e *inspect.Entry) string {
	if e.Path == "/" {
		return "/"
	}
	dir, base := path.Split(e.Path)
	where := e.Path
	if len(p.links) > 0 {
		where = join(p.realDir(path.Clean(dir)), base)
		if p.grown += max(0, len(where)-len(e.Path)); p.grown > MaxNames {
			where = e.Path // a short name in a directory of a long one: a million of them would fill the memory
		}
	}
	_, was := p.links[where]
	if e.Type == inspect.EntrySymlink {
		p.links[where] = e.Link
	} else if was && e.Type != inspect.EntryWhiteout && e.Type != inspect.EntryOpaque {
		delete(p.links, where)
	}
	if _, used := p.real[where]; used && (was || e.Type == inspect.EntrySymlink) {
		p.real = map[string]string{"/": "/"}
	}
	return where
}

// realDir follows links in every component of a directory's path. Where they go round, or further than MaxLinks, it is
// taken as named: what is half followed would grow with every round.
func (p *placer) realDir(dir string) string {
	if real, ok := p.followed(dir, 0); ok {
		return real
	}
	p.real[dir] = dir
	return dir
}

func (p *placer) followed(dir string, depth int) (string, bool) {
	if real, ok := p.real[dir]; ok {
		return real, true
	}
	if depth > MaxLinks || len(dir) > registry.MaxPath {
		return "", false
	}
	parent, base := path.Split(dir)
	above, ok := p.followed(path.Clean(parent), depth)
	if !ok {
		return "", false
	}
	real := join(above, base)
	if to, linked := p.links[real]; linked {
		if real, ok = p.followed(linkTarget(path.Dir(real), to), depth+1); !ok {
			return "", false
		}
	}
	p.real[dir] = real
	return real, true
}
