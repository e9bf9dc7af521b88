package caseview

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// whyNoDeadline is why no deadline can be started here; a saved case takes it on the command line.
func whyNoDeadline(s *Screen) string {
	if why := s.readOnly(); why != "" {
		return why + "; use backtrail aware"
	}
	return ""
}

// runAware starts a reporting deadline, as in: aware TIME LAW. It asks for what was not typed, and for the reason.
// Nothing starts a deadline but a person: when an incident became known is a statement with legal weight.
func runAware(s *Screen, args string) tea.Cmd {
	if args == "" {
		s.shell.Ask("Aware", "now ", []string{
			"Reporting deadlines run from when a person became aware. They never start automatically. TIME and LAW:",
			"now nis2 · 03:12 cra (today, UTC) · 2026-11-23T03:12:00Z dora",
		}, func(text string) tea.Cmd { return runAware(s, text) })
		return nil
	}
	k, err := parseAware(s, args)
	if err != nil {
		s.shell.Fail("aware", err)
		return nil
	}
	about := []string{fmt.Sprintf("%s %s. Aware %s. Due then:", respond.Title(k.Regime), respond.Binds(k.Regime),
		label.Stamp(k.Aware))}
	// what the law demands is shown before it is started
	for _, d := range respond.Deadlines(k) {
		due := d.Left(s.shell.Now)
		if !d.Due.IsZero() {
			due = label.Stamp(d.Due) + ", " + due
		}
		about = append(about, "• "+d.What+": "+due+" ("+d.Rule+")")
	}
	about = append(about, "Why? The reason is recorded with your name.")
	s.shell.Ask("Start the deadlines of "+respond.Title(k.Regime), "", about, func(reason string) tea.Cmd {
		k.Reason = reason
		return setClock(s, k)
	})
	return nil
}

// parseAware reads TIME and LAW, and checks that such a deadline can start. The clock that is made here is thrown
// away: it only proves that the real one can be, before a reason is asked for.
func parseAware(s *Screen, args string) (inspect.Clock, error) {
	words := strings.Fields(args)
	if len(words) != 2 {
		return inspect.Clock{}, fmt.Errorf("a time and a law are needed, as in aware now nis2; got %q", args)
	}
	at, err := respond.ParseAware(words[0], s.shell.Now)
	if err != nil {
		return inspect.Clock{}, err
	}
	k := inspect.Clock{Regime: inspect.Regime(strings.ToLower(words[1])), Aware: inspect.At(at)}
	_, err = respond.StartClock(&s.c, k.Regime, at, s.shell.Now, "you", "asked next")
	return k, err
}

// setClock adds a started or withdrawn deadline to the case. The backend adds author and time.
func setClock(s *Screen, k inspect.Clock) tea.Cmd {
	backend := s.backend
	return s.add(func(ctx context.Context, c *inspect.Case) (inspect.Event, error) {
		return backend.SetClock(ctx, c, k)
	})
}

// whyNoWithdraw is why there is no deadline to withdraw.
func whyNoWithdraw(s *Screen) string {
	if why := whyNoDeadline(s); why != "" {
		return why
	}
	if len(s.clocks()) == 0 {
		return "no reporting deadline runs"
	}
	return ""
}

// runWithdraw withdraws a running deadline: the one that is named, the only one, or one that is chosen. A name that
// is no running deadline is as none: the choice of all is offered.
func runWithdraw(s *Screen, args string) tea.Cmd {
	var choices []shell.Choice
	byID := map[string]inspect.Clock{}
	all := s.clocks()
	for _, k := range all {
		if k.Regime == inspect.Regime(strings.ToLower(args)) || len(all) == 1 {
			askWithdraw(s, k)
			return nil
		}
		id, text := string(k.Regime), respond.Title(k.Regime)+", aware "+label.Stamp(k.Aware)+": "+k.Reason
		byID[id] = k
		choices = append(choices, shell.Choice{
			ID: id, Text: id + " " + text,
			Line: func(int) []widget.Cell { return []widget.Cell{{Text: text, Width: -1}} },
		})
	}
	s.shell.Choose(shell.Chooser{Name: "Withdraw which deadline?", Choices: choices, Done: func(id, _ string) tea.Cmd {
		askWithdraw(s, byID[id])
		return nil
	}})
	return nil
}

// askWithdraw asks why a deadline is withdrawn. The record keeps both, so that an auditor sees the mistake
// and its correction.
func askWithdraw(s *Screen, k inspect.Clock) {
	about := []string{
		"Deadlines of " + respond.Title(k.Regime) + ", started by " + k.Author + ": " + k.Reason,
		"Why was it a mistake? Both stay in the record.",
	}
	s.shell.Ask("Withdraw a deadline", "", about, func(reason string) tea.Cmd {
		return setClock(s, inspect.Clock{Regime: k.Regime, Withdrawn: &inspect.Withdrawal{Reason: reason}})
	})
}
