package inspect

import (
	"regexp"
	"strings"
)

// idTime is the layout of the time in an ID, so that IDs sort by it.
const idTime = "20060102T150405Z"

// maxSlug bounds the target's part of an ID.
const maxSlug = 48

// CaseID names a case by its start and its target, so that names sort by time: 20261123T031204Z-web-7d9f.
func CaseID(target Target, started Time) string {
	name := strings.TrimRight(transport.ReplaceAllString(target.Name, ""), "/")
	name = archive.ReplaceAllString(name[strings.LastIndexByte(name, '/')+1:], "")
	name = longHex.ReplaceAllString(name, "$1")
	return started.UTC().Format(idTime) + "-" + slug(name)
}

// transport and archive are the parts of a path's name that do not name the image.
var (
	transport = regexp.MustCompile(`^(oci|oci-archive|docker-archive):`)
	archive   = regexp.MustCompile(`\.(tar|tar\.gz|tgz)$`)
)

// longHex is a digest, of which twelve digits are enough in a name.
var longHex = regexp.MustCompile(`(?:sha256:)?([0-9a-f]{12})[0-9a-f]{20,}`)

// slug keeps letters and digits of a foreign name, with dashes between; of a long name its end.
func slug(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		} else {
			dash = true
		}
	}
	s := b.String()
	if len(s) > maxSlug {
		s = s[len(s)-maxSlug:]
		if _, whole, ok := strings.Cut(s, "-"); ok {
			s = whole // not half a word
		}
	}
	if s == "" {
		return "case"
	}
	return s
}
