package tui

import (
	"context"
	"io"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Options is what the terminal UI asks of the rest of the program. A nil function takes its command away: the key
// then says why it does nothing. The functions are called outside of Update, each with a context that ends with the
// screen that asked. Notes are kept one after the other and there is one export at a time; Pods may begin anew while a
// call that was cancelled still ends. Each gets a case of its own, folded from the events so far: it may read it as
// long as it likes.
type Options struct {
	Context   string // of the kubeconfig, or the snapshot's name, for the header before anything is read
	Namespace string // the list starts with this namespace only, and A shows all; empty: all from the start
	Offline   bool   // a saved case: nothing is asked of a cluster or a registry
	Alerts    string // where the alerts come from, in words; empty: none were loaded

	// Pods lists what runs, and emits a better list as it learns more: each one replaces the one before. It may go on until
	// its context ends, with what changes. It is called again when a person asks for a fresh list.
	Pods func(ctx context.Context, allNamespaces bool, emit func(inspect.PodList)) error
	// Fill adds to an alert of a list what it says, which lists leave out; nil: they do not.
	Fill func(a *inspect.Alert)
	// Paste takes alert lines that a person pasted into the list. Pods is called again after it.
	Paste func(ctx context.Context, text string) error
	// Open opens the case of a pod. A pod without a name stands for its one alert, which fits no pod.
	Open func(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error)
	// Case is the case to start with, where there is no list behind it.
	Case inspect.Source
	// Watch gives what goes on beside the checks of the case that was opened last, and after them: changes of its pod. It
	// does no input or output itself; a nil source: there is nothing to watch.
	Watch func() inspect.Source

	// Again runs these checks once more, and those that need them.
	Again func(ctx context.Context, c *inspect.Case, keys []inspect.Key) (inspect.Source, error)
	// KnownGood compares the image of a subject with a candidate that a person confirmed by choosing it.
	KnownGood func(ctx context.Context, c *inspect.Case, subject string, candidate inspect.Candidate) (inspect.Source, error)
	// Skip leaves out a layer, by its digest, that is being read or waits for it; with false it takes that back for the next
	// time that the layer is read. It returns at once.
	Skip func(digest string, skip bool)
	// Note keeps a note or a mark, and gives the event that is folded into the case. The note comes without time and
	// author.
	Note func(ctx context.Context, c *inspect.Case, n inspect.Note) (inspect.Event, error)
	// Clock keeps a report clock that a person starts (regime, time and reason) or withdraws (regime, and the reason in
	// Withdrawn), and gives the event that is folded into the case.
	Clock func(ctx context.Context, c *inspect.Case, k inspect.Clock) (inspect.Event, error)
	// Next says what to do next, the most urgent first, each with a command to copy.
	Next func(c inspect.Case) []inspect.NextStep
	// Policy drafts a policy that expects the signer of a signature; it writes nothing yet.
	Policy func(ctx context.Context, c *inspect.Case, subject string, g inspect.Signature) (PolicyDraft, error)
	// Tree lists the file tree of an image: what a layer did, by the layer's number, or the merged tree (MergedTree).
	Tree func(ctx context.Context, i inspect.Image, layer int) ([]inspect.Node, error)
	// Store gives the content of files and the blobs behind rows.
	Store inspect.Store

	// ExportPath proposes where a bundle goes; nil: a name made of the target, in the current directory.
	ExportPath func(c inspect.Case) string
	// Export writes the evidence bundle.
	Export func(ctx context.Context, c *inspect.Case, to string, progress func(inspect.Progress)) (ExportResult, error)
	// Save writes bytes to a file that a person named. It refuses to overwrite, and never makes it executable.
	Save func(ctx context.Context, name string, content io.Reader) error
	// Brief is the text for the channel: at most 14 lines of 78 columns. Nil: the three answers alone.
	Brief func(c inspect.Case) string
	// Command is the command line that shows the same; subject is that of an image, or empty for the case.
	Command func(c *inspect.Case, subject string) string

	Notices <-chan inspect.Notice // from outside of a case: klog, credential plugins, rate limits; may be nil
	Now     func() time.Time      // nil: the wall clock
	Zone    *time.Location        // of the times on screen; nil: UTC. What is copied is always UTC
	Theme   Theme                 // ThemeAuto asks the terminal
	NoColor bool
	ASCII   bool
	Version string

	Input  io.Reader // nil: the terminal
	Output io.Writer // nil: the terminal
}

// MergedTree asks Tree for the merged tree of all layers, instead of one layer's.
const MergedTree = -1

// Theme chooses the colours.
type Theme int

// The themes.
const (
	ThemeAuto Theme = iota
	ThemeDark
	ThemeLight
)

// ExportResult is what became of an export.
type ExportResult struct {
	Path   string   // of the bundle
	Digest string   // sha256:… of its tag manifest
	Size   int64    // bytes
	Signed string   // how it was signed, in words; empty: it was not
	Line   string   // to copy into the channel: it fixes the content even if nothing is signed
	Left   []string // what was left out, or what went wrong on the way, in words
}
