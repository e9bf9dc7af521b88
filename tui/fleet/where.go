package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/where"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// Where is the screen of one question: which workloads run or ran something. It answers from what was recorded, so
// that it neither waits for a registry nor for a cluster.
type Where struct {
	grid
	backend Backend
	o       Options
	gen     int
	// what: is asked about, as it was typed
	what   string
	result where.Result
	// asked: the answer is on its way
	asked bool
	err   error
	sort  int
}

// resultMsg brings the answer.
type resultMsg struct {
	gen    int
	result where.Result
	err    error
}

// NewWhere makes the screen and asks.
func NewWhere(sh *shell.Shell, b Backend, o Options, what string) (*Where, tea.Cmd) {
	s := &Where{grid: newGrid(sh, o.View), backend: b, o: o, what: what}
	s.title, s.names, s.empty = s.titleText, s.columnNames, s.emptyText
	return s, s.ask()
}

// ask searches outside of Update. What is on screen stays until the answer is there.
func (s *Where) ask() tea.Cmd {
	s.asked, s.gen = true, s.shell.NextGeneration()
	gen, ctx, b, what := s.gen, s.shell.Context(), s.backend, s.what
	return shell.Work(func() tea.Msg {
		r, err := shell.Try(func() (where.Result, error) { return b.Where(ctx, what) })
		return resultMsg{gen: gen, result: r, err: err}
	})
}

// Scope is where the screen's commands are at home.
func (s *Where) Scope() shell.Scope { return shell.InWhere }

// Close does nothing: the question ends by itself.
func (s *Where) Close() {}

// Update takes the answer.
func (s *Where) Update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(resultMsg)
	if !ok || m.gen != s.gen {
		return nil
	}
	s.asked, s.err = false, m.err
	if m.err == nil {
		s.result = m.result
	} else {
		s.shell.Fail("looking for "+s.what, m.err)
	}
	s.refresh()
	s.list.Stay()
	return nil
}

// whereVerbs are the commands of the screen, by their names in the table of keys.
func whereVerbs() map[string]shell.Verb[*Where] {
	return map[string]shell.Verb[*Where]{
		"open": {Why: (*Where).whyNoOpen, Run: func(s *Where, _ string) tea.Cmd {
			r, _ := s.list.Selected()
			return s.o.Open(*r.place)
		}},
		"sort": {Run: func(s *Where, _ string) tea.Cmd {
			s.sort = (s.sort + 1) % len(whereSorts)
			s.refresh()
			s.shell.Info("by " + whereSorts[s.sort])
			return nil
		}},
		"again": {Run: func(s *Where, _ string) tea.Cmd { return s.ask() }},
	}
}

// Action gives a command of the screen by its name; false where the screen does not have it.
func (s *Where) Action(name string) (shell.Action, bool) {
	if v, ok := whereVerbs()[name]; ok {
		return v.Bind(s), true
	}
	return s.action(name)
}

// whyNoOpen is why enter does nothing.
func (s *Where) whyNoOpen() string {
	r, ok := s.list.Selected()
	if !ok {
		return "nothing is selected"
	}
	return s.o.whyNoCase(r.place)
}

// whereSorts are the orders of the rows.
var whereSorts = [...]string{"outcome", "namespace", "newest", "first seen"}

// The outcomes of an image at a place, the gravest first. "Could not be checked" stands before "not affected": it is
// work that is left.
const (
	isHit = iota
	isBuilt
	isOpen
	isClear
)

// outcomeWords are the outcomes as words of the first column.
var outcomeWords = [...]word{
	isHit: {"hit", widget.ToneBad}, isBuilt: {"built", widget.ToneWarn}, isOpen: {"?", widget.ToneWarn},
	isClear: {"no", widget.ToneDim},
}

// found is an image at a place: two digests of one workload are two, as it may have run the one that is affected until
// yesterday. It comes with all that was found in it.
type found struct {
	Place
	outcome     int
	matches     []where.Match
	reason      string
	first, last inspect.Time
}

// outcomes folds a result into one entry for each image at a place: a package may lie at fifty paths of one image.
func outcomes(r *where.Result) []*found {
	var all []*found
	at := map[Place]*found{}
	match := func(outcome int, m where.Match) {
		p := Place{m.Cluster, m.Namespace, m.Workload, m.Container, m.Digest}
		f := at[p]
		if f == nil {
			f = &found{Place: p, outcome: outcome, first: m.FirstSeen, last: m.LastSeen}
			at[p] = f
			all = append(all, f)
		}
		f.matches = append(f.matches, m)
	}
	for _, m := range r.Matches {
		match(isHit, m)
	}
	for _, m := range r.Window {
		match(isBuilt, m)
	}
	for outcome, list := range map[int][]where.Skipped{isOpen: r.NotChecked, isClear: r.Clear} {
		for _, m := range list {
			all = append(all, &found{
				Place:   Place{m.Cluster, m.Namespace, m.Workload, m.Container, m.Digest},
				outcome: outcome, reason: m.Reason, first: m.FirstSeen, last: m.LastSeen,
			})
		}
	}
	return all
}

// refresh makes the rows anew. Rows that are equal in the order stand by their place, so that none of them jumps when
// the question is asked again.
func (s *Where) refresh() {
	all := outcomes(&s.result)
	slices.SortStableFunc(all, func(a, b *found) int {
		first := 0
		switch whereSorts[s.sort] {
		case "outcome":
			first = cmp.Compare(a.outcome, b.outcome)
		case "newest":
			first = -a.last.Compare(b.last.Time)
		case "first seen":
			first = a.first.Compare(b.first.Time)
		}
		return cmp.Or(first, cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Workload, b.Workload),
			cmp.Compare(a.Container, b.Container), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Digest, b.Digest))
	})
	rows := make([]row, 0, len(all))
	for _, f := range all {
		rows = append(rows, s.foundRow(f))
	}
	s.list.Set(rows)
}

// what is the first thing that was found, or why nothing could be.
func (f *found) what() string {
	switch {
	case len(f.matches) > 1:
		return fmt.Sprintf("%s and %d more", f.matches[0].What, len(f.matches)-1)
	case len(f.matches) == 1:
		return f.matches[0].What
	case f.outcome == isOpen:
		return f.reason
	default:
		return "not affected"
	}
}

// foundRow is an image at a place.
func (s *Where) foundRow(f *found) row {
	texts := []string{f.Namespace, f.Workload, f.Container, f.Cluster, f.Digest, outcomeWords[f.outcome].text, f.what()}
	for _, m := range f.matches {
		texts = append(texts, m.What, m.Path)
	}
	object := any(f.matches)
	if len(f.matches) == 0 {
		object = where.Skipped{
			Cluster: f.Cluster, Namespace: f.Namespace, Workload: f.Workload, Container: f.Container,
			Digest: f.Digest, Reason: f.reason, FirstSeen: f.first, LastSeen: f.last,
		}
	}
	return row{
		id:   strings.Join([]string{f.Cluster, f.Namespace, f.Workload, f.Container, f.Digest}, "\x00"),
		text: strings.Join(texts, " "), value: f.Digest, place: &f.Place, object: object,
		cells:  func(w int) []widget.Cell { return foundCells(f, w) },
		detail: func(d *widget.Document) { s.foundDetail(d, f) },
	}
}

// Widths of columns, in cells.
const (
	layerColumn = 4
	dayColumn   = 10
)

// day is a date in UTC.
func day(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// foundCells draw a row: below 56 columns outcome, workload and what; below 76 the namespace before the workload and
// until when; above since and until when in columns of their own.
func foundCells(f *found, w int) []widget.Cell {
	outcome := outcomeWords[f.outcome]
	workload := shortName(f.Workload, f.Container)
	what := widget.Cell{Text: f.what(), Tone: outcome.tone, Width: -4}
	switch {
	case w < 56:
		return []widget.Cell{outcome.cell(), {Text: workload, Width: -4, Middle: true}, what}
	case w < 76:
		return []widget.Cell{
			outcome.cell(),
			{Text: f.Namespace + "/" + workload, Width: -4, Middle: true},
			what,
			{Text: day(f.last), Tone: widget.ToneDim, Width: dayColumn},
		}
	}
	layer := widget.Cell{Width: layerColumn, Tone: widget.ToneDim}
	if len(f.matches) > 0 && f.matches[0].Layer >= 0 {
		layer.Text = label.Layer(f.matches[0].Layer)
	}
	return []widget.Cell{
		outcome.cell(),
		{Text: f.Namespace, Width: spaceColumn},
		{Text: workload, Width: -4, Middle: true},
		what, layer,
		{Text: day(f.first), Tone: widget.ToneDim, Width: dayColumn},
		{Text: day(f.last), Tone: widget.ToneDim, Width: dayColumn},
	}
}

// columnNames name the columns of foundCells, one by one.
func (s *Where) columnNames(w int) []widget.Cell {
	if w < 76 {
		return nil
	}
	cells := []widget.Cell{
		{Text: "", Width: outcomeWidth},
		{Text: "namespace", Width: spaceColumn},
		{Text: "workload:container", Width: -4},
		{Text: "what", Width: -4},
		{Text: "in", Width: layerColumn},
		{Text: "since", Width: dayColumn},
		{Text: "until", Width: dayColumn},
	}
	for i := range cells {
		cells[i].Tone = widget.ToneDim
	}
	return cells
}

// foundDetail writes all that was found in an image at a place, or why it could not be looked for.
func (s *Where) foundDetail(d *widget.Document, f *found) {
	d.Say(widget.ToneBold, fmt.Sprintf("%s %s container %s", f.Namespace, f.Workload, f.Container))
	switch f.outcome {
	case isOpen:
		d.Outcome(widget.SignOpen, "could not be checked", f.reason)
	case isClear:
		d.Say(widget.TonePlain, "Not affected: the image was looked into, and has nothing of "+s.what+".")
	case isBuilt:
		d.Say(widget.ToneWarn, "Built in the window; nothing of "+s.what+" was found in it.")
	}
	for _, m := range f.matches {
		at := m.What
		if m.Layer >= 0 {
			at += "  layer " + strings.TrimPrefix(label.Layer(m.Layer), "L")
		}
		d.Put(outcomeWords[f.outcome].tone, "• ", at)
		d.Put(widget.TonePlain, "  ", m.Path)
	}
	d.Field("digest", f.Digest)
	d.Field("first seen", label.Stamp(f.first))
	d.Field("last seen", label.Stamp(f.last))
	d.Field("cluster", f.Cluster)
	d.Gap()
	d.Say(widget.ToneDim, cmp.Or(s.o.whyNoCase(&f.Place),
		"enter opens the case of a pod of this workload, esc comes back here."))
}

// shortUnder is the width of the terminal under which the outcomes are counted in their short words.
const shortUnder = 100

// sum is the answer in one line: all four outcomes, so that "no hit" is never read without what could not be checked.
func (s *Where) sum() string {
	var n [len(outcomeWords)]int
	for _, f := range outcomes(&s.result) {
		n[f.outcome]++
	}
	if s.shell.Width < shortUnder { // the words of the first column: none of the four may be cut
		return fmt.Sprintf("%d hit · %d built · %d ? · %d no", n[isHit], n[isBuilt], n[isOpen], n[isClear])
	}
	return fmt.Sprintf("%d hit · %d built in the window · %d not affected · %d could not be checked",
		n[isHit], n[isBuilt], n[isClear], n[isOpen])
}

// titleText is the question with the answer.
func (s *Where) titleText() string {
	if s.result.Schema == "" {
		return "Where " + s.what
	}
	return s.what + ": " + s.sum() + s.filterWords()
}

// emptyText is why there are no rows.
func (s *Where) emptyText() (string, widget.Tone) {
	switch {
	case s.asked:
		return "…", widget.ToneDim
	case s.err != nil:
		return "? not checked: " + s.err.Error() + ". :where looks for something else.", widget.ToneWarn
	default:
		return "? Nothing has been recorded that ran anywhere: an audit (:audit) or a case records it.", widget.ToneWarn
	}
}

// Header is what the shell draws around the screen.
func (s *Where) Header() shell.Header {
	h := shell.Header{
		Trail: []shell.Crumb{{Text: cmp.Or(s.o.Context, "backtrail")}, {Text: "where " + s.what, Drop: 3}},
		Title: "backtrail where", State: "recorded", Tone: widget.ToneDim, Busy: s.asked,
	}
	if s.asked {
		h.Running = "looking for " + s.what + " …"
	}
	return h
}

// Refresh does nothing: a row shows no age.
func (s *Where) Refresh() {}
