package tui

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/inspecttest"
)

// No string of any fact draws, in any pane.
func TestNoStringOfAnyFactDrawsOnScreen(t *testing.T) {
	for name, typed := range map[string]string{"none": "", "ordinary": "failed", "marked": inspecttest.Mark} {
		events := inspecttest.MarkedEvents(func(kind reflect.Type) string {
			if typed == "failed" && kind == reflect.TypeFor[inspect.Severity]() {
				return "high"
			}
			return typed
		})
		o := testProgram()
		o.open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) { return sourceOf(events), nil }
		for _, width := range []int{80, 160} {
			s := tell(t, o, width, 50).press("enter")
			for _, pane := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "v", "?"} {
				s.press(pane)
				for _, k := range []string{"", "j", "enter", "j", "tab", "j", "enter", "esc", "tab", "G", "esc"} {
					if k != "" {
						s.press(k)
					}
					if screen := s.screen(); strings.ContainsAny(screen, inspecttest.Drawing) {
						at := strings.IndexAny(screen, inspecttest.Drawing)
						t.Errorf("typed strings %s, width %d, pane %s after %q: %q", name, width, pane, k,
							screen[max(0, at-100):min(len(screen), at+20)])
						break
					}
				}
				s.press(pane)
			}
		}
	}
}
