package lock

import (
	"encoding/json"
	"fmt"
	"strings"
)

// bunLock is a bun.lock: JSON with commas before closing brackets. A package is a list of its name with the version,
// its registry, its dependencies and its integrity; those that come from elsewhere have fewer parts.
type bunLock struct {
	Version  *int                         `json:"lockfileVersion"`
	Packages map[string][]json.RawMessage `json:"packages"`
}

// bunAbout is what the third place of a row has: the platforms of a package.
type bunAbout struct {
	OS  anyValue `json:"os"`
	CPU anyValue `json:"cpu"`
}

// readBun reads bun.lock (https://bun.sh/docs/install/lockfile): a list for each package, NAME@VERSION first.
//
//	"debug": ["debug@4.4.1", "", {"dependencies": …}, "sha512-…"]
//
// An address in place of the empty text is where the tarball comes from. Rows that cannot be read are passed over.
func readBun(data []byte) ([]entry, error) {
	var l bunLock
	if err := json.Unmarshal(plainJSON(data), &l); err != nil {
		return nil, fmt.Errorf("reading a bun.lock: %w", err)
	}
	if l.Version == nil {
		return nil, fmt.Errorf("reading a bun.lock: it has no lockfileVersion")
	}
	var all []entry
	for _, parts := range l.Packages {
		if len(parts) == 0 {
			continue
		}
		var id string
		if json.Unmarshal(parts[0], &id) != nil {
			continue
		}
		name, reference := cutReference(id)
		e := entry{name: name, version: reference}
		if strings.Contains(reference, ":") {
			e.version, e.resolved = "", reference
			e.link = strings.HasPrefix(reference, "workspace:") || strings.HasPrefix(reference, "file:") ||
				strings.HasPrefix(reference, "link:")
		}
		for _, p := range parts[1:] {
			var text string
			var about bunAbout
			switch {
			case json.Unmarshal(p, &text) == nil && strings.Contains(text, "://"):
				e.resolved = text
			case text != "":
				e.integrity = text
			case json.Unmarshal(p, &about) == nil:
				e.spare = e.spare || bool(about.OS || about.CPU)
			}
		}
		all = append(all, e)
	}
	return clip(all), nil
}

// plainJSON leaves out commas before closing brackets, outside of strings. bun writes them, and encoding/json does not
// take them. The text is not checked here. A backslash within a string keeps a quote from ending it. The result is
// never longer than the text.
func plainJSON(data []byte) []byte {
	out := make([]byte, 0, len(data))
	quoted := false
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case quoted && c == '\\' && i+1 < len(data):
			out = append(out, c)
			i++
			c = data[i]
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted && closesNext(data[i+1:]):
			continue
		}
		out = append(out, c)
	}
	return out
}

// closesNext reports whether the next character that is no blank closes a list or an object. Comments are no part of a
// bun.lock that bun writes, and are not skipped.
func closesNext(rest []byte) bool {
	for _, c := range rest {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '}' || c == ']'
		}
	}
	return false
}
