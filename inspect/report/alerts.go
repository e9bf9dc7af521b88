package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// matched describes how an alert was matched.
// "only" marks the two that another pod could share: a name that was used again, an image that runs elsewhere too.
func matched(a inspect.Alert) string {
	switch a.Match {
	case inspect.MatchDigest:
		return "matched by image digest"
	case inspect.MatchContainer:
		return "matched by container id"
	case inspect.MatchPod:
		return "matched by pod name only"
	case inspect.MatchImage:
		return "matched by image name only"
	default:
		return "fits nothing here"
	}
}

// alertFile describes where the file of an alert is, and how sure that is. Only a file of the image can be checked.
// The status is about the place of the file alone; alertMark is what stands in front of an alert.
func alertFile(a inspect.Alert) (inspect.Status, string) {
	f := a.File
	path := cmp.Or(f.Path, a.Path)
	text := f.Detail
	switch {
	case text == "" && f.Origin == inspect.OriginImage:
		text = fmt.Sprintf("it is the image's own file, of layer %d", f.Layer)
	case text == "":
		text = "where it comes from is not known"
	}
	if path != "" && !strings.Contains(text, path) {
		text = path + ": " + text
	}
	if f.Origin == inspect.OriginImage {
		return inspect.Verified, text
	}
	return inspect.Unknown, text
}

// matchedBy is the match in the fewest words.
// An alert without a match is not asked for it.
func matchedBy(a inspect.Alert) string {
	switch a.Match {
	case inspect.MatchContainer:
		return "by container id"
	case inspect.MatchPod:
		return "by pod name"
	case inspect.MatchImage:
		return "by image name"
	default:
		return "by digest"
	}
}

// alertMark describes how an alert stands. That the place of its file is known is no green tick over an open alert:
// only a person's mark closes it.
// The newest mark counts, on the alert or on its file: the first minutes of an incident are full of marks that are
// taken back.
func alertMark(c inspect.Case, a inspect.Alert) string {
	mark := ""
	for _, n := range c.Notes { // in the order of time: the newest mark counts
		if n.Mark != "" && n.Subject != "" && (n.Subject == a.ID || n.Subject == a.File.Path) {
			mark = n.Mark
		}
	}
	if mark == "" || mark == "open" {
		return "! open"
	}
	return "! marked " + mark
}
