package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/auditbag"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/binary"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/lock"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/provenance"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/threshold"
	"github.com/backtrail/backtrail/inspect/vuln"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
	"github.com/backtrail/backtrail/tui/fleet"
)

// auditor is one audit: what runs, what is known, and how each image is examined. An image is examined once however
// many containers run it; what policies, expectations and thresholds make of it is joined for each place that runs it,
// since they depend on namespace and reference.
//
// Facts of images are stored by digest, below the data folder, as soon as they are there: an audit that was interrupted
// goes on with them, and --recheck joins them again without a registry.
type auditor struct {
	*session
	own     auditFlags
	depth   audit.Depth
	cluster kube.Source
	// policies are those of flags, folder and cluster; which of them count for a row depends on its namespace.
	policies *policy.Set
	unread   string // why it is not known which policies there are
	// enforcement is which namespaces the webhooks of policies are called for; nil: it is not known.
	enforcement *cluster.Enforcement
	gaps        []audit.Gap    // what this audit does not look at
	store       *audit.Store   // of facts, by digest
	began       time.Time      // the time of all rows: of deadlines, and of what counts as fresh
	history     *audit.History // nil: there is no journal
	lost        sync.Once
	// late are gaps that came up while images were examined. They are written under lost, and read when all workers
	// have ended.
	late    []audit.Gap
	metrics *audit.MetricsServer // nil: nothing is served
	// watch is given what is found as it comes, and first waits before an image is examined, as long as a person's own
	// case is collected; both are of the terminal UI, and nil elsewhere.
	watch  func(fleet.Update)
	first  func(ctx context.Context)
	bundle *auditbag.Collector // nil: there is none
	listed audit.Listing       // for the bundle
	before *audit.Report       // that changes are listed against; nil: there is none
}

// newAuditor opens the cluster and reads its policies once for all images. A policy that changes while an audit runs
// counts for the next one: all rows of a report are about one state.
func newAuditor(ctx context.Context, s *session, own auditFlags, depth audit.Depth) (*auditor, error) {
	cluster, err := s.openCluster()
	if err != nil {
		return nil, err
	}
	dir := s.facts
	if dir == "" {
		if dir, err = dataDir(); err != nil {
			return nil, err
		}
		dir = filepath.Join(dir, "facts")
	}
	a := &auditor{
		session: s, own: own, depth: depth, cluster: cluster, began: s.now(), store: audit.OpenStore(dir),
	}
	a.readPolicies(ctx)
	if own.shard == "" { // a part must not depend on where it was made
		a.openHistory(ctx)
	} else {
		a.store = audit.OpenStore(filepath.Join(own.out, "work"))
	}
	if s.unread != nil {
		a.gap("policies of this machine", s.unread.Error())
	}
	return a, ctx.Err()
}

// close closes the journal, where there is one.
func (a *auditor) close() {
	if a.metrics != nil {
		_ = a.metrics.Close()
	}
	if a.bundle != nil {
		_ = a.bundle.Close()
	}
	if a.history != nil {
		_ = a.history.Close() // each change of it was one of its own
	}
}

// gap notes what the audit does not look at, for the list that every form of the report has (notLookedAt): what is not
// in a report must not read as fine.
func (a *auditor) gap(what, reason string) {
	a.gaps = append(a.gaps, audit.Gap{What: what, Reason: reason})
}

// readPolicies reads the policies of the whole cluster. Where they could not be read, what may run is unknown for every
// row. It is the same with a dump without policies: kubectl get writes the kinds that it was given, and a dump does not
// show which these were.
func (a *auditor) readPolicies(ctx context.Context) {
	found, none, unread := policy.OfCluster(ctx, a.cluster)
	_, dump := a.cluster.(*kube.Snapshot)
	switch {
	case unread != "":
		a.unread = unread
	case dump && (none || len(found.Names()) == 0): // what was not dumped cannot be told from what is not there
		a.unread = "the dump has no image policies, and the cluster may: add clusterimagepolicies, clusterpolicies " +
			"and policies to the kubectl get"
	}
	if a.unread != "" {
		a.gap("policies of the cluster", a.unread)
	}
	a.policies = a.session.policies.With(found)
	var err error
	if a.enforcement, err = cluster.ReadEnforcement(ctx, a.cluster); err != nil {
		a.gap("enforcement of policies by webhooks", err.Error())
	}
}

// list reads what runs, and adds what this audit does not look at: what the flags leave out, and what its depth does.
func (a *auditor) list(ctx context.Context, sel audit.Selection) (audit.Listing, error) {
	listing, err := audit.List(ctx, a.cluster, sel)
	listing.Gaps = append(listing.Gaps, a.gaps...)
	listing.Gaps = append(listing.Gaps, audit.DepthGaps(a.depth)...)
	return listing, err
}

// run lists and examines, and returns the report with its changes. The earlier audit is read before the first image, so
// that a --since that nothing fits ends the run at once and not after hours.
//
// The report of an audit that was interrupted, or that could not store its facts, is not recorded: the next comparison
// would take what was not reached for a change. Errors come together with the report where there is one.
func (a *auditor) run(ctx context.Context, sel audit.Selection) (audit.Report, error) {
	listing, err := a.list(ctx, sel)
	if err != nil {
		return audit.Report{}, err
	}
	world, err := audit.World(audit.Units(listing.Places))
	if err != nil {
		return audit.Report{}, err
	}
	scope := a.scope(sel)
	before, err := a.since(ctx, scope)
	if err != nil {
		return audit.Report{}, err
	}
	runner, progress, err := a.runner(ctx, world, scope)
	if err != nil {
		return audit.Report{}, err
	}
	a.begin(runner, listing)
	a.listed, a.before = listing, before
	report, errRun := runner.Run(ctx, listing)
	progress.clear()
	report.Scope.Selector, report.Scope.Image = a.own.selectors(), a.own.image
	report.Data = a.data()
	report.NotLookedAt = append(report.NotLookedAt, a.late...)
	if before != nil {
		report.Changes = audit.Compare(before, &report)
	}
	if ctx.Err() == nil && errRun == nil {
		errRun = errors.Join(a.history.Record(ctx, scope, a.depth, a.began, &report), a.ended(scope))
	}
	return report, errRun
}

// begin has a runner report to the terminal UI what it finds, where there is one. The first update has what is known
// before any image was examined.
func (a *auditor) begin(r *audit.Runner, l audit.Listing) {
	if a.watch == nil {
		return
	}
	a.watch(fleet.Update{Began: a.began, Report: &audit.Report{
		Schema: audit.Schema, NotLookedAt: l.Gaps, Data: a.data(), Books: audit.Books{Listed: l.Listed()},
		Scope: audit.Scope{Contexts: []string{l.Context}, Namespaces: l.Namespaces, Depth: a.depth},
	}})
	r.Progress = func(p audit.Progress) { a.watch(fleet.Update{Progress: &p}) }
	r.Keep = func(_ *audit.Facts, rows []audit.Row) error {
		a.watch(fleet.Update{Rows: rows})
		return nil
	}
	examine := r.Examine
	r.Examine = func(ctx context.Context, u audit.Unit, d audit.Depth) (audit.Facts, error) {
		a.first(ctx)
		return examine(ctx, u, d)
	}
}

// ended forgets that the audit had begun, so that the next one does not go on with it. A recheck begins nothing.
func (a *auditor) ended(scope string) error {
	if a.own.recheck {
		return nil
	}
	return a.store.End(scope + ", " + string(a.depth))
}

// scope names what is audited, in a form that is the same every night: audits are only compared with, and continued by,
// those of the same scope. Text of flags is quoted, so that no two selections have one name.
func (a *auditor) scope(sel audit.Selection) string {
	where := a.cluster.Context()
	if _, dump := a.cluster.(*kube.Snapshot); dump {
		where = "snapshot" // each night's has another name
	}
	return fmt.Sprintf("%s, %s, selector %q, image %q", where, namespaceWords(sel), a.own.selectors(), a.own.image)
}

// runner wires the audit: where facts are kept, what they are joined with, and how far back stored facts count as
// fresh. Fresh is the begin of the audit that this one goes on with, else its own.
func (a *auditor) runner(ctx context.Context, world kube.Source, scope string) (*audit.Runner, *auditProgress, error) {
	fresh := a.began
	if !a.own.recheck {
		var err error
		if fresh, err = a.store.Begin(scope+", "+string(a.depth), a.began); err != nil {
			return nil, nil, hinted(err, "XDG_DATA_HOME chooses another place for what is kept")
		}
	}
	progress := &auditProgress{progress: newProgress(a.std.err, a.flags)}
	x := a.examiner(ctx, world)
	return &audit.Runner{
		Examine: func(ctx context.Context, u audit.Unit, d audit.Depth) (audit.Facts, error) {
			return x.Examine(a.scoped(ctx, u), u, d)
		},
		Store: a.store, Known: a.known(ctx), Depth: a.depth, Parallel: a.parallel(), Fresh: fresh,
		Recheck: a.own.recheck, Progress: progress.show, Collect: a.collect(),
	}, progress, nil
}

// examiner examines images by the checks of a depth, the same checks that a case runs: an audit has no verdicts of its
// own.
func (a *auditor) examiner(ctx context.Context, world kube.Source) *audit.Examiner {
	return &audit.Examiner{
		Client: a.client, Cache: a.cache, World: world, Expected: a.expected, Keys: a.keys,
		Checks: a.checksAt, Now: a.now, Examined: a.examined(ctx),
	}
}

// parallel is how many images are examined at once: at the depth of an identity most of the time is spent waiting for
// registries, while layers need memory and processors.
func (a *auditor) parallel() int {
	byDepth := map[audit.Depth]int{audit.Identity: 16, audit.Packages: 4, audit.Full: 2}
	return cmp.Or(a.own.parallel, byDepth[a.depth])
}

// scoped gives the requests for an image the pull secrets of a pod that runs it, with --pull-secrets. They count for
// this image alone: the credentials of one namespace must not reach the registries that another one names. A pod whose
// secrets cannot be read is examined without, and the registry's answer is the reason in its row.
func (a *auditor) scoped(ctx context.Context, u audit.Unit) context.Context {
	scope := &registry.Scope{Notice: func(string) {}, Log: func(registry.Request) {}}
	if a.flags.pullSecrets {
		if pod, err := a.cluster.Pod(ctx, u.Namespace, u.Pod); err == nil {
			scope.Keychain = pullSecretsOf(ctx, a.cluster, pod, func(string) {})
		}
	}
	return registry.WithScope(registry.AtOnce(ctx), scope)
}

// required are what flags and policies require of an image in any of the namespaces that run it, under any of its
// references. Their keys are tried on its signatures; whether a requirement is met is joined later for each place.
func (a *auditor) required(i inspect.Image, u audit.Unit) []inspect.PolicyRequirement {
	var all []inspect.PolicyRequirement
	if d, ok := audit.FlagRequirement(a.expected); ok {
		all = append(all, d)
	}
	seen := map[string]bool{}
	for _, reference := range u.References {
		i.Reference = reference
		for _, namespace := range u.Namespaces {
			for _, d := range a.policies.Requirements(i, namespace) {
				if key := d.Policy + d.Digest; !seen[key] {
					seen[key] = true
					all = append(all, d)
				}
			}
		}
	}
	return all
}

// keys are the public keys that the signatures of an image are tried with, by their digests: facts that were stored
// before a key was known are examined again.
func (a *auditor) keys(u audit.Unit) []string { return audit.KeysOf(a.required(inspect.Image{}, u)) }

// checksAt are the checks of a depth: those of a case that are about an image alone. Each depth has all checks of the
// one below. Identity reads manifests, configurations, signatures and attestations, and no layer.
func (a *auditor) checksAt(o subject.Options, u audit.Unit, depth audit.Depth) []engine.Check {
	sig := signature.Options{
		Client: a.client, Store: a.client.Store(), Trust: a.trust, Now: a.now, Notary: a.notary,
		GitHub: a.attested, Requirements: func(i inspect.Image) []inspect.PolicyRequirement { return a.required(i, u) },
	}
	checks := []engine.Check{
		subject.Check(o), signature.Check(sig), provenance.Check(a.client),
		sbom.Attached(a.client),
	}
	if depth.Covers(audit.Packages) {
		checks = append(checks, layer.Layers(a.client, a.cache), sbom.Packages(a.packages))
	}
	if depth.Covers(audit.Full) {
		checks = append(checks, layer.Base(a.cache, inspect.CheckProvenance),
			binary.Binaries(a.client, a.cache, a.owners),
			autorun.Check(a.client, a.cache, a.owners),
			sbom.Truth(a.client, a.cache),
			lock.Files(a.client, a.cache, inspect.CheckPackages),
			advisory.Advisories(a.advisories, a.cache, inspect.CheckLockFiles, inspect.CheckSignatures,
				inspect.CheckProvenance))
	}
	return checks
}

// known is what facts are joined with: policies, expectations, advisories, the history of the journal, thresholds and
// vulnerabilities. Its digest stands in the parts of an audit: merge derives rows again only where its own is the
// same.
func (a *auditor) known(ctx context.Context) *audit.Known {
	return &audit.Known{
		Digest: audit.DigestOf(a.policies.Names(), a.unread, a.expected, a.levels(), a.flags.vex, a.data(),
			a.enforcement.Names()),
		Enforced:     a.enforced(ctx),
		Requirements: a.policies.Requirements, Unread: a.unread, Expected: a.expected,
		Advisories: a.advisories.Match, Good: a.history.Good(ctx),
		Thresholds: a.levels(), At: inspect.At(a.began),
		Vulnerable: func(i inspect.Image) ([]inspect.Vuln, bool, error) {
			rows, _, err := a.vulns.Compare(ctx, i, a.statements)
			if errors.Is(err, vuln.ErrNone) {
				return nil, false, errors.New("there is no vulnerability database: backtrail db update fetches one")
			}
			return rows, err == nil, err
		},
	}
}

// enforced gives how a product stands before new pods of a namespace; nil where that is not known.
func (a *auditor) enforced(ctx context.Context) func(product, namespace string) (inspect.GateStatus, string) {
	if a.enforcement == nil {
		return nil
	}
	return func(product, namespace string) (inspect.GateStatus, string) {
		return a.enforcement.Of(ctx, product, namespace)
	}
}

// levels are the thresholds of the flag, else the default. Unlike in a case, the default decides here too: an audit is
// run to find what crosses it.
func (a *auditor) levels() inspect.Thresholds {
	if a.thresholds != nil {
		return *a.thresholds
	}
	return threshold.Default()
}

// data names what images are compared with, by its date and digest. "No advisory" is worth what its data is: a report
// shows the age beside the result.
func (a *auditor) data() []audit.Data {
	status, _ := a.advisories.Status()
	packs := audit.Data{Source: "incident-packs"}
	for _, p := range status.Packs {
		if p.Date().After(packs.Date.Time) {
			packs.Date = p.Date()
		}
	}
	all := []audit.Data{packs}
	if db := status.Database; db != nil {
		all = append(all, audit.Data{Source: "osv", Digest: db.Digest, Date: db.Date})
	}
	if a.depth.Covers(audit.Packages) {
		if s, err := a.vulns.Status(); err == nil {
			all = append(all, audit.Data{Source: "vulnerabilities", Digest: s.Data.Digest, Date: s.Data.Date})
		}
	}
	return all
}

// openHistory opens the journal. That it cannot be opened is a gap: an audit does not depend on it, unless it is to be
// compared with an earlier one. Recording and looking up
// known-good images work with a nil history too, and find nothing.
func (a *auditor) openHistory(ctx context.Context) {
	path := cmp.Or(a.records, a.journal)
	if path == "" {
		return
	}
	history, gaps := audit.OpenHistory(ctx, path)
	a.history, a.gaps = history, append(a.gaps, gaps...)
}

// since reads the audit that a report is to be compared with: the last one, or the last before a date. nil without
// --since. That there is no earlier audit is an error, and no report without changes, which would read as "nothing has
// changed".
func (a *auditor) since(ctx context.Context, scope string) (*audit.Report, error) {
	if a.own.since == "" {
		return nil, nil
	}
	if a.history == nil {
		return nil, hinted(errors.New("comparing with an earlier audit: there is no journal"),
			"leave --no-journal out, and BACKTRAIL_NO_JOURNAL")
	}
	var before time.Time // zero: the last one
	if a.own.since != "last" {
		var err error
		if before, err = parseDate(a.own.since); err != nil {
			return nil, usage("--since takes last, a date (2026-03-01) or a time (2026-03-01T08:00:00Z): %w", err)
		}
	}
	r, err := a.history.Report(ctx, scope, before)
	if errors.Is(err, journal.ErrNotStored) {
		return nil, hinted(fmt.Errorf("comparing with an earlier audit of %s: %w", scope, err),
			"each audit that ends is stored: the first one has nothing to be compared with")
	}
	return r, err
}

// parseDate reads a date, at its end in UTC, or a time of RFC 3339. The audit "of a day" is the last one that began on
// it.
func parseDate(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	return time.Parse(time.RFC3339, text)
}

// examined stores what a case about one image found, for questions of later days (backtrail where). Files are stored at
// the full depth only, from the merged tree: there every executable, library and hook was looked at.
//
// It is called by several workers at once. A journal that cannot be written to is one gap, not one for each image.
func (a *auditor) examined(ctx context.Context) func(c *inspect.Case, container string) {
	if a.history == nil {
		return nil
	}
	return func(c *inspect.Case, container string) {
		var files []journal.File
		if journal.DepthOf(c, container) == journal.Full {
			i, _ := c.Image(container)
			if tree, err := a.cache.Tree(ctx, i.Layers); err == nil {
				files = journal.FilesOf(tree.All())
			}
		}
		f := journal.FactsOf(c, container, files)
		if f.Depth < journal.Identity {
			return
		}
		if err := a.history.Put(ctx, f); err != nil && ctx.Err() == nil {
			a.lost.Do(func() {
				a.late = append(a.late, audit.Gap{What: "recording in the journal", Reason: err.Error()})
			})
		}
	}
}

// listen opens the port for metrics before anything is examined: an address that is taken is found at once, not after
// an hour. Until the report is there, requests are answered with 503.
func (a *auditor) listen() error {
	if a.own.metrics == "" {
		return nil
	}
	m, err := audit.ListenMetrics(a.own.metrics)
	if err != nil {
		return hinted(err, "--metrics 9464 listens on loopback, --metrics 0.0.0.0:9464 for others")
	}
	a.metrics = m
	if !m.Local() {
		fmt.Fprintf(a.std.err, "%s has no authentication: who reaches it can read which workloads run what\n", m.URL())
	}
	return nil
}

// serve serves the metrics of a report until the program is interrupted, which is its regular end: the exit code is
// that of the audit.
func (a *auditor) serve(ctx context.Context, r *audit.Report) error {
	if a.metrics == nil {
		return nil
	}
	if err := a.metrics.Publish(r, a.began); err != nil {
		return err
	}
	fmt.Fprintf(a.std.err, "metrics of this audit are at %s until interrupted (ctrl+c)\n", a.metrics.URL())
	return a.metrics.Wait(ctx)
}
