package tui

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// treeRows draws the tree, or the flat list of what a filter found.
type treeRows struct {
	m *Model
	s *caseScreen
}

func (t treeRows) Len() int {
	if t.s.tree.matched {
		return len(t.s.tree.matches)
	}
	if t.s.tree.tree == nil {
		return 0
	}
	return t.s.tree.tree.Len()
}

// node gives the node of a row.
func (t treeRows) node(i int) int32 {
	if t.s.tree.matched {
		return t.s.tree.matches[i]
	}
	return t.s.tree.tree.At(i)
}

func (t treeRows) Row(i, width int, l widget.Look) string {
	tree := t.s.tree.tree
	at := t.node(i)
	n := tree.Node(at)
	e := tree.entry(at)
	pointer := " "
	if l != widget.LookPlain {
		pointer = "▸"
	}
	mark, markTone := changeMark(n, tree.files.change(e))
	flag := widget.Cell{Text: " ", Width: 1}
	if sev, ok := t.s.flagged[n.Path]; ok && sev.Rank() <= inspect.Medium.Rank() {
		flag = widget.Cell{Text: "!", Tone: severityTone(sev), Width: 1}
	}
	if m := t.s.marks[n.Path]; m != "" {
		flag.Text = markSign(m)
	}
	name := widget.Cell{Text: t.name(n, e), Width: -1, Tone: nameTone(n, e, flag.Tone)}
	cells := []widget.Cell{{Text: pointer, Tone: widget.ToneKey, Width: 1}, {Text: mark, Tone: markTone, Width: 1}, flag, name}
	if width >= 50 {
		cells = append(cells, widget.Cell{Text: treeMode(n, e), Tone: widget.ToneDim, Width: 10})
	}
	if width >= 36 {
		cells = append(cells, widget.Cell{Text: bytesText(n.Size), Tone: widget.ToneDim, Width: 9, Right: true})
	}
	if t.s.tree.key.layer == MergedTree {
		cells = append(cells, widget.Cell{Text: layerText(e.Layer), Tone: widget.ToneNote, Width: 3, Right: true})
	}
	return t.m.p.Line(width, l, cells...)
}

// name is the last part of the path, indented by its depth; in a flat list the whole path.
func (t treeRows) name(n widget.Node, e inspect.Node) string {
	link := ""
	if e.Link != "" {
		link = " → " + e.Link
	}
	if t.s.tree.matched {
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
	return widget.Blanks(2*min(n.Depth, 40)) + sign + name + link
}

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

// changeMark is A, M or D; for a directory what happened below it.
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
	return modeText(e)
}

// modeText writes mode bits as ls does.
func modeText(e inspect.Node) string {
	kind := map[inspect.EntryType]string{inspect.EntryDir: "d", inspect.EntrySymlink: "l", inspect.EntryChar: "c", inspect.EntryBlock: "b", inspect.EntryFIFO: "p"}[e.Type]
	b := []byte(firstOf(kind, "-") + "rwxrwxrwx")
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
