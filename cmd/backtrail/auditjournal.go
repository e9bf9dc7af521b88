package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/journal"
)

// auditHistory is what the journal has for an audit: what ran before, and earlier audits.
type auditHistory struct {
	*journal.Journal
	runs map[journal.Place][]journal.Run
}

// openHistory opens the journal. That it cannot be opened is a gap: an audit does not depend on it, unless it is to be
// compared with an earlier one.
func (a *auditor) openHistory(ctx context.Context) {
	if a.journal == "" {
		return
	}
	j, err := journal.Open(ctx, a.journal)
	if err != nil {
		a.gap("earlier audits and images", err.Error())
		return
	}
	if notice := j.Notice(); notice != "" {
		a.gap("earlier audits and images", notice)
	}
	a.history = &auditHistory{Journal: j, runs: map[journal.Place][]journal.Run{}}
	runs, err := j.Runs(ctx)
	if err != nil {
		a.gap("earlier images", err.Error())
	}
	for _, r := range runs {
		a.history.runs[r.Place] = append(a.history.runs[r.Place], r)
	}
}

// placeIn is a row's place as the journal names it.
func placeIn(p audit.Place) journal.Place {
	return journal.Place{Cluster: p.Cluster, Namespace: p.Namespace, Workload: p.Workload, Container: p.Container}
}

// good gives the best candidate for the known-good of a place, and since when its digest was seen to run there.
func (h *auditHistory) good(ctx context.Context) func(p audit.Place, digest string) (string, inspect.Time) {
	if h == nil {
		return nil
	}
	return func(p audit.Place, digest string) (good string, since inspect.Time) {
		other := false
		for _, r := range h.runs[placeIn(p)] {
			switch {
			case r.Digest != digest:
				other = true
			case since.IsZero() || r.First.Before(since.Time):
				since = r.First
			}
		}
		if other {
			if found, err := h.Candidates(ctx, placeIn(p), p.Reference, digest); err == nil && len(found) > 0 {
				good = found[0].Digest
			}
		}
		return good, since
	}
}

// since reads the audit that a report is to be compared with: the last one, or the last before a date.
func (a *auditor) since(ctx context.Context, scope string) (*audit.Report, error) {
	if a.own.since == "" {
		return nil, nil
	}
	if a.history == nil {
		return nil, hinted(errors.New("comparing with an earlier audit: there is no journal"),
			"leave --no-journal out, and BACKTRAIL_NO_JOURNAL")
	}
	var old journal.Audit
	var err error
	if a.own.since == "last" {
		old, err = a.history.LastAudit(ctx, scope)
	} else {
		var at time.Time
		if at, err = parseDate(a.own.since); err != nil {
			return nil, usage("--since takes last, a date (2026-03-01) or a time (2026-03-01T08:00:00Z): %w", err)
		}
		old, err = a.history.AuditBefore(ctx, scope, at)
	}
	if errors.Is(err, journal.ErrNotStored) {
		return nil, hinted(fmt.Errorf("comparing with an earlier audit of %s: %w", scope, err),
			"each audit that ends is stored: the first one has nothing to be compared with")
	}
	if err != nil {
		return nil, err
	}
	var r audit.Report
	if err := json.Unmarshal(old.Document, &r); err != nil {
		return nil, fmt.Errorf("reading the audit of %s: %w", old.At.Format(time.RFC3339), err)
	}
	return &r, nil
}

// parseDate reads a date, at its end, or a time.
func parseDate(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	return time.Parse(time.RFC3339, text)
}

// examined stores what a case about one image found, for questions of later days.
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

// record stores what was seen to run, and the report.
func (a *auditor) record(ctx context.Context, scope string, r *audit.Report) error {
	if a.history == nil {
		return nil
	}
	var seen []journal.Sighting
	for i := range r.Rows {
		row := &r.Rows[i]
		seen = append(seen, journal.Sighting{Cluster: row.Cluster, Namespace: row.Namespace, Workload: row.Workload,
			Container: row.Container, Reference: row.Reference, Digest: row.Digest, At: a.began})
	}
	if err := a.history.See(ctx, seen); err != nil {
		return err
	}
	document, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding the audit: %w", err)
	}
	depth, err := journal.ParseDepth(string(a.depth))
	if err != nil {
		return err
	}
	return a.history.PutAudit(ctx, journal.Audit{Scope: scope, At: inspect.At(a.began), Depth: depth,
		Document: document})
}
