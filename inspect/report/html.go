package report

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
)

//go:embed page.html
var page string

// HTML writes the case as one file that needs no network and no script, and prints well.
//
// Styles are in the page, and there is no address to load from: it can be opened on a machine without a network, and
// opening it reaches no server.
func HTML(w io.Writer, c inspect.Case) error { return writePage(w, c, Bag{}) }

// writePage draws the page of a case, in a bag or in none.
func writePage(w io.Writer, c inspect.Case, b Bag) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"mark":   Style{}.Mark,
		"upper":  func(s inspect.Severity) string { return strings.ToUpper(string(s)) },
		"pieces": pieces,
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	if err := t.Execute(w, viewOf(documentOf(c, b, Style{}))); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// pieces cuts a text where a line may be broken within a long word: behind the separators of paths, references and
// command lines. The page puts a <wbr> between them, which is no character and is not copied. Without it a long path is
// broken anywhere, or runs off the paper.
func pieces(t string) []string {
	var list []string
	from := 0
	for at, long := 0, false; at < len(t); at++ {
		if at == 0 || t[at-1] == ' ' {
			word, _, _ := strings.Cut(t[at:], " ")
			long = len(word) > longWord
		}
		if long && at+1 < len(t) && at+1-from >= minPiece && strings.IndexByte("/@:=,;&_", t[at]) >= 0 {
			list = append(list, t[from:at+1])
			from = at + 1
		}
	}
	return append(list, t[from:])
}

// Words up to longWord bytes are not cut, and no piece is shorter than minPiece.
const (
	longWord = 40
	minPiece = 12
)

// view is a document with names that a template can see.
// Fields are exported for html/template, which reads no others.
type view struct {
	Title   string
	Status  inspect.Status // whose color the outcome takes
	Outcome string
	Brief   string
	ID      string // of the case
	Hex     string // digits of the image's digest; empty where it has none
	Parts   []viewPart
}

// viewPart is what is for one reader.
type viewPart struct {
	ID       string
	Title    string
	Sections []viewSection
}

// viewSection is a section that has blocks.
type viewSection struct {
	Title  string
	Blocks []viewBlock
}

// viewBlock is a block: one of its fields is set.
type viewBlock struct {
	Item    *viewItem
	Table   *viewTable
	Command *respond.NextStep
	Figure  *figure
	Text    string
}

// viewItem is an item with its mark as text.
type viewItem struct {
	Status   inspect.Status
	Mark     string
	Severity inspect.Severity
	Title    string
	Lines    []string
	Steps    []viewItem
	Anchor   string
	Refs     []string
	Command  string
}

// viewTable is a table; the template draws empty columns too.
type viewTable struct {
	Head []string
	Rows [][]viewCell
}

// viewCell is a cell.
type viewCell struct {
	Text   string
	Status inspect.Status
	Code   bool
}

// viewOf copies a document. html/template escapes every text of it by where it stands, so nothing is escaped here.
// It relies on html/template's contextual escapes; template.HTML and its kin are used nowhere.
func viewOf(d document) view {
	v := view{Title: d.title, Status: d.status, Outcome: d.outcome, Brief: d.brief, ID: d.id}
	v.Hex = hexOf(d.digest) // in the style sheet, where html/template would take "sha256:" for the scheme of an address
	last := part(-1)
	for _, s := range d.sections {
		if len(s.blocks) == 0 {
			continue
		}
		out := viewSection{Title: s.heading()}
		for _, b := range s.blocks {
			out.Blocks = append(out.Blocks, viewOfBlock(b))
		}
		if s.part != last {
			last = s.part
			v.Parts = append(v.Parts, viewPart{ID: last.id(), Title: last.title()})
		}
		to := &v.Parts[len(v.Parts)-1]
		to.Sections = append(to.Sections, out)
	}
	return v
}

// viewOfBlock copies a block.
// The template draws the field that is set.
func viewOfBlock(b block) viewBlock {
	v := viewBlock{Command: b.command, Figure: b.figure, Text: b.text}
	if b.item != nil {
		i := viewOfItem(*b.item)
		v.Item = &i
	}
	if b.table != nil {
		v.Table = &viewTable{Head: b.table.head}
		for _, row := range b.table.rows {
			cells := make([]viewCell, len(row))
			for i, c := range row {
				cells[i] = viewCell{c.text, c.status, c.code}
			}
			v.Table.Rows = append(v.Table.Rows, cells)
		}
	}
	return v
}

// viewOfItem copies an item with its steps.
func viewOfItem(i item) viewItem {
	v := viewItem{
		Status: i.status, Mark: i.marked(Style{}), Severity: i.severity, Title: i.title, Lines: i.lines,
		Anchor: i.anchor, Refs: i.refs, Command: i.command,
	}
	for _, s := range i.steps {
		v.Steps = append(v.Steps, viewOfItem(s))
	}
	return v
}
