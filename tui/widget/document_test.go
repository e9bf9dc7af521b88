package widget

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// document writes into a document of a width, and gives its lines without colors.
func document(width int, write func(d *Document)) []string {
	d := NewDocument(NewPaint(true, false, false), width)
	write(d)
	return plainLines(d.Lines)
}

func TestADocumentIsWritten(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		write func(d *Document)
		want  []string
	}{
		{
			"a sentence", 20, func(d *Document) { d.Say(ToneBold, "one two three four five") },
			[]string{"one two three four", "five"},
		},
		{"a field", 30, func(d *Document) { d.Field("path", "/usr/bin/top") }, []string{"path        /usr/bin/top"}},
		{"a field without a value", 30, func(d *Document) { d.Field("path", "") }, []string{}},
		{
			"a field that wraps", 26, func(d *Document) { d.Field("a", "one two three four") },
			[]string{"a           one two three", "            four"},
		},
		{
			"a label wider than half", 10, func(d *Document) { d.Put(TonePlain, "long label ", "x") },
			[]string{"long labe…", "  x"},
		},
		{
			"headings", 20, func(d *Document) { d.Heading("A"); d.Say(TonePlain, "a"); d.Heading("B") },
			[]string{"A", "a", "", "B"},
		},
		{
			"one gap", 20, func(d *Document) { d.Say(TonePlain, "a"); d.Gap(); d.Gap(); d.Say(TonePlain, "b") },
			[]string{"a", "", "b"},
		},
		{"no gap at the top", 20, func(d *Document) { d.Gap(); d.Say(TonePlain, "a") }, []string{"a"}},
		{"an outcome", 30, func(d *Document) { d.Outcome(SignBad, "failed", "no key") }, []string{"✗ failed: no key"}},
		{
			"an outcome that wraps", 12, func(d *Document) { d.Outcome(SignOpen, "open", "not reached") },
			[]string{"? open: not", "  reached"},
		},
		{
			"a step", 60, func(d *Document) { d.Step(SignGood, "integrity", "valid") },
			[]string{"✓ integrity         valid"},
		},
		{
			"a step where it is narrow", 30, func(d *Document) { d.Step(SignGood, "integrity", "valid") },
			[]string{"✓ integrity: valid"},
		},
		{
			"a command", 40, func(d *Document) { d.Command("kubectl get pod") },
			[]string{"To copy (y); it is not run", "kubectl get pod"},
		},
		{"no command", 40, func(d *Document) { d.Command("") }, []string{}},
		{"lines of a text", 20, func(d *Document) { d.Put(TonePlain, "• ", "one\ntwo") }, []string{"• one", "  two"}},
		{"controls", 20, func(d *Document) { d.Say(TonePlain, "a\x1b[31mb\u202e") }, nil},
	} {
		got := document(c.width, c.write)
		if c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if strings.ContainsAny(strings.Join(got, ""), "\x1b\u202e") {
			t.Errorf("%s: %q holds controls", c.name, got)
		}
	}
}

func TestALongListIsCut(t *testing.T) {
	items := make([]string, MaxListed+3)
	for i := range items {
		items[i] = fmt.Sprint("item ", i)
	}
	got := document(40, func(d *Document) { d.Bullets(items) })
	if len(got) != MaxListed+1 || got[MaxListed] != "  … and 3 more" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}

func TestNoLineLeavesItsDocument(t *testing.T) {
	for width := range 40 {
		for _, l := range document(width, func(d *Document) {
			d.Heading("A heading of some length")
			d.Field("a name", "日本語のファイル and more")
			d.Outcome(SignBad, "failed", strings.Repeat("x", 50))
			d.Step(SignOpen, "transparency-log", "not reached")
			d.Bullets([]string{"one", strings.Repeat("y", 99)})
		}) {
			if got := ansi.StringWidth(l); got > max(2, width) && width > 3 {
				t.Errorf("in %d cells a line has %d: %q", width, got, l)
			}
		}
	}
}

func TestSigns(t *testing.T) {
	utf8, letters := NewPaint(true, false, false), NewPaint(true, false, true)
	for _, c := range []struct {
		sign          Sign
		utf8, letters string
		tone          Tone
	}{
		{SignGood, "✓", "ok", ToneGood},
		{SignBad, "✗", "FAIL", ToneBad},
		{SignOpen, "?", "??", ToneWarn},
		{SignNone, "–", "--", ToneDim},
	} {
		if utf8.Sign(c.sign) != c.utf8 || letters.Sign(c.sign) != c.letters || c.sign.Tone() != c.tone {
			t.Errorf("sign %v is %q and %q in tone %v", c.sign, utf8.Sign(c.sign), letters.Sign(c.sign), c.sign.Tone())
		}
		if cell := letters.SignCell(c.sign); ansi.StringWidth(cell.Text) > cell.Width ||
			cell.Width != letters.SignWidth() {
			t.Errorf("the column of %q has %d cells", cell.Text, cell.Width)
		}
	}
}

func TestWithoutColorsTheSelectionIsStillSeen(t *testing.T) {
	p := NewPaint(true, true, false)
	plain, current := p.InRow(LookPlain, TonePlain, "x"), p.InRow(lookCurrent, TonePlain, "x")
	if plain == current {
		t.Error("the selected row looks like the others")
	}
	if p.In(ToneBad, "") != "" || p.InRow(lookCurrent, ToneBad, "") != "" {
		t.Error("an empty text is colored")
	}
}

func TestCellsShareTheWidth(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		cells []Cell
		want  string
	}{
		{"by weight", 10, []Cell{{Text: "a", Width: -2}, {Text: "b", Width: -1}}, "a      b  "},
		{"fixed first", 10, []Cell{{Text: "abc", Width: 4}, {Text: "rest", Width: -1}}, "abc  rest "},
		{"natural", 8, []Cell{{Text: "abc"}, {Text: "d", Width: -1}}, "abc d   "},
		{"to the right", 8, []Cell{{Text: "a", Width: -1}, {Text: "7", Width: 3, Right: true}}, "a      7"},
		{"no room for the last", 4, []Cell{{Text: "abcd", Width: 4}, {Text: "x", Width: 4}}, "abcd"},
		{"cleaned", 4, []Cell{{Text: "a\x07b", Width: -1}}, ""},
	} {
		got := ansi.Strip(NewPaint(true, false, false).Line(c.width, LookPlain, c.cells...))
		if c.want != "" && got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if strings.ContainsRune(got, '\a') {
			t.Errorf("%s: %q holds a control", c.name, got)
		}
	}
}

func TestRectanglesContainTheirCells(t *testing.T) {
	r := Rect{X: 2, Y: 3, W: 4, H: 1}
	for _, c := range []struct {
		x, y int
		want bool
	}{{2, 3, true}, {5, 3, true}, {6, 3, false}, {2, 4, false}, {1, 3, false}} {
		if got := r.Contains(c.x, c.y); got != c.want {
			t.Errorf("%d,%d: %v", c.x, c.y, got)
		}
	}
	if !(Rect{W: 3}).Empty() || r.Empty() {
		t.Error("a rectangle without area is not empty, or one with area is")
	}
}
