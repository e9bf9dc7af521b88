package caseview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// Header is what the shell draws around the case. Busy has the shell tick each second, for the time that is left.
func (s *Screen) Header() shell.Header {
	state, t := freshnessOf(s)
	o := s.outcomeWords()
	return shell.Header{
		Trail: trailOf(s), Outcome: o.long, Brief: o.short, OutcomeTone: o.tone, State: state, Tone: t,
		Title:   "backtrail " + text.Clean(s.c.Target.Name),
		Running: runningText(s), Busy: s.running > 0,
	}
}

// trailOf is the way down to the container on screen: its digest is in Overview. Context, namespace and pod go last:
// a wrong cluster is the worst mistake. The name of a pod that is gone has that mark from then on.
func trailOf(s *Screen) []shell.Crumb {
	var trail []shell.Crumb
	add := func(text string, drop int) {
		if text != "" {
			trail = append(trail, shell.Crumb{Text: text, Drop: drop})
		}
	}
	add(cmp.Or(s.c.Target.Context, s.o.Context, "backtrail"), 2)
	i := s.image()
	switch {
	case s.c.Pod != nil:
		name := s.c.Pod.Name
		if _, gone := s.c.Gone(); gone {
			name += " (gone)"
		}
		add(s.c.Pod.Namespace, 1)
		add(name, 3)
	case s.o.Pod.Name != "":
		add(s.o.Pod.Namespace, 1)
		add(s.o.Pod.Name, 3)
	case i.Reference == "":
		add(s.c.Target.Name, 0)
	}
	switch {
	case i.Container != inspect.ImageContainer:
		add(i.Container, 0)
	case i.Reference != "":
		add(label.Image(i.Reference, i.Key()), 0)
	}
	return trail
}

// freshnessOf is whether the case is live, stale or saved, and since when. A bundle that is not intact has its banner
// in place of everything else, on every frame.
func freshnessOf(s *Screen) (string, widget.Tone) {
	switch {
	case strings.HasPrefix(s.readOnly(), inspect.NotIntact):
		return s.readOnly(), widget.ToneBad
	case s.readOnly() != "":
		return strings.TrimSpace("saved " + label.Minute(s.c.Started)), widget.ToneNote
	case s.broken != nil:
		return "stale, " + label.Age(s.shell.Now.Sub(s.since)), widget.ToneWarn
	case s.running > 0:
		return "live", widget.ToneGood
	default:
		return label.Minute(s.c.Finished), widget.ToneDim
	}
}

// runningText sums up the checks that run, as in: signatures 3/5 · layers 41% of 512.0 MB, 12 s left. Checks that run
// on several containers are one entry, with how many of them have ended.
func runningText(s *Screen) string {
	// one entry for each check, whatever the number of its containers
	type sum struct{ all, ended int }
	sums := map[string]*sum{}
	var names []string
	for _, c := range s.c.Checks {
		x := sums[c.Name]
		if x == nil {
			x = &sum{}
			sums[c.Name] = x
			names = append(names, c.Name)
		}
		x.all++
		if !c.Running() {
			x.ended++
		}
	}
	slices.Sort(names)
	var parts []string
	for _, n := range names {
		x := sums[n]
		if x.all == x.ended {
			continue
		}
		text := n
		if p := s.pace.Text(&s.c, n, s.shell.Now); p != "" {
			text += " " + p
		} else if x.all > 1 {
			text += fmt.Sprintf(" %d/%d", x.ended, x.all)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 && s.running > 0 {
		return "starting …"
	}
	return text.Clean(strings.Join(parts, " · "))
}

// listTitle names the list with its number of rows. The number is that of rows, which the filter narrows; in Overview
// it is that of findings, as rows are of several kinds.
func listTitle(s *Screen) string {
	l := &s.state().list
	title := s.pane.Spec().List
	if s.pane.OfImage() && s.container != "" && len(s.c.Images) > 1 {
		title += " of " + s.container
	}
	if s.pane == pane.Packages {
		title += pane.PackagesMode(s.view(s.pane))
	}
	if s.pane == pane.Autoruns {
		title += pane.AutorunsMode(s.view(s.pane))
	}
	n := fmt.Sprintf(" · %d", l.Len())
	if s.pane == pane.Overview {
		n = fmt.Sprintf(" (%d)", len(s.c.Findings))
		if i := s.image(); i.Key() != "" {
			n += " · " + label.Image(i.Reference, i.Key())
		}
	}
	if l.Filter() != "" {
		n = fmt.Sprintf(" · %d of %d, filter %q", l.Len(), l.Size(), l.Filter())
	}
	return title + n
}

// tabForm is how the panes are named.
type tabForm int

const (
	tabNames tabForm = iota
	// short names
	tabShort
	// numbers, and the name of the one on screen
	tabNumbers
	// only the one on screen
	tabOne
)

// tabsLine names the panes by their numbers, in the longest form that there is room for. The last column may be that
// of the blank behind a tab.
func tabsLine(s *Screen, width int) string {
	for _, form := range []tabForm{tabNames, tabShort, tabNumbers} {
		if tabs := tabsIn(s, form); ansi.StringWidth(tabs)-1 <= width {
			return widget.Pad(tabs, width)
		}
	}
	return widget.Pad(tabsIn(s, tabOne), width)
}

// tabsIn are the panes in a form, with a blank behind each.
func tabsIn(s *Screen, form tabForm) string {
	p := s.shell.Paint
	var b strings.Builder
	for k := range pane.Count {
		spec, number := k.Spec(), fmt.Sprint(int(k)+1)
		name := [...]string{spec.Name, spec.Tab, "", ""}[form]
		switch {
		case k == s.pane && form > tabShort:
			name = spec.Name
			fallthrough
		case k == s.pane:
			b.WriteString(p.In(widget.ToneFocus, number+" "+name) + " ")
			continue
		case form == tabOne:
			continue
		}
		b.WriteString(p.In(widget.ToneKey, number) + " ")
		if name != "" {
			b.WriteString(name + " ")
		}
	}
	return b.String()
}
