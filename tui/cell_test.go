package tui

import (
	"testing"

	"charm.land/lipgloss/v2"
)

func TestRowsAreExactlyAsWideAsTheyShouldBe(t *testing.T) {
	p := newPaint(true, false, false)
	for width := range 60 {
		for _, cells := range [][]cell{
			{{text: "日本語のファイル", width: -1}, {text: "x", width: 9, right: true}},
			{{text: "a", width: 4}, {text: "/usr/lib/.cache/kworkerd", width: -3, tail: true}, {text: "é", width: -1}, {text: "natural"}},
		} {
			if got := lipgloss.Width(p.line(width, lookCurrent, cells...)); got != width {
				t.Errorf("a row of %d is %d wide", width, got)
			}
		}
	}
}
