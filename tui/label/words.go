package label

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Digest keeps the first twelve hex digits: sha256:ab12… becomes ab12…. It is for rows: what is copied is always the
// whole digest.
func Digest(d string) string {
	_, hex, ok := strings.Cut(d, ":")
	if !ok {
		hex = d
	}
	if len(hex) > 12 {
		hex = hex[:12]
	}
	return hex
}

// Image names a reference by its repository without the registry's name, and a digest: acme/web@ab12cd34ef56. The
// first part of a reference is a registry where it has a dot or a colon (as in github.com/distribution/reference, but
// for localhost).
func Image(reference, digest string) string {
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
	return name + "@" + Digest(digest)
}

// Size writes a size as people say it: 1.3 MB.
func Size(n int64) string { return text.Size(n) }

// Age writes a duration by its largest unit: 42 s, 3 min, 5 h, 12 d.
func Age(d time.Duration) string { return text.Span(d) }

// Stamp writes a time in full, in UTC: this is what is copied. Never a local time: whoever reads it in a ticket is
// somewhere else.
func Stamp(t inspect.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// Clock writes the time of day in UTC, empty where it is not known.
func Clock(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("15:04:05Z")
}

// Minute writes the time of day in UTC to the minute, for the header: 14:09Z. It is empty where it is not known.
func Minute(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("15:04Z")
}

// Times writes how often something happened: ×3, and nothing for once.
func Times(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" ×%d", n)
}

// Layer names a layer in few columns: L3, and nothing where the layer is not known.
func Layer(n int) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf("L%d", n)
}

// Step is a build step without the shell that every RUN step names. Docker's classic builder writes /bin/sh -c #(nop)
// before steps that run nothing; BuildKit marks its own with # buildkit.
func Step(s string) string {
	for _, lead := range []string{"/bin/sh -c #(nop) ", "/bin/sh -c ", "|0 /bin/sh -c "} {
		s = strings.TrimPrefix(s, lead)
	}
	return strings.TrimSuffix(strings.TrimSpace(s), "# buildkit")
}
