package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
)

// plainColumns is where prose is wrapped. Digests and paths are broken only where they are wider than tableColumns,
// commands only at a blank and with a backslash, so that they can be copied.
// The width is one at which prose is read without losing the line.
const plainColumns = 100

// Plain writes the whole case as a linear report: the content of the terminal UI's panes, one after the other.
//
// No line is wider than tableColumns but one that holds a command: those are broken at blanks, with a backslash.
func Plain(w io.Writer, c inspect.Case, s Style) error {
	d := documentOf(c, Bag{}, s)
	p := &printer{style: s}
	p.raw(d.brief)
	last := part(-1)
	for _, sec := range d.sections {
		if sec.part != last && len(sec.blocks) > 0 {
			last = sec.part
			heading := "== " + last.title() + " =="
			fmt.Fprintf(&p.b, "\n%s\n", p.style.bold(heading))
		}
		p.section(sec)
	}
	return p.flush(w)
}

// printer draws blocks as plain text.
type printer struct {
	b     strings.Builder
	line  []byte // of a table, as it is being made
	style Style
}

// raw writes text as it is: it has to be clean.
func (p *printer) raw(text string) { p.b.WriteString(text) }

// flush writes all that was drawn.
// One write for all: a pipe that is closed early gives one error.
func (p *printer) flush(w io.Writer) error {
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// section draws a heading in capitals with its blocks; one without blocks is left out.
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

// block draws what the block has.
// Commands are indented more than prose, so that they are found and copied as lines of their own.
func (p *printer) block(b block) {
	switch {
	case b.item != nil:
		p.item(*b.item)
	case b.table != nil:
		p.table(*b.table)
	case b.command != nil:
		p.paragraph("  ", b.command.Why)
		p.command(b.command.Command)
	case b.figure != nil:
	default:
		p.paragraph("  ", b.text)
	}
}

// command draws a command on lines of its own, broken at blanks; nothing where there is none.
func (p *printer) command(command string) {
	if command != "" {
		fmt.Fprintf(&p.b, "      %s\n", strings.Join(commandLines(command, tableColumns-10), " \\\n          "))
	}
}

// paragraph draws prose in lines of plainColumns columns, each behind the indent.
// Words are kept; runs of blanks are not.
func (p *printer) paragraph(indent, text string) {
	for _, line := range p.wrapped(text, plainColumns-len(indent), tableColumns-len(indent)) {
		fmt.Fprintf(&p.b, "%s%s\n", indent, line)
	}
}

// maxWrapped bounds the lines of one paragraph; its last line holds the rest.
const maxWrapped = 1000

// wrapped breaks prose at blanks, and a word that is wider than most inside.
func (p *printer) wrapped(text string, width, most int) []string {
	var lines []string
	for _, line := range wrap(text, width, maxWrapped) {
		lines = append(lines, broken(line, most)...)
	}
	return lines
}

// commandLines breaks a command at blanks that stand in no quotes.
// A word that is wider than width gets a line of its own.
func commandLines(command string, width int) []string {
	var lines []string
	for _, word := range shellWords(command) {
		last := len(lines) - 1
		if last >= 0 && ansi.StringWidth(lines[last])+1+ansi.StringWidth(word) <= width {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// shellWords are the words of a command that quote made.
// The commands are this program's own, quoted by text.Quote: a quote inside a quoted part is written '\”.
func shellWords(command string) []string {
	var words []string
	quoted := false
	for part := range strings.SplitSeq(command, " ") {
		if quoted {
			words[len(words)-1] += " " + part
		} else {
			words = append(words, part)
		}
		// An escaped quote stands between two quoted parts, and is neither.
		quoted = quoted != (strings.Count(strings.ReplaceAll(part, `\'`, ""), "'")%2 == 1)
	}
	return words
}

// item draws the mark and severity before the title, then its lines and steps, indented.
// Lines below the title have a fixed indent, so that they can be found by eye.
func (p *printer) item(i item) {
	severity := ""
	if i.severity != "" {
		severity = strings.ToUpper(string(i.severity)) + "  "
	}
	mark := i.marked(p.style)
	if mark != "" {
		mark = p.style.Paint(i.status, mark) + "  "
	}
	room := 2 + ansi.StringWidth(mark)
	lines := p.wrapped(severity+i.title, plainColumns-room, tableColumns-room)
	fmt.Fprintf(&p.b, "  %s%s\n", mark, lines[0])
	for _, l := range lines[1:] {
		fmt.Fprintf(&p.b, "      %s\n", l)
	}
	for _, l := range i.lines {
		p.paragraph("      ", l)
	}
	if len(i.refs) > 0 {
		p.paragraph("      ", "rests on: "+strings.Join(i.refs, ", "))
	}
	p.steps(i.steps)
	p.command(i.command)
}

// steps draws the links of a chain below each other, with the signs in one column.
// A detail that needs several lines hangs below its own column.
func (p *printer) steps(steps []item) {
	signs, names := 0, 0
	for _, s := range steps {
		signs = max(signs, ansi.StringWidth(p.style.Sign(s.status)))
		names = max(names, ansi.StringWidth(s.title))
	}
	for _, s := range steps {
		sign := p.style.Paint(s.status, pad(p.style.Sign(s.status), signs))
		indent := 9 + signs + names
		detail := p.wrapped(strings.Join(s.lines, "; "), tableColumns-indent, tableColumns-indent)
		lines := strings.Join(detail, "\n"+strings.Repeat(" ", indent))
		fmt.Fprintln(&p.b, strings.TrimRight("      "+sign+" "+pad(s.title, names)+"  "+lines, " "))
	}
}

// pad fills text with blanks up to a width in columns.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

// columns is how wide text is on a terminal.
// Tables of 10,000 pods are drawn by it, which is why the plain case is decided without tables of Unicode.
func columns(text string) int {
	if isPlain(text) {
		return len(text)
	}
	return ansi.StringWidth(text)
}

// isPlain reports whether each byte of text is a column: most texts are so.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
