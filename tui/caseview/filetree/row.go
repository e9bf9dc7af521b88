package filetree

import (
	"cmp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// Widths of a row, in cells, from which on a column is shown.
const (
	sizeFrom = 36
	modeFrom = 50
)

// maxIndent bounds the levels by which a name is indented.
const maxIndent = 40

// Len counts the rows: of the tree, or of the matches of a filter.
func (s *State) Len() int {
	switch {
	case s.matched:
		return len(s.matches)
	case s.files == nil:
		return 0
	default:
		return s.files.Len()
	}
}

// node gives the number of the node on a row.
func (s *State) node(i int) int32 {
	if s.matched {
		return s.matches[i]
	}
	return s.files.At(i)
}

// Row draws a file: change, flag, name, and what there is room for.
func (s *State) Row(i, width int, l widget.Look) string {
	at := s.node(i)
	n, e := s.files.Node(at), s.files.entry(at)
	pointer := " "
	if l != widget.LookPlain {
		pointer = "▸"
	}
	mark, markTone := changeMark(n, s.files.entries.change(e))
	flag := widget.Cell{Text: " ", Width: 1}
	if severity, ok := s.Flags[n.Path]; ok && severity.Rank() <= inspect.Medium.Rank() {
		flag = widget.Cell{Text: "!", Tone: label.SeverityTone(severity), Width: 1}
	}
	if m := s.Marks[n.Path]; m != "" {
		flag.Text = label.Mark(m)
	}
	cells := []widget.Cell{
		{Text: pointer, Tone: widget.ToneKey, Width: 1},
		{Text: mark, Tone: markTone, Width: 1},
		flag,
		{Text: s.name(n, e), Width: -1, Tone: nameTone(n, e, flag.Tone)},
	}
	if width >= modeFrom {
		cells = append(cells, widget.Cell{Text: treeMode(n, e), Tone: widget.ToneDim, Width: 10})
	}
	if width >= sizeFrom {
		cells = append(cells, widget.Cell{Text: label.Size(n.Size), Tone: widget.ToneDim, Width: 9, Right: true})
	}
	if s.key.Layer == pane.MergedTree {
		cells = append(cells, widget.Cell{Text: label.Layer(e.Layer), Tone: widget.ToneNote, Width: 3, Right: true})
	}
	return s.Paint.Line(width, l, cells...)
}

// name is the last part of the path, indented by its depth; in a flat list the whole path.
func (s *State) name(n widget.Node, e inspect.Node) string {
	link := ""
	if e.Link != "" {
		link = " → " + e.Link
	}
	if s.matched {
		return n.Path + link
	}
	name := n.Path[strings.LastIndexByte(n.Path, '/')+1:]
	sign := "  "
	switch {
	case n.Dir && n.Open:
		sign, name = "▾ ", name+"/"
	case n.Dir:
		sign, name = "▸ ", name+"/"
	}
	return widget.Blanks(2*min(n.Depth, maxIndent)) + sign + name + link
}

// nameTone is the color of a name: that of its finding, else by what it is.
func nameTone(n widget.Node, e inspect.Node, flag widget.Tone) widget.Tone {
	switch {
	case flag != widget.TonePlain && !n.Dir:
		return flag
	case e.Type == inspect.EntryWhiteout || e.Change == inspect.Removed:
		return widget.ToneDim
	case n.Dir:
		return widget.ToneBold
	default:
		return widget.TonePlain
	}
}

// changeMark is A, M or D; for a directory the changes below it.
func changeMark(n widget.Node, change widget.Change) (string, widget.Tone) {
	switch {
	case change == widget.Removed || n.Dir && n.Gone > 0 && n.Added+n.Edited == 0:
		return "D", widget.ToneBad
	case change == widget.Modified || n.Dir && n.Edited+n.Gone > 0:
		return "M", widget.ToneWarn
	case change == widget.Added || n.Added > 0:
		return "A", widget.ToneNote
	default:
		return " ", widget.TonePlain
	}
}

// treeMode is blank for a directory that no entry names.
func treeMode(n widget.Node, e inspect.Node) string {
	if n.Entry < 0 {
		return ""
	}
	return Mode(e)
}

// Mode writes mode bits as ls does.
func Mode(e inspect.Node) string {
	kind := map[inspect.EntryType]string{
		inspect.EntryDir: "d", inspect.EntrySymlink: "l", inspect.EntryChar: "c",
		inspect.EntryBlock: "b", inspect.EntryFIFO: "p",
	}[e.Type]
	b := []byte(cmp.Or(kind, "-") + "rwxrwxrwx")
	for i := range 9 {
		if e.Mode&(1<<(8-i)) == 0 {
			b[i+1] = '-'
		}
	}
	for bit, at := range map[uint32]int{0o4000: 3, 0o2000: 6, 0o1000: 9} {
		if e.Mode&bit == 0 {
			continue
		}
		c := byte('s')
		if bit == 0o1000 {
			c = 't'
		}
		if b[at] != 'x' {
			c -= 'a' - 'A'
		}
		b[at] = c
	}
	return string(b)
}
