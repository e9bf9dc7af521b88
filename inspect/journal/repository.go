package journal

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// maxEarlier bounds the images of one repository that are compared: who signs it shows in the newest ones.
const maxEarlier = 200

// OfRepository lists the images of a repository whose facts are stored, the newest look first, without their packages.
// repository is HOST/PATH: what follows it in a location is a tag or a digest, so that shop/web is not shop/web-admin.
func (j *Journal) OfRepository(ctx context.Context, repository string) ([]inspect.PastImage, error) {
	var all []inspect.PastImage
	err := j.query(ctx, "reading the images of "+repository, func(r *sql.Rows) error {
		var e inspect.PastImage
		var collected int64
		var packed []byte
		if err := r.Scan(&collected, &packed); err != nil {
			return err
		}
		if err := decode(packed, &e.Image); err != nil {
			return fmt.Errorf("decoding facts: %w", err)
		}
		e.Seen = timeOf(collected)
		all = append(all, e)
		return nil
	}, `SELECT collected, facts FROM image WHERE version >= ?1 AND substr(location, 1, length(?2)) = ?2
		AND substr(location, length(?2) + 1, 1) IN ('@', ':') ORDER BY collected DESC, digest LIMIT ?3`,
		FactsVersion, repository, maxEarlier)
	return all, err
}
