package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// runAware starts a report clock: aware TIME LAW, and then asks why.
func runAware(m *Model, args string) tea.Cmd {
	if args == "" {
		m.ask("Aware", "now ", []string{
			"A report clock starts when somebody became aware, and only if a person says so here. TIME and LAW:",
			"now nis2 · 03:12 cra (today, UTC) · 2026-11-23T03:12:00Z dora",
		}, func(m *Model, text string) tea.Cmd { return runAware(m, text) })
		return nil
	}
	words := strings.Fields(args)
	if len(words) != 2 {
		m.fail("aware", fmt.Errorf("it takes a time and a law, as in aware now nis2; got %q", args))
		return nil
	}
	at, err := inspect.ParseAware(words[0], m.now)
	k := inspect.Clock{Regime: inspect.Regime(strings.ToLower(words[1])), Aware: inspect.At(at)}
	if err == nil {
		_, err = m.open.c.StartClock(k.Regime, at, m.now, "you", "asked next")
	}
	if err != nil {
		m.fail("aware", err)
		return nil
	}
	about := []string{fmt.Sprintf("%s %s. Aware %s. Due then:", k.Regime.Title(), k.Regime.Binds(), stamp(k.Aware))}
	for _, d := range k.Deadlines() {
		due := d.Left(m.now)
		if !d.Due.IsZero() {
			due = stamp(d.Due) + ", " + due
		}
		about = append(about, "• "+d.What+": "+due+" ("+d.Rule+")")
	}
	m.ask("Start the clock of "+k.Regime.Title(), "", append(about, "Why? It is recorded with your name."), func(m *Model, reason string) tea.Cmd {
		k.Reason = reason
		return m.keep(func(ctx context.Context, c *inspect.Case) (inspect.Event, error) { return m.o.Clock(ctx, c, k) })
	})
	return nil
}

func whyNoClock(m *Model) string {
	if m.o.Clock == nil {
		return "a saved case takes it on the command line: backtrail aware"
	}
	return ""
}

// runWithdraw withdraws a running clock: the one that is named, the only one, or one that is chosen.
func runWithdraw(m *Model, args string) tea.Cmd {
	var rows []choice
	byID := map[string]inspect.Clock{}
	for _, k := range m.running() {
		if k.Regime == inspect.Regime(strings.ToLower(args)) {
			m.askWithdraw(k)
			return nil
		}
		text := k.Regime.Title() + ", aware " + stamp(k.Aware) + ": " + k.Reason
		byID[string(k.Regime)] = k
		rows = append(rows, choice{id: string(k.Regime), find: string(k.Regime) + " " + text, cells: func(int) []widget.Cell { return []widget.Cell{{Text: text, Width: -1}} }})
	}
	if len(rows) == 1 {
		m.askWithdraw(m.running()[0])
		return nil
	}
	m.choose("Withdraw which clock?", "", rows, func(m *Model, id string) tea.Cmd {
		m.askWithdraw(byID[id])
		return nil
	})
	return nil
}

func (m *Model) askWithdraw(k inspect.Clock) {
	about := []string{"The clock of " + k.Regime.Title() + " that " + k.Author + " started: " + k.Reason, "Why was it a mistake? Both stay in the record."}
	m.ask("Withdraw a clock", "", about, func(m *Model, reason string) tea.Cmd {
		k := inspect.Clock{Regime: k.Regime, Withdrawn: &inspect.Withdrawal{Reason: reason}}
		return m.keep(func(ctx context.Context, c *inspect.Case) (inspect.Event, error) { return m.o.Clock(ctx, c, k) })
	})
}

// running are the clocks that were not withdrawn.
func (m *Model) running() []inspect.Clock {
	var all []inspect.Clock
	for _, k := range m.open.c.Clocks {
		if k.Withdrawn == nil {
			all = append(all, k)
		}
	}
	return all
}

func whyNoWithdraw(m *Model) string {
	if why := whyNoClock(m); why != "" {
		return why
	}
	if len(m.running()) == 0 {
		return "no report clock runs"
	}
	return ""
}

// runRuntime marks what became of the pod's run-time state, and asks why.
func runRuntime(mark string) func(*Model, string) tea.Cmd {
	return func(m *Model, _ string) tea.Cmd {
		about := []string{"Run-time state: the pod's writable layers and memory, which nothing else holds.", "How was it saved, or why is it given up? It is recorded with your name."}
		if mark == inspect.RuntimeOpen {
			about[1] = "Why is it open again? It is recorded with your name."
		}
		m.ask("Run-time state: "+mark, "", about, func(m *Model, reason string) tea.Cmd {
			return m.note(inspect.Note{Subject: inspect.SubjectRuntime, Mark: mark, Text: reason})
		})
		return nil
	}
}

func whyNoRuntime(m *Model) string {
	switch {
	case m.o.Note == nil:
		return "a saved case takes it on the command line: backtrail runtime"
	case m.open.c.Pod == nil:
		return "the case is of no pod"
	default:
		return ""
	}
}

func whyNoRuntimeOpen(m *Model) string {
	if why := whyNoRuntime(m); why != "" {
		return why
	}
	if _, said := m.open.c.Runtime(); !said {
		return "it is open"
	}
	return ""
}
