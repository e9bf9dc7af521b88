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
// opening it tells no server so.
func HTML(w io.Writer, c inspect.Case) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"mark":  Style{}.Mark,
		"upper": func(s inspect.Severity) string { return strings.ToUpper(string(s)) },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	if err := t.Execute(w, viewOf(documentOf(c, Style{}))); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// view is a document with names that a template can see.
// Fields are exported for html/template, which reads no others.
type view struct {
	Title    string
	Status   inspect.Status // whose color the outcome takes
	Outcome  string
	Brief    string
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
	v := view{Title: d.title, Status: d.status, Outcome: d.outcome, Brief: d.brief}
	for _, s := range d.sections {
		if len(s.blocks) == 0 {
			continue
		}
		out := viewSection{Title: s.heading()}
		for _, b := range s.blocks {
			out.Blocks = append(out.Blocks, viewOfBlock(b))
		}
		v.Sections = append(v.Sections, out)
	}
	return v
}

// viewOfBlock copies a block.
// The template draws the field that is set.
func viewOfBlock(b block) viewBlock {
	v := viewBlock{Command: b.command, Text: b.text}
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
	v := viewItem{Status: i.status, Mark: i.marked(Style{}), Severity: i.severity, Title: i.title, Lines: i.lines}
	for _, s := range i.steps {
		v.Steps = append(v.Steps, viewOfItem(s))
	}
	return v
}
