package widget

import (
	"fmt"
	"strings"
)

// MaxListed bounds the items of a list in a document; the raw object has all of them.
const MaxListed = 200

// Document is a text of several lines: what stands behind a selected row. All that is written into it is cleaned and
// broken to its width.
type Document struct {
	P     *Paint
	Width int
	Lines []string
}

// NewDocument makes an empty document of a width in cells.
func NewDocument(p *Paint, width int) *Document { return &Document{P: p, Width: max(1, width)} }

// Heading is a line that names what follows, with a blank line before it.
func (d *Document) Heading(s string) {
	if len(d.Lines) > 0 {
		d.Gap()
	}
	d.Put(ToneBold, "", s)
}

// Say writes a sentence.
func (d *Document) Say(t Tone, s string) { d.Put(t, "", s) }

// Gap leaves a line free.
func (d *Document) Gap() {
	if n := len(d.Lines); n > 0 && d.Lines[n-1] != "" {
		d.Lines = append(d.Lines, "")
	}
}

// Field writes a name and its value, and nothing where there is no value.
func (d *Document) Field(name, value string) {
	if value != "" {
		d.Put(TonePlain, fmt.Sprintf("%-11s ", clean(name)), value)
	}
}

// Outcome writes a sign, a name, and the detail behind it.
func (d *Document) Outcome(s Sign, name, detail string) {
	if detail != "" {
		name += ": " + detail
	}
	d.signed(s, name)
}

// Step writes a link of a chain: the names stand below each other, and what was compared beside them.
func (d *Document) Step(s Sign, name, detail string) {
	if d.Width < 50 {
		d.Outcome(s, name, detail)
		return
	}
	d.signed(s, Fit(name, 17)+" "+detail)
}

// signed writes a text behind a sign.
func (d *Document) signed(s Sign, text string) {
	sign := Fit(d.P.Sign(s), d.P.SignWidth())
	lines := Wrap(clean(strings.TrimSpace(text)), d.Width-d.P.SignWidth()-1)
	for i, l := range lines {
		if i == 0 {
			d.Lines = append(d.Lines, d.P.In(s.Tone(), sign)+" "+l)
			continue
		}
		d.Lines = append(d.Lines, Blanks(d.P.SignWidth()+1)+l)
	}
}

// Command writes a command that y copies.
func (d *Document) Command(text string) {
	if text == "" {
		return
	}
	d.Heading("To copy (y); it is not run")
	d.Say(ToneNote, text)
}

// Bullets writes a list, one item a line.
func (d *Document) Bullets(items []string) {
	for i, s := range items {
		if i == MaxListed {
			d.Put(ToneDim, "  ", fmt.Sprintf("… and %d more", len(items)-MaxListed))
			return
		}
		d.Put(TonePlain, "• ", s)
	}
}

// Put writes text behind a label that stands on its first line; the lines below are indented as far.
func (d *Document) Put(t Tone, label, s string) {
	label = clean(label)
	indent := len([]rune(label))
	if indent > d.Width/2 {
		d.Lines = append(d.Lines, d.P.In(ToneDim, Fit(label, d.Width)))
		label, indent = "  ", 2
	}
	for i, text := range strings.Split(cleanText(s), "\n") {
		for j, l := range Wrap(text, d.Width-indent) {
			lead := Blanks(indent)
			if i == 0 && j == 0 {
				lead = d.P.In(ToneDim, label)
			}
			d.Lines = append(d.Lines, lead+d.P.In(t, l))
		}
	}
}
