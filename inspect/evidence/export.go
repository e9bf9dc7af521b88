package evidence

import (
	"context"
	"errors"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// Export writes the bundle of a case to a path that does not exist yet: a directory, or an archive where the path ends
// in .tar.gz or .tgz. events opens the case's stream (Recorder.Events, Saved.Events); a case that still runs or was
// interrupted is exported as partial and says so. The store gives the bytes that the events name.
//
// The bundle is written beside and renamed. Where that fails, or ctx ends, nothing is left at the path, and the case
// itself is as it was.
func Export(ctx context.Context, events func() (io.ReadCloser, error), store inspect.Store, to string, o Options) (Result, error) {
	return Result{}, errors.New("writing the bundle: not built yet")
}
