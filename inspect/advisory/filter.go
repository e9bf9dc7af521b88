package advisory

import (
	"bytes"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// mayName reports whether a pack or record could name a package, by the last part of its name alone. Few of the
// packages of an image have a name that any record has: for the others no package URL is taken apart, and nothing is
// looked up. A recheck of three million packages is mostly this question.
//
// It may be wrong in one direction only: what it turns down, no record names. Where it would have to decode something,
// it does not decide.
func (x *index) mayName(p inspect.Package) bool {
	x.foldOnce.Do(x.fold)
	name, qualifiers, plain := nameInPURL(p.PURL)
	if !plain {
		return true
	}
	if name == "" {
		name = lastPart(p.Name)
	}
	if x.hasFolded(name) {
		return true
	}
	// the source package of a distribution's: upstream=xz-utils, or upstream=xz%405.4.1
	_, up, ok := strings.Cut(qualifiers, "upstream=")
	if !ok {
		return false
	}
	if strings.Contains(up, "upstream=") || strings.Contains(up, ".rpm") {
		return true
	}
	up, _, _ = strings.Cut(up, "&")
	up, _, _ = strings.Cut(up, "@")
	up, _, _ = strings.Cut(up, "%40")
	return strings.ContainsAny(up, "%+;") || x.hasFolded(lastPart(up))
}

// nameInPURL is the last part of the name in a package URL, and its qualifiers, without a copy of either. Without a
// package URL both are empty. plain is false where the name has to be decoded.
func nameInPURL(purl string) (name, qualifiers string, plain bool) {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return "", "", true
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, qualifiers, _ = strings.Cut(rest, "?")
	_, full, ok := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(full, '@'); at > 0 {
		full = full[:at]
	}
	full = strings.Trim(full, "/")
	if !ok || full == "" {
		return "", "", false // parsePURL decides
	}
	for pair := range strings.SplitSeq(qualifiers, "&") {
		if key, _, _ := strings.Cut(pair, "="); strings.ContainsAny(key, "%+") {
			return "", "", false // it may be upstream in another spelling
		}
	}
	return lastPart(full), qualifiers, !strings.Contains(full, "%")
}

// fold collects the last parts of the names in packs and database.
func (x *index) fold() {
	x.folded = map[string]struct{}{}
	add := func(key string) { x.folded[folded(lastPart(key))] = struct{}{} }
	for key := range x.packages {
		add(key)
	}
	if x.db == nil {
		return
	}
	before := ""
	for line := range bytes.Lines(x.db.lines) {
		key, _, _ := bytes.Cut(line, []byte("\t"))
		if string(key) != before { // sorted: the records of a package stand together
			before = string(key)
			add(before)
		}
	}
}

// hasFolded reports whether a record names something with this last part.
func (x *index) hasFolded(name string) bool {
	_, ok := x.folded[folded(name)]
	return ok
}

// folded is a spelling that all spellings of a name have in common which a registry takes for one (see canonicalName):
// without upper case, and with one dash for each run of separators.
func folded(name string) string {
	special := func(r rune) bool { return r >= 'A' && r <= 'Z' || r == '.' || r == '_' || r > 127 }
	if strings.IndexFunc(name, special) < 0 && !strings.Contains(name, "--") {
		return name // most names: no copy
	}
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}
