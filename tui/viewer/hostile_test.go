package viewer

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/inspecttest"
)

// 2 MB of JSON, ten thousand levels deep, would be 20 GB once it is indented. It is shown as it is.
func TestJSONThatWouldGrowWithoutBoundIsNotIndented(t *testing.T) {
	deep := strings.Repeat("[", 9_000) + "1" + strings.Repeat(",1", 900_000) + strings.Repeat("]", 9_000)
	flat := "[1" + strings.Repeat(",1", 90_000) + "]"
	for _, c := range []struct {
		name, text string
		indented   bool
	}{
		{"an object", `{"a":[1,{"b":"x"}]}`, true},
		{"a long flat list", flat, true},
		{"a list without end", deep, false},
		{"brackets in a string", `{"a":"` + strings.Repeat("[", 50_000) + `\""}`, true},
		{"no JSON", "[section]\nkey=1", false},
		{"more than is indented", `["` + strings.Repeat("x", maxIndent) + `"]`, false},
		{"nothing", "", false},
	} {
		if !json.Valid([]byte(c.text)) && c.indented {
			t.Fatalf("%s is not JSON", c.name)
		}
		c2 := newContent("x", int64(len(c.text)), []byte(c.text), nil)
		if got := strings.Contains(c2.note, "indented"); got != c.indented {
			t.Errorf("%s: indented is %v", c.name, got)
		}
		if len(c2.text) > maxLines {
			t.Errorf("%s has %d lines", c.name, len(c2.text))
		}
	}
}

// What the size is estimated to be is never less than what it is.
func TestTheSizeOfIndentedJSONIsNotUnderestimated(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `{"a":1}`, `[[[]]]`, `{"a":{"b":{"c":[1,2,3]}},"d":"},{\"["}`,
		`[{"a":[]},{"a":[{}]}]`,
	} {
		if out := indented([]byte(text)); len(out) > indentedSize([]byte(text))+strings.Count(text, ":") {
			t.Errorf("%s is %d bytes indented, estimated were %d", text, len(out), indentedSize([]byte(text)))
		}
	}
}

// Nothing that a file or its name contains draws, in no form, and drawing twice gives the same.
func TestHostileBytesDoNotDraw(t *testing.T) {
	for name, text := range map[string]string{
		"marked": inspecttest.Mark, "marked JSON": `{"a":"` + strings.ReplaceAll(inspecttest.Mark, "\r\n", "") + `"}`,
		"one long line": strings.Repeat("a", 3*maxLine), "wide": strings.Repeat("日", maxLine), "zeros": "\x00\x01\x02",
		"ELF by its first bytes only": "\x7fELF\x02\x01\x01" + inspecttest.Mark, "line breaks": "\r\n\r\n\n\v\f",
		"cut in a character": strings.Repeat("a", maxLine-1) + "日",
	} {
		m := keep()
		m.files["/x"+inspecttest.Mark] = text
		s := look(t, m, Part{
			Name: "/x" + inspecttest.Mark, DiffID: "sha256:l",
			Entry: inspect.Entry{Path: "/x" + inspecttest.Mark},
		})
		for range 3 {
			s.Arrange()
			first, _ := s.Draw()
			if again, _ := s.Draw(); !slices.Equal(first, again) {
				t.Errorf("%s: the second frame is another", name)
			}
			for _, l := range first {
				line := ansi.Strip(l)
				if strings.ContainsAny(line, inspecttest.Drawing+"\n\v\f") || !utf8.ValidString(line) ||
					ansi.StringWidth(line) > 60 {
					t.Errorf("%s as %s: %q", name, s.form, line)
				}
			}
			do(t, s, "focus", "tab")
			s.Scroll(1)
		}
	}
}

// What a person saves is what was kept, byte for byte, under a name of ours; a failure is an error and no file.
func TestHostileBytesAreSavedAsTheyAre(t *testing.T) {
	m := keep()
	m.files["/-rf /\x1b[2J"] = inspecttest.Mark
	s := look(t, m, file("/-rf /\x1b[2J"))
	do(t, s, "save", "")
	s.shell.Dialog.Arrange(60, 10)
	if lines, _ := s.shell.Dialog.Draw(); strings.ContainsAny(ansi.Strip(strings.Join(lines, "")),
		inspecttest.Drawing) {
		t.Errorf("the question draws: %q", lines)
	}
	cmd := s.shell.Dialog.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	cmd()
	for name, content := range m.saved {
		if content != inspecttest.Mark || strings.ContainsAny(name, "/\x1b ") || strings.HasPrefix(name, "-") {
			t.Errorf("saved %q as %q", content, name)
		}
	}
	if len(m.saved) != 1 {
		t.Errorf("%d files were saved", len(m.saved))
	}
}
