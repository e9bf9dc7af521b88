package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
)

func casesCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "cases",
		Short: "List the cases on this disk, newest first",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.cases(cmd.Context(), std) },
	}
}

// savedCases are the cases on this disk, and the folder that they are in.
func savedCases(ctx context.Context) (dir string, saved []ledger.Saved, err error) {
	if dir, err = casesDir(); err != nil {
		return "", nil, err
	}
	saved, err = ledger.Cases(ctx, dir)
	return dir, saved, err
}

func (f *flags) cases(ctx context.Context, std streams) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	dir, saved, err := savedCases(ctx)
	if err != nil {
		return err
	}
	if f.output == "json" {
		b, err := inspect.EncodeJSON(saved)
		if err != nil {
			return fmt.Errorf("encoding the cases: %w", err)
		}
		_, err = std.out.Write(b)
		return err
	}
	if len(saved) == 0 {
		fmt.Fprintf(std.err, "no case yet in %s\n", dir)
		return nil
	}
	style := f.style(std.out)
	for _, c := range saved {
		fmt.Fprintf(std.out, "%s  %-18s  %-40s  %s\n", text.Clean(c.ID), style.Paint(c.Status.Tone(),
			c.Status.Words()), text.Clean(c.Target), state(c))
	}
	return nil
}

// state says in words what became of a case.
func state(c ledger.Saved) string {
	switch {
	case c.Problem != "":
		return "cannot be read: " + text.Clean(c.Problem)
	case c.Running:
		return "open now"
	case c.Partial:
		return "partial"
	case len(c.Exported) > 0:
		text := "exported to " + text.Clean(c.Exported[len(c.Exported)-1].Path)
		if c.AddedTo() {
			text += ", added to since"
		}
		return text
	default:
		return "not exported"
	}
}
