package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/report"
)

// diffSchema is the name of the JSON form of diff.
const diffSchema = "backtrail.dev/diff/v1"

// diffCommand is the verb diff. Both sides are read as a case reads an image and its known-good, by the same checks;
// nothing is recorded, in the journal or as a case.
func diffCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "diff TARGET TARGET",
		Short: "Compare two images: packages, files, config, provenance, signers",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("diff compares two targets, not %d: backtrail diff OLD NEW", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runDiff(cmd.Context(), f, std, args[0], args[1]) },
	}
}

// runDiff compares two images. The first one is taken for a confirmed known-good: a person named it. Errors: a target
// that cannot be opened, and exit 2 for one that is not a target.
func runDiff(ctx context.Context, f *flags, std streams, from, to string) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	// The order is that of diff(1): what is compared with comes first.
	s.choice.Flag = from
	p, err := targetOpener{s}.prepare(ctx, to)
	if err != nil {
		return err
	}
	source, err := engine.NewSource(s.plan(p))
	if err != nil {
		return err
	}
	// No ledger: the events are folded as they come, and not kept.
	c := &inspect.Case{}
	progress := newProgress(std.err, f)
	err = source(ctx, func(e inspect.Event) { c.Apply(e); progress.show(c, e) })
	progress.clear()
	if err != nil {
		return err
	}
	printNotices(s.std, c)
	return s.printDiff(c, from, to)
}

// printDiff prints the comparison of the case's first image that has one. Without any the reason of the check is the
// error: an empty comparison would read as "no difference".
func (s *session) printDiff(c *inspect.Case, from, to string) error {
	for _, i := range c.Images {
		if i.Diff == nil || i.Diff.KnownGood == nil {
			continue
		}
		if s.flags.output != "json" {
			return report.Diff(s.flags.textTo(s.std.out), *i.Diff, from, to, s.flags.style(s.std.out))
		}
		b, err := inspect.EncodeJSON(struct {
			Schema string `json:"schema"`
			inspect.Diff
		}{diffSchema, *i.Diff})
		if err != nil {
			return fmt.Errorf("encoding the comparison: %w", err)
		}
		_, err = s.std.out.Write(b)
		return err
	}
	return hinted(fmt.Errorf("comparing %s with %s: %w", from, to, errors.New(reasonOf(c, inspect.CheckKnownGood))))
}

// reasonOf describes how a check ended, by the first of its runs that has a reason.
func reasonOf(c *inspect.Case, check string) string {
	for _, s := range c.Checks {
		if s.Name == check && s.Reason != "" {
			return s.Reason
		}
	}
	return "there is nothing to compare"
}
