package fleet

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/where"
	"github.com/backtrail/backtrail/tui/viewer"
)

// Backend audits and searches. Its methods are called outside of Update, each with a context that ends with what was
// asked for, unless they say otherwise.
type Backend interface {
	// LastAudit reads the newest audit that was stored of what this session looks at; nil where there is none.
	LastAudit(ctx context.Context) (*Stored, error)
	// Audit checks all that runs, and emits what is there as it comes. It returns when the audit has ended; the last
	// update then has Ended set. An audit that was interrupted goes on where it was.
	Audit(ctx context.Context, depth string, emit func(Update)) error
	// AuditPath proposes a file for a report. It returns at once.
	AuditPath(r *audit.Report) string
	// ExportAudit writes a report to a new file, in the form that its extension names, and gives a line that pins it.
	ExportAudit(ctx context.Context, r *audit.Report, to string) (line string, err error)
	// Where searches what was recorded.
	Where(ctx context.Context, what string) (where.Result, error)
}

// Stored is an audit of an earlier time.
type Stored struct {
	Report audit.Report
	At     time.Time
}

// Update is what an audit found since the update before.
type Update struct {
	// Report: at first what is known before anything was examined (scope, what is not looked at, how many containers
	// were listed), at last all of it; nil in between
	Report *audit.Report
	// Rows: of images that were examined since
	Rows []audit.Row
	// Progress: nil: as before
	Progress *audit.Progress
	// Began: the time that ages are counted from, by the clock of the session
	Began time.Time
	Ended bool
}

// Place is where something runs: it leads to a case.
type Place struct {
	Cluster, Namespace string
	// Workload: kind/name in lower case
	Workload  string
	Container string
	// Digest: what runs there; empty where that is not known
	Digest string
}

// Options are how a screen starts.
type Options struct {
	// Context: of the cluster at hand; rows of others lead to no case
	Context string
	// Open: opens the case of a workload
	Open func(Place) tea.Cmd
	// View: shows bytes
	View func(parts []viewer.Part) tea.Cmd
}

// whyNoCase is why a place has no case that could be opened.
func (o Options) whyNoCase(p *Place) string {
	switch {
	case p == nil:
		return "this row is no workload"
	case p.Cluster != "" && o.Context != "" && p.Cluster != o.Context:
		return "it runs in " + p.Cluster + ", and this is " + o.Context
	default:
		return ""
	}
}
