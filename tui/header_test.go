package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// caseHeader is the header of a case, with a state of a tone.
func caseHeader(state string, tone widget.Tone) shell.Header {
	return shell.Header{
		Trail: []shell.Crumb{
			{Text: "prod-eu", Drop: 2},
			{Text: "shop", Drop: 1},
			{Text: "web-6d4cf56db6-x7k2p", Drop: 3},
			{Text: "web"},
		},
		Outcome: "1 critical 2 high", Brief: "1 crit 2 high", OutcomeTone: widget.ToneBad, State: state, Tone: tone,
	}
}

// The header names pod and container at any width; all of the way down from 80 columns on.
func TestTheHeaderAtEveryWidth(t *testing.T) {
	saved, stale := caseHeader("03:21Z", widget.ToneDim), caseHeader("stale, 5 min", widget.ToneWarn)
	long := caseHeader("live", widget.ToneGood)
	long.Trail[2].Text = "payments-reconciliation-worker-7c9f8d6b5-mnbvc"
	pods := shell.Header{
		Trail: []shell.Crumb{{Text: "prod-eu"}, {Text: "all namespaces", Drop: 1}, {Text: "9 pods"}},
		State: "0 s old", Tone: widget.ToneDim,
	}
	for _, c := range []struct {
		name                  string
		h                     shell.Header
		width                 int
		trail, outcome, state string
	}{
		{"120 columns", saved, 120, "prod-eu › shop › web-6d4cf56db6-x7k2p › web", "1 critical 2 high", "03:21Z"},
		{"80 columns", saved, 80, "prod-eu › shop › web-6d4cf56db6-x7k2p › web", "1 critical 2 high", "03:21Z"},
		{"68 columns", saved, 68, "prod-eu › shop › web-6d4cf56db6-x7k2p › web", "1 crit 2 high", "03:21Z"},
		{"60 columns", saved, 60, "prod-eu › web-6d4cf56db6-x7k2p › web", "1 crit 2 high", "03:21Z"},
		{"50 columns", saved, 50, "prod-eu › web-6d4cf56db6-x7k2p › web", "1 crit 2 high", ""},
		{"40 columns", saved, 40, "web-6d4cf56db6-x7k2p › web", "1 crit 2 high", ""},
		{"30 columns", saved, 30, "web-6…7k2p › web", "1 crit 2 high", ""},
		{"a warning stays, and the pod is elided", stale, 40, "web-…7k2p › web", "1 crit 2 high", "stale, 5 min"},
		{
			"a long name", long, 80, "prod-eu › payments-reconciliation-worker-7c9f8d6b5-mnbvc › web", "1 crit 2 high",
			"",
		},
		{
			"a long name in 40 columns", long, 40, "payments-r…6b5-mnbvc › web",
			"1 crit 2 high", "",
		},
		{"the list", pods, 40, "prod-eu › 9 pods", "", "0 s old"},
		{"the list with room", pods, 80, "prod-eu › all namespaces › 9 pods", "", "0 s old"},
	} {
		trail, outcome, state := fitHeader(c.h, c.width)
		if trail != c.trail || outcome != c.outcome || state != c.state {
			t.Errorf("%s: %q, %q, %q; want %q, %q, %q", c.name, trail, outcome, state, c.trail, c.outcome, c.state)
		}
	}
}

// Whatever the names, the header is one line of the screen's width, and nothing in it draws.
func TestTheHeaderFits(t *testing.T) {
	for _, name := range []string{"", strings.Repeat("n", 4000), strings.Repeat("日", 100), "a\x1b[2Jb\u202e", "\xff"} {
		h := caseHeader(name, widget.ToneWarn)
		h.Trail[2].Text, h.Trail[3].Text = name, name
		m := newModel(t.Context(), testProgram().Options)
		m.stack = []screen{headed{h: h}}
		for _, width := range []int{30, 40, 80, 200} {
			line := ansi.Strip(m.headerLine(width))
			if ansi.StringWidth(line) != width || strings.ContainsAny(line, "\x1b\u202e\n") {
				t.Errorf("%q in %d columns is %q", name[:min(len(name), 12)], width, line)
			}
		}
	}
}

// headed is a screen of which only the header is used.
type headed struct {
	screen
	h shell.Header
}

func (s headed) Header() shell.Header { return s.h }
