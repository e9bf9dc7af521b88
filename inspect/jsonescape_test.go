package inspect

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestEscapeJSON(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                 `"plain"`,
		"größe 大小 🚀":            `"größe 大小 🚀"`,
		"c1 \u009b31m":          `"c1 \u009b31m"`,
		"delete \x7f":           `"delete \u007f"`,
		"evil\u202egnp.exe":     `"evil\u202egnp.exe"`,
		"zero\u200bwidth\ufeff": `"zero\u200bwidth\ufeff"`,
		"tag \U000e0041":        `"tag \udb40\udc41"`,
	} {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(EscapeJSON(b)); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// Whatever an event holds, its line has no character that draws on a terminal, and reads as the same event.
func TestLinesOfEventsAreClean(t *testing.T) {
	const mark = "\x1b]8;;x\x07\u202e\u009b5n\u200b\u2066\x7f"
	e := Event{Seq: 1, Check: mark, Fact: Notice{Level: "info", Text: mark}}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(b), mark[:1]+"\x07\u202e\u009b\u200b\u2066\x7f") {
		t.Errorf("the line is %q", b)
	}
	var back Event
	if err := json.Unmarshal(b, &back); err != nil || back.Check != mark || back.Fact.(Notice).Text != mark {
		t.Errorf("read back as %+v, %v", back, err)
	}
}

// FuzzEscapeJSON: the value stays, and nothing hidden is left.
func FuzzEscapeJSON(f *testing.F) {
	f.Add("\u202e\u009b\U000e0041\\u202e\"")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var want, got string
		escaped := EscapeJSON(b)
		if json.Unmarshal(b, &want) != nil || json.Unmarshal(escaped, &got) != nil || got != want {
			t.Errorf("%q became %q", want, got)
		}
		for _, r := range string(escaped) {
			if hidden(r) || r == 0x7f {
				t.Errorf("%q is left in %q", r, escaped)
			}
		}
	})
}
