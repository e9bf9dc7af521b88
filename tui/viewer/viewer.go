package viewer

import (
	"context"
	"fmt"
	"io"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// Store has the bytes, and writes them to files of this machine. Its methods are called outside of Update. A live case
// has its cache behind it, a saved one its bundle.
type Store interface {
	// Blob opens a kept blob by its digest.
	Blob(ctx context.Context, digest string) (io.ReadCloser, error)
	// Open gives the content of a file of a layer.
	Open(ctx context.Context, diffID string, e inspect.Entry) (inspect.Content, error)
	// SaveFile writes bytes to a file that a person named. It refuses to overwrite, and never makes it executable.
	SaveFile(ctx context.Context, name string, content io.Reader) error
}

// form is a way to show bytes.
type form int

const (
	formText form = iota
	formHex
	formELF
)

// String names the form.
func (f form) String() string { return [...]string{"text", "hex", "ELF headers"}[f] }

// Screen shows the parts of one thing, one at a time.
type Screen struct {
	shell  *shell.Shell
	store  Store
	gen    int
	ctx    context.Context
	cancel context.CancelFunc
	parts  []Part
	// at: the part that is shown
	at    int
	got   *content
	err   error
	form  form
	lines widget.Window
	// left: columns scrolled away
	left int
	// find: the text that is searched
	find string
	// below: of the screen that it was opened from
	below func() shell.Header
}

// contentMsg brings the bytes of a part. Either content or err is set.
type contentMsg struct {
	gen     int
	content *content
	err     error
}

// New makes a screen of at least one part, under the header of the screen that it was opened from. Nothing from an
// image is run or interpreted: bytes are shown as text, hex, or as the headers of an ELF file.
func New(sh *shell.Shell, store Store, parts []Part, below func() shell.Header) (*Screen, tea.Cmd) {
	ctx, cancel := context.WithCancel(sh.Context())
	s := &Screen{shell: sh, store: store, ctx: ctx, cancel: cancel, parts: parts, below: below}
	return s, s.read(0)
}

// Part is the part that is shown.
func (s *Screen) Part() Part { return s.parts[s.at] }

// Close ends what the screen has started.
func (s *Screen) Close() { s.cancel() }

// Scope is where the screen's commands are at home.
func (s *Screen) Scope() shell.Scope { return shell.InViewer }

// Header is that of the screen below.
func (s *Screen) Header() shell.Header { return s.below() }

// Load does nothing: the bytes are read when the screen opens.
func (s *Screen) Load() tea.Cmd { return nil }

// Refresh does nothing: bytes do not change.
func (s *Screen) Refresh() {}

// read shows another part.
func (s *Screen) read(at int) tea.Cmd {
	s.gen = s.shell.NextGeneration()
	s.at, s.got, s.err, s.lines, s.left, s.find = at, nil, nil, widget.Window{}, 0, ""
	p, ctx, store, gen := s.parts[at], s.ctx, s.store, s.gen
	return shell.Work(func() tea.Msg {
		c, err := shell.Try(func() (*content, error) { return readPart(ctx, store, p) })
		return contentMsg{gen: gen, content: c, err: err}
	})
}

// Update takes the bytes of the part that was asked for. A part that was left while it was read has another
// generation.
func (s *Screen) Update(msg tea.Msg) tea.Cmd {
	c, ok := msg.(contentMsg)
	if !ok || c.gen != s.gen {
		return nil
	}
	s.got, s.err, s.form = c.content, c.err, formText
	if all := s.forms(); len(all) > 0 {
		s.form = all[0]
	}
	return nil
}

// forms are the ways in which this content can be shown, the best first. Hex is always among them: there is nothing
// that it cannot show.
func (s *Screen) forms() []form {
	var all []form
	if s.got == nil {
		return nil
	}
	if len(s.got.elf) > 0 {
		all = append(all, formELF)
	}
	if len(s.got.text) > 0 {
		all = append(all, formText)
	}
	return append(all, formHex)
}

// nextForm goes to the next way to show the content. The other form begins at its first line: lines of text and of
// hex have nothing in common.
func (s *Screen) nextForm() {
	all := s.forms()
	for i, f := range all {
		if f == s.form {
			s.form, s.lines, s.left = all[(i+1)%len(all)], widget.Window{}, 0
			return
		}
	}
}

// Len counts the lines of the form that is shown.
func (s *Screen) Len() int {
	if s.got == nil {
		return 0
	}
	switch s.form {
	case formELF:
		return len(s.got.elf)
	case formHex:
		return (len(s.got.data) + hexRow - 1) / hexRow
	default:
		return len(s.got.text)
	}
}

// text is a line of the form that is shown.
func (s *Screen) text(i int) string {
	switch s.form {
	case formELF:
		return s.got.elf[i]
	case formHex:
		return s.got.hexLine(i)
	default:
		return s.got.text[i]
	}
}

// Row draws a line; those that have the text that is searched stand out. Columns are scrolled in cells of the
// terminal, so that wide characters do not shift.
func (s *Screen) Row(i, width int, l widget.Look) string {
	text := s.text(i)
	t := widget.TonePlain
	if s.find != "" && strings.Contains(strings.ToLower(text), strings.ToLower(s.find)) {
		t = widget.ToneNote
	}
	if s.left > 0 {
		text = ansi.TruncateLeft(text, s.left, "")
	}
	if l == widget.LookPlain {
		return s.shell.Paint.In(t, widget.Fit(text, width))
	}
	return s.shell.Paint.InRow(l, t, widget.Fit(text, width))
}

// seekText goes to the next line that has the text that is searched, around the end. It reports whether there is one.
// It looks at drawn lines: in hex one finds digits and letters, not bytes across two lines.
func (s *Screen) seekText(by int) bool {
	n := s.Len()
	find := strings.ToLower(s.find)
	for step := 1; step <= n; step++ {
		i := ((s.lines.At+by*step)%n + n) % n
		if strings.Contains(strings.ToLower(s.text(i)), find) {
			s.lines.At = i
			return true
		}
	}
	return false
}

// Move goes down by so many lines, or up.
func (s *Screen) Move(by int) tea.Cmd {
	s.lines.Move(by, s.Len())
	return nil
}

// Scroll goes down by so many pages, or up.
func (s *Screen) Scroll(pages int) tea.Cmd { return s.Move(pages * s.Rows()) }

// Rows is the height of the text: the screen without header, title, status line and keys.
func (s *Screen) Rows() int { return max(1, s.shell.Height-4) }

// Click goes to the line at a row of the terminal. Above the first line are the header and the title.
func (s *Screen) Click(_, y int) tea.Cmd {
	s.lines.At = min(max(0, s.lines.Top+y-2), max(0, s.Len()-1))
	return nil
}

// Filter is the text that is searched.
func (s *Screen) Filter() string { return s.find }

// SetFilter goes to the first line from here on that has a text. The cursor stays where nothing is found.
func (s *Screen) SetFilter(text string) tea.Cmd {
	s.find = text
	if text != "" {
		s.lines.At--
		if !s.seekText(1) {
			s.lines.At++
		}
	}
	return nil
}

// title names what is shown and how. A name may be foreign: the line is cleaned where it is drawn. The note has how
// much was read where it is not all.
func (s *Screen) title() string {
	text := s.parts[s.at].Name
	if n := len(s.parts); n > 1 {
		text += fmt.Sprintf(" (%d of %d)", s.at+1, n)
	}
	if s.got == nil {
		return text
	}
	text += " · " + s.form.String()
	if s.got.size >= 0 {
		text += " · " + label.Size(s.got.size)
	}
	if s.got.note != "" {
		text += " · " + s.got.note
	}
	return text
}
