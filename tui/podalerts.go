package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// alertsLine says where the alerts come from, how many they are, and how new.
func (v *podsScreen) alertsLine(m *Model) string {
	list := &v.board.list
	count := v.board.said
	from := sourcesText(list.Sources)
	if from == "" {
		from = m.o.Alerts
	}
	if count == 0 {
		return noAlerts(m, from, list)
	}
	s := fmt.Sprintf("alerts: %d", count)
	if from != "" {
		s += " from " + from
	}
	if !v.board.newest.IsZero() {
		s += ", newest " + stamp(v.board.newest)
	}
	if n := len(list.Unmatched); n > 0 {
		s += fmt.Sprintf(", %d fit no pod", n)
	}
	if list.Broken > 0 {
		s += ", " + widget.Plural(list.Broken, "broken line")
	}
	return s + badSources(list.Sources)
}

func noAlerts(m *Model, from string, list *inspect.PodList) string {
	if from == "" {
		hint := "--alerts FILE, --alerts-from-cluster"
		if m.o.Paste != nil {
			hint = "paste, " + hint
		}
		return "alerts: none loaded (" + hint + ")"
	}
	s := "alerts: none yet from " + from
	if list.Broken > 0 {
		s += ", " + widget.Plural(list.Broken, "broken line")
	}
	return s + badSources(list.Sources)
}

// sourcesText names where alerts come from: one of a kind by its name, several by their number.
func sourcesText(all []inspect.AlertSource) string {
	count := map[string]int{}
	for _, s := range all {
		count[s.Kind]++
	}
	var parts []string
	for _, s := range all {
		switch n := count[s.Kind]; {
		case n == 1 && s.Kind == "webhook":
			parts = append(parts, "webhook "+s.Name)
		case n == 1 && strings.HasPrefix(s.Name, "/api"):
			parts = append(parts, s.Kind)
		case n == 1:
			parts = append(parts, s.Name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d × %s", n, s.Kind))
			count[s.Kind] = 0
		}
	}
	return inspect.Clean(strings.Join(parts, ", "))
}

// badSources counts the sources that are not heard of.
func badSources(all []inspect.AlertSource) string {
	n := 0
	for _, s := range all {
		if s.Wrong {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return ", " + widget.Plural(n, "source") + " lost"
}

// maxTexts bounds the alerts whose texts are remembered.
const maxTexts = 2000

// wantTexts asks for what the alerts of the selected row say, where lists leave it out. They are read outside of Update.
func (m *Model) wantTexts() tea.Cmd {
	v := m.pods
	if v == nil || m.open != nil || m.o.Fill == nil {
		return nil
	}
	r, _ := v.rowsOf.Selected()
	r = r.full()
	var wanted []inspect.Alert
	for _, a := range alertsOfRow(r) {
		if _, known := v.texts[a.ID]; !known && !v.asked[a.ID] && len(wanted) < maxShownAlerts {
			v.asked[a.ID] = true
			wanted = append(wanted, a)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	fill := m.o.Fill
	return work(func() tea.Msg {
		for i := range wanted {
			fill(&wanted[i])
		}
		return textsMsg{alerts: wanted}
	})
}

// alertsOfRow are those that the detail of a row spells out.
func alertsOfRow(r row) []inspect.Alert {
	switch o := r.object.(type) {
	case inspect.FlaggedPod:
		return o.Alerts[:min(len(o.Alerts), maxShownAlerts)]
	case []*inspect.FlaggedPod:
		if newest := newestPod(o); newest != nil {
			return newest.Alerts[:min(len(newest.Alerts), maxShownAlerts)]
		}
	}
	return nil
}

func (m *Model) textsCame(msg textsMsg) {
	v := m.pods
	if v == nil {
		return
	}
	if len(v.texts) > maxTexts {
		v.texts, v.asked = map[string]inspect.Alert{}, map[string]bool{}
	}
	for _, a := range msg.alerts {
		v.texts[a.ID] = a
	}
}

// filled is an alert of a list with what it says, where that has come.
func (v *podsScreen) filled(a inspect.Alert) inspect.Alert {
	if full, ok := v.texts[a.ID]; ok {
		a.Output, a.Also, a.Raw, a.File = full.Output, full.Also, full.Raw, full.File
	}
	return a
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
