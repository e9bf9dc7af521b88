package sbom

import (
	"cmp"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/backtrail/backtrail/inspect"
)

// wild are the characters that make a pattern of a path. A pattern without any of them is a path.
const wild = "*?[]{}"

// candidates gives the nodes that may fit a pattern, by its literal parts. They may be more than those that
// fit, and never fewer: each is matched afterwards. Going through all names of a tree is the last resort.
func (s *search) candidates(pattern string) iter.Seq[*inspect.Node] {
	dir, name := path.Split(pattern)
	if strings.Count(name, "}") != strings.Count(name, "{") || strings.Contains(name, "**") {
		return all(s.byName)
	}
	if in := s.tree.Get(path.Clean(dir)); in != nil && in.Type == inspect.EntryDir && !strings.ContainsAny(dir, wild) {
		return s.inside(in.Path, name)
	}
	if parent := path.Base(dir); name == "*" && !strings.ContainsAny(parent, wild) {
		return s.within(parent)
	}
	return func(yield func(*inspect.Node) bool) {
		for _, one := range alternatives(name) {
			for n := range s.called(one) {
				if !yield(n) {
					return
				}
			}
		}
	}
}

// within gives what is in the directories of a name, also of the name of a link to them.
func (s *search) within(name string) iter.Seq[*inspect.Node] {
	return func(yield func(*inspect.Node) bool) {
		for n := range s.called(name) {
			dir := s.tree.Resolve(n.Path)
			if dir == nil {
				continue
			}
			for _, n := range s.tree.Children(dir.Path) {
				if !yield(n) {
					return
				}
			}
		}
	}
}

// inside gives what may fit in one directory, which is asked for each package of dpkg and npm. A link fits by where it
// leads to, whatever its name is.
func (s *search) inside(dir, pattern string) iter.Seq[*inspect.Node] {
	start, _, _ := cut(pattern)
	return func(yield func(*inspect.Node) bool) {
		for _, n := range s.tree.Children(dir) {
			if (n.Type == inspect.EntrySymlink || strings.HasPrefix(path.Base(n.Path), start)) && !yield(n) {
				return
			}
		}
	}
}

// called gives the nodes whose names fit a pattern, which holds no braces. Most patterns begin with letters, or are an
// asterisk and an ending. list is sorted by name, so that those that begin alike lie together.
func (s *search) called(pattern string) iter.Seq[*inspect.Node] {
	start, open, wildcard := cut(pattern)
	list := s.byName
	fits := func(name string) bool { ok, err := doublestar.Match(pattern, name); return ok && err == nil }
	if !wildcard {
		fits = func(name string) bool { return name == pattern }
	} else if end, ok := strings.CutPrefix(open, "*"); ok && !strings.ContainsAny(end, wild) {
		fits = func(name string) bool { return len(name) >= len(start)+len(end) && strings.HasSuffix(name, end) }
		if ext := path.Ext(end); ext != "" {
			list = s.byEnd[ext]
		}
	}
	from, _ := slices.BinarySearchFunc(list, start, func(n named, name string) int { return cmp.Compare(n.name, name) })
	return func(yield func(*inspect.Node) bool) {
		for _, n := range list[from:] {
			if !strings.HasPrefix(n.name, start) {
				return
			}
			if fits(n.name) && !yield(n.node) {
				return
			}
		}
	}
}

// all are the nodes of a list.
func all(list []named) iter.Seq[*inspect.Node] {
	return func(yield func(*inspect.Node) bool) {
		for _, n := range list {
			if !yield(n.node) {
				return
			}
		}
	}
}

// cut takes the letters that a pattern begins with from the rest of it.
func cut(pattern string) (start, rest string, wildcard bool) {
	at := strings.IndexAny(pattern, wild)
	if at < 0 {
		return pattern, "", false
	}
	return pattern[:at], pattern[at:], true
}

// alternatives are the names that {a,b} stands for. Braces within braces are left to the matching. "{a,b}.jar" gives
// a.jar and b.jar.
func alternatives(name string) []string {
	before, rest, found := strings.Cut(name, "{")
	inner, after, closed := strings.Cut(rest, "}")
	if !found || !closed || strings.ContainsAny(inner+after, "{}") {
		return []string{name}
	}
	var all []string
	for _, one := range strings.Split(inner, ",") {
		all = append(all, before+one+after)
	}
	return all
}
