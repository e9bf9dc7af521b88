package evidence

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// idTime is how the time stands in an ID, so that IDs sort by it.
const idTime = "20060102T150405Z"

// maxSlug bounds the target's part of an ID.
const maxSlug = 48

// ID names a case by its start and its target, so that names sort by time: 20261123T031204Z-web-7d9f.
func ID(h inspect.Header) string {
	name := h.Target.Name
	if h.Target.Kind == inspect.TargetPod || h.Target.Kind == "" {
		name = name[strings.LastIndexByte(name, '/')+1:]
	}
	return h.Started.UTC().Format(idTime) + "-" + slug(name)
}

// slug keeps letters, digits, dots and dashes of a foreign name; the end of it says most.
func slug(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	s = strings.Trim(s[max(0, len(s)-maxSlug):], "-")
	if s == "" {
		return "case"
	}
	return s
}
