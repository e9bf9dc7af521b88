package journal

import (
	"context"
	"fmt"
)

// Counts are the sizes of a journal.
// Packages are distinct ones, however many images have them. Places are those with a sighting: a waiver alone makes
// none.
type Counts struct{ Places, Sightings, Images, Packages, Audits int }

// Count counts what the journal has.
func (j *Journal) Count(ctx context.Context) (c Counts, err error) {
	err = j.db.QueryRowContext(ctx, `SELECT (SELECT count(DISTINCT place) FROM sighting),
		(SELECT count(*) FROM sighting), (SELECT count(*) FROM image), (SELECT count(*) FROM package),
		(SELECT count(*) FROM audit)`).Scan(&c.Places, &c.Sightings, &c.Images, &c.Packages, &c.Audits)
	if err != nil {
		return c, fmt.Errorf("counting what the journal has: %w", damage(err))
	}
	return c, nil
}
