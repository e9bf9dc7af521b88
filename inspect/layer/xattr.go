package layer

import (
	"archive/tar"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// xattrPrefix begins the PAX records that hold extended attributes, as GNU tar and all image builders write them.
const xattrPrefix = "SCHILY.xattr."

// xattrs gives the extended attributes of a member. Values that are no text are written as getfattr does: 0x and hex.
func (s *scan) xattrs(h *tar.Header) map[string]string {
	var m map[string]string
	for key, value := range h.PAXRecords {
		name, ok := strings.CutPrefix(key, xattrPrefix)
		if !ok || name == "" {
			continue
		}
		if len(name)+len(value) > MaxXattr || s.names+len(name)+len(value) > MaxNames {
			s.notes.add("the extended attribute %.40q of %q is too long and is left out", name, h.Name)
			continue
		}
		s.names += len(name) + len(value)
		if m == nil {
			m = map[string]string{}
		}
		m[name] = attributeText(value)
	}
	return m
}

func attributeText(value string) string {
	if utf8.ValidString(value) && strings.IndexFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return value
	}
	return "0x" + hex.EncodeToString([]byte(value))
}
