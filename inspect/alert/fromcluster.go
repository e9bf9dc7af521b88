package alert

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/kube"
)

// Bounds of what is read of a cluster for its alerts.
const (
	// objects of one kind; Kyverno makes one for each object of the cluster
	maxReports = 20_000
	// objects in one page of a list: one of falcosidekick's is up to 2 MB
	reportPage   = 50
	reportsEvery = 30 * time.Second
	podsEvery    = time.Minute
)

// FromCluster reads alerts with nothing but a kubeconfig: from policy reports, and from the logs of
// the pods of Falco and Tetragon. What may not be read is noted; a kind of report that the cluster
// does not know is not missed.
type FromCluster struct {
	Store   *Store
	Cluster kube.Source
	// called once for each thing that was not read or is not an alert
	Note func(text string)

	mu      sync.Mutex
	said    map[string]bool
	leftOut map[string]int
	// what is left out of reports
	counted bool
	logs    map[string]bool
}

// Read reads all that there is, once.
func (c *FromCluster) Read(ctx context.Context) {
	c.readReports(ctx, "")
	c.sayLeftOut()
	c.readLogs(ctx)
}

// Follow reads all that there is and what is added, until ctx ends.
func (c *FromCluster) Follow(ctx context.Context) {
	var work sync.WaitGroup
	c.run(&work, func() { c.followReports(ctx) })
	c.run(&work, func() { c.followLogs(ctx) })
	work.Wait()
}

// say passes a note on, each text once.
func (c *FromCluster) notice(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.mu.Lock()
	known := c.said[text]
	if c.said == nil {
		c.said = map[string]bool{}
	}
	c.said[text] = true
	c.mu.Unlock()
	if !known && c.Note != nil {
		c.Note(text)
	}
}

// run runs f in a goroutine. A panic ends f alone, and is noted as what was not read.
func (c *FromCluster) run(work *sync.WaitGroup, f func()) {
	work.Go(func() {
		err := engine.Protect(func() error {
			f()
			return nil
		})
		if err != nil {
			c.notice("alerts of the cluster: %s", err)
		}
	})
}

// reportKinds are the two groups that have reports.
func reportKinds(selector string) []kube.CustomKind {
	var kinds []kube.CustomKind
	for _, k := range []struct {
		group, version, plural, kind string
		namespaced                   bool
	}{
		{"wgpolicyk8s.io", "v1alpha2", "policyreports", "PolicyReport", true},
		{"wgpolicyk8s.io", "v1alpha2", "clusterpolicyreports", "ClusterPolicyReport", false},
		{"openreports.io", "v1alpha1", "reports", "Report", true},
		{"openreports.io", "v1alpha1", "clusterreports", "ClusterReport", false},
	} {
		kinds = append(kinds, kube.CustomKind{
			Group: k.group, Version: k.version, Plural: k.plural, Kind: k.kind, Namespaced: k.namespaced,
			Page: reportPage, Labels: selector,
		})
	}
	return kinds
}

// notKyverno leaves out on the server what was counted once: Kyverno's are the many.
const notKyverno = managedBy + "!=kyverno"

// followReports reads the reports again and again: a watch of them would need a permission more.
// After the first time Kyverno's are left out by the server. A slow server is asked more seldom.
func (c *FromCluster) followReports(ctx context.Context) {
	selector := ""
	for {
		began := time.Now()
		c.readReports(ctx, selector)
		c.sayLeftOut()
		selector = notKyverno
		if !pause(ctx, max(reportsEvery, 10*time.Since(began))) {
			return
		}
	}
}

// readReports reads the reports of all kinds at once.
func (c *FromCluster) readReports(ctx context.Context, selector string) {
	var work sync.WaitGroup
	for _, kind := range reportKinds(selector) {
		c.run(&work, func() { c.readKind(ctx, kind) })
	}
	work.Wait()
	c.counted = true
}

// readKind reads the reports of one kind, at most maxReports.
func (c *FromCluster) readKind(ctx context.Context, kind kube.CustomKind) {
	n := 0
	err := c.Cluster.EachCustom(ctx, kind, "", func(o kube.Object) error {
		if n++; n > maxReports {
			return fmt.Errorf("more than %d: the others were not read: %w", maxReports, kube.ErrLimit)
		}
		c.takeReport(o)
		return ctx.Err()
	})
	switch {
	case err == nil, ctx.Err() != nil:
	case errors.Is(err, kube.ErrNotFound): // the cluster does not have the kind
	default:
		c.notice("alerts in %s of %s: %s", kind.Plural, kind.Group, err)
	}
}

// takeReport stores the alerts of one report, and counts the results that are not alerts.
func (c *FromCluster) takeReport(o kube.Object) {
	r, err := parseReport(o.Raw)
	if err != nil {
		r.broken(1, err)
	}
	if len(r.Alerts)+r.Broken > 0 {
		c.Store.OpenState(KindReport, o.Path).Append(r.Batch)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counted {
		return
	}
	if c.leftOut == nil {
		c.leftOut = map[string]int{}
	}
	for source, n := range r.leftOut {
		c.leftOut[source] += n
	}
}

// sayLeftOut notes what of the reports is not an alert.
func (c *FromCluster) sayLeftOut() {
	c.mu.Lock()
	var parts []string
	for _, source := range slices.Sorted(maps.Keys(c.leftOut)) {
		if len(parts) == 8 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprintf("%d of %s", c.leftOut[source], source))
	}
	c.mu.Unlock()
	if len(parts) > 0 {
		c.notice("results in policy reports that are no alerts, left out: %s", strings.Join(parts, ", "))
	}
}

// pause waits. It reports false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
