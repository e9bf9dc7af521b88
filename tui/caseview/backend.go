package caseview

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/viewer"
)

// Backend is what a case can be asked for, live or saved. Its methods are called outside of Update, unless they say
// otherwise, each with a context that ends with the screen, and with a case of their own, folded from the events so
// far.
type Backend interface {
	Record
	Checks
	Reports
	viewer.Store
	// Tree lists the files of an image: those of one layer, by its number, or of the merged tree (pane.MergedTree).
	// Paths are absolute and clean. There may be hundreds of thousands.
	Tree(ctx context.Context, i inspect.Image, layer int) ([]inspect.Node, error)
	// ExportPath proposes where a bundle is written. It does no input or output that takes time.
	ExportPath(c inspect.Case) string
	// Export writes the evidence bundle.
	Export(ctx context.Context, c *inspect.Case, to string, progress func(inspect.Progress)) (ExportResult, error)
}

// Record is what people add to a case.
type Record interface {
	// ReadOnly is why nothing can be added to the case and no check can run; empty for a live case. It returns at once.
	ReadOnly() string
	// AddNote adds a note or a mark, which comes without time and author, and gives its event.
	AddNote(ctx context.Context, c *inspect.Case, n inspect.Note) (inspect.Event, error)
	// SetClock adds a reporting deadline that a person starts (regime, time and reason) or withdraws (regime, and the
	// reason in Withdrawn), and gives its event.
	SetClock(ctx context.Context, c *inspect.Case, k inspect.Clock) (inspect.Event, error)
}

// Checks are the checks of a live case.
type Checks interface {
	// Watch gives what goes on beside the checks and after them: changes of the pod. A nil source: nothing to watch. It
	// returns at once.
	Watch() inspect.Source
	// Retry runs checks once more, and those that need them. The source ends once they have.
	Retry(ctx context.Context, c *inspect.Case, keys []inspect.Key) (inspect.Source, error)
	// ConfirmKnownGood compares the image of a container with a candidate that a person has confirmed.
	ConfirmKnownGood(ctx context.Context, c *inspect.Case, container string, k inspect.Candidate) (inspect.Source,
		error)
	// SkipLayer leaves out a layer, by its digest, that is being read or waits for it; with false it takes that back
	// for the next time that the layer is read. It returns at once.
	SkipLayer(digest string, skip bool)
}

// Reports word a case.
type Reports interface {
	// Brief is the text for the channel: at most 14 lines of 78 columns. It returns at once.
	Brief(c inspect.Case) string
	// NextSteps are what to do next, the most urgent first, each with a command to copy. It returns at once.
	NextSteps(c inspect.Case) []respond.NextStep
	// Command is the command line that shows the same case; with a container, only its image. It returns at once.
	Command(c *inspect.Case, container string) string
	// DraftPolicy drafts a policy that requires the signer of a signature; nothing is written yet.
	DraftPolicy(ctx context.Context, c *inspect.Case, container string, g inspect.Signature) (PolicyDraft, error)
}

// PolicyDraft is a policy that requires a signer, before anybody has agreed to it.
type PolicyDraft struct {
	// Path: of the file that it would be
	Path string
	Text string
	// Write: never overwrites a file
	Write func(ctx context.Context) error
}

// ExportResult is the outcome of an export.
type ExportResult struct {
	// Path: of the bundle
	Path string
	// Digest: sha256:… of its tag manifest
	Digest string
	// Size: bytes
	Size int64
	// Signed: how it was signed, in words; empty: unsigned
	Signed string
	// Line: to copy into the channel: it pins the contents even of an unsigned bundle
	Line string
	// Verify: the command by which whoever has the bundle checks it
	Verify string
	// Left: what was left out, or went wrong, in words
	Left []string
}
