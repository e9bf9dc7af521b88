package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/spf13/cobra"
)

// record adds what a person states to a case of this disk, offline: make gives the fact from the case as it is. It is
// a new session in the ledger, with its own operator and command line, and nothing before it is changed. A case that
// another process has open is refused: a ledger has one writer.
//
// record returns the case with the fact in it. A bundle is never added to, since its manifests fix its content.
func (f *flags) record(ctx context.Context, name string, make func(c *inspect.Case, now time.Time) (inspect.Fact,
	error),
) (*inspect.Case, error) {
	if evidence.IsBag(name) {
		return nil, hinted(fmt.Errorf("adding to %s: a bundle is not changed", name),
			"name the case on this disk: backtrail cases lists them")
	}
	dir, err := casesDir()
	if err != nil {
		return nil, err
	}
	_, err = ledger.FindCase(ctx, dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hinted(fmt.Errorf("adding to %s: there is no case of that name in %s", name, dir),
			"backtrail cases lists the cases of this machine")
	}
	if err != nil {
		return nil, err
	}
	// Resume checks the chain of the ledger before it adds to it: nothing is added to a record that was changed.
	l, err := ledger.Resume(ctx, dir, name, newOperator().session(time.Now()), time.Now)
	if err != nil {
		// The process that has the case open has the lock of its ledger, which ends with it, also after a crash.
		return nil, hinted(err, "a case that is open in the terminal UI takes this there, with :")
	}
	defer l.Close()
	c := l.Case()
	fact, err := make(&c, time.Now().UTC())
	if err != nil {
		return nil, err
	}
	if _, err := l.Append("", "", fact); err != nil {
		return nil, err
	}
	c = l.Case()
	return &c, nil
}

// statement are the flags of a command by which a person states something: who, and why.
type statement struct{ name, reason string }

// check refuses a statement that no person could account for later.
func (s statement) check(command string) error {
	if strings.TrimSpace(s.reason) == "" {
		return usage("%s: --reason WHY is missing: it becomes part of the record", command)
	}
	if strings.TrimSpace(s.name) == "" {
		return usage("%s: --name is empty", command)
	}
	return nil
}

// awareCommand is the verb aware. The laws have deadlines that count from the moment at
// which an organization became aware
// (Directive (EU) 2022/2555, Article 23; Regulation (EU) 2024/2847, Article 14; Regulation (EU) 2022/2554, Article 19).
// Whether it did is a legal question: a tool that started a clock by itself would answer it.
func awareCommand(f *flags, std streams) *cobra.Command {
	var by statement
	var withdraw string
	cmd := &cobra.Command{
		Use:   "aware CASE TIME nis2|cra|dora --reason WHY",
		Short: "Start a reporting deadline in a case (never automatic)",
		Long: `Start a reporting deadline in a case: someone became aware of the incident at TIME. Deadlines are
never automatic: a person starts one, with name and reason. TIME is now, HH:MM of today in UTC, or a date with time
and zone (2026-11-23T03:12:00Z). A deadline that was started by mistake is withdrawn with a reason; both stay in the
record:

  backtrail aware CASE --withdraw nis2 --reason WHY`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if withdraw != "" {
				return withdrawDeadline(cmd.Context(), f, std, args, withdraw, by)
			}
			return startDeadline(cmd.Context(), f, std, args, by)
		},
	}
	cmd.Flags().StringVar(&by.reason, "reason", "", "`REASON`: what was learned, or what the mistake was")
	cmd.Flags().StringVar(&by.name, "name", newOperator().String(), "`NAME` of the person")
	cmd.Flags().StringVar(&withdraw, "withdraw", "", "withdraw the running deadline of this `LAW`")
	return cmd
}

// startDeadline starts a deadline. The time may lie in the past, and never in the future.
func startDeadline(ctx context.Context, f *flags, std streams, args []string, by statement) error {
	if len(args) != 3 {
		return usage("backtrail aware takes CASE, TIME and one of nis2, cra, dora")
	}
	regime, err := regimeOf(args[2])
	if err != nil {
		return err
	}
	at, err := respond.ParseAware(args[1], time.Now())
	if err != nil {
		return usage("%w", err)
	}
	return f.clock(ctx, std, args[0], by, func(c *inspect.Case, now time.Time) (inspect.Clock, error) {
		return respond.StartClock(c, regime, at, now, by.name, by.reason)
	})
}

// withdrawDeadline ends a deadline that was started by mistake. Both facts stay in the ledger.
func withdrawDeadline(ctx context.Context, f *flags, std streams, args []string, law string, by statement) error {
	if len(args) != 1 {
		return usage("backtrail aware --withdraw takes one CASE")
	}
	regime, err := regimeOf(law)
	if err != nil {
		return err
	}
	return f.clock(ctx, std, args[0], by, func(c *inspect.Case, now time.Time) (inspect.Clock, error) {
		return respond.WithdrawClock(c, regime, now, by.name, by.reason)
	})
}

// clock records what make gives, and prints all deadlines of the case with the time that is left.
func (f *flags) clock(ctx context.Context, std streams, name string, by statement, make func(*inspect.Case,
	time.Time) (inspect.Clock, error),
) error {
	if err := by.check("backtrail aware"); err != nil {
		return err
	}
	c, err := f.record(ctx, name, func(c *inspect.Case, now time.Time) (inspect.Fact, error) {
		k, err := make(c, now)
		if err != nil {
			return nil, hinted(err, "backtrail open "+text.Quote(name)+" shows the clocks of the case")
		}
		return k, nil
	})
	if err != nil {
		return err
	}
	return report.Clocks(f.textTo(std.out), *c, f.style(std.out))
}

// regimeOf reads the short name of a law. Errors are usage errors.
func regimeOf(text string) (inspect.Regime, error) {
	r := inspect.Regime(text)
	if !slices.Contains(respond.Regimes(), r) {
		return "", usage("there is no clock of %q; there are nis2, cra, dora", text)
	}
	return r, nil
}

// runtimeCommand is the verb runtime. Memory and writable layer are lost with the pod, and a rollback is the first
// thing that a runbook suggests: commands that delete are shown only after a person has answered for the state.
func runtimeCommand(f *flags, std streams) *cobra.Command {
	var by statement
	cmd := &cobra.Command{
		Use:   "runtime CASE saved|given-up|open --reason WHY",
		Short: "Record whether the pod's runtime state was preserved; unlocks the commands to roll back and delete",
		Long: `Record whether the runtime state of the pod was preserved: its writable layers and memory, which
exist nowhere else. Until a person has recorded that it was saved or given up, no step is suggested that would
destroy it. open reverts that. It is recorded as a note, with name and reason.`,
		RunE: func(cmd *cobra.Command, args []string) error { return recordRuntime(cmd.Context(), f, std, args, by) },
	}
	cmd.Flags().StringVar(&by.reason, "reason", "", "`REASON`: how it was saved, or why it was given up")
	cmd.Flags().StringVar(&by.name, "name", newOperator().String(), "`NAME` of the person")
	return cmd
}

// recordRuntime records the mark and prints the next steps as they are with it. The case of an image has no pod, and no
// state that could be lost.
func recordRuntime(ctx context.Context, f *flags, std streams, args []string, by statement) error {
	const command = "backtrail runtime"
	if len(args) != 2 {
		return usage("%s takes CASE and one of saved, given-up, open", command)
	}
	switch args[1] {
	case inspect.RuntimeSaved, inspect.RuntimeGivenUp, inspect.RuntimeOpen:
	default:
		return usage("%s: %q is none of saved, given-up, open", command, args[1])
	}
	if err := by.check(command); err != nil {
		return err
	}
	c, err := f.record(ctx, args[0], func(c *inspect.Case, now time.Time) (inspect.Fact, error) {
		if c.Pod == nil {
			return nil, fmt.Errorf("marking the run-time state of %s: the case is of no pod", args[0])
		}
		return inspect.Note{
			Time: inspect.At(now), Author: by.name, Subject: inspect.SubjectRuntime, Mark: args[1],
			Text: by.reason,
		}, nil
	})
	if err != nil {
		return err
	}
	return report.Steps(f.textTo(std.out), *c, f.style(std.out))
}
