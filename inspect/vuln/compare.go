package vuln

import (
	"context"
	"errors"

	"github.com/backtrail/backtrail/inspect"
)

// Compare compares the packages of an image with the database, without the image that ran before: which of the rows
// are new is not known, and none has a level. statements may be nil. Errors: ErrNone where there is no database; with
// any other error after the comparison began come the rows that were found.
// It is used where stored facts are compared again with newer data, as by an audit.
func (d *Data) Compare(ctx context.Context, image inspect.Image, statements *Statements) ([]inspect.Vuln,
	inspect.VulnData, error,
) {
	db, err := d.open()
	if err != nil {
		return nil, inspect.VulnData{}, err
	}
	found, err := db.compare(ctx, image.Packages)
	if err != nil {
		return nil, inspect.VulnData{}, err
	}
	if len(found.rows) > maxRows {
		found.rows = found.rows[:maxRows]
		found.failed = errors.Join(found.failed, errors.New("there are more vulnerabilities than are listed"))
	}
	for n, r := range found.rows {
		found.rows[n].VEX = statements.about(r, image)
	}
	return found.rows, inspect.VulnData{
		AdvisoryData: db.data, Compared: found.packages,
		NotCompared: found.notCompared,
	}, found.failed
}
