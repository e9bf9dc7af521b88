package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// headerLine says where one is: context, namespace, pod, container, image; on the right how fresh that is.
func (m *Model) headerLine(width int) string {
	state, t := m.freshness()
	right := m.p.In(t, state)
	room := width - ansi.StringWidth(state) - 1
	text := widget.Fit(shorten(m.trail(), " › ", room), max(0, room))
	return widget.Pad(m.p.In(widget.ToneBold, text)+" "+right, width)
}

// crumb is a step of the way down; where there is no room, those with the lowest number above 0 go first.
type crumb struct {
	text string
	drop int
}

func shorten(parts []crumb, sep string, room int) string {
	for drop := 0; ; drop++ {
		var texts []string
		for _, c := range parts {
			if c.drop == 0 || c.drop > drop {
				texts = append(texts, c.text)
			}
		}
		s := strings.Join(texts, sep)
		if ansi.StringWidth(s) <= room || drop == 4 {
			return s
		}
	}
}

// trail is the way down to what is on screen. The context stays longest: a wrong cluster is the worst mistake.
func (m *Model) trail() []crumb {
	var parts []crumb
	add := func(s string, drop int) {
		if s != "" {
			parts = append(parts, crumb{inspect.Clean(s), drop})
		}
	}
	if m.open == nil {
		list := &m.pods.board.list
		context := firstOf(list.Context, m.o.Context, "backtrail")
		if list.Wrong != nil {
			context += " (wrong context?)"
		}
		add(context, 0)
		if m.pods.all {
			add("all namespaces", 1)
		} else {
			add(m.o.Namespace, 1)
		}
		add(widget.Plural(len(list.Pods), "pod"), 0)
		return parts
	}
	s := m.open
	add(firstOf(s.c.Target.Context, m.o.Context, "backtrail"), 4)
	i := s.image()
	switch {
	case s.c.Pod != nil:
		name := s.c.Pod.Name
		if _, gone := s.c.Gone(); gone {
			name += " (gone)"
		}
		add(s.c.Pod.Namespace, 1)
		add(name, 3)
	case s.pod.Name != "":
		add(s.pod.Namespace, 1)
		add(s.pod.Name, 3)
	case i.Reference == "":
		add(s.c.Target.Name, 0)
	}
	if i.Container != inspect.ImageContainer {
		add(i.Container, 2)
	}
	if i.Reference != "" {
		add(shortImage(i.Reference, i.Key()), 0)
	}
	return parts
}

// freshness says whether what is shown is live, stale or saved, and since when.
func (m *Model) freshness() (string, widget.Tone) {
	switch {
	case m.open != nil && m.o.Offline:
		return strings.TrimSpace("saved " + shortStamp(m.open.c.Started)), widget.ToneNote
	case m.open != nil && m.open.broken != nil:
		return "stale, " + ageText(m.now.Sub(m.open.since)), widget.ToneWarn
	case m.open != nil && m.open.running > 0:
		return "live", widget.ToneGood
	case m.open != nil:
		return "as of " + shortStamp(m.open.c.Finished), widget.ToneDim
	default:
		return m.pods.freshness(m)
	}
}

// freshness says how the list is kept fresh.
func (v *podsScreen) freshness(m *Model) (string, widget.Tone) {
	state := v.board.list.State
	switch {
	case state.Lost != "" && state.AsOf.IsZero():
		return "no answer yet", widget.ToneWarn
	case state.Lost != "":
		return "stale since " + shortStamp(state.AsOf), widget.ToneWarn
	case v.loading:
		return "reading …", widget.ToneDim
	case v.came.IsZero():
		return "nothing read", widget.ToneWarn
	case m.o.Offline:
		return "saved", widget.ToneNote
	case state.Live:
		return "live", widget.ToneGood
	case state.Every > 0:
		return "every " + ageText(state.Every) + ", " + ageText(m.now.Sub(state.AsOf.Time)) + " old", widget.ToneDim
	default:
		return ageText(m.now.Sub(v.came)) + " old", widget.ToneDim
	}
}

func shortStamp(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("15:04:05Z")
}

// tabsLine names the panes by their numbers; on the right stands the verdict.
func (m *Model) tabsLine(width int) string {
	s := m.open
	v := s.verdict()
	sign := m.p.Sign(signOf(v.status)) + " " + inspect.Clean(v.text)
	if ansi.StringWidth(sign) > width-14 {
		sign, _, _ = strings.Cut(sign, ",")
	}
	sign = widget.Fit(sign, min(ansi.StringWidth(sign), width-14))
	room := width - ansi.StringWidth(sign) - 1
	var full, short strings.Builder
	fullWidth, shortWidth := 0, 0
	for p := pane(0); p < paneCount; p++ {
		name := p.spec().name
		number := fmt.Sprint(int(p) + 1)
		fullWidth += len(name) + len(number) + 2
		shortWidth += len(number) + 1
		if p == s.pane {
			shortWidth += len(name) + 1
			full.WriteString(m.p.In(widget.ToneFocus, number+" "+name) + " ")
			short.WriteString(m.p.In(widget.ToneFocus, number+" "+name) + " ")
			continue
		}
		full.WriteString(m.p.In(widget.ToneKey, number) + " " + m.p.In(widget.ToneDim, name) + " ")
		short.WriteString(m.p.In(widget.ToneKey, number) + " ")
	}
	tabs := full.String()
	switch {
	case shortWidth > room:
		tabs = m.p.In(widget.ToneFocus, fmt.Sprintf("%d %s", int(s.pane)+1, s.pane.spec().name))
	case fullWidth > room:
		tabs = short.String()
	}
	return widget.Pad(widget.Pad(tabs, room)+" "+m.p.In(v.tone, sign), width)
}
