package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// ruleOf is the rule that the selected row of the list is about.
func (m *Model) ruleOf() string {
	r, _ := m.row()
	switch o := r.object.(type) {
	case []*inspect.FlaggedPod, inspect.FlaggedPod:
		for _, g := range append(slices.Clone(m.pods.board.groups), m.pods.board.strays...) {
			if strings.HasPrefix(r.id, g.id) {
				return g.rule
			}
		}
		if p, ok := o.(inspect.FlaggedPod); ok && len(p.Alerts) > 0 {
			return p.Alerts[0].Name()
		}
	}
	return ""
}

func runMute(m *Model, _ string) tea.Cmd {
	rule := m.ruleOf()
	m.ask("Mute a rule", "", []string{"Rule: " + rule, "Its alerts are left out of the list for this session. Why?"}, func(m *Model, reason string) tea.Cmd {
		m.pods.muted[rule] = reason
		m.pods.refresh(m)
		m.info(fmt.Sprintf("muted %q for this session", rule))
		return nil
	})
	return nil
}

func whyNoMute(m *Model) string {
	if m.ruleOf() == "" {
		return "the selected row has no alert"
	}
	return ""
}
