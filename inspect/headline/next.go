package headline

import (
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/respond"
)

// next is the most urgent step without its explanation, and which evidence is not collected: that vanishes.
func (v view) next(steps []respond.NextStep) Line {
	l := Line{Label: Next, Text: "nothing urgent", Aside: v.uncollected()}
	if len(steps) == 0 {
		if v.running() {
			l.Text = v.waiting()
		}
		return l
	}
	why, _, _ := strings.Cut(steps[0].Why, " (")
	if head, _, ok := strings.Cut(why, ": "); ok {
		why = head
	}
	l.Text, l.Command = why, steps[0].Command
	return l
}

// uncollected names the evidence of which nothing was collected, or where all that there was is lost. It stands beside
// the next step because it vanishes with the pod.
func (v view) uncollected() string {
	var lost []string
	for _, p := range respond.PreservedOf(v.c) {
		if p.Lost > 0 && p.Kept == 0 || p.Whole {
			lost = append(lost, "no "+evidence(p.Word))
		}
	}
	if len(lost) == 0 {
		return ""
	}
	return "evidence: " + strings.Join(slices.Compact(lost), ", ")
}

// evidence words a kind of evidence in the plural.
func evidence(word string) string {
	if word == "run-time file" {
		return "runtime state"
	}
	return word + "s"
}
