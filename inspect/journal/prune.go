package journal

import (
	"context"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Pruned counts what Prune removed.
type Pruned struct {
	Sightings int64 `json:"sightings"`
	Images    int64 `json:"images"` // whose facts were removed
	Findings  int64 `json:"findings"`
	Audits    int64 `json:"audits"`
}

// Prune removes what is older than a time: sightings that ended before it, closed findings and alerts, audits except
// the newest of each scope, and the facts of images that ran nowhere since and were collected before it. Waivers stay.
// The file is made smaller.
func (j *Journal) Prune(ctx context.Context, before time.Time) (Pruned, error) {
	// Steps are in the order in which they depend on each other: an image is kept as long as a sighting refers to it,
	// so sightings go first.
	// Each count is of its own step; rows that only belonged to what a step removed are swept after all of them.
	t := column(inspect.At(before))
	var p Pruned
	err := j.change(ctx, "pruning the journal", func(w *writer) error {
		for _, step := range []struct {
			count *int64
			text  string
		}{
			{&p.Sightings, "DELETE FROM sighting WHERE last < ?1"},
			{nil, "DELETE FROM alert WHERE last < ?1"},
			{&p.Findings, "DELETE FROM finding WHERE closed > 0 AND closed < ?1"},
			{&p.Audits, `DELETE FROM audit WHERE at < ?1
				AND at < (SELECT max(at) FROM audit o WHERE o.scope = audit.scope)`},
			{&p.Images, `DELETE FROM image WHERE collected < ?1 AND NOT EXISTS (SELECT 1 FROM alias a
				JOIN sighting s ON s.digest = a.digest WHERE a.image = image.id)`},
		} {
			r, err := w.tx.ExecContext(ctx, step.text, t)
			if err != nil {
				return err
			}
			if step.count != nil {
				if *step.count, err = r.RowsAffected(); err != nil {
					return err
				}
			}
		}
		return w.sweep()
	})
	if err != nil {
		return Pruned{}, err
	}
	// Both are no part of the change: without them the file is only larger. A reader of another process delays them.
	for _, text := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := j.db.ExecContext(ctx, text); err != nil && ctx.Err() != nil {
			return p, ctx.Err()
		}
	}
	return p, nil
}

// NOT IN over whole tables reads each once; pruning is rare, and indexes for it would slow down every audit.
// sweep removes rows that nothing refers to any more, each kind after what refers to it.
func (w *writer) sweep() error {
	for _, text := range []string{
		"DELETE FROM alias WHERE image NOT IN (SELECT id FROM image)",
		"DELETE FROM layer WHERE image NOT IN (SELECT id FROM image)",
		"DELETE FROM signer WHERE image NOT IN (SELECT id FROM image)",
		"DELETE FROM lead WHERE image NOT IN (SELECT id FROM image)",
		"DELETE FROM image_part WHERE image NOT IN (SELECT id FROM image)",
		"DELETE FROM part WHERE id NOT IN (SELECT part FROM image_part)",
		"DELETE FROM part_package WHERE part NOT IN (SELECT id FROM part)",
		"DELETE FROM part_file WHERE part NOT IN (SELECT id FROM part)",
		"DELETE FROM package WHERE id NOT IN (SELECT package FROM part_package)",
		"DELETE FROM content WHERE id NOT IN (SELECT content FROM part_file)",
		`DELETE FROM path WHERE id NOT IN (SELECT path FROM part_file)
			AND id NOT IN (SELECT path FROM part_package)`,
		`DELETE FROM place WHERE id NOT IN (SELECT place FROM sighting) AND id NOT IN (SELECT place FROM finding)
			AND id NOT IN (SELECT place FROM alert) AND id NOT IN (SELECT place FROM waiver)`,
	} {
		if _, err := w.tx.ExecContext(w.ctx, text); err != nil {
			return err
		}
	}
	return nil
}
