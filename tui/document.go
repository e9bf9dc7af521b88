package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// maxListed bounds the items of a list in a document; the raw object has all of them.
const maxListed = 200

// document is a text of several lines: what stands behind a selected row. All that is written into it is cleaned and
// broken to its width.
type document struct {
	p     *paint
	width int
	lines []string
}

func newDocument(p *paint, width int) *document { return &document{p: p, width: max(1, width)} }

// heading is a line that names what follows, with a blank line before it.
func (d *document) heading(s string) {
	if len(d.lines) > 0 {
		d.gap()
	}
	d.put(toneBold, "", s)
}

// say writes a sentence.
func (d *document) say(t tone, s string) { d.put(t, "", s) }

// gap leaves a line free.
func (d *document) gap() {
	if n := len(d.lines); n > 0 && d.lines[n-1] != "" {
		d.lines = append(d.lines, "")
	}
}

// field writes a name and its value, and nothing where there is no value.
func (d *document) field(name, value string) {
	if value != "" {
		d.put(tonePlain, fmt.Sprintf("%-11s ", name), value)
	}
}

// status writes a sign, a name, and what it rests on.
func (d *document) status(s sign, name, detail string) {
	if detail != "" {
		name += ": " + detail
	}
	d.signed(s, name)
}

// step writes a link of a chain: the names stand below each other, and what was compared beside them.
func (d *document) step(s sign, name, detail string) {
	if d.width < 50 {
		d.status(s, name, detail)
		return
	}
	d.signed(s, fit(name, 17)+" "+detail)
}

// signed writes a text behind a sign.
func (d *document) signed(s sign, text string) {
	sign := fit(d.p.sign(s), d.p.signWidth())
	lines := wrap(inspect.Clean(strings.TrimSpace(text)), d.width-d.p.signWidth()-1)
	for i, l := range lines {
		if i == 0 {
			d.lines = append(d.lines, d.p.in(s.tone(), sign)+" "+l)
			continue
		}
		d.lines = append(d.lines, blanks(d.p.signWidth()+1)+l)
	}
}

// command writes a command that y copies.
func (d *document) command(text string) {
	if text == "" {
		return
	}
	d.heading("To copy (y); it is not run")
	d.say(toneNote, text)
}

// bullets writes a list, one item a line.
func (d *document) bullets(items []string) {
	for i, s := range items {
		if i == maxListed {
			d.put(toneDim, "  ", fmt.Sprintf("… and %d more", len(items)-maxListed))
			return
		}
		d.put(tonePlain, "• ", s)
	}
}

// put writes text behind a label that stands on its first line; the lines below are indented as far.
func (d *document) put(t tone, label, s string) {
	indent := len([]rune(label))
	if indent > d.width/2 {
		d.lines = append(d.lines, d.p.in(toneDim, fit(label, d.width)))
		label, indent = "  ", 2
	}
	for i, text := range strings.Split(inspect.CleanText(s), "\n") {
		for j, l := range wrap(text, d.width-indent) {
			lead := blanks(indent)
			if i == 0 && j == 0 {
				lead = d.p.in(toneDim, label)
			}
			d.lines = append(d.lines, lead+d.p.in(t, l))
		}
	}
}
