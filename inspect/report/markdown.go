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
// It is made to be pasted: Slack, Jira and others read a part of Markdown only, and show a backslash as one. So nothing
// is escaped by backslashes: what could be read as markup, as a link, a mention or a reference stands in a code span.
// The brief opens it as a block of code, since a chat or a ticket keeps its columns only so.
func Markdown(w io.Writer, c inspect.Case) error { return writeMarkdown(w, c, Bag{}) }

// writeMarkdown writes the case, in a bag or in none.
func writeMarkdown(w io.Writer, c inspect.Case, b Bag) error {
	d := documentOf(c, b, Style{})
	m := &marker{last: -1}
	fmt.Fprintf(&m.b, "# %s\n\n%s", inline(d.title), fence(d.brief))
	for _, s := range d.sections {
		m.section(s)
	}
	if _, err := io.WriteString(w, m.b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// marker draws blocks as Markdown.
type marker struct {
	b    strings.Builder
	last part // whose heading was drawn
}

// section draws a heading with its blocks; one without blocks is left out.
func (m *marker) section(s section) {
	if len(s.blocks) == 0 {
		return
	}
	if s.part != m.last {
		m.last = s.part
		fmt.Fprintf(&m.b, "\n## %s\n", s.part.title())
	}
	fmt.Fprintf(&m.b, "\n### %s\n\n", inline(s.heading()))
	for _, b := range s.blocks {
		switch {
		case b.item != nil:
			m.item(*b.item)
		case b.table != nil:
			m.table(*b.table)
		case b.command != nil:
			m.command(*b.command)
		case b.figure != nil: // its table says the same
		default:
			fmt.Fprintf(&m.b, "%s\n\n", inline(b.text))
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
	fmt.Fprintf(&m.b, "- %s\n", strings.TrimSpace(head+" "+inline(i.title)))
	for _, l := range i.lines {
		fmt.Fprintf(&m.b, "  - %s\n", inline(l))
	}
	if len(i.refs) > 0 {
		fmt.Fprintf(&m.b, "  - rests on: %s\n", strings.Join(i.refs, ", "))
	}
	for _, s := range i.steps {
		line := Style{}.Mark(s.status) + " **" + inline(s.title) + "** " + inline(strings.Join(s.lines, "; "))
		fmt.Fprintf(&m.b, "  - %s\n", strings.TrimSpace(line))
	}
	if i.command != "" {
		block := strings.TrimSuffix(fence(i.command+"\n"), "\n")
		fmt.Fprintf(&m.b, "\n  %s\n", strings.ReplaceAll(block, "\n", "\n  "))
	}
	m.b.WriteString("\n")
}

// table draws a table as GitHub's Markdown has it.
// Heads are words of this program and need no code spans.
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

// markdownCell is a cell with the sign of its status. A bar would end the cell, in a code span too (GFM 0.29, 4.10),
// and only a backslash could keep it: it is shown as a broken bar.
// A cell has no line break: text.Clean has made one visible.
func markdownCell(c cell) string {
	text := strings.ReplaceAll(c.text, "|", "¦")
	if c.code {
		text = codeSpan(text)
	} else {
		text = inline(text)
	}
	if c.status != "" {
		text = strings.TrimSpace(Style{}.Mark(c.status) + suffix(text))
	}
	return text
}

// command draws the reason and below it the command, to be copied.
func (m *marker) command(s respond.NextStep) {
	fmt.Fprintf(&m.b, "%s\n\n", inline(s.Why))
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

// active is what some reader of Markdown acts upon: markup of CommonMark and GFM; macros of Jira ({code}); mentions
// (@), references to issues (#1, GH-1, SHOP-7), formulas ($), addresses with a scheme, and names that look like those
// of hosts, of which Slack makes links.
var active = regexp.MustCompile("[`*_\\[\\]|~<>&!@#$^{}\\\\]|://|(?i:\\bwww\\.)|[A-Za-z0-9-]+\\.[A-Za-z]{2,}|" +
	`\b[A-Z][A-Z0-9]*-[0-9]+\b`)

// opening is what would begin a block at the start of a line: a list, a heading by underline, a rule.
var opening = regexp.MustCompile(`^(?:[-+=]+|[0-9]+[.)])$`)

// inline writes a text as it can stand in a line: words that are active go into code spans, neighbors into one, the
// others stay as they are. Links, images, headings, mentions and references of an attacker have no place in a ticket.
func inline(s string) string {
	var out, run []string
	flush := func(tail string) {
		if len(run) > 0 {
			out = append(out, codeSpan(strings.Join(run, " "))+tail)
			run = nil
		}
	}
	for n, word := range strings.Fields(s) {
		if !active.MatchString(word) && (n > 0 || !opening.MatchString(word)) {
			flush("")
			out = append(out, word)
			continue
		}
		bare := strings.TrimRight(word, ".,;:)")
		if bare == "" || strings.Contains(word[len(bare):], ")") && strings.Contains(bare, "(") {
			bare = word
		}
		run = append(run, bare)
		if bare != word {
			flush(word[len(bare):])
		}
	}
	flush("")
	return strings.Join(out, " ")
}

// codeSpan sets text in a code span. A backtick in it would end the span in those readers that know single backticks
// only: it is shown as an acute accent.
func codeSpan(s string) string {
	if s = strings.TrimSpace(strings.ReplaceAll(s, "`", "´")); s == "" {
		return ""
	}
	return "`" + s + "`"
}
