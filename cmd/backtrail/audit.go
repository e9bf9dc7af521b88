package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/kube"
)

// auditFlags are those of the verb audit: which part of the cluster, how far each image is looked into, what the result
// is compared with, and how the work is cut into parts.
type auditFlags struct {
	selector, image, depth string
	fields                 string // of the field selector
	since                  string // last, a date or a time; empty: no comparison
	recheck                bool
	parallel               int    // 0: by depth
	shard, out             string // I/N, and the folder of parts
	manifest               bool
	metrics                string
	evidence               string    // path of a bundle
	job                    audit.Job // of the manifest
}

// auditOutputs are the forms of an audit. sarif is SARIF 2.1.0, openmetrics the text format of OpenMetrics, and
// policyreport the objects of the Kubernetes policy working group (wgpolicyk8s.io/v1alpha2), which a person applies.
var auditOutputs = []string{"plain", "wide", "json", "csv", "sarif", "markdown", "openmetrics", "policyreport", "html"}

func auditCommand(f *flags, std streams) *cobra.Command {
	var own auditFlags
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check everything that runs: signed, by whom, known bad, allowed here",
		Long: `Check the images of all running workloads of a cluster, or of a dump (--snapshot), each distinct image
once. -n, -l and --image choose some. An audit that was interrupted goes on where it was.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := own.checkManifest(cmd); err != nil {
				return err
			}
			return runAudit(cmd.Context(), f, std, own)
		},
	}
	own.register(cmd)
	cmd.AddCommand(auditMergeCommand(f, std))
	return cmd
}

// register adds the flags to the verb. Those of the manifest have defaults that are valid as they are: the version of
// the image is that of the program, and 02:17 is no full hour, at which every other job of a cluster starts.
func (own *auditFlags) register(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVarP(&own.selector, "selector", "l", "",
		"only pods whose labels match this `SELECTOR`, as kubectl reads it")
	s.StringVar(&own.fields, "field-selector", "",
		"only pods whose fields match this `SELECTOR`, such as spec.nodeName=node-3")
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
	s.StringVar(&own.evidence, "evidence", "",
		"also write the audit as an evidence bundle to `PATH` (a folder, .tar.gz or .tar.zst), for backtrail verify")
	s.StringVar(&own.out, "out", "", "`DIR` that a part is written to; audit merge reads it")
}

// runAudit checks what runs and prints the report. An interrupted audit is printed as far as it came: what was not
// reached counts as not checked, so that the counts still add up, and the exit code is 130.
//
// The report is printed before the disk is complained about: a full disk loses the comparison of the next night, not
// the result of this one.
func runAudit(ctx context.Context, f *flags, std streams, own auditFlags) error {
	if err := f.checkOutput(auditOutputs...); err != nil {
		return err
	}
	depth, err := audit.ParseDepth(own.depth)
	if err != nil {
		return usage("--depth: %w", err)
	}
	if err := own.check(f); err != nil {
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
	return a.runWhole(ctx, sel)
}

// runWhole audits all images of a selection, and prints, bundles and serves the report, in this order: what a person
// waits for comes first, and serving ends with an interrupt.
func (a *auditor) runWhole(ctx context.Context, sel audit.Selection) error {
	f, std := a.flags, a.std
	if err := a.listen(); err != nil {
		return err
	}
	if err := a.beginBundle(); err != nil {
		return err
	}
	report, errRun := a.run(ctx, sel)
	// Without anything listed there is no report to print: the error is all there is.
	if errRun != nil && ctx.Err() == nil && len(report.Rows) == 0 && report.Books.Listed == 0 {
		return errRun
	}
	if err := f.printAudit(std, &report); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exitError{
			code:  exitInterrupted,
			err:   errors.New("interrupted: the audit is partial"),
			hints: []string{a.bundleHint("the same command goes on where this one was")},
		}
	}
	if errRun != nil {
		return hinted(errRun, "is the disk full? XDG_DATA_HOME chooses another place for what is kept")
	}
	if err := a.writeBundle(ctx, &report); err != nil {
		return err
	}
	if err := a.serve(ctx, &report); err != nil {
		return err
	}
	return auditEnd(&report)
}

// selectors are what chooses pods, in one text: audits of one choice are compared with each other only.
func (own *auditFlags) selectors() string {
	if own.fields == "" {
		return own.selector
	}
	return strings.TrimSpace(own.selector + " --field-selector " + own.fields)
}

// check refuses flags that do not go together. A part is made without the journal, on any machine: it has no earlier
// audit to be compared with, and nothing stored to be checked again.
func (own *auditFlags) check(f *flags) error {
	switch {
	case own.metrics != "" && audit.CheckMetricsAddress(own.metrics) != nil:
		return usage("--metrics: %w", audit.CheckMetricsAddress(own.metrics))
	case f.signKey != "" && own.evidence == "":
		return usage("audit does not use --sign-key without --evidence PATH, which it signs: add that, or leave it out")
	case (own.shard == "") != (own.out == ""):
		return usage("--shard I/N and --out DIR belong together")
	case own.shard != "" && (own.since != "" || own.recheck || own.metrics != "" || own.evidence != ""):
		return usage("--shard writes a part only: leave out --since, --recheck, --metrics and --evidence")
	case own.manifest && own.metrics != "":
		return usage("--manifest prints objects and ends: leave out --metrics")
	}
	return nil
}

// checkManifest refuses flags of the manifest without --manifest, and with it those of an audit that runs here.
func (own *auditFlags) checkManifest(cmd *cobra.Command) error {
	unused := []string{"manifest-image", "schedule", "shards"}
	why := "is about what --manifest prints: add that, or leave it out"
	if own.manifest {
		unused = []string{
			"image", "field-selector", "since", "recheck", "parallel", "shard", "out", "output", "evidence",
		}
		why = "is not part of what --manifest prints: leave it out"
	}
	for _, name := range unused {
		if cmd.Flags().Changed(name) {
			return usage("--%s %s", name, why)
		}
	}
	return nil
}

// auditSelection reads what the flags choose: namespaces, labels in the grammar of kubectl's -l (equality and sets),
// and a part of an image's reference or digest. Errors are usage errors.
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
	if sel.Fields, err = kube.NewFilter("", own.fields); err != nil {
		return sel, usage("%w", err)
	}
	if own.parallel < 0 || own.parallel > maxParallel {
		return sel, usage("--parallel takes 1 to %d images", maxParallel)
	}
	return sel, nil
}

// maxParallel bounds how many images may be examined at once. Each may have a layer in memory at the depths that read
// layers, and registries limit the rate of requests long before this.
const maxParallel = 128

// printManifest prints what runs the audit in the cluster: service account, role, and a CronJob, or an Indexed Job for
// each night where the audit is cut into parts. Nothing is applied, and no cluster is needed to print it.
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
// add up, else 4 where a workload could not be checked. Both numbers are printed in any case: with a blocking row, the
// workloads that could not be checked are no less unknown.
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

// printAudit prints the report in one of auditOutputs. Only the tables depend on terminal and locale: all other forms
// are read by programs, and are the same in every environment.
func (f *flags) printAudit(std streams, r *audit.Report) error {
	style := audit.Style{
		Now: time.Now(), ASCII: f.ascii || !utf8Locale(), Color: f.style(std.out).Color,
		Width: columnsOf(std.out),
	}
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

// columnsOf is how many columns a line may have: a terminal's width. 0 is no limit: a pipe or file has none, and what
// is cut there is lost to grep.
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

// namespaceWords names the scope of a selection, in messages and as a part of the key that audits are stored under: the
// order in which flags name namespaces makes no other scope.
func namespaceWords(sel audit.Selection) string {
	if len(sel.Namespaces) == 0 {
		return "all namespaces"
	}
	slices.Sort(sel.Namespaces)
	return fmt.Sprintf("namespaces %v", sel.Namespaces)
}
