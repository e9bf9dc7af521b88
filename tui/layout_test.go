package tui

import (
	"strings"
	"testing"
)

// boxes draws a layout: each region by its letter.
func boxes(w, h int, s shape) string {
	f := layout(w, h, s)
	if f.small {
		return "too small"
	}
	grid := make([][]rune, h)
	for y := range grid {
		grid[y] = []rune(strings.Repeat(" ", w))
	}
	for _, r := range []struct {
		rect
		letter rune
	}{{f.header, 'h'}, {f.tabs, 't'}, {f.top, 'b'}, {f.list, 'l'}, {f.detail, 'd'}, {f.foot, 'f'}, {f.status, 's'}, {f.keys, 'k'}} {
		for y := r.y; y < r.y+r.h; y++ {
			for x := r.x; x < r.x+r.w; x++ {
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
	got := boxes(100, 16, shape{tabs: true, top: 4, share: 40})
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
		s    shape
		want string
	}{
		{"a list and its detail", shape{tabs: true}, "h t lllllll dddd s k"},
		{"with the brief above", shape{tabs: true, top: 14}, "h t bbbb llll ddd s k"},
		{"the brief has the focus", shape{tabs: true, top: 14, focus: regionTop}, "h t bbbbbbbb l dd s k"},
		{"pods have no tabs", shape{stacked: true}, "h lllllll ddddd s k"},
		{"no room for a foot", shape{tabs: true, foot: 9}, "h t lll dddddddd s k"},
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
		focus region
		want  string
	}{
		{40, 12, regionList, "h t llllllll s k"},
		{40, 12, regionDetail, "h t dddddddd s k"},
		{40, 12, regionTop, "h t bbbbbbbb s k"},
		{120, 14, regionList, "h t llllllllll s k"},
		{30, 8, regionList, "h t llll s k"},
	} {
		if got := columnOf(boxes(c.w, c.h, shape{tabs: true, top: 14, focus: c.focus})); got != c.want {
			t.Errorf("%dx%d: %s, want %s", c.w, c.h, got, c.want)
		}
	}
}

func TestLayoutNeverLeavesTheScreen(t *testing.T) {
	for w := 0; w < 210; w += 7 {
		for h := 0; h < 70; h += 3 {
			for focus := regionList; focus <= regionTop; focus++ {
				for _, s := range []shape{{tabs: true, top: 15, share: 58, focus: focus}, {tabs: true, foot: 12, share: 42, focus: focus}, {stacked: true, share: 55, focus: focus}} {
					if got := boxes(w, h, s); got == "regions overlap" {
						t.Fatalf("%dx%d %+v: %s", w, h, s, got)
					}
				}
			}
		}
	}
}
