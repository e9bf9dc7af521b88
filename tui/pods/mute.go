package pods

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// selectedRule is the rule that the selected row is about; empty where it has no alert. Of a pod whose alerts are all
// muted it is the rule of the first, so that it can be muted with another reason.
func selectedRule(s *Screen) string {
	r, ok := s.selected()
	switch {
	case !ok:
		return ""
	case r.of != nil:
		return r.of.rule
	case r.pod != nil && len(r.pod.Alerts) > 0:
		return r.pod.Alerts[0].Name()
	default:
		return ""
	}
}

// runMute asks why the rule of the selected row is muted. The reason stays visible in the detail of each pod. A rule
// that is muted is not gone: pods that it flagged are in the list, and the session ends the mute.
func runMute(s *Screen, _ string) tea.Cmd {
	rule := selectedRule(s)
	about := []string{"Rule: " + rule, "Its alerts are left out of the list for this session. Why?"}
	s.shell.Ask("Mute a rule", "", about, func(reason string) tea.Cmd {
		s.muted[rule] = reason
		s.refresh()
		s.shell.Info(fmt.Sprintf("muted %q for this session", rule))
		return nil
	})
	return nil
}

// whyNoMute is why there is no rule to mute. Muting nothing would mute every alert without a rule.
func whyNoMute(s *Screen) string {
	if selectedRule(s) == "" {
		return "the selected row has no alert"
	}
	return ""
}
