package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// document is a report before it is drawn: plain text, Markdown and HTML have the same content, since all three are
// drawn from it.
// Its strings are clean: it is made of a cleaned case. Escapes are a matter of each form.
type document struct {
	title    string
	status   inspect.Status // whose color the outcome takes
	outcome  string
	brief    string
	id       string // of the case, on every printed page
	digest   string // of the image that it is about, on every printed page; empty where none is known
	sections []section
}

// part is whom a section is for. The parts stand in the order of their numbers.
type part int

const (
	decision part = iota // whoever decides: one page
	engineering
	record  // an auditor, or an examiner of the other side
	annexed // what all of them look up
)

// title is the heading of a part.
func (p part) title() string {
	return [...]string{"Summary for decisions", "Findings and evidence", "Audit record", "Annex"}[p]
}

// id is the name of a part in the page, which links lead to.
func (p part) id() string { return [...]string{"summary", "findings", "audit", "annex"}[p] }

// section is a heading with what stands below it. One without blocks is not drawn.
type section struct {
	part    part
	title   string
	subject string // of the image that it is about, where that needs to be said
	blocks  []block
}

// block is one of: an item, a table, a command, a figure, or a paragraph.
// A paragraph is the one that has text alone. A figure is drawn in the page only: a table beside it has the same facts.
type block struct {
	item    *item
	table   *table
	command *respond.NextStep
	figure  *figure
	text    string
}

// item is a row that is worth lines of its own: a finding, a signature with its steps.
//
// The mark is the only place for the sign of a status, so that no ✓ can stand where nothing was verified.
type item struct {
	status   inspect.Status
	mark     string           // in place of the status's sign and word, where it is no verification
	bare     bool             // no mark: the severity is the outcome
	severity inspect.Severity // empty where it has none
	title    string
	lines    []string // below it
	steps    []item   // one line each: status, title, lines joined
	anchor   string   // name of the item in the page: F1; empty for none
	refs     []string // anchors of other items, named below it
	command  string   // one command that checks what the item claims, to copy; empty for none
}

// marked is the mark in front of an item, empty where it has none.
func (i item) marked(s Style) string {
	if i.bare {
		return ""
	}
	return cmp.Or(i.mark, s.Sign(i.status)+" "+i.status.Words())
}

// rowItem is a finding, or a row of files and programs.
// A row whose severity is its outcome has no sign: "failed" beside "HIGH" would be read as a failed verification.
func rowItem(status inspect.RowStatus, severity inspect.Severity, title string, lines ...string) item {
	i := item{status: status.Tone(), severity: severity, title: title, lines: lines}
	switch status {
	case inspect.RowVerified:
		i.mark = "✓ matches its package"
	case inspect.RowUnknown:
		i.mark = "? not checked"
	default:
		i.bare = true
	}
	return i
}

// table has a head and rows of as many cells.
type table struct {
	head []string
	rows [][]cell
}

// cell is text, after the sign of a status where it has one. code is shown in a fixed width.
type cell struct {
	text   string
	status inspect.Status
	code   bool
}

// heading is the title and the subject as it is.
func (s section) heading() string {
	return strings.TrimSpace(s.title + " " + s.subject)
}

// text adds a paragraph, unless it is empty.
func (s *section) text(text string) {
	if text != "" {
		s.blocks = append(s.blocks, block{text: text})
	}
}

// item adds an item.
func (s *section) item(i item) { s.blocks = append(s.blocks, block{item: &i}) }

// table adds a table of at most maxRows rows; more is not read in an incident, and case.json has them all.
func (s *section) table(t table) { s.tableOf(t, maxRows) }

// tableOf adds the first rows of a table.
// The rows come in the order of their weight, so that those which are left out are the least.
func (s *section) tableOf(t table, most int) {
	more := len(t.rows) - most
	if more > 0 {
		t.rows = t.rows[:most]
	}
	if len(t.rows) > 0 {
		s.blocks = append(s.blocks, block{table: &t})
	}
	s.more(more)
}

// more reports whether a list was cut.
// A list that is cut without a word would be taken for a whole one.
func (s *section) more(n int) {
	if n > 0 {
		s.text(fmt.Sprintf("and %d more: -o json lists them all (in a bundle: data/case.json).", n))
	}
}

// maxRows bounds the rows of one table and the items of one kind; maxChanges the rows of a comparison in a case, which
// come in the order of their weight.
// The bounds are for people who scroll: the JSON of the case has every row.
const (
	maxRows    = 200
	maxChanges = 20
)

// plainCell is a cell of prose.
func plainCell(s string) cell { return cell{text: s} }

// codeCell is a cell of code: a digest, a path, a reference.
// A code cell is copied by people: it is broken last where a table is too wide.
func codeCell(s string) cell { return cell{text: s, code: true} }

// statusCell is a cell with the sign and word of a status before its text.
// The sign is added where the cell is drawn, in the style of the form.
func statusCell(s inspect.Status, t string) cell { return cell{text: t, status: s} }

// documentOf writes a case as a document for three readers: what has to be decided, on one page; then what was found
// and what it rests on, the walk in the order of the panes; then who did what, when and by which roots of trust; last
// the lists that all of them look up.
//
// Sections without blocks are dropped where they are drawn.
func documentOf(c inspect.Case, b Bag, s Style) document {
	v := verdict.Of(&c)
	c = cleaned(c)
	now := s.now(c)
	d := document{
		title: "backtrail: " + c.Target.Name, status: v.Status.Tone(), outcome: v.Words(&c),
		brief: Brief(c, s), id: inspect.CaseID(c.Target, c.Started),
	}
	if i, ok := respond.Focus(c); ok {
		d.digest = i.Key()
	}
	d.add(decision, storySection(c, v), knownSection(c), extentSection(c), decideSection(c), deadlineSection(c, now))
	d.add(engineering, verdictSection(c, v), answerSection(c), findingSection(c, b), thresholdSection(c),
		alertSection(c), nextSection(c), timelineSection(c, now))
	for _, i := range focusFirst(c) {
		d.add(engineering, imageSections(c, i)...)
	}
	d.add(engineering, podSection(c), workloadSection(c), noteSection(c))
	d.add(record, sessionSection(c), sourceSection(c), checkSection(c), uncheckedSection(c), trustSection(c),
		redactionSection(c), carriedSection(c, b), custodySection(c, b))
	d.add(annexed, keptSection(c), requestSection(c))
	return d
}

// add appends the sections of a part.
func (d *document) add(to part, sections ...section) {
	for _, s := range sections {
		s.part = to
		d.sections = append(d.sections, s)
	}
}

// focusFirst puts the image that the case is about before the others.
// The others keep their order. The list of the case is not changed.
func focusFirst(c inspect.Case) []inspect.Image {
	first, _ := respond.Focus(c)
	images := slices.Clone(c.Images)
	slices.SortStableFunc(images, func(a, b inspect.Image) int {
		switch {
		case a.Container == b.Container:
			return 0
		case a.Container == first.Container:
			return -1
		case b.Container == first.Container:
			return 1
		default:
			return 0
		}
	})
	return images
}
