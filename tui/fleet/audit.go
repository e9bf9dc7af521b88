package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// Audit is the screen of all that runs. It is filled by the last audit that was stored, or by one that runs now. It
// goes on while other screens are open, also where it is not on the stack: an audit of a large cluster takes minutes.
type Audit struct {
	grid
	backend Backend
	o       Options
	// gen: of the newest audit, in its messages
	gen    int
	cancel context.CancelFunc

	report audit.Report
	// at: how the rows of the report are found again, by their keys
	at map[string]int
	// old: keys of rows of an earlier audit that the running one has not come to yet
	old map[string]bool
	// changed: sentences of changes, by place
	changed map[string][]string
	began   time.Time
	// depth: that is asked for while an audit runs
	depth    string
	progress audit.Progress
	running  bool
	// reading: the stored audit is on its way
	reading bool
	// ended: the report is whole, of an audit that ended
	ended bool
	// failed: why the last audit ended early; empty: it did not
	failed string

	sort, by int
	// space: width of the column of namespaces, in cells
	space    int
	unfolded map[string]bool
	sample   sample
}

// The messages of the screen.
type (
	// storedMsg brings the stored audit.
	storedMsg struct {
		gen    int
		stored *Stored
		err    error
	}

	// updateMsg brings what an audit found. An update may come with the end of the source.
	updateMsg struct {
		gen     int
		updates []Update
		over    bool
		err     error
		pump    *shell.Pump[Update]
	}
)

// NewAudit makes the screen and starts to read the stored audit; with a depth it starts a new one at once.
func NewAudit(sh *shell.Shell, b Backend, o Options, depth string) (*Audit, tea.Cmd) {
	s := &Audit{grid: newGrid(sh, o.View), backend: b, o: o, unfolded: map[string]bool{}, cancel: func() {}}
	s.title, s.names, s.empty = s.titleText, s.columnNames, s.emptyText
	s.filtered = s.refresh
	if depth != "" {
		return s, s.Start(depth)
	}
	s.reading, s.gen = true, sh.NextGeneration()
	gen, ctx := s.gen, sh.Context()
	return s, shell.Work(func() tea.Msg {
		stored, err := shell.Try(func() (*Stored, error) { return b.LastAudit(ctx) })
		return storedMsg{gen: gen, stored: stored, err: err}
	})
}

// Start audits anew. What is on screen stays until the new audit comes to it. One that runs already ends, and what it
// has found is not lost: the new one takes it over.
func (s *Audit) Start(depth string) tea.Cmd {
	s.cancel()
	ctx, cancel := context.WithCancel(s.shell.Context())
	s.cancel, s.gen = cancel, s.shell.NextGeneration()
	s.running, s.reading, s.failed, s.depth, s.progress = true, false, "", depth, audit.Progress{}
	s.old = map[string]bool{}
	for i := range s.report.Rows {
		s.old[keyOf(&s.report.Rows[i])] = true
	}
	gen, b, sh := s.gen, s.backend, s.shell
	s.refresh()
	return shell.Work(func() tea.Msg {
		return nextUpdate(gen, shell.Start(ctx, sh, func(ctx context.Context, emit func(Update)) error {
			return b.Audit(ctx, depth, emit)
		}))
	})
}

// nextUpdate waits for what an audit finds next.
func nextUpdate(gen int, p *shell.Pump[Update]) tea.Msg {
	updates, over, err := p.Next()
	return updateMsg{gen: gen, updates: updates, over: over, err: err, pump: p}
}

// Scope is where the screen's commands are at home.
func (s *Audit) Scope() shell.Scope { return shell.InAudit }

// Close leaves the audit running: whoever comes back finds its rows. It ends with the program, or by "stop audit".
func (s *Audit) Close() {}

// Running reports whether an audit runs now.
func (s *Audit) Running() bool { return s.running }

// Update takes the messages of the screen's commands. Those of an audit that another one has replaced are dropped.
func (s *Audit) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case storedMsg:
		return s.onStored(msg)
	case updateMsg:
		return s.onUpdate(msg)
	}
	return nil
}

// onStored shows the stored audit. Without one an audit begins by itself: an empty screen would answer nothing.
func (s *Audit) onStored(msg storedMsg) tea.Cmd {
	if msg.gen != s.gen {
		return nil
	}
	s.reading = false
	if msg.err != nil {
		s.shell.Fail("reading the last audit", msg.err)
	}
	if msg.stored == nil {
		return s.Start(string(audit.Identity))
	}
	s.ended, s.began, s.depth = true, msg.stored.At, string(msg.stored.Report.Scope.Depth)
	s.take(&msg.stored.Report)
	s.refresh()
	s.list.Stay()
	return nil
}

// onUpdate folds what came. Rows are made once for the whole batch. Of an interrupted audit the rows stay.
func (s *Audit) onUpdate(msg updateMsg) tea.Cmd {
	s.filling = !msg.over
	if msg.gen != s.gen {
		return nil
	}
	for i := range msg.updates {
		s.fold(&msg.updates[i])
	}
	if msg.over {
		s.over(msg.err)
		s.refresh()
		return nil
	}
	s.refresh()
	return shell.Work(func() tea.Msg { return nextUpdate(msg.gen, msg.pump) })
}

// fold takes one update. The report of the beginning has no rows, and leaves those of an earlier audit on screen; the
// report of the end replaces all of them.
func (s *Audit) fold(u *Update) {
	if u.Progress != nil {
		s.progress = *u.Progress
	}
	if !u.Began.IsZero() {
		s.began = u.Began
	}
	switch {
	case u.Ended && u.Report != nil:
		s.ended, s.old = true, nil
		s.take(u.Report)
	case u.Report != nil:
		s.ended = false
		rows, changes := s.report.Rows, s.report.Changes
		s.report = *u.Report
		s.report.Rows, s.report.Changes = rows, changes
	}
	for _, r := range u.Rows {
		s.put(r)
	}
}

// take replaces the report. Changes are kept by place: a row shows what is otherwise there than in the audit before,
// whatever it runs now.
func (s *Audit) take(r *audit.Report) {
	s.report, s.at, s.changed = *r, map[string]int{}, map[string][]string{}
	for i := range s.report.Rows {
		s.at[keyOf(&s.report.Rows[i])] = i
	}
	for _, c := range r.Changes {
		at := c.Namespace + "\x00" + c.Workload + "\x00" + c.Container
		s.changed[at] = append(s.changed[at], c.Sentence())
	}
}

// put takes a row of a running audit. A workload in the middle of a rollout has two rows, one for each digest; a row
// of the same digest is the same row, in place of the one that the audit before had for it.
func (s *Audit) put(r audit.Row) {
	key := keyOf(&r)
	delete(s.old, key)
	if at, ok := s.at[key]; ok {
		s.report.Rows[at] = r
		return
	}
	if s.at == nil {
		s.at = map[string]int{}
	}
	s.at[key] = len(s.report.Rows)
	s.report.Rows = append(s.report.Rows, r)
}

// over notes how an audit ended. The notice comes also where another screen is on top: whoever waits for it looks at a
// case meanwhile.
func (s *Audit) over(err error) {
	s.running = false
	s.list.Stay()
	switch {
	case errors.Is(err, context.Canceled):
		s.failed = "stopped"
		s.shell.Info("the audit was stopped; r goes on with it")
	case err != nil:
		s.failed = err.Error()
		s.shell.Fail("auditing", err)
	default:
		c := count(s.report.Rows)
		s.shell.Info(fmt.Sprintf("the audit has ended: %d not allowed, %d not known (:audit)", c.no, c.open))
	}
}

// keyOf is what no two rows of one audit share. It has bytes that the cluster chose, and is never drawn.
func keyOf(r *audit.Row) string {
	return placeOf(r) + "\x00" + r.Cluster + "\x00" + r.Reference + "\x00" + r.Digest + "\x00" + r.Platform
}

// placeOf is where a row is in its cluster.
func placeOf(r *audit.Row) string { return r.Namespace + "\x00" + r.Workload + "\x00" + r.Container }

// counts are what matters of many rows.
type counts struct{ block, no, open, images int }

// count counts rows by what a person has to do about them. A row that is past a blocking threshold and not allowed
// counts in both.
func count(rows []audit.Row) (c counts) {
	images := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		images[cmp.Or(r.Digest, r.Reference)] = true
		if r.Level == audit.Block {
			c.block++
		}
		switch {
		case r.Allowed == audit.No:
			c.no++
		case r.State != audit.Done || r.Allowed == audit.Unknown:
			c.open++
		}
	}
	c.images = len(images)
	return c
}

// Header is what the shell draws around the screen. The numbers are of the rows that are there: while an audit runs
// they grow, and the state beside them says that they do. No tone of it is good: that nothing was found proves nothing.
func (s *Audit) Header() shell.Header {
	h := shell.Header{
		Trail: []shell.Crumb{{Text: cmp.Or(s.o.Context, "backtrail")}, {Text: "audit"}},
		Title: "backtrail audit", Busy: s.running, Tone: widget.ToneDim,
	}
	c := count(s.report.Rows)
	if len(s.report.Rows) > 0 {
		h.Outcome = fmt.Sprintf("%d past block, %d not allowed, %d not known", c.block, c.no, c.open)
		h.Brief = fmt.Sprintf("%d block %d no %d ?", c.block, c.no, c.open)
		h.OutcomeTone = widget.TonePlain
		if c.block+c.no > 0 {
			h.OutcomeTone = widget.ToneBad
		}
	}
	switch {
	case s.running:
		h.State, h.Running = "running", s.progressText()
	case s.failed != "":
		h.State, h.Tone = "partial", widget.ToneWarn
	case s.ended:
		h.State = label.Age(s.shell.Now.Sub(s.began)) + " old"
	}
	return h
}

// progressText is how far the running audit is, with an estimate once there is one.
func (s *Audit) progressText() string {
	p := s.progress
	if p.Total == 0 {
		return "audit, depth " + s.depth + ": listing what runs …"
	}
	text := fmt.Sprintf("audit, depth %s: %d of %s", s.depth, p.Done, widget.Plural(p.Total, "image"))
	if p.Reused > 0 {
		text += fmt.Sprintf(" (%d from before)", p.Reused)
	}
	if left := p.Left(); left > 0 {
		text += ", " + label.Age(left) + " left"
	}
	return text
}

// titleText names the list: how deep, how many, in which order, and what of it is not of this audit yet.
func (s *Audit) titleText() string {
	c := count(s.report.Rows)
	text := "Audit"
	if depth := cmp.Or(string(s.report.Scope.Depth), s.depth); depth != "" {
		text += ", depth " + depth
	}
	text += " · " + widget.Plural(len(s.report.Rows), "container") + " of " + widget.Plural(c.images, "image")
	if n := len(s.old); n > 0 && s.running {
		text += fmt.Sprintf(", %d of the audit before", n)
	}
	text += " · by " + sorts[s.sort]
	if s.by > 0 {
		text += ", grouped by " + groupings[s.by]
	}
	if n := len(s.sample.keys); n > 0 {
		text += " · " + s.sample.words()
	}
	return text + s.filterWords()
}

// emptyText is why there are no rows: three reasons that must not look alike.
func (s *Audit) emptyText() (string, widget.Tone) {
	switch {
	case s.reading, s.running:
		return "…", widget.ToneDim
	case s.failed != "":
		return "? not checked: " + s.failed + "; r tries again", widget.ToneWarn
	default:
		return "no running containers", widget.ToneDim
	}
}

// Refresh makes the rows again: they show ages.
func (s *Audit) Refresh() { s.refresh() }
