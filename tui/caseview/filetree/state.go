package filetree

import (
	"cmp"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// State is the tree on screen: which one, what of it is visible, and where the cursor is. The zero value has no tree.
type State struct {
	widget.Window
	Paint *widget.Paint
	Flags pane.Flags
	// Marks: by path
	Marks map[string]string
	// Err: why the tree could not be read
	Err error

	// key: of the tree that is shown, or on its way
	key   Key
	asked bool
	// files: nil until it is there
	files *Files
	// reveal: path to go to once the tree is there
	reveal string
	filter string
	// matches: with a filter: the flat list of nodes that match
	matches []int32
	// matched: the matches are there
	matched bool
}

// Ask notes that a tree is on its way, and drops the one before. It reports false where that very tree is there or
// asked for already.
func (s *State) Ask(key Key) bool {
	if s.asked && s.key == key {
		return false
	}
	s.drop()
	s.key, s.asked = key, true
	return true
}

// Drop forgets the tree.
func (s *State) Drop() {
	if s.asked {
		s.drop()
	}
}

// drop forgets the tree and its search, and keeps the path that is to be shown.
func (s *State) drop() {
	*s = State{Paint: s.Paint, Flags: s.Flags, Marks: s.Marks, reveal: s.reveal}
}

// Asked reports whether a tree is there or on its way.
func (s *State) Asked() bool { return s.asked }

// Key is that of the tree that is there or on its way.
func (s *State) Key() Key { return s.key }

// Ready reports whether the tree is there.
func (s *State) Ready() bool { return s.files != nil }

// Searching reports whether the matches of a filter are shown in place of the tree.
func (s *State) Searching() bool { return s.matched }

// Changed reports whether only what changed is visible.
func (s *State) Changed() bool { return s.files != nil && s.files.Changed() }

// Take shows a tree that was asked for. It reports a path that was to be shown and is not in it.
func (s *State) Take(key Key, files *Files, err error) (missing string) {
	if s.key != key {
		return ""
	}
	s.files, s.Err = files, err
	switch {
	case err != nil:
		return ""
	case s.reveal != "":
		path := s.reveal
		if !s.Reveal(path) {
			return path
		}
		return ""
	}
	s.openFlagged()
	return ""
}

// maxFlagged bounds the flagged files whose directories are opened at first: a tree that is all open shows nothing.
const maxFlagged = 8

// openFlagged opens the directories of the files with serious findings, and goes to the worst of them.
func (s *State) openFlagged() {
	var paths []string
	for path, severity := range s.Flags {
		at, ok := s.files.Find(path)
		if ok && !s.files.Node(at).Dir && severity.Rank() <= inspect.High.Rank() {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Flags[a].Rank(), s.Flags[b].Rank()), cmp.Compare(a, b))
	})
	for _, path := range paths[:min(maxFlagged, len(paths))] {
		s.files.Reveal(path)
	}
	if len(paths) > 0 {
		s.At = s.files.Reveal(paths[0])
	}
}

// Reveal goes to a path, now or as soon as the tree is there. It reports false where the tree does not have the path.
func (s *State) Reveal(path string) bool {
	s.reveal = path
	if s.files == nil {
		return true
	}
	s.reveal = ""
	s.filter, s.matched = "", false
	row := s.files.Reveal(path)
	if row < 0 {
		return false
	}
	s.At = row
	return true
}

// Selected gives the file that the cursor is on.
func (s *State) Selected() (inspect.Node, bool) {
	if s.At < 0 || s.At >= s.Len() {
		return inspect.Node{}, false
	}
	return s.files.entry(s.node(s.At)), true
}

// Move goes down by so many rows, or up.
func (s *State) Move(by int) { s.Window.Move(by, s.Len()) }

// Toggle opens or closes the directory that the cursor is on. It reports false on a file.
func (s *State) Toggle() bool {
	return s.opens() && (s.files.Open(s.At) || s.files.Close(s.At))
}

// Open opens the directory that the cursor is on.
func (s *State) Open() {
	if s.opens() {
		s.files.Open(s.At)
	}
}

// Close closes the directory that the cursor is on, or goes to the one above. It reports false at the top.
func (s *State) Close() bool {
	if !s.opens() {
		return false
	}
	if s.files.Close(s.At) {
		return true
	}
	up := s.files.Parent(s.At)
	if up < 0 {
		return false
	}
	s.At = up
	return true
}

// opens reports whether there are directories that open and close.
func (s *State) opens() bool { return s.files != nil && !s.matched && s.files.Len() > 0 }

// ToggleChanged shows only what changed, or everything. The cursor stays on its file where that is visible.
func (s *State) ToggleChanged() {
	e, _ := s.Selected()
	s.files.Reset(!s.files.Changed())
	s.Window = widget.Window{}
	if at, ok := s.files.Find(e.Path); ok && s.files.Wanted(at) {
		s.Reveal(e.Path)
	}
}

// Filter is the text that is searched.
func (s *State) Filter() string { return s.filter }

// Search sets the filter and gives the search for it, which runs outside of Update and whose result Match takes; nil
// where there is no tree.
func (s *State) Search(text string) func() []int32 {
	if s.files == nil {
		return nil
	}
	s.filter = text
	files := s.files
	return func() []int32 { return files.Match(text) }
}

// Match shows what a search has found, unless another one has begun meanwhile.
func (s *State) Match(key Key, filter string, found []int32) {
	if s.key == key && s.filter == filter {
		s.matches, s.matched, s.Window = found, true, widget.Window{}
	}
}

// ClearFilter goes back from the matches to the tree, where the cursor stays on its file.
func (s *State) ClearFilter() {
	e, ok := s.Selected()
	s.filter, s.matched = "", false
	if ok {
		s.Reveal(e.Path)
	}
}

// OpenAll opens every directory.
func (s *State) OpenAll() { s.files.OpenAll() }
