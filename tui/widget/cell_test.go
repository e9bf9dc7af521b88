package widget

import (
	"testing"

	"charm.land/lipgloss/v2"
)

func TestRowsAreExactlyAsWideAsTheyShouldBe(t *testing.T) {
	p := NewPaint(true, false, false)
	for width := range 60 {
		for _, cells := range [][]Cell{
			{{Text: "日本語のファイル", Width: -1}, {Text: "x", Width: 9, Right: true}},
			{
				{Text: "a", Width: 4},
				{Text: "/usr/lib/.cache/kworkerd", Width: -3, Tail: true},
				{Text: "é", Width: -1},
				{Text: "natural"},
			},
		} {
			if got := lipgloss.Width(p.Line(width, lookCurrent, cells...)); got != width {
				t.Errorf("a row of %d is %d wide", width, got)
			}
		}
	}
}
