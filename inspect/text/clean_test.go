package text

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	tests := map[string]string{
		"plain text":          "plain text",
		"\x1b[2Jgone":         "␛[2Jgone",
		"two\nlines\tand tab": "two⏎lines and tab",
		"evil\u202egnp.exe":   "evil<U+202E>gnp.exe",
		"zero\u200bwidth":     "zero<U+200B>width",
		"bad \xff byte":       `bad \xff byte`,
		"c1 \u009b31m":        "c1 <U+009B>31m",
		"tag \U000e0041":      "tag <U+E0041>",
		"Grüße, 世界":           "Grüße, 世界",
	}
	for in, want := range tests {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := CleanLines("a\n\tb\x07"); got != "a\n    b␇" {
		t.Errorf("CleanText = %q", got)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b]0;x\x07")
	f.Fuzz(func(t *testing.T, s string) {
		once := Clean(s)
		if strings.ContainsAny(once, "\x1b\x00\n\r\u202e") {
			t.Errorf("Clean(%q) = %q", s, once)
		}
		if Clean(once) != once {
			t.Errorf("Clean is not at rest on %q", once)
		}
	})
}
