package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
)

// plainColumns is where plain text is wrapped. Digests, paths and commands are never broken.
const plainColumns = 100

// Plain writes the whole case as a linear report: the content of the terminal UI's panes, one after the other.
func Plain(w io.Writer, c inspect.Case, s Style) error {
	d := documentOf(c, s)
	p := &printer{style: s}
	p.raw(d.brief)
	for _, sec := range d.sections {
		p.section(sec)
	}
	return p.flush(w)
}

// printer draws blocks as plain text.
type printer struct {
	b     strings.Builder
	style Style
}

func (p *printer) raw(text string) { p.b.WriteString(text) }

func (p *printer) flush(w io.Writer) error {
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (p *printer) section(s section) {
	if len(s.blocks) == 0 {
		return
	}
	s.title = strings.ToUpper(s.title)
	fmt.Fprintf(&p.b, "\n%s\n", p.style.bold(s.heading()))
	for _, b := range s.blocks {
		p.block(b)
	}
}

func (p *printer) block(b block) {
	switch {
	case b.item != nil:
		p.item(*b.item)
	case b.table != nil:
		p.table(*b.table)
	case b.command != nil:
		p.paragraph("  ", b.command.Why)
		if b.command.Command != "" {
			fmt.Fprintf(&p.b, "      %s\n", b.command.Command)
		}
	default:
		p.paragraph("  ", b.text)
	}
}

func (p *printer) paragraph(indent, text string) {
	for _, line := range wrap(text, plainColumns-len(indent), maxWrapped) {
		fmt.Fprintf(&p.b, "%s%s\n", indent, line)
	}
}

// maxWrapped bounds the lines of one paragraph; its last line holds the rest.
const maxWrapped = 1000

func (p *printer) item(i item) {
	severity := ""
	if i.severity != "" {
		severity = strings.ToUpper(string(i.severity)) + "  "
	}
	mark := p.style.Mark(i.status) + "  "
	if i.mark != "" {
		mark = p.style.paint(i.status, i.mark) + "  "
	}
	lines := wrap(severity+i.title, plainColumns-2-ansi.StringWidth(mark), maxWrapped)
	fmt.Fprintf(&p.b, "  %s%s\n", mark, lines[0])
	for _, l := range lines[1:] {
		fmt.Fprintf(&p.b, "      %s\n", l)
	}
	for _, l := range i.lines {
		p.paragraph("      ", l)
	}
	p.steps(i.steps)
}

// steps draws the links of a chain below each other, with the signs in one column.
func (p *printer) steps(steps []item) {
	signs, names := 0, 0
	for _, s := range steps {
		signs = max(signs, ansi.StringWidth(p.style.Sign(s.status)))
		names = max(names, ansi.StringWidth(s.title))
	}
	for _, s := range steps {
		sign := p.style.paint(s.status, pad(p.style.Sign(s.status), signs))
		fmt.Fprintf(&p.b, "      %s %s  %s\n", sign, pad(s.title, names), strings.TrimSpace(strings.Join(s.lines, "; ")))
	}
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// table draws columns as wide as their widest cell. A column that is empty in every row is left out.
func (p *printer) table(t table) {
	rows := append([][]cell{headCells(t.head)}, t.rows...)
	widths := make([]int, len(t.head))
	for n, row := range rows {
		for at, c := range row {
			if n > 0 || p.filled(t, at) {
				widths[at] = max(widths[at], ansi.StringWidth(p.cell(c)))
			}
		}
	}
	for n, row := range rows {
		line := ""
		for at, c := range row {
			if widths[at] == 0 {
				continue
			}
			text := pad(p.cell(c), widths[at])
			if n > 0 && c.status != "" {
				text = p.style.paint(c.status, text)
			}
			line += "  " + text
		}
		fmt.Fprintln(&p.b, strings.TrimRight(line, " "))
	}
}

func (p *printer) filled(t table, column int) bool {
	for _, row := range t.rows {
		if p.cell(row[column]) != "" {
			return true
		}
	}
	return false
}

func headCells(head []string) []cell {
	cells := make([]cell, len(head))
	for i, h := range head {
		cells[i].text = h
	}
	return cells
}

func (p *printer) cell(c cell) string {
	if c.status == "" {
		return c.text
	}
	return strings.TrimSpace(p.style.Sign(c.status) + " " + Word(c.status) + suffix(c.text))
}

func suffix(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}
