package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
)

func awareCommand(f *flags, std streams) *cobra.Command {
	var by said
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
				return f.withdraw(cmd.Context(), std, args, withdraw, by)
			}
			return f.aware(cmd.Context(), std, args, by)
		},
	}
	cmd.Flags().StringVar(&by.reason, "reason", "", "`REASON`: what was learned, or what the mistake was")
	cmd.Flags().StringVar(&by.name, "name", newOperator().String(), "`NAME` of the person")
	cmd.Flags().StringVar(&withdraw, "withdraw", "", "withdraw the running deadline of this `LAW`")
	return cmd
}

func (f *flags) aware(ctx context.Context, std streams, args []string, by said) error {
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

func (f *flags) withdraw(ctx context.Context, std streams, args []string, law string, by said) error {
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

func (f *flags) clock(ctx context.Context, std streams, name string, by said, make func(*inspect.Case,
	time.Time) (inspect.Clock, error)) error {
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
	return report.Clocks(std.out, *c, f.style(std.out))
}

func regimeOf(text string) (inspect.Regime, error) {
	r := inspect.Regime(text)
	if !slices.Contains(respond.Regimes(), r) {
		return "", usage("there is no clock of %q; there are nis2, cra, dora", text)
	}
	return r, nil
}
