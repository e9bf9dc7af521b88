package answer

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// atRunTime is how something came in that did not come in with the image.
// Only the first alert is described: the others are in the answer to where it came from.
func atRunTime(c inspect.Case) []inspect.Sentence {
	a, ok := runTimeAlert(c)
	if !ok {
		return nil
	}
	if text := actOf(c, a); text != "" && a.Ran != nil {
		return []inspect.Sentence{derived(text + ": it did not come in with the image"), byWhom}
	}
	path := text.Clean(a.File.Path)
	switch a.File.Origin {
	case inspect.OriginMemfd:
		return []inspect.Sentence{derived("the program of the alert was put into memory after the container had " +
			"started: it did not come in with the image"), byWhom}
	case inspect.OriginChanged:
		return []inspect.Sentence{derived("the copy of " + path +
			" that ran was written or changed after the container had started"), byWhom}
	case inspect.OriginVolume:
		return []inspect.Sentence{derived(fmt.Sprintf("%s came in by a mounted volume, not with the image", path))}
	default:
		return []inspect.Sentence{derived(path +
			" was written after the container had started: it did not come in with the image"), byWhom}
	}
}

// byWhom states the limit of what is read here. Who used exec or attach is in the audit log of the API server alone
// (audit policy, resource pods/exec).
var byWhom = open("who wrote it is not known: a program of the container itself, or a person who opened a shell " +
	"in it; the second is in the API server's audit log, under pods/exec, and is not read here")

// runTimeAlert is the first alert whose program did not come in with the image.
// Alerts that match no container of the case are about another pod.
func runTimeAlert(c inspect.Case) (inspect.Alert, bool) {
	for _, a := range c.Alerts {
		if a.Match == inspect.MatchNone {
			continue
		}
		if ranAtRunTime(a) {
			return a, true
		}
	}
	return inspect.Alert{}, false
}
