package text

import (
	"testing"
	"time"
)

// Sizes are decimal, as the tools that move images write them.
func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1_254_000: "1.3 MB", 80 << 20: "83.9 MB", 3_000_000_000: "3.0 GB",
		1 << 62: "4611686018.4 GB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

// A span has one unit, the largest of which there is one; a clock that ran backward gives no negative time.
func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 0: "0 s", 42 * time.Second: "42 s", 90 * time.Second: "1 min", 5 * time.Hour: "5 h",
		47 * time.Hour: "47 h", 49 * time.Hour: "2 d", 400 * 24 * time.Hour: "400 d",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%s) = %q, want %q", d, got, want)
		}
	}
}
