package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/text"
)

// inspectFlags are those of the verb inspect; demo and open share those about the bundle.
type inspectFlags struct {
	knownGood, export, layers, checkpoint string
	withoutConfig                         bool
	window                                string   // FROM,TO
	skip                                  []string // numbers of layers, digests, or the first digits of these
}

func inspectCommand(f *flags, std streams) *cobra.Command {
	var own inspectFlags
	cmd := &cobra.Command{
		Use:   "inspect TARGET",
		Short: "Print one case: layers, signatures, provenance, packages, unexpected executables",
		Long: `Print one case. TARGET is pod/NAME[:CONTAINER] (with -n), deploy/NAME, sts/NAME, ds/NAME, job/NAME,
an image reference, oci:DIR[:TAG|@DIGEST], oci-archive:FILE, docker-archive:FILE, a path, alert:N, or a bundle.`,
		Args: oneArgument("TARGET"),
		RunE: func(cmd *cobra.Command, args []string) error { return runInspect(cmd, f, std, args[0], own) },
	}
	cmd.Flags().StringVar(&own.knownGood, "known-good", "",
		"compare with this `TARGET`, as a confirmed known-good image")
	cmd.Flags().StringVar(&own.export, "export", "",
		"write the evidence bundle to `PATH`, a directory, a .tar.gz or a .tar.zst")
	cmd.Flags().StringVar(&own.layers, "layers", string(evidence.LayersSuspect),
		"layers in the bundle: all, suspect or none")
	cmd.Flags().BoolVar(&own.withoutConfig, "without-config", false,
		"leave the images' configurations out of the bundle: they may contain secrets")
	cmd.Flags().StringVar(&own.checkpoint, "checkpoint", "",
		"add what changed at run time, from a kubelet checkpoint `FILE`")
	cmd.Flags().StringArrayVar(&own.skip, "skip-layer", nil,
		"skip a layer that is not cached, by number or digest, `N|DIGEST` (repeatable)")
	cmd.Flags().StringVar(&own.window, "window", "",
		"report what was built or started between two dates or times, `FROM,TO`; one of them may be left out")
	return cmd
}

// runInspect makes a case of a target and prints it, or prints that of a bundle. All that flags name is read before the
// target is: a mistake in a file must not end a run that has already fetched gigabytes.
func runInspect(cmd *cobra.Command, f *flags, std streams, target string, own inspectFlags) error {
	ctx := cmd.Context()
	if err := f.checkOutput(outputs...); err != nil {
		return err
	}
	if err := own.checkExport(cmd); err != nil {
		return err
	}
	if evidence.IsBag(target) {
		if err := refuseForBundle(cmd); err != nil {
			return err
		}
		return f.printSaved(ctx, std, target, own)
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	s.choice.Flag = own.knownGood // confirmed: a person named it
	if err := setWindow(s, own.window); err != nil {
		return err
	}
	if err := checkSkips(own.skip); err != nil {
		return err
	}
	// A layer that is skipped is unknown in the case, and so is what may be in it.
	s.cache.Skips().Named = own.skip
	if err := readCheckpoint(ctx, s, own.checkpoint); err != nil {
		return err
	}
	p, err := targetOpener{s}.prepare(ctx, target)
	if err != nil {
		return err
	}
	return s.headless(ctx, p, own)
}

// checkExport refuses before anything runs what would fail, or be ignored, when the case is at its end.
func (own inspectFlags) checkExport(cmd *cobra.Command) error {
	for _, name := range []string{"layers", "without-config"} {
		if own.export == "" && cmd.Flags().Changed(name) {
			return usage("--%s is about the bundle that --export writes: name one, or leave it out", name)
		}
	}
	switch evidence.Layers(own.layers) {
	case evidence.LayersAll, evidence.LayersSuspect, evidence.LayersNone:
	default:
		return usage("--layers %s: it is all, suspect or none", own.layers)
	}
	if own.export != "" && isFile(own.export) {
		return hinted(fmt.Errorf("exporting to %s: it is there already", own.export),
			"name a path that does not exist: nothing is overwritten")
	}
	return nil
}

// refuseForBundle refuses the flags of inspect that make a case: that of a bundle was made already.
func refuseForBundle(cmd *cobra.Command) error {
	unused := []string{"known-good", "checkpoint", "window", "skip-layer"}
	for _, g := range unusedGroups["open"] {
		unused = append(unused, flagGroups[g]...)
	}
	for _, name := range unused {
		if cmd.Flags().Changed(name) {
			return usage("%s shows the case of a bundle as it was: leave --%s out", cmd.CommandPath(), name)
		}
	}
	return nil
}

// layerName is a number in the manifest, or a digest or its first digits. A number has at most three digits and the
// digits of a digest are at least six, so that no text is both.
var layerName = regexp.MustCompile(`^([0-9]{1,3}|(sha256:)?[0-9a-f]{6,64})$`)

// checkSkips refuses what names no layer. Whether the image has such a layer is only known later: one that it does not
// have skips nothing.
func checkSkips(names []string) error {
	for _, n := range names {
		if !layerName.MatchString(n) {
			return usage("--skip-layer %q is neither the number of a layer nor its digest (at least six digits of "+
				"it)", n)
		}
	}
	return nil
}

// headless runs a case to its end and prints it. An interrupted case is printed and exported too, as partial.
//
// Every event is on disk before it is folded here: a crash, or a second ctrl+c, loses the report and not the case. The
// printed case is folded from the same events as a replay of the ledger would, so that `backtrail open` prints it
// again.
func (s *session) headless(ctx context.Context, p prepared, own inspectFlags) error {
	o, err := s.start(p)
	if err != nil {
		return err
	}
	defer o.ledger.Close()
	c := &inspect.Case{}
	progress := newProgress(s.std.err, s.flags)
	runErr := o.whole()(ctx, func(e inspect.Event) {
		c.Apply(e)
		progress.show(c, e)
		if s.flags.output == "events" {
			_ = writeEvent(s.std.out, e)
		}
	})
	progress.clear()
	interrupted := ctx.Err() != nil
	if runErr != nil && !interrupted {
		return runErr
	}
	printNotices(s.std, c)
	if err := s.flags.printCase(s.std.out, *c); err != nil {
		return err
	}
	if own.export != "" {
		// An interrupted case is exported all the same: that is when it is needed most.
		if err := s.exportTo(context.WithoutCancel(ctx), o, own); err != nil {
			return err
		}
	}
	if interrupted {
		fmt.Fprintf(s.std.err, "the case is kept: backtrail open %s\n", o.ledger.ID())
	}
	return endOf(c, interrupted)
}

// printNotices prints the notices of a case on stderr. They may contain text of a registry or a cluster.
func printNotices(std streams, c *inspect.Case) {
	for _, n := range c.Notices {
		fmt.Fprintf(std.err, "%s: %s\n", n.Level, text.Clean(n.Text))
		if n.Hint != "" {
			fmt.Fprintf(std.err, "hint: %s\n", text.Clean(n.Hint))
		}
	}
}

// exportTo writes the bundle of a case that has just ended. A failure leaves the case, and the hint names it.
func (s *session) exportTo(ctx context.Context, o *open, own inspectFlags) error {
	r, err := exportCase(ctx, s, o.ledger, s.cache, own.export, evidence.Options{
		Layers:        evidence.Layers(own.layers),
		WithoutConfig: own.withoutConfig,
	}, nil)
	if err != nil {
		return hinted(fmt.Errorf("exporting to %s: %w", own.export, err),
			"the case is kept: backtrail open "+o.ledger.ID()+", then export elsewhere (x)")
	}
	printExport(s, r)
	return nil
}

// printExport prints where a bundle is, what is not in it, and the line to copy into a channel or ticket: with it
// there, the content of the bundle is fixed even if nothing is signed. All of it is on stderr; stdout has the report.
func printExport(s *session, r evidence.Result) {
	for _, n := range append(r.Notes, r.Taken...) {
		fmt.Fprintf(s.std.err, "note: %s\n", text.Clean(n))
	}
	fmt.Fprintf(s.std.err, "bundle: %s (%d files, %d bytes)\n%s\n", r.Path, r.Files, r.Bytes, r.Line)
}

// noArguments refuses any argument: a word after a command that has others below it is one of these, misspelt.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	if len(names) == 0 {
		return usage("%s takes no argument, not %q", cmd.CommandPath(), args[0])
	}
	return usage("there is no command %q of %s; there are: %s", args[0], cmd.CommandPath(), strings.Join(names, ", "))
}

// atMostOne refuses more than one argument.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage("%s takes at most one argument, not %d", cmd.CommandPath(), len(args))
	}
	return nil
}

// oneArgument refuses any other number of arguments than one, by the name that the argument has in the usage line.
func oneArgument(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usage("%s: name a %s", cmd.CommandPath(), name)
		case len(args) > 1:
			return usage("%s takes one %s, not %d", cmd.CommandPath(), name, len(args))
		}
		return nil
	}
}
