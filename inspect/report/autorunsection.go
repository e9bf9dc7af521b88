package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// autorunSection lists what the image starts by itself, worst first: all that is new or of medium severity and more,
// and a count of the others.
// Commands are foreign texts: cut, and shown as code.
func autorunSection(i inspect.Image) section {
	s := section{title: "autoruns"}
	if len(i.Autoruns) == 0 {
		return s
	}
	shown := slices.DeleteFunc(slices.Clone(i.Autoruns), func(a inspect.Autorun) bool {
		return !a.Since() && a.Severity.Rank() > inspect.Medium.Rank()
	})
	s.text(fmt.Sprintf("%s; %d shown: new, or of medium severity and more.", startCount(len(i.Autoruns)), len(shown)))
	t := table{head: []string{"severity", "kind", "starts", "command", "owner", "layer", "new"}}
	for _, a := range shown {
		t.rows = append(t.rows, []cell{
			plainCell(string(a.Severity)), plainCell(a.Kind), codeCell(cmp.Or(a.Path, "image config")),
			codeCell(step(a.Command)), plainCell(a.Owner),
			plainCell(layerNumber(a.Layer)), plainCell(newWord(a)),
		})
	}
	s.tableOf(t, maxFiles)
	return s
}

// startCount is how many things start, in words.
func startCount(n int) string {
	if n == 1 {
		return "1 thing starts by itself"
	}
	return fmt.Sprintf("%d things start by themselves", n)
}

// newWord is whether a row is new. Without a comparison that is not known, which is not the same as no.
func newWord(a inspect.Autorun) string {
	switch {
	case a.New == nil:
		return "not known"
	case *a.New:
		return "yes"
	default:
		return "no"
	}
}
