package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/journal"
)

// History is what the journal has for an audit: what ran where before, and earlier audits. A nil one has nothing, and
// records nothing.
type History struct {
	*journal.Journal
	runs map[journal.Place][]journal.Run
}

// OpenHistory opens the journal at a path. What cannot be read of it is a gap; without a journal the history is nil.
func OpenHistory(ctx context.Context, path string) (*History, []Gap) {
	j, err := journal.Open(ctx, path)
	if err != nil {
		return nil, []Gap{{What: "earlier audits and images", Reason: err.Error()}}
	}
	var gaps []Gap
	if notice := j.Notice(); notice != "" {
		gaps = append(gaps, Gap{What: "earlier audits and images", Reason: notice})
	}
	h := &History{Journal: j, runs: map[journal.Place][]journal.Run{}}
	runs, err := j.Runs(ctx)
	if err != nil {
		gaps = append(gaps, Gap{What: "earlier images", Reason: err.Error()})
	}
	for _, r := range runs {
		h.runs[r.Place] = append(h.runs[r.Place], r)
	}
	return h, gaps
}

// placeIn is a row's place as the journal names it.
func placeIn(p Place) journal.Place {
	return journal.Place{Cluster: p.Cluster, Namespace: p.Namespace, Workload: p.Workload, Container: p.Container}
}

// Good gives the best candidate for the known-good of a place, and since when its digest was seen to run there.
func (h *History) Good(ctx context.Context) func(p Place, digest string) (string, inspect.Time) {
	if h == nil {
		return nil
	}
	return func(p Place, digest string) (good string, since inspect.Time) {
		// Without another digest in the history there is no candidate, and the query for one, which reads stored
		// images, is spared: most places of a fleet never changed.
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

// Report reads the last audit of a scope that ended before a time; the zero time: the last one. ErrNotStored of package
// journal: there is none.
func (h *History) Report(ctx context.Context, scope string, before time.Time) (*Report, error) {
	stored := func() (journal.Audit, error) { return h.LastAudit(ctx, scope) }
	if !before.IsZero() {
		stored = func() (journal.Audit, error) { return h.AuditBefore(ctx, scope, before) }
	}
	old, err := stored()
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(old.Document, &r); err != nil {
		return nil, fmt.Errorf("reading the audit of %s: %w", old.At.Stamp(), err)
	}
	return &r, nil
}

// Record stores what was seen to run at a time, and the report about it.
func (h *History) Record(ctx context.Context, scope string, d Depth, at time.Time, r *Report) error {
	if h == nil {
		return nil
	}
	var seen []journal.Sighting
	for i := range r.Rows {
		row := &r.Rows[i]
		seen = append(seen, journal.Sighting{
			Cluster: row.Cluster, Namespace: row.Namespace, Workload: row.Workload,
			Container: row.Container, Reference: row.Reference, Digest: row.Digest, At: at,
		})
	}
	// Sightings first: a report without them could still be compared, sightings without the report are still an answer
	// of the verb where.
	if err := h.See(ctx, seen); err != nil {
		return err
	}
	document, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding the audit: %w", err)
	}
	depth, err := journal.ParseDepth(string(d))
	if err != nil {
		return err
	}
	return h.PutAudit(ctx, journal.Audit{Scope: scope, At: inspect.At(at), Depth: depth, Document: document})
}
