package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/text"
)

func podsCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "pods",
		Short: "Print the pods of the cluster, flagged ones first",
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
	list, err := s.lister.Once(ctx, s.flags.wholeCluster())
	if err != nil {
		return err
	}
	if s.flags.output == "json" {
		text, err := inspect.EncodeJSON(list)
		if err != nil {
			return err
		}
		_, err = s.std.out.Write(text)
		return err
	}
	for _, n := range list.Notices {
		if list.Wrong != nil && n.Text == list.Wrong.Text {
			continue // the list begins with it
		}
		fmt.Fprintf(s.std.err, "%s: %s\n", n.Level, text.Clean(n.Text))
	}
	return report.Pods(s.std.out, list, s.flags.style(s.std.out))
}

// wholeCluster says that lists show all namespaces: asked for, or nothing else was.
func (f *flags) wholeCluster() bool { return f.allNamespaces || f.namespace == "" }
