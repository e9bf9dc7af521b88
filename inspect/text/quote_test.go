package text

import "testing"

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"web-0": "web-0", "": "''", "-n": "'-n'", "a b": "'a b'", "it's": `'it'\''s'`,
		"$(rm -rf /)": "'$(rm -rf /)'", "app-": "app-", "a\nb": "'a⏎b'",
	} {
		if got := Quote(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
