package viewer

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// memory is a store of blobs by digest and of files by path.
type memory struct {
	blobs, files map[string]string
	saved        map[string]string
}

// content is a file in memory.
type memoryFile struct{ *strings.Reader }

func (memoryFile) Close() error  { return nil }
func (f memoryFile) Size() int64 { return f.Reader.Size() }

func (m memory) Blob(_ context.Context, digest string) (io.ReadCloser, error) {
	text, ok := m.blobs[digest]
	if !ok {
		return nil, errors.New("not kept")
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func (m memory) Open(_ context.Context, _ string, e inspect.Entry) (inspect.Content, error) {
	text, ok := m.files[e.Path]
	if !ok {
		return nil, errors.New("the layer is not here")
	}
	return memoryFile{strings.NewReader(text)}, nil
}

func (m memory) SaveFile(_ context.Context, name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	m.saved[name] = string(b)
	return err
}

// keep is a store with a blob and a few files.
func keep() memory {
	return memory{
		blobs: map[string]string{"sha256:aa": `{"a":[1]}`, "sha256:bb": "second"},
		files: map[string]string{
			"/etc/motd": "first line\nsecond \x1b[31mline\nthe needle is here\n",
			"/bin/x":    tinyELF(), "/empty": "",
		},
		saved: map[string]string{},
	}
}

// file is a file of a layer as a part.
func file(path string) Part {
	return Part{Name: path, DiffID: "sha256:layer", Entry: inspect.Entry{Path: path, SHA256: strings.Repeat("ab", 32)}}
}

// look opens parts in 60 × 12 cells.
func look(t *testing.T, store Store, parts ...Part) *Screen {
	t.Helper()
	sh := shell.New(t.Context(), widget.NewPaint(true, false, false), time.Time{})
	sh.Width, sh.Height = 60, 20
	s, cmd := New(sh, store, parts, func() shell.Header { return shell.Header{Title: "below"} })
	s.Update(cmd())
	return s
}

// shown is what is on the screen.
func shown(s *Screen) string {
	s.Arrange()
	lines, _ := s.Draw()
	return ansi.Strip(strings.Join(lines, "\n"))
}

// do runs a command of the screen.
func do(t *testing.T, s *Screen, name, arg string) tea.Msg {
	t.Helper()
	a, ok := s.Action(name)
	if !ok {
		t.Fatalf("there is no command %s", name)
	}
	cmd := a.Run(arg)
	if cmd == nil {
		return nil
	}
	msg := cmd()
	s.Update(msg)
	return msg
}

// disabled is why a command is.
func disabled(s *Screen, name string) string {
	a, _ := s.Action(name)
	return a.Why()
}

func TestBytesAreShownInTheirBestForm(t *testing.T) {
	for _, c := range []struct {
		part Part
		want []string
	}{
		{file("/etc/motd"), []string{"/etc/motd · text", "first line", "second ␛[31mline"}},
		{file("/bin/x"), []string{"/bin/x · ELF headers", "64 bit, X86_64, EXEC", "writable and executable"}},
		{Part{Name: "payload", Digest: "sha256:aa"}, []string{"payload · text", "JSON indented for reading", `"a": [`}},
		{Part{Name: "note", Text: []byte("our own")}, []string{"note · text · 7 B", "our own"}},
		{file("/empty"), []string{"/empty · hex · 0 B", "empty"}},
		{file("/gone"), []string{"could not be read", "the layer is not here"}},
		{Part{Name: "lost", Digest: "sha256:zz"}, []string{"could not be read", "opening lost sha256:zz: not kept"}},
	} {
		s := look(t, keep(), c.part)
		for _, want := range c.want {
			if got := shown(s); !strings.Contains(got, want) {
				t.Errorf("%s: the screen does not show %q:\n%s", c.part.Name, want, got)
			}
		}
	}
}

func TestTabShowsTheNextForm(t *testing.T) {
	s := look(t, keep(), file("/etc/motd"))
	for _, want := range []string{"00000000  66 69 72 73 74", "first line"} {
		do(t, s, "focus", "tab")
		if got := shown(s); !strings.Contains(got, want) {
			t.Errorf("the screen does not show %q:\n%s", want, got)
		}
	}
}

func TestTextIsFound(t *testing.T) {
	s := look(t, keep(), file("/etc/motd"))
	if why := disabled(s, "next"); why != "no filter is set; / sets one" {
		t.Errorf("next is disabled because %q", why)
	}
	s.SetFilter("NEEDLE")
	if s.lines.At != 2 || s.Filter() != "NEEDLE" {
		t.Errorf("the line found is %d", s.lines.At)
	}
	s.SetFilter("line")
	if do(t, s, "next", ""); s.lines.At != 1 {
		t.Errorf("the next line is %d", s.lines.At)
	}
	if do(t, s, "previous", ""); s.lines.At != 0 {
		t.Errorf("the previous line is %d", s.lines.At)
	}
	s.SetFilter("nowhere")
	if do(t, s, "next", ""); !strings.Contains(s.shell.Notice.Text, "not found: nowhere") {
		t.Errorf("the notice is %q", s.shell.Notice.Text)
	}
}

func TestPartsAreTurnedThrough(t *testing.T) {
	s := look(t, keep(), Part{Name: "payload", Digest: "sha256:aa"}, Part{Name: "certificate", Digest: "sha256:bb"})
	if got := shown(s); !strings.Contains(got, "payload (1 of 2)") {
		t.Errorf("the screen shows\n%s", got)
	}
	for _, key := range []string{"]", "["} {
		do(t, s, "container", key)
		if key == "]" && s.Part().Name != "certificate" || key == "[" && s.Part().Name != "payload" {
			t.Errorf("%s shows %s", key, s.Part().Name)
		}
	}
	if do(t, s, "container", "["); s.Part().Name != "certificate" {
		t.Errorf("before the first part comes %s", s.Part().Name)
	}
	if why := disabled(look(t, keep(), file("/etc/motd")), "container"); why != "there is only one part" {
		t.Errorf("disabled because %q", why)
	}
}

func TestLinesAreCopied(t *testing.T) {
	s := look(t, keep(), file("/etc/motd"))
	s.Move(2)
	if do(t, s, "copy", ""); !strings.Contains(s.shell.Notice.Text, "copied: the needle is here") {
		t.Errorf("the notice is %q", s.shell.Notice.Text)
	}
	if why := disabled(look(t, keep(), file("/empty")), "copy"); why != "nothing is on screen" {
		t.Errorf("disabled because %q", why)
	}
}

func TestMovingStaysInTheText(t *testing.T) {
	s := look(t, keep(), file("/etc/motd"))
	// in this order: a map had the test depend on luck
	for _, step := range []struct{ by, want int }{{99, 2}, {-99, 0}} {
		if s.Move(step.by); s.lines.At != step.want {
			t.Errorf("moving by %d goes to line %d, want %d", step.by, s.lines.At, step.want)
		}
	}
	if do(t, s, "open", ""); s.lines.At != 1 {
		t.Errorf("enter goes to line %d", s.lines.At)
	}
	s.Arrange()
	if s.Click(5, 4); s.lines.At != 2 {
		t.Errorf("a click goes to line %d", s.lines.At)
	}
	if s.Click(5, 99); s.lines.At != 2 {
		t.Errorf("a click below the text goes to line %d", s.lines.At)
	}
}

func TestLongLinesScroll(t *testing.T) {
	s := look(t, keep(), Part{Name: "long", Text: []byte(strings.Repeat("a", 70) + "END")})
	if strings.Contains(shown(s), "END") {
		t.Error("the end of the line is seen at once")
	}
	for range 3 {
		do(t, s, "right", "")
	}
	if got := shown(s); !strings.Contains(got, "END") {
		t.Errorf("scrolled, the screen shows\n%s", got)
	}
	for range 5 {
		do(t, s, "left", "")
	}
	if s.left != 0 {
		t.Errorf("scrolled to column %d", s.left)
	}
}

func TestResultsForAnotherPartAreDropped(t *testing.T) {
	s := look(t, keep(), Part{Name: "payload", Digest: "sha256:aa"}, Part{Name: "certificate", Digest: "sha256:bb"})
	a, _ := s.Action("container")
	late := a.Run("]")
	a.Run("[")
	if s.Update(late()); s.got != nil {
		t.Errorf("the screen took %q for %s", s.got.name, s.Part().Name)
	}
	if got := shown(s); !strings.Contains(got, "…") {
		t.Errorf("while it reads, the screen shows\n%s", got)
	}
}

func TestAllOfAPartIsSavedUnderANameOfOurs(t *testing.T) {
	for _, c := range []struct {
		part       Part
		name, want string
	}{
		{file("/etc/motd"), "backtrail-abababababab.bin", "first line\nsecond \x1b[31mline\nthe needle is here\n"},
		{Part{Name: "payload", Digest: "sha256:bb"}, "backtrail-bb.bin", "second"},
		{Part{Name: "our own", Text: []byte("{}")}, "backtrail-object.json", "{}"},
	} {
		store := keep()
		s := look(t, store, c.part)
		do(t, s, "save", "")
		cmd := s.shell.Dialog.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
		done, ok := cmd().(shell.DoneMsg)
		if !ok || done.Err != nil || store.saved[c.name] != c.want {
			t.Errorf("%s: %v, saved %q", c.part.Name, done.Err, store.saved)
		}
	}
}

func TestAPartThatIsNotKeptIsNotSaved(t *testing.T) {
	for _, p := range []Part{file("/gone"), {Name: "lost", Digest: "sha256:zz"}} {
		if err := savePart(t.Context(), keep(), p, "x"); err == nil {
			t.Errorf("%s was saved", p.Name)
		}
	}
}

func TestTheScreenIsUnderTheHeaderOfTheOneBelow(t *testing.T) {
	s := look(t, keep(), file("/etc/motd"))
	if s.Header().Title != "below" || s.Scope() != shell.InViewer {
		t.Errorf("the header is %+v", s.Header())
	}
	if s.Close(); s.ctx.Err() == nil {
		t.Error("the context of a screen that was closed goes on")
	}
}

func TestPartsOfRows(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts []Part
		want  string
	}{
		{"a blob", Blob("alert", "sha256:aa"), "alert sha256:aa"},
		{"no blob", Blob("alert", ""), ""},
		{"raw parts", Raw([]inspect.RawPart{{Name: "payload", Digest: "d1"}, {Name: "empty"}}), "payload d1"},
		{
			"evidence", Evidence([]inspect.Evidence{{Kind: "manifest", Digest: "d2"}, {Kind: "file", Digest: "d3"}}),
			"manifest d2",
		},
		{"no object", Object(nil), ""},
		{"an object that is no JSON", Object(func() {}), ""},
	} {
		var got []string
		for _, p := range c.parts {
			got = append(got, p.Name+" "+p.Digest)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if p := Object(map[string]int{"a": 1}); len(p) != 1 || !strings.Contains(string(p[0].Text), `"a"`) {
		t.Errorf("an object becomes %v", p)
	}
}

func TestOnlyTextIsShownAsText(t *testing.T) {
	for in, want := range map[string]bool{
		"plain": true, "": true, "ümläut": true, "a\x00b": false, "\xff\xfe\xfd\xfc\xfb": false, "日本": true,
	} {
		if got := isText([]byte(in)); got != want {
			t.Errorf("%q is text: %v", in, got)
		}
	}
}

func TestLinesAreBounded(t *testing.T) {
	lines := textLines([]byte(strings.Repeat("x", maxLine+10) + "\r\nnext"))
	if len(lines) != 2 || len(lines[0]) != maxLine+len("…") || lines[1] != "next" {
		t.Errorf("%d lines, the first of %d bytes", len(lines), len(lines[0]))
	}
	if got := len(textLines([]byte(strings.Repeat("\n", maxLines+5)))); got != maxLines {
		t.Errorf("%d lines are kept", got)
	}
}

func TestALongFileIsCutAndSaysSo(t *testing.T) {
	c := newContent("big", maxView+5, make([]byte, maxView), nil)
	if !strings.HasPrefix(c.note, "the first ") {
		t.Errorf("the note is %q", c.note)
	}
}
