package main

import (
	"context"
	"errors"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview"
)

// errReadOnly is the error of everything that would change a saved case. The screens disable these commands by
// ReadOnly; the methods refuse as well, so that no key or palette entry that was forgotten writes to a case.
var errReadOnly = errors.New("the case is read-only")

// savedView is the backend of a saved case, offline. Everything that it reads is from the cache or from the bundle; no
// method of it uses the network, whatever a case names.
type savedView struct {
	view
	saved savedCase
}

// ReadOnly is why nothing can be added to the case. It stands in the header of every screen, where a bundle that does
// not fit its manifests is named as such.
func (v *savedView) ReadOnly() string {
	if v.saved.unfit != "" {
		return inspect.NotIntact + ": " + v.saved.unfit
	}
	if v.saved.store == inspect.Store(v.session.cache) {
		return "read-only: saved case"
	}
	return "read-only: opened bundle"
}

// Blob opens a blob that was saved with the case. Its bytes match the digest: the store compares them while they are
// read.
func (v *savedView) Blob(ctx context.Context, digest string) (io.ReadCloser, error) {
	return v.saved.store.Blob(ctx, digest)
}

// Open gives the content of a file that was saved with the case.
func (v *savedView) Open(ctx context.Context, diffID string, e inspect.Entry) (inspect.Content, error) {
	return v.saved.store.Open(ctx, diffID, e)
}

// Tree lists the files of an image.
func (v *savedView) Tree(ctx context.Context, i inspect.Image, layer int) ([]inspect.Node, error) {
	return treeOf(ctx, v.saved.store, i, layer)
}

// Export writes the case as an evidence bundle again.
func (v *savedView) Export(ctx context.Context, _ *inspect.Case, to string,
	progress func(inspect.Progress),
) (caseview.ExportResult, error) {
	return v.exportOf(ctx, v.saved.recorded, v.saved.store, to, progress)
}

// Watch gives nothing: the case is as it was.
func (v *savedView) Watch() inspect.Source { return nil }

// SkipLayer does nothing: no layer is read.
func (v *savedView) SkipLayer(string, bool) {}

// Retry fails: the case is as it was.
func (v *savedView) Retry(context.Context, *inspect.Case, []inspect.Key) (inspect.Source, error) {
	return nil, errReadOnly
}

// ConfirmKnownGood fails: the case is as it was.
func (v *savedView) ConfirmKnownGood(context.Context, *inspect.Case, string,
	inspect.Candidate,
) (inspect.Source, error) {
	return nil, errReadOnly
}

// AddNote fails: the case is as it was.
func (v *savedView) AddNote(context.Context, *inspect.Case, inspect.Note) (inspect.Event, error) {
	return inspect.Event{}, errReadOnly
}

// SetClock fails: the case is as it was.
func (v *savedView) SetClock(context.Context, *inspect.Case, inspect.Clock) (inspect.Event, error) {
	return inspect.Event{}, errReadOnly
}
