package caseview

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
)

// retryable are the checks that r runs again: those of the selected row, else all that could not run or left out a
// layer. A check that was blocked may also be one of a layer that could not be read: each runs once.
func retryable(s *Screen) []inspect.Key {
	// a person who selected one means that one
	if r, ok := s.row(); ok && len(r.Retry) > 0 {
		return r.Retry
	}
	keys := s.blockedChecks()
	for _, k := range pane.UnreadLayers(&s.c) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// whyNoRetry is why nothing can run again.
func whyNoRetry(s *Screen) string {
	switch why := s.readOnly(); {
	case s.lost() && s.o.Reopen != nil:
		return ""
	case why != "":
		return why
	case s.running > 0:
		return "the checks still run"
	case len(retryable(s)) == 0:
		return "nothing to retry"
	default:
		return ""
	}
}

// whyNoAllAgain is why not all checks can run once more.
func whyNoAllAgain(s *Screen) string {
	switch why := s.readOnly(); {
	case why != "":
		return why
	case s.running > 0:
		return "the checks still run"
	case len(s.c.Checks) == 0:
		return "no check has run yet"
	default:
		return ""
	}
}

// runAllAgain runs all checks once more, as in a case that is new: what was found before stays in the record, notes
// and marks stay in the case.
func runAllAgain(s *Screen, _ string) tea.Cmd {
	var keys []inspect.Key
	for _, c := range s.c.Checks {
		keys = append(keys, pane.KeyOf(c))
	}
	backend := s.backend
	return s.follow("running all checks again", func(ctx context.Context, c *inspect.Case) (inspect.Source, error) {
		return backend.Retry(ctx, c, keys)
	})
}

// runRetry runs checks again, or opens the case anew where it could not be opened. Layers that a person skipped are
// read with the others: r is how one changes one's mind.
func runRetry(s *Screen, _ string) tea.Cmd {
	if s.lost() && s.o.Reopen != nil {
		return s.o.Reopen()
	}
	keys := retryable(s)
	unskip(s, keys)
	var names []string
	for _, k := range keys {
		names = append(names, keyText(k))
	}
	backend := s.backend
	what := "checking again: " + strings.Join(names, ", ")
	return s.follow(what, func(ctx context.Context, c *inspect.Case) (inspect.Source, error) {
		return backend.Retry(ctx, c, keys)
	})
}
