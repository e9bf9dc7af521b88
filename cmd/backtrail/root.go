package main

import (
	"slices"

	"github.com/spf13/cobra"
)

// rootCommand is the command line: a verb a file. It is made anew for each run, since cobra keeps the values of flags
// in the commands.
//
// Errors and usage are printed by exitCode alone, in one form. What all verbs have in common is checked before any of
// them runs, in PersistentPreRunE: cobra calls only the innermost one, so that no verb may have its own.
func rootCommand(std streams) *cobra.Command {
	f := &flags{}
	root := &cobra.Command{
		Use:   "backtrail",
		Short: "Trace a running container image back to its origin",
		Long: `backtrail traces a running container image back to its origin: where it came from, how it got in, and
why it was not blocked. It is read-only.

Without a command it opens the terminal UI on the pods of the current kubeconfig context, flagged ones first. Pick
one and walk its layers, signatures, provenance, packages and unexpected executables; x exports the evidence bundle.

  backtrail demo                                  a built-in incident: no cluster, no registry, no network
  backtrail --alerts falco.log                    the pods of this cluster with Falco's alerts; the file is followed
  backtrail --alerts-from-cluster                 the same with the alerts that the cluster itself has
  backtrail inspect pod/web-0 -n shop -o brief    one case, printed

` + topicList(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("there is no command %q; to inspect an image or a pod: backtrail inspect %[1]s", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return f.browse(cmd.Context(), std) },
		// The order matters: a flag that the verb does not use is refused by name, before its value is looked at.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFlags(cmd); err != nil {
				return err
			}
			if slices.Contains(oneForm, cmd.CommandPath()) {
				if err := f.checkOutput("plain"); err != nil {
					return err
				}
			}
			f.given = givenFlags(cmd)
			return f.checkListen(cmd.HasParent() && cmd.Name() != "demo", cmd.CommandPath())
		},
	}
	f.register(root.PersistentFlags())
	root.SetHelpCommand(helpCommand(std))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%w", err) })
	root.AddCommand(
		demoCommand(f, std), podsCommand(f, std), inspectCommand(f, std), diffCommand(f, std),
		auditCommand(f, std), whereCommand(f, std), journalCommand(f, std), casesCommand(f, std), openCommand(f, std),
		awareCommand(f, std), runtimeCommand(f, std),
		verifyCommand(f, std), verifyBlobCommand(f, std), policyCommand(f, std), rbacCommand(std),
		cacheCommand(f, std), dbCommand(f, std), thresholdsCommand(f, std), manCommand(std), versionCommand(f, std),
	)
	return root
}
