package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/text"
)

// writePart examines the images of one shard, and writes them with all that was listed. What could not be checked is
// part of the result and no error: the merge of the parts has the verdict, and a Job whose pods exit with 0 is not
// started again by Kubernetes for what another try would not change.
//
// Each part has the whole listing: the cluster changes while the parts are made, and merge accounts for every container
// that any of them has listed.
func (a *auditor) writePart(ctx context.Context, sel audit.Selection) error {
	shard, err := audit.ParseShard(a.own.shard)
	if err != nil {
		return usage("--shard: %w", err)
	}
	all, err := a.list(ctx, sel)
	if err != nil {
		return err
	}
	world, err := audit.World(audit.Units(all.Places))
	if err != nil {
		return err
	}
	scope := a.scope(sel) + ", shard " + shard.String()
	runner, progress, err := a.runner(ctx, world, scope)
	if err != nil {
		return err
	}
	// A shard is chosen by the lowest layer of an image: images with one base are in one part, which reads it once.
	x := a.examiner(ctx, world)
	mine := shard.Choose(ctx, all, func(ctx context.Context, u audit.Unit) string {
		return x.Lowest(a.scoped(ctx, u), u)
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	part := audit.NewPart(a.own.out, shard, audit.Scope{
		Contexts: []string{all.Context}, Namespaces: all.Namespaces,
		Selector: a.own.selectors(), Image: a.own.image, Depth: a.depth,
	}, runner.Known, all)
	runner.Keep = part.Keep
	report, err := runner.Run(ctx, mine)
	progress.clear()
	if ctx.Err() != nil {
		return ctx.Err() // without its part: the same command goes on
	}
	if err != nil {
		return hinted(fmt.Errorf("examining shard %s: %w", shard, err),
			"is the volume full? What was found so far is kept in "+a.own.out)
	}
	report.Data = a.data()
	if err := part.Close(&report); err != nil {
		return hinted(err, "is the volume full? What was found so far is kept in "+a.own.out)
	}
	fmt.Fprintf(a.std.err, "shard %s: %s\n", shard, report.Summary())
	return a.ended(scope)
}

// auditMergeCommand is the verb audit merge, the counterpart of audit --shard.
func auditMergeCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "merge DIR...",
		Short: "Fold the parts of an audit into one report",
		Long: `Fold the parts that audit --shard I/N --out DIR wrote into the report of one audit. Every container
that was listed is accounted for, and a random part of the rows is derived again from the facts.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("audit merge needs a DIR with parts")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return mergeAudits(cmd.Context(), f, std, args) },
	}
}

// mergeAudits folds parts and prints the report. The policies of a cluster are read only where a flag names it: rows
// are those of the parts, and are compared with what follows from the same policies.
//
// Parts come from other machines, as files that someone else may have changed. A random part of the rows is derived
// again from the facts beside them; a row that does not follow fails the merge (exit 3), also where nothing crosses a
// threshold. How many were derived again is printed: 0 means that nothing was compared.
func mergeAudits(ctx context.Context, f *flags, std streams, dirs []string) error {
	if err := f.checkOutput(auditOutputs...); err != nil {
		return err
	}
	const hint = "each DIR is one that audit --shard I/N --out DIR wrote to"
	depth, err := audit.DepthOf(dirs)
	if err != nil {
		return hinted(err, hint)
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	known, err := s.knownForMerge(ctx, depth)
	if err != nil {
		return err
	}
	merged, err := audit.Merge(dirs, known)
	if err != nil {
		return hinted(err, hint)
	}
	if err := f.printAudit(std, &merged.Report); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "derived again from their facts: %d of the images\n", merged.Rederived)
	if len(merged.Wrong) > 0 {
		words := "rows do not follow from the facts of their parts"
		for _, w := range merged.Wrong {
			words += "\n  " + text.Clean(w)
		}
		return &exitError{
			code: exitFailed, err: errors.New(words),
			hints: []string{"run the shards of these images again"},
		}
	}
	return auditEnd(&merged.Report)
}

// knownForMerge is what rows are derived again with: what the flags name, at the depth of the parts. The journal has no
// part in it, as it had none when the parts were made. The session must stay open as long as it is used.
func (s *session) knownForMerge(ctx context.Context, depth audit.Depth) (*audit.Known, error) {
	a := &auditor{session: s, depth: depth, policies: s.policies, began: s.now()}
	if f := s.flags; f.snapshot != "" || f.context != "" || f.kubeconfig != "" {
		var err error
		if a.cluster, err = s.openCluster(); err != nil {
			return nil, err
		}
		a.readPolicies(ctx)
	}
	return a.known(ctx), nil
}
