package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/report"
)

func podsCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "pods",
		Short: "The pods of the cluster, printed, flagged ones first",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.pods(cmd.Context(), std) },
	}
}

func (f *flags) pods(ctx context.Context, std streams) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	return s.printPods(ctx)
}

// printPods prints the list as it stands at the end.
func (s *session) printPods(ctx context.Context) error {
	var list inspect.PodList
	if err := s.podList(ctx, s.flags.wholeCluster(), func(l inspect.PodList) { list = l }); err != nil {
		return err
	}
	if s.flags.output == "json" {
		b, err := inspect.EncodeJSON(list)
		if err != nil {
			return fmt.Errorf("encoding the pods: %w", err)
		}
		_, err = s.std.out.Write(b)
		return err
	}
	for _, n := range list.Notices {
		fmt.Fprintf(s.std.err, "%s: %s\n", n.Level, inspect.Clean(n.Text))
	}
	return report.Pods(s.std.out, list, s.flags.style(s.std.out))
}

// wholeCluster says that lists show all namespaces: asked for, or nothing else was.
func (f *flags) wholeCluster() bool { return f.allNamespaces || f.namespace == "" }

func brokenLine(l alert.BrokenLine) string {
	return fmt.Sprintf("line %d of the alerts is none: %s", l.Line, l.Reason)
}
