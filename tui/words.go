package tui

import (
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// shortDigest keeps the first twelve hex digits: sha256:ab12… becomes ab12….
func shortDigest(d string) string {
	_, hex, ok := strings.Cut(d, ":")
	if !ok {
		hex = d
	}
	if len(hex) > 12 {
		hex = hex[:12]
	}
	return hex
}

// shortImage names a reference by its repository without the registry's name, and a digest: acme/web@ab12cd34ef56.
func shortImage(reference, digest string) string {
	name, at, _ := strings.Cut(reference, "@")
	if digest == "" {
		digest = at
	}
	if host, rest, ok := strings.Cut(name, "/"); ok && strings.ContainsAny(host, ".:") {
		name = rest
	}
	if digest == "" {
		return name
	}
	return name + "@" + shortDigest(digest)
}

// bytesText writes a size as people say it: 1.3 MB.
func bytesText(n int64) string { return inspect.SizeText(n) }

// ageText writes a duration by its largest unit: 42 s, 3 min, 5 h, 12 d.
func ageText(d time.Duration) string { return inspect.SpanText(d) }

// stamp writes a time in full, in UTC: this is what is copied.
func stamp(t inspect.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
