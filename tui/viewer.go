package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// form is a way to look at bytes.
type form int

const (
	formText form = iota
	formHex
	formELF
)

func (f form) String() string { return [...]string{"text", "hex", "ELF headers"}[f] }

// viewer shows bytes: a file of a layer, a kept blob, or the object behind a row.
type viewer struct {
	gen           int
	ctx           context.Context
	cancel        context.CancelFunc
	parts         []part
	at            int
	got           *content
	err           error
	form          form
	widget.Window        // over the lines
	left          int    // columns scrolled away
	find          string // what / looks for
}

// view opens bytes over the screen.
func (m *Model) view(parts []part) tea.Cmd {
	if len(parts) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(m.ctx)
	m.viewer = &viewer{ctx: ctx, cancel: cancel, parts: parts}
	return m.readPart(0)
}

// readPart shows another part.
func (m *Model) readPart(at int) tea.Cmd {
	v := m.viewer
	m.gen++
	v.gen, v.at, v.got, v.err, v.Window, v.left, v.find = m.gen, at, nil, nil, widget.Window{}, 0, ""
	p, ctx, store, gen := v.parts[at], v.ctx, m.o.Store, v.gen
	return work(func() tea.Msg {
		c, err := try(func() (*content, error) { return readPart(ctx, store, p) })
		return contentMsg{gen: gen, content: c, err: err}
	})
}

func (m *Model) contentCame(msg contentMsg) {
	v := m.viewer
	if v == nil || v.gen != msg.gen {
		return
	}
	v.got, v.err = msg.content, msg.err
	v.form = formText
	if v.got != nil && len(v.got.text) == 0 {
		v.form = formHex
	}
	if v.got != nil && len(v.got.elf) > 0 {
		v.form = formELF
	}
}

func (m *Model) closeViewer() {
	m.viewer.cancel()
	m.viewer = nil
	m.filter.Reset()
}

// forms are the ways in which this content can be looked at.
func (v *viewer) forms() []form {
	var all []form
	if v.got == nil {
		return nil
	}
	if len(v.got.elf) > 0 {
		all = append(all, formELF)
	}
	if len(v.got.text) > 0 {
		all = append(all, formText)
	}
	return append(all, formHex)
}

// nextForm goes to the next way to look.
func (v *viewer) nextForm() {
	all := v.forms()
	for i, f := range all {
		if f == v.form {
			v.form, v.Window, v.left = all[(i+1)%len(all)], widget.Window{}, 0
			return
		}
	}
}

// Len counts the lines of the form that is shown.
func (v *viewer) Len() int {
	if v.got == nil {
		return 0
	}
	switch v.form {
	case formELF:
		return len(v.got.elf)
	case formHex:
		return (len(v.got.data) + hexRow - 1) / hexRow
	default:
		return len(v.got.text)
	}
}

func (v *viewer) text(i int) string {
	switch v.form {
	case formELF:
		return v.got.elf[i]
	case formHex:
		return v.got.hexLine(i)
	default:
		return v.got.text[i]
	}
}

// viewerRows draws the lines of a viewer.
type viewerRows struct {
	v *viewer
	p *widget.Paint
}

func (r viewerRows) Len() int { return r.v.Len() }

func (r viewerRows) Row(i, width int, l widget.Look) string {
	s := r.v.text(i)
	t := widget.TonePlain
	if r.v.find != "" && strings.Contains(strings.ToLower(s), strings.ToLower(r.v.find)) {
		t = widget.ToneNote
	}
	if r.v.left > 0 {
		s = ansi.TruncateLeft(s, r.v.left, "")
	}
	if l == widget.LookPlain {
		return r.p.In(t, widget.Fit(s, width))
	}
	return r.p.InRow(l, t, widget.Fit(s, width))
}

// seekText goes to the next line that holds what is looked for.
func (v *viewer) seekText(by int) bool {
	n := v.Len()
	find := strings.ToLower(v.find)
	for step := 1; step <= n; step++ {
		i := ((v.Window.At+by*step)%n + n) % n
		if strings.Contains(strings.ToLower(v.text(i)), find) {
			v.Window.At = i
			return true
		}
	}
	return false
}

// title names what is shown and how.
func (v *viewer) title() string {
	s := v.parts[v.at].name
	if n := len(v.parts); n > 1 {
		s += fmt.Sprintf(" (%d of %d)", v.at+1, n)
	}
	if v.got == nil {
		return s
	}
	s += " · " + v.form.String()
	if v.got.size >= 0 {
		s += " · " + bytesText(v.got.size)
	}
	if v.got.note != "" {
		s += " · " + v.got.note
	}
	return s
}

func (m *Model) drawViewer(r widget.Rect, p *widget.Paint) []string {
	v := m.viewer
	lines := []string{p.TitleLine(v.title(), r.W, true)}
	switch {
	case v.err != nil:
		d := widget.NewDocument(p, r.W-2)
		d.Outcome(widget.SignOpen, "could not be read", v.err.Error())
		lines = append(lines, d.Lines...)
	case v.got == nil:
		lines = append(lines, "…")
	case v.Len() == 0:
		lines = append(lines, p.In(widget.ToneDim, "empty"))
	default:
		v.Seek(v.Len(), r.H-1)
		lines = append(lines, v.Draw(viewerRows{v, p}, r.W, r.H-1, true)...)
	}
	return lines
}

// partsOf are the bytes behind a row; where there are none, the object itself as JSON.
func partsOf(r row) []part {
	if len(r.raw) > 0 {
		return append([]part{}, r.raw...)
	}
	if r.object == nil {
		return nil
	}
	b, err := inspect.EncodeJSON(r.object)
	if err != nil {
		return nil
	}
	return []part{{name: "the object behind this row", text: b}}
}

// filePart is the content of a file of the image on screen.
func (s *caseScreen) filePart(e inspect.Node) ([]part, string) {
	if e.Type != inspect.EntryFile && e.Type != inspect.EntryHardlink {
		return nil, "this is no regular file"
	}
	for _, l := range s.image().Layers {
		if !l.Empty && l.Number == e.Layer {
			return []part{{name: e.Path, diffID: l.DiffID, entry: e.Entry}}, ""
		}
	}
	return nil, "its layer is not known"
}
