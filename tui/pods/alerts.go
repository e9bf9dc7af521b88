package pods

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// alertsLine is where the alerts come from, how many they are, and how new. The count is of alerts as they were
// raised, not of rows: a row stands for many.
func (s *Screen) alertsLine() string {
	list := &s.board.list
	count := s.board.alerts
	from := cmp.Or(sourcesText(list.Sources), s.o.Alerts)
	if count == 0 {
		return noAlerts(from, list)
	}
	text := fmt.Sprintf("alerts: %d", count)
	if from != "" {
		text += " from " + from
	}
	if !s.board.newest.IsZero() {
		text += ", newest " + label.Stamp(s.board.newest)
	}
	if n := len(list.Unmatched); n > 0 {
		text += fmt.Sprintf(", %d without a matching pod", n)
	}
	if list.Broken > 0 {
		text += ", " + widget.Plural(list.Broken, "broken line")
	}
	return text + lostSources(list.Sources)
}

// noAlerts is the title while there is no alert: none loaded, or none yet. "None loaded" and "none yet" are
// distinguished apart: without a source, an empty list proves nothing.
func noAlerts(from string, list *inspect.PodList) string {
	if from == "" {
		return "alerts: none loaded (paste, --alerts FILE, --alerts-from-cluster)"
	}
	s := "alerts: none yet from " + from
	if list.Broken > 0 {
		s += ", " + widget.Plural(list.Broken, "broken line")
	}
	return s + lostSources(list.Sources)
}

// sourcesText names where alerts come from: one of a kind by its name, several by their number. A feed of the cluster
// has a path of the API as its name: its kind stands for it.
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
	return text.Clean(strings.Join(parts, ", "))
}

// lostSources counts the sources that no longer answer. A source that is lost may have alerts that are not on screen.
func lostSources(all []inspect.AlertSource) string {
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

// Load does nothing: a list is read by Read.
func (s *Screen) Load() tea.Cmd { return nil }

// maxPaste bounds what a person can paste as alerts, in bytes.
const maxPaste = 8 << 20

// paste reads pasted text as alerts. The alerts are parsed by the backend, outside of Update; broken lines are
// counted there.
func (s *Screen) paste(text string) tea.Cmd {
	if len(text) > maxPaste {
		s.shell.Info("too much text to paste; start with --alerts FILE")
		return nil
	}
	ctx, backend := s.shell.Context(), s.backend
	return shell.Work(func() tea.Msg {
		err := backend.PasteAlerts(ctx, text)
		return shell.DoneMsg{Text: "reading the pasted alerts", Err: err, Then: s.Read}
	})
}
