package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/report"
)

func runtimeCommand(f *flags, std streams) *cobra.Command {
	var by said
	cmd := &cobra.Command{
		Use:   "runtime CASE saved|given-up|open --reason WHY",
		Short: "Record whether the pod's runtime state was preserved; unlocks the commands to roll back and delete",
		Long: `Record whether the runtime state of the pod was preserved: its writable layers and memory, which
exist nowhere else. Until a person has recorded that it was saved or given up, no step is suggested that would
destroy it. open reverts that. It is recorded as a note, with name and reason.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.runtimeState(cmd.Context(), std, args, by) },
	}
	cmd.Flags().StringVar(&by.reason, "reason", "", "`REASON`: how it was saved, or why it was given up")
	cmd.Flags().StringVar(&by.name, "name", newOperator().String(), "`NAME` of the person")
	return cmd
}

func (f *flags) runtimeState(ctx context.Context, std streams, args []string, by said) error {
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
		return inspect.Note{Time: inspect.At(now), Author: by.name, Subject: inspect.SubjectRuntime, Mark: args[1],
			Text: by.reason}, nil
	})
	if err != nil {
		return err
	}
	return report.Steps(std.out, *c, f.style(std.out))
}
