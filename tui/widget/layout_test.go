package widget

import (
	"strings"
	"testing"
)

// boxes draws a layout: each region by its letter.
func boxes(w, h int, s Shape) string {
	f := Place(w, h, s)
	if f.Small {
		return "too small"
	}
	grid := make([][]rune, h)
	for y := range grid {
		grid[y] = []rune(strings.Repeat(" ", w))
	}
	for _, r := range []struct {
		Rect
		letter rune
	}{
		{f.Header, 'h'},
		{f.Tabs, 't'},
		{f.Top, 'b'},
		{f.List, 'l'},
		{f.Detail, 'd'},
		{f.Foot, 'f'},
		{f.Status, 's'},
		{f.Keys, 'k'},
	} {
		for y := r.Y; y < r.Y+r.H; y++ {
			for x := r.X; x < r.X+r.W; x++ {
				if grid[y][x] != ' ' {
					return "regions overlap"
				}
				grid[y][x] = r.letter
			}
		}
	}
	lines := make([]string, h)
	for y := range grid {
		lines[y] = strings.TrimRight(string(grid[y]), " ")
	}
	return strings.Join(lines, "\n")
}

func TestLayoutPutsListAndDetailBesideEachOther(t *testing.T) {
	got := boxes(100, 16, Shape{Tabs: true, Top: 4, Share: 40})
	want := "" +
		strings.Repeat("h", 100) + "\n" + strings.Repeat("t", 100) + "\n" +
		strings.Repeat(strings.Repeat("b", 100)+"\n", 4) +
		strings.Repeat(strings.Repeat("l", 39)+"   "+strings.Repeat("d", 58)+"\n", 8) +
		strings.Repeat("s", 100) + "\n" + strings.Repeat("k", 100)
	if got != want {
		t.Errorf("the layout is\n%s", got)
	}
}

func TestLayoutStacksUnderAHundredColumns(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Shape
		want string
	}{
		{"a list and its detail", Shape{Tabs: true}, "h t lllllll dddd s k"},
		{"with the brief above", Shape{Tabs: true, Top: 14}, "h t bbbb llll ddd s k"},
		{"the brief has the focus", Shape{Tabs: true, Top: 14, Focus: RegionTop}, "h t bbbbbbbb l dd s k"},
		{"pods have no tabs", Shape{Stacked: true}, "h lllllll ddddd s k"},
		{"no room for a foot", Shape{Tabs: true, Foot: 9}, "h t lll dddddddd s k"},
	} {
		got := columnOf(boxes(80, 15, c.s))
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// columnOf is the first column of drawn boxes, a word for each region.
func columnOf(drawn string) string {
	var b strings.Builder
	last := byte(0)
	for l := range strings.Lines(drawn) {
		if last != 0 && l[0] != last {
			b.WriteByte(' ')
		}
		b.WriteByte(l[0])
		last = l[0]
	}
	return b.String()
}

func TestLayoutShowsOneRegionWhereItIsNarrow(t *testing.T) {
	for _, c := range []struct {
		w, h  int
		focus Region
		want  string
	}{
		{40, 12, RegionList, "h t llllllll s k"},
		{40, 12, RegionDetail, "h t dddddddd s k"},
		{40, 12, RegionTop, "h t bbbbbbbb s k"},
		{120, 14, RegionList, "h t llllllllll s k"},
		{30, 8, RegionList, "h t llll s k"},
	} {
		if got := columnOf(boxes(c.w, c.h, Shape{Tabs: true, Top: 14, Focus: c.focus})); got != c.want {
			t.Errorf("%dx%d: %s, want %s", c.w, c.h, got, c.want)
		}
	}
}

// What a case leads with stays in sight on a small screen: above the list, and nowhere else.
func TestTheLeadStaysAboveTheListOfASmallScreen(t *testing.T) {
	for _, c := range []struct {
		name string
		w, h int
		s    Shape
		want string
	}{
		{"40×12", 40, 12, Shape{Lead: true, Top: 14}, "h t bbbb llll s k"},
		{"a lead of two lines", 40, 12, Shape{Lead: true, Top: 2}, "h t bb llllll s k"},
		{"the detail has the focus", 40, 12, Shape{Lead: true, Top: 14, Focus: RegionDetail}, "h t dddddddd s k"},
		{"the lead has the focus", 40, 12, Shape{Lead: true, Top: 14, Focus: RegionTop}, "h t bbbbbbbb s k"},
		{"zoomed", 40, 12, Shape{Lead: true, Top: 14, Zoom: true}, "h t llllllll s k"},
		{"a comparison is no lead", 40, 12, Shape{Top: 14}, "h t llllllll s k"},
		{"nothing to lead with", 40, 12, Shape{Lead: true}, "h t llllllll s k"},
		{"too low for both", 30, 8, Shape{Lead: true, Top: 14}, "h t llll s k"},
		{"low and wide", 120, 14, Shape{Lead: true, Top: 3}, "h t bbb lllllll s k"},
	} {
		c.s.Tabs = true
		if got := columnOf(boxes(c.w, c.h, c.s)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLayoutNeverLeavesTheScreen(t *testing.T) {
	for w := 0; w < 210; w += 7 {
		for h := 0; h < 70; h += 3 {
			for focus := RegionList; focus <= RegionTop; focus++ {
				for _, s := range []Shape{
					{Tabs: true, Top: 15, Share: 58, Focus: focus},
					{Tabs: true, Foot: 12, Share: 42, Focus: focus},
					{Stacked: true, Share: 55, Focus: focus},
					{Tabs: true, Lead: true, Top: 9, Focus: focus},
				} {
					if got := boxes(w, h, s); got == "regions overlap" {
						t.Fatalf("%dx%d %+v: %s", w, h, s, got)
					}
				}
			}
		}
	}
}
