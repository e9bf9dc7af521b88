package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Finding is a finding about what runs in a container of a workload, over all the times that it was looked at.
type Finding struct {
	Place
	// the same for the same cause at the same place, see inspect.FindingID
	ID       string           `json:"id"`
	Digest   string           `json:"digest"` // of the image that it was last seen in
	Code     string           `json:"code"`
	Severity inspect.Severity `json:"severity"`
	Title    string           `json:"title"`
	Opened   inspect.Time     `json:"opened"`
	Seen     inspect.Time     `json:"seen"`
	Closed   inspect.Time     `json:"closed"` // when a later look did not find it any more; zero while it is open
	Waiver   *Waiver          `json:"waiver"`
}

// Waiver is that somebody accepts a finding for a while.
type Waiver struct {
	Owner  string       `json:"owner"`
	Reason string       `json:"reason"`
	Given  inspect.Time `json:"given"`
	Ends   inspect.Time `json:"ends"` // zero: never
}

// Holds reports whether the waiver is in force at a time.
func (w *Waiver) Holds(at time.Time) bool {
	return w != nil && !at.Before(w.Given.Time) && (w.Ends.IsZero() || at.Before(w.Ends.Time))
}

// PutFindings stores what a look at a container found: what is new is opened, what is there no more is closed, and what
// is back is opened again. It stays the same finding when the workload runs another image that has it too. A look
// that was not complete closes nothing: what could not be checked may still be there. Looks may come in any order, as
// where a saved case is opened: an older one opens nothing that a later one closed.
func (j *Journal) PutFindings(ctx context.Context, p Place, digest string, at time.Time, found []inspect.Finding,
	complete bool,
) error {
	return j.change(ctx, "storing findings", func(w *writer) error {
		place, err := w.place(p)
		if err != nil {
			return err
		}
		now := at.UnixMilli()
		for _, f := range found {
			// The row of a new image takes over since when the finding is open under the image before.
			err := w.run(`INSERT INTO finding (place, id, digest, code, severity, title, opened, seen, closed)
				VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce((SELECT min(opened) FROM finding
				WHERE place = ?1 AND id = ?2 AND closed = 0), ?7), ?7, 0)
				ON CONFLICT DO UPDATE SET severity = excluded.severity, title = excluded.title,
				seen = max(seen, excluded.seen), closed = CASE WHEN closed > ?7 THEN closed ELSE 0 END,
				opened = CASE WHEN closed > 0 AND closed <= ?7 THEN ?7 ELSE min(opened, ?7) END`,
				place, f.ID, digest, f.Code, string(f.Severity), f.Title, now)
			if err != nil {
				return err
			}
		}
		if !complete {
			return nil
		}
		// What this look found has seen = now; what has an older time was there before and is not found any more.
		return w.run("UPDATE finding SET closed = ? WHERE place = ? AND closed = 0 AND seen < ?", now, place, now)
	})
}

// Waive stores that somebody accepts a finding of a container, by the finding's ID.
func (j *Journal) Waive(ctx context.Context, p Place, finding string, by Waiver) error {
	return j.change(ctx, "storing a waiver", func(w *writer) error {
		place, err := w.place(p)
		if err != nil {
			return err
		}
		return w.run(`INSERT OR REPLACE INTO waiver (place, finding, owner, reason, given, ends)
			VALUES (?, ?, ?, ?, ?, ?)`, place, finding, by.Owner, by.Reason, column(by.Given), column(by.Ends))
	})
}

// Findings lists the findings of a container of a workload, open and closed, the newest first.
func (j *Journal) Findings(ctx context.Context, p Place) ([]Finding, error) {
	return j.findings(ctx, "WHERE p.cluster = ? AND p.namespace = ? AND p.workload = ? AND p.container = ?",
		p.Cluster, p.Namespace, p.Workload, p.Container)
}

// Of the rows of one finding, one for each image that had it, the newest is given.
func (j *Journal) findings(ctx context.Context, where string, args ...any) ([]Finding, error) {
	var all []Finding
	err := j.query(ctx, "reading findings", func(r *sql.Rows) error {
		var f Finding
		var opened, seen, closed, given, ends int64
		var owner, reason string
		err := r.Scan(&f.Cluster, &f.Namespace, &f.Workload, &f.Container, &f.ID, &f.Digest, &f.Code, &f.Severity,
			&f.Title, &opened, &seen, &closed, &owner, &reason, &given, &ends)
		f.Opened, f.Seen, f.Closed = timeOf(opened), timeOf(seen), timeOf(closed)
		if given > 0 {
			f.Waiver = &Waiver{Owner: owner, Reason: reason, Given: timeOf(given), Ends: timeOf(ends)}
		}
		all = append(all, f)
		return err
	}, `SELECT p.cluster, p.namespace, p.workload, p.container, f.id, f.digest, f.code, f.severity, f.title, f.opened,
		f.seen, f.closed, coalesce(v.owner, ''), coalesce(v.reason, ''), coalesce(v.given, 0), coalesce(v.ends, 0)
		FROM finding f JOIN place p ON p.id = f.place LEFT JOIN waiver v ON v.place = f.place AND v.finding = f.id
		`+where+` AND f.seen = (SELECT max(seen) FROM finding o WHERE o.place = f.place AND o.id = f.id)
		ORDER BY p.cluster, p.namespace, p.workload, p.container, f.opened DESC, f.id`, args...)
	return all, err
}
