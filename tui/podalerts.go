package tui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

// alertsLine says where the alerts come from, how many they are, and how new.
func (v *podsScreen) alertsLine(m *Model) string {
	count, newest := 0, inspect.Time{}
	each := func(a inspect.Alert) {
		count += max(1, a.Count)
		if a.Time.After(newest.Time) {
			newest = a.Time
		}
	}
	for _, p := range v.list.Pods {
		for _, a := range p.Alerts {
			each(a)
		}
	}
	for _, a := range v.list.Unmatched {
		each(a)
	}
	if count == 0 && m.o.Alerts == "" {
		hint := "--alerts FILE"
		if m.o.Paste != nil {
			hint = "paste, or --alerts FILE"
		}
		return "alerts: none loaded (" + hint + ")"
	}
	s := fmt.Sprintf("alerts: %d", count)
	if m.o.Alerts != "" {
		s += " from " + m.o.Alerts
	}
	if !newest.IsZero() {
		s += ", newest " + stamp(newest)
	}
	if n := len(v.list.Unmatched); n > 0 {
		s += fmt.Sprintf(", %d fit no pod", n)
	}
	if v.list.Broken > 0 {
		s += ", " + plural(v.list.Broken, "broken line")
	}
	return s
}

// spark draws the alerts of the list over time, oldest left.
func (v *podsScreen) spark(width int) string {
	var times []time.Time
	for _, p := range v.list.Pods {
		for _, a := range p.Alerts {
			if !a.Time.IsZero() {
				times = append(times, a.Time.Time)
			}
		}
	}
	if len(times) < 3 {
		return ""
	}
	first, last := times[0], times[0]
	for _, t := range times {
		if t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	counts := make([]int, width)
	for _, t := range times {
		counts[int(int64(t.Sub(first))*int64(width-1)/max(1, int64(last.Sub(first))))]++
	}
	return sparkline(counts)
}

// paste takes a paste: into a line that is being typed, or as alerts into the list.
func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	switch {
	case m.dialog != nil:
		return m.dialog.update(m, msg)
	case m.filtering:
		return m.typeFilter(msg)
	case m.open == nil && m.pods != nil && m.viewer == nil:
		return m.pasteAlerts(msg.Content)
	}
	return nil
}

// maxPaste bounds what a person can paste as alerts, in bytes.
const maxPaste = 8 << 20

func (m *Model) pasteAlerts(text string) tea.Cmd {
	if m.o.Paste == nil {
		m.info("alerts cannot be pasted here; start with --alerts FILE")
		return nil
	}
	if len(text) > maxPaste {
		m.info("that is too much to paste; start with --alerts FILE")
		return nil
	}
	ctx := m.ctx
	return work(func() tea.Msg {
		err := m.o.Paste(ctx, text)
		return doneMsg{text: "reading the pasted alerts", err: err, then: (*Model).readPods}
	})
}
