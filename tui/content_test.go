package tui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

func TestContentIsShownAsWhatItIs(t *testing.T) {
	for _, c := range []struct {
		name  string
		data  string
		forms []form
		want  string // in its first form
	}{
		{"text", "one\ntwo\n", []form{formText, formHex}, "one"},
		{"JSON", `{"a":[1]}`, []form{formText, formHex}, "{"},
		{"bytes", "\x00\x01\xff", []form{formHex}, "00000000  00 01 ff"},
		{"an ELF file", tinyELF(), []form{formELF, formHex}, "64 bit, X86_64, EXEC"},
		{"nothing", "", []form{formHex}, ""},
	} {
		v := &viewer{got: newContent(c.name, int64(len(c.data)), []byte(c.data), strings.NewReader(c.data))}
		forms := v.forms()
		if len(forms) != len(c.forms) || forms[0] != c.forms[0] {
			t.Errorf("%s can be shown as %v, want %v", c.name, forms, c.forms)
			continue
		}
		v.form = forms[0]
		if c.want != "" && !strings.HasPrefix(v.text(0), c.want) {
			t.Errorf("%s begins with %q, want %q", c.name, v.text(0), c.want)
		}
	}
}

func TestContentIsFoundAndSaved(t *testing.T) {
	saved := ""
	o := testOptions()
	o.Save = func(_ context.Context, name string, r io.Reader) error {
		var b bytes.Buffer
		_, err := b.ReadFrom(r)
		saved = name + ": " + b.String()
		return err
	}
	s := tell(t, o, 120, 40).press("enter", "6", "j", "enter", "enter").sees("/usr/bin/top · text", "second ␛[31mline")
	s.press("/").write("needle").press("enter").sees("the needle is here")
	if s.m.viewer.Window.At != 2 {
		t.Errorf("the line found is %d", s.m.viewer.Window.At)
	}
	s.press("tab").sees("00000000  66 69 72 73 74")
	s.press("s").sees("Careful").press("enter")
	if !strings.HasPrefix(saved, "backtrail-") || !strings.Contains(saved, "needle") {
		t.Errorf("saved %q", saved)
	}
}

func TestTheRawPartsOfASignatureAreTurnedThrough(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "3", "j", "j", "v").sees("payload (1 of 2)", "docker-reference", "JSON indented for reading")
	s.press("]").sees("certificate (2 of 2)")
}

func FuzzELF(f *testing.F) {
	f.Add([]byte(tinyELF()))
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if lines := elfLines(bytes.NewReader(data)); len(lines) == 0 || len(lines) > 10*maxHeaders {
			t.Errorf("%d lines", len(lines))
		}
	})
}

func FuzzContent(f *testing.F) {
	f.Add([]byte("text\n"))
	f.Add([]byte(`{"a": [1, 2, {"b": null}]}`))
	f.Add([]byte{0, 1, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		v := &viewer{got: newContent("x", int64(len(data)), data, bytes.NewReader(data))}
		for _, form := range v.forms() {
			v.form = form
			for i := range v.Len() {
				for _, r := range v.text(i) {
					if r < 0x20 || r == 0x7f {
						t.Fatalf("%s holds %U", form, r)
					}
				}
			}
		}
	})
}
