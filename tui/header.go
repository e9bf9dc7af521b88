package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/charmbracelet/x/ansi"
)

// headerLine says where one is: context, namespace, pod, container, image; on the right how fresh that is.
func (m *Model) headerLine(width int) string {
	state, t := m.freshness()
	right := m.p.in(t, state)
	room := width - ansi.StringWidth(state) - 1
	parts := m.trail()
	sep := " › "
	for ansi.StringWidth(strings.Join(parts, sep)) > room && len(parts) > 2 {
		parts = append(parts[:1:1], parts[2:]...)
	}
	text := fit(strings.Join(parts, sep), max(0, room))
	return pad(m.p.in(toneBold, text)+" "+right, width)
}

// trail is the way down to what is on screen. What matters most stands last.
func (m *Model) trail() []string {
	var parts []string
	add := func(all ...string) {
		for _, s := range all {
			if s != "" {
				parts = append(parts, inspect.Clean(s))
			}
		}
	}
	if m.open == nil {
		list := m.pods.list
		add(firstOf(list.Context, m.o.Context, "backtrail"))
		if m.pods.all {
			add("all namespaces")
		} else {
			add(m.o.Namespace)
		}
		add(plural(len(list.Pods), "pod"))
		return parts
	}
	s := m.open
	add(firstOf(s.c.Target.Context, m.o.Context, "backtrail"))
	i := s.image()
	switch {
	case s.c.Pod != nil:
		add(s.c.Pod.Namespace, s.c.Pod.Name)
	case s.pod.Name != "":
		add(s.pod.Namespace, s.pod.Name)
	case i.Reference == "":
		add(s.c.Target.Name)
	}
	add(i.Container)
	if i.Reference != "" {
		add(shortImage(i.Reference, i.Key()))
	}
	return parts
}

// freshness says whether what is shown is live, stale or saved, and since when.
func (m *Model) freshness() (string, tone) {
	switch {
	case m.open != nil && m.o.Offline:
		return strings.TrimSpace("saved " + shortStamp(m.open.c.Started)), toneNote
	case m.open != nil && m.open.broken != nil:
		return "stale, " + ageText(m.now.Sub(m.open.since)), toneWarn
	case m.open != nil && m.open.running > 0:
		return "live", toneGood
	case m.open != nil:
		return "as of " + shortStamp(m.open.c.Finished), toneDim
	case m.pods.loading && m.pods.came.IsZero():
		return "reading …", toneDim
	case m.pods.loading && !m.o.Offline:
		return "live", toneGood
	case m.pods.came.IsZero():
		return "nothing read", toneWarn
	case m.o.Offline:
		return "saved", toneNote
	default:
		return ageText(m.now.Sub(m.pods.came)) + " old", toneDim
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
	sign := m.p.sign(v.status) + " " + inspect.Clean(v.text)
	sign = fit(sign, min(ansi.StringWidth(sign), width-13))
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
			full.WriteString(m.p.in(toneFocus, number+" "+name) + " ")
			short.WriteString(m.p.in(toneFocus, number+" "+name) + " ")
			continue
		}
		full.WriteString(m.p.in(toneKey, number) + " " + m.p.in(toneDim, name) + " ")
		short.WriteString(m.p.in(toneKey, number) + " ")
	}
	tabs := full.String()
	switch {
	case shortWidth > room:
		tabs = m.p.in(toneFocus, fmt.Sprintf("%d %s", int(s.pane)+1, s.pane.spec().name))
	case fullWidth > room:
		tabs = short.String()
	}
	return pad(pad(tabs, room)+" "+m.p.in(v.tone, sign), width)
}
