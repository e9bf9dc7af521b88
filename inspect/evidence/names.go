package evidence

import (
	"strings"

	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// exhibitFolders are where exhibits may lie below data/. One that names another place goes to data/exhibits.
var exhibitFolders = []string{"alerts", "cluster", "logs", "trust"}

// exhibitName makes a safe name below data/ of an exhibit's path, which may come from a cluster.
// Names of namespaces, pods and containers reach it, and in a saved dump these may be anything. An example:
// "logs/../../etc/passwd.log" becomes "data/logs/etc/passwd.log".
func exhibitName(path string) string {
	folder, rest, found := strings.Cut(path, "/")
	known := false
	for _, f := range exhibitFolders {
		known = known || f == folder
	}
	if !found || !known {
		folder, rest = "exhibits", path
	}
	folder = "data/" + folder
	name := folder
	for part := range strings.SplitSeq(rest, "/") {
		if part = safePart(part); part != "" {
			name += "/" + part
		}
	}
	if name == folder || len(name) > bagit.MaxName {
		// Nothing is left of the path, or too much: a digest of it keeps two such exhibits apart.
		return folder + "/unnamed-" + text.ShortDigest(bagit.Digest([]byte(path)))
	}
	return name
}

// maxPart bounds one part of a name.
const maxPart = 120

// safePart keeps letters, digits and ._- of a part of a path. It never begins with a dot, so that ".." and hidden
// names cannot come out of it, and never ends with one, which Windows drops.
func safePart(part string) string {
	var b strings.Builder
	for _, r := range part {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
		if b.Len() >= maxPart {
			break
		}
	}
	return strings.Trim(b.String(), ".")
}
