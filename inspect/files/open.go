package files

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
)

// Open gives the content of a regular file of a layer, or of a hard link whose content the same layer holds.
// Errors: inspect.ErrNotKept.
func (c *Cache) Open(ctx context.Context, diffID string, e inspect.Entry) (inspect.Content, error) {
	return nil, errTODO
}
