package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/text"
)

// auditFlags are those of the verb audit.
type auditFlags struct {
	selector, image, depth string
	since                  string
	recheck                bool
	parallel               int
	shard, out             string
	manifest               bool
	metrics                string
	job                    audit.Job
}

// auditOutputs are the forms of an audit.
var auditOutputs = []string{"plain", "wide", "json", "csv", "sarif", "markdown", "openmetrics", "policyreport", "html"}

func auditCommand(f *flags, std streams) *cobra.Command {
	var own auditFlags
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check everything that runs: signed, by whom, known bad, allowed here",
		Long: `Check the images of all running workloads of a cluster, or of a dump (--snapshot), each distinct image
once. -n, -l and --image choose some. An audit that was interrupted goes on where it was.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAudit(cmd.Context(), f, std, own) },
	}
	own.register(cmd)
	cmd.AddCommand(auditMergeCommand(f, std))
	return cmd
}

// register adds the flags to the verb.
func (own *auditFlags) register(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVarP(&own.selector, "selector", "l", "",
		"only pods whose labels match this `SELECTOR`, as kubectl reads it")
	s.StringVar(&own.image, "image", "", "only images whose reference or digest contains `TEXT`")
	s.StringVar(&own.depth, "depth", string(audit.Identity),
		"how far each image is looked into: identity (no layers), packages or full")
	s.StringVar(&own.since, "since", "", "list what changed since the last audit or since a date, `last|DATE`")
	s.BoolVar(&own.recheck, "recheck", false,
		"compare what is stored with present policies and advisories; no registry is read")
	s.IntVar(&own.parallel, "parallel", 0, "images examined at once, `N` (default by depth: 16, 4 or 2)")
	s.StringVar(&own.shard, "shard", "",
		"examine one part of the images, `I/N` with I from 0 to N-1, and write it to --out")
	s.BoolVar(&own.manifest, "manifest", false,
		"print the objects that run this audit every night in the cluster, and end; a person applies them")
	s.StringVar(&own.job.Image, "manifest-image", "backtrail:"+version,
		"image of backtrail in the manifest, `REFERENCE`")
	s.StringVar(&own.job.Schedule, "schedule", "17 2 * * *", "when the manifest's audit runs, as `CRON` writes it")
	s.IntVar(&own.job.Shards, "shards", 0, "cut the manifest's audit into `N` parts, an Indexed Job")
	s.StringVar(&own.metrics, "metrics", "",
		"serve the metrics of the audit at `ADDRESS` (PORT on loopback, or HOST:PORT) until interrupted")
	s.StringVar(&own.out, "out", "", "`DIR` that a part is written to; audit merge reads it")
}

// runAudit checks what runs and prints the report. An interrupted audit is printed as far as it came.
func runAudit(ctx context.Context, f *flags, std streams, own auditFlags) error {
	if err := f.checkOutput(auditOutputs...); err != nil {
		return err
	}
	depth, err := audit.ParseDepth(own.depth)
	if err != nil {
		return usage("--depth: %w", err)
	}
	if err := own.check(); err != nil {
		return err
	}
	if own.manifest {
		return f.printManifest(std, own, depth)
	}
	sel, err := f.auditSelection(own)
	if err != nil {
		return err
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	a, err := newAuditor(ctx, s, own, depth)
	if err != nil {
		return err
	}
	defer a.close()
	if own.shard != "" {
		return a.writePart(ctx, sel)
	}
	if err := a.listen(); err != nil {
		return err
	}
	report, errRun := a.run(ctx, sel)
	if errRun != nil && ctx.Err() == nil && len(report.Rows) == 0 && report.Books.Listed == 0 {
		return errRun
	}
	if err := f.printAudit(std, &report); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted,
			err:   errors.New("interrupted: the audit is partial"),
			hints: []string{"the same command goes on where this one was"}}
	}
	if errRun != nil {
		return hinted(errRun, "is the disk full? XDG_DATA_HOME chooses another place for what is kept")
	}
	if err := a.serve(ctx, &report); err != nil {
		return err
	}
	return auditEnd(&report)
}

// check refuses flags that do not go together.
func (own *auditFlags) check() error {
	switch {
	case (own.shard == "") != (own.out == ""):
		return usage("--shard I/N and --out DIR belong together")
	case own.shard != "" && (own.since != "" || own.recheck || own.metrics != ""):
		return usage("--shard writes a part only: leave out --since, --recheck and --metrics")
	case own.manifest && own.metrics != "":
		return usage("--manifest prints objects and ends: leave out --metrics")
	}
	return nil
}

// auditSelection reads what the flags choose.
func (f *flags) auditSelection(own auditFlags) (sel audit.Selection, err error) {
	sel.Image, sel.Platform = own.image, f.platform
	if !f.wholeCluster() {
		sel.Namespaces = []string{f.namespace}
	}
	if own.selector != "" {
		if sel.Labels, err = labels.Parse(own.selector); err != nil {
			return sel, usage("-l %s: %w", own.selector, err)
		}
	}
	if own.parallel < 0 || own.parallel > maxParallel {
		return sel, usage("--parallel takes 1 to %d images", maxParallel)
	}
	return sel, nil
}

// maxParallel bounds how many images may be examined at once.
const maxParallel = 128

// printManifest prints what runs the audit in the cluster.
func (f *flags) printManifest(std streams, own auditFlags, depth audit.Depth) error {
	job := own.job
	job.Depth, job.Selector = depth, own.selector
	if f.namespace != "" {
		job.Namespace = f.namespace
	}
	raw, err := job.Manifest()
	if err != nil {
		return usage("--manifest: %w", err)
	}
	_, err = std.out.Write(raw)
	return err
}

// auditEnd turns a report into the end of the program: 3 where a row crosses a blocking threshold or the counts do not
// add up, else 4 where a workload could not be checked.
func auditEnd(r *audit.Report) error {
	blocked, unchecked := r.Blocked(), r.Unchecked()
	code, why := exitFailed, blocked
	if len(blocked) == 0 {
		code, why = exitIncomplete, unchecked
	}
	if len(why) == 0 {
		return nil
	}
	words := fmt.Sprintf("the audit found %s past a blocking threshold, and could not check %d",
		text.Count(len(blocked), "container"), len(unchecked))
	for n, w := range why {
		if n == maxReasons {
			words += fmt.Sprintf("\n  and %d more", len(why)-n)
			break
		}
		words += "\n  " + text.Clean(w)
	}
	return &exitError{code: code, err: errors.New(words)}
}

// printAudit prints the report in the form that was asked for.
func (f *flags) printAudit(std streams, r *audit.Report) error {
	style := audit.Style{Now: time.Now(), ASCII: f.ascii || !utf8Locale(), Color: f.style(std.out).Color,
		Width: columnsOf(std.out)}
	switch f.output {
	case "json":
		b, err := inspect.EncodeJSON(r)
		if err != nil {
			return fmt.Errorf("encoding the audit: %w", err)
		}
		_, err = std.out.Write(b)
		return err
	case "csv":
		return r.CSV(std.out)
	case "sarif":
		return r.SARIF(std.out, tool().Version)
	case "markdown":
		return r.Markdown(std.out, style)
	case "openmetrics":
		return r.OpenMetrics(std.out)
	case "policyreport":
		return r.PolicyReports(std.out)
	case "html":
		return r.HTML(std.out, style)
	case "wide":
		style.Wide = true
	}
	return r.Table(std.out, style)
}

// columnsOf is how wide a line may be: a terminal's width, else any.
func columnsOf(v any) int {
	f, ok := v.(*os.File)
	if !ok || !isTerminal(f) {
		return 0
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
		return columns
	}
	return 0
}

// namespaceWords names the scope of a selection for messages.
func namespaceWords(sel audit.Selection) string {
	if len(sel.Namespaces) == 0 {
		return "all namespaces"
	}
	slices.Sort(sel.Namespaces)
	return fmt.Sprintf("namespaces %v", sel.Namespaces)
}
