package pods

import (
	"cmp"

	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// Header is what the shell draws around the list.
func (s *Screen) Header() shell.Header {
	state, t := freshnessOf(s)
	return shell.Header{Trail: trailOf(s), State: state, Tone: t, Title: "backtrail"}
}

// trailOf is the way down to the list. The context stays longest: a wrong cluster is the worst mistake.
func trailOf(s *Screen) []shell.Crumb {
	list := &s.board.list
	name := cmp.Or(list.Context, s.o.Context, "backtrail")
	if list.Wrong != nil {
		name += " (wrong context?)"
	}
	trail := []shell.Crumb{{Text: name}}
	if s.all {
		trail = append(trail, shell.Crumb{Text: "all namespaces", Drop: 1})
	} else {
		trail = append(trail, shell.Crumb{Text: s.o.Namespace, Drop: 1})
	}
	return append(trail, shell.Crumb{Text: widget.Plural(len(list.Pods), "pod")})
}

// freshnessOf is how the list is kept up to date, or since when it is not. The age is that of the list by this
// machine's clock; a watch that lost its server shows since when.
func freshnessOf(s *Screen) (string, widget.Tone) {
	state := s.board.list.State
	switch {
	case state.Lost != "" && state.AsOf.IsZero():
		return "no answer yet", widget.ToneWarn
	case state.Lost != "":
		return "stale since " + label.Clock(state.AsOf), widget.ToneWarn
	case s.loading:
		return "reading …", widget.ToneDim
	case s.came.IsZero():
		return "nothing read", widget.ToneWarn
	case state.Live:
		return "live", widget.ToneGood
	case state.Every > 0:
		old := label.Age(s.shell.Now.Sub(state.AsOf.Time))
		return "every " + label.Age(state.Every) + ", " + old + " old", widget.ToneDim
	default:
		return label.Age(s.shell.Now.Sub(s.came)) + " old", widget.ToneDim
	}
}

// Refresh does nothing: ages are made when a row is drawn.
func (s *Screen) Refresh() {}
