package viewer

import (
	"bytes"
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
		v := &Screen{got: newContent(c.name, int64(len(c.data)), []byte(c.data), strings.NewReader(c.data))}
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
		v := &Screen{got: newContent("x", int64(len(data)), data, bytes.NewReader(data))}
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

// tinyELF is a 64-bit header with one loadable segment that is writable and executable.
func tinyELF() string {
	b := make([]byte, 120)
	copy(b, "\x7fELF\x02\x01\x01")
	b[16], b[18], b[20] = 2, 62, 1 // EXEC, x86-64
	b[24+2] = 0x40                 // entry
	b[32], b[52], b[54], b[56], b[58] = 64, 64, 56, 1, 64
	b[64], b[68] = 1, 7 // LOAD, rwx
	b[96], b[104] = 120, 120
	return string(b)
}
