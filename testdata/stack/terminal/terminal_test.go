package terminal

import "testing"

func TestWholeRunes(t *testing.T) {
	for text, want := range map[string]int{"": 0, "ab": 2, "a─": 4, "a─"[:3]: 1, "a─"[:2]: 1, "\x80\x80\x80\x80\x80": 5, "\xff": 1} {
		if got := wholeRunes([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
