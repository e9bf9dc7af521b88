package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
)

// Markdown writes the case for a ticket or a post-mortem, in CommonMark with GitHub's tables.
//
// The brief opens it as a block of code, since a chat or a ticket keeps its columns only so.
func Markdown(w io.Writer, c inspect.Case) error {
	d := documentOf(c, Style{})
	m := &marker{}
	fmt.Fprintf(&m.b, "# %s\n\n%s\n", escape(d.title), fence(d.brief))
	for _, s := range d.sections {
		m.section(s)
	}
	if _, err := io.WriteString(w, m.b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// marker draws blocks as Markdown.
type marker struct{ b strings.Builder }

// section draws a heading with its blocks; one without blocks is left out.
func (m *marker) section(s section) {
	if len(s.blocks) == 0 {
		return
	}
	fmt.Fprintf(&m.b, "\n## %s\n\n", escape(s.heading()))
	for _, b := range s.blocks {
		switch {
		case b.item != nil:
			m.item(*b.item)
		case b.table != nil:
			m.table(*b.table)
		case b.command != nil:
			m.command(*b.command)
		default:
			fmt.Fprintf(&m.b, "%s\n\n", escape(b.text))
		}
	}
}

// item draws a list item with its lines and steps below it.
// Items follow each other with a blank line between, which keeps a list that an item ends in apart from the next.
func (m *marker) item(i item) {
	severity := ""
	if i.severity != "" {
		severity = " **" + strings.ToUpper(string(i.severity)) + "**"
	}
	head := strings.TrimSpace(i.marked(Style{}) + severity)
	fmt.Fprintf(&m.b, "- %s %s\n", head, escape(i.title))
	for _, l := range i.lines {
		fmt.Fprintf(&m.b, "  - %s\n", escape(l))
	}
	for _, s := range i.steps {
		fmt.Fprintf(&m.b, "  - %s **%s** %s\n", Style{}.Mark(s.status), escape(s.title), escape(strings.Join(s.lines,
			"; ")))
	}
	m.b.WriteString("\n")
}

// table draws a table as GitHub's Markdown has it.
// Heads are words of this program and need no escapes.
func (m *marker) table(t table) {
	rule := make([]string, len(t.head))
	for i := range rule {
		rule[i] = "---"
	}
	fmt.Fprintf(&m.b, "| %s |\n| %s |\n", strings.Join(t.head, " | "), strings.Join(rule, " | "))
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = markdownCell(c)
		}
		fmt.Fprintf(&m.b, "| %s |\n", strings.Join(cells, " | "))
	}
	m.b.WriteString("\n")
}

// markdownCell is a cell with the sign of its status. Code is escaped like prose: a code span would need escapes of
// its own for backticks.
// A cell has no line break: text.Clean has made one visible.
func markdownCell(c cell) string {
	text := escape(c.text)
	if c.status != "" {
		text = strings.TrimSpace(Style{}.Mark(c.status) + suffix(text))
	}
	return text
}

// command draws the reason and below it the command, to be copied.
func (m *marker) command(s respond.NextStep) {
	fmt.Fprintf(&m.b, "%s\n\n", escape(s.Why))
	if s.Command != "" {
		fmt.Fprintf(&m.b, "%s\n", fence(s.Command+"\n"))
	}
}

// fence sets text in a code block that no run of backticks in it can end.
// CommonMark 0.31, 4.5: a fence ends only with at least as many backticks as it began with.
func fence(text string) string {
	ticks := "```"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	return ticks + "text\n" + text + ticks + "\n"
}

// escape keeps a foreign string from being read as Markdown or HTML: links, images and headings of an attacker have no
// place in a ticket.
//
// Beyond CommonMark it covers what GitHub and GitLab add: mentions, references to issues, strike-through, formulas,
// and links of bare addresses. A hyphen or plus needs none, since no line begins with foreign text.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '&':
			b.WriteString("&amp;")
			continue
		case '<':
			b.WriteString("&lt;")
			continue
		case '\\', '`', '*', '_', '[', ']', '#', '|', '~', '!', '>', '$', '@':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return wwwLink.ReplaceAllString(strings.ReplaceAll(b.String(), "://", "\\://"), `$1\.`)
}

// wwwLink begins an address that GitHub makes a link of without a scheme (GFM, "extended www autolink").
var wwwLink = regexp.MustCompile(`(?i)(www)\.`)
