package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
)

func versionCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := f.checkOutput("plain", "json"); err != nil {
				return err
			}
			t := tool()
			if f.output == "json" {
				b, err := inspect.EncodeJSON(t)
				if err != nil {
					return err
				}
				_, err = std.out.Write(b)
				return err
			}
			_, err := fmt.Fprintf(std.out, "backtrail %s %s\n", t.Version, t.Revision)
			return err
		},
	}
}
