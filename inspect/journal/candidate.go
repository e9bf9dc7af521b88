package journal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
)

// provenDays is how long an image must have run without an alert to be a candidate of high confidence: incidents show
// within days, and a week has each of a service's busy and quiet times.
const provenDays = 7

// Candidates lists the images that ran before in a container, the best first, each with the reason why it may be the
// last known-good one. mine are the digests of the image that runs now. A person confirms; a candidate is no verdict.
func (j *Journal) Candidates(ctx context.Context, p Place, reference string, mine ...string) ([]inspect.Candidate,
	error,
) {
	runs, err := j.RunsAt(ctx, p)
	if err != nil {
		return nil, err
	}
	others, err := j.runs(ctx, "WHERE s.reference = ?", reference) // the same tag elsewhere
	if err != nil {
		return nil, err
	}
	// runs[:here] are those of the place itself, the newest first; the others follow.
	here := len(runs)
	for _, r := range others {
		if r.Place != p {
			runs = append(runs, r)
		}
	}
	// What came after the image that runs now is no previous one: it was rolled back. An image that was not seen before
	// runs since now.
	since := firstSeen(runs[:here], mine)
	var all []inspect.Candidate
	for n, r := range runs {
		if slices.Contains(mine, r.Digest) || !since.IsZero() && !r.First.Before(since.Time) ||
			slices.ContainsFunc(all, func(c inspect.Candidate) bool { return c.Digest == r.Digest }) {
			continue
		}
		c, ok, err := j.candidate(ctx, r, reference)
		if err != nil {
			return nil, err
		}
		if ok {
			if n >= here { // another workload may run it for reasons of its own
				c.Confidence = lower(c.Confidence)
			}
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b inspect.Candidate) int {
		return cmp.Compare(slices.Index(confidences, a.Confidence), slices.Index(confidences, b.Confidence))
	})
	return all, nil
}

// confidences are those of candidates, the best first.
var confidences = []string{"high", "medium", "low"}

// lower is the next lower confidence.
func lower(c string) string {
	return confidences[min(slices.Index(confidences, c)+1, len(confidences)-1)]
}

// firstSeen is when the image that runs now was first seen; zero where it was not yet.
func firstSeen(runs []Run, mine []string) inspect.Time {
	var first inspect.Time
	for _, r := range runs {
		if slices.Contains(mine, r.Digest) && (first.IsZero() || r.First.Before(first.Time)) {
			first = r.First
		}
	}
	return first
}

// candidate makes a candidate of what ran; ok is false where its registry is not known.
func (j *Journal) candidate(ctx context.Context, r Run, reference string) (c inspect.Candidate, ok bool, err error) {
	loc, err := registry.ParseReference(r.Reference)
	if err != nil || loc.Local() {
		return c, false, nil //nolint:nilerr // what names no registry cannot be compared with
	}
	// An image that raised alerts where it ran stays a candidate: alerts may be false, and it may be the only other
	// image. The confidence and the reason show it, and a person chooses.
	alerts, bad, err := j.trouble(ctx, r)
	if err != nil {
		return c, false, err
	}
	// The span between the first and the last sighting, not the time that it ran: between two audits an image may have
	// been away.
	days := int(r.Last.Sub(r.First.Time) / (24 * time.Hour))
	reasons := []string{meaning(r, reference, loc)}
	c = inspect.Candidate{Reference: r.Reference, Location: loc.Name() + "@" + r.Digest, Digest: r.Digest}
	switch {
	case alerts > 0:
		reasons, c.Confidence = append(reasons, text.Count(alerts, "rule")+" raised alerts about it"), "low"
	case bad > 0:
		reasons, c.Confidence = append(reasons, text.Count(bad, "high or critical finding")+" about it"), "low"
	case days >= provenDays:
		reasons = append(reasons, fmt.Sprintf("ran %d days without a recorded alert", days))
		c.Confidence = "high"
	default:
		reasons = append(reasons, "seen for "+text.Count(days, "day")+" without a recorded alert")
		c.Confidence = "medium"
	}
	c.Why = "journal: " + strings.Join(reasons, "; ")
	return c, true, nil
}

// meaning words what a run was: what the tag meant, where it is the tag that runs now.
func meaning(r Run, reference string, loc registry.Location) string {
	what := "ran as " + r.Reference
	if r.Reference == reference && loc.Digest == "" {
		what = "this tag meant " + shortDigest(r.Digest)
	}
	return fmt.Sprintf("%s in %s/%s from %s until %s", what, r.Namespace, r.Workload,
		r.First.Format(time.DateOnly), r.Last.Format(time.DateOnly))
}

// shortDigest is a digest as people read it.
func shortDigest(d string) string {
	algorithm, hex, _ := strings.Cut(d, ":")
	return algorithm + ":" + hex[:min(12, len(hex))]
}

// trouble counts what is known against an image at a place: rules that raised alerts, and findings of high or critical
// severity, closed ones too. A finding that was closed counts: it was about these bytes, and bytes do not get better.
// What a person waived counts too.
func (j *Journal) trouble(ctx context.Context, r Run) (alerts, findings int, err error) {
	err = j.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM alert a WHERE a.place = p.id AND a.digest = ?1),
		(SELECT count(*) FROM finding f WHERE f.place = p.id AND f.digest = ?1 AND f.severity IN ('high', 'critical'))
		FROM place p WHERE cluster = ?2 AND namespace = ?3 AND workload = ?4 AND container = ?5`,
		r.Digest, r.Cluster, r.Namespace, r.Workload, r.Container).Scan(&alerts, &findings)
	if err != nil {
		return 0, 0, fmt.Errorf("reading what is known against %s: %w", r.Digest, damage(err))
	}
	return alerts, findings, nil
}
