package text

import (
	"encoding/json"
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
