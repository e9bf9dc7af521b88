package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
)

// kept describes what is on this disk and what is not: what is not kept may vanish. Both in the order in which they do.
// It is evidence that vanishes first: a pod's writable layer and logs are gone with the pod.
func kept(c inspect.Case) string {
	var have, lost []string
	for _, p := range respond.PreservedOf(&c) {
		if p.Kept > 0 {
			have = append(have, text.Count(p.Kept, p.Word))
		}
		if n := p.Lost; n > 0 && p.Whole {
			lost = append(lost, p.Word+"s")
		} else if n > 0 {
			lost = append(lost, text.Count(n, p.Word))
		}
	}
	// What is not kept stands first: the line may be cut.
	text := ""
	if len(lost) > 0 {
		text = "Evidence not collected: " + strings.Join(lost, ", ") + "; "
	}
	if text == "" {
		text = "Evidence "
	}
	return text + "collected: " + cmp.Or(strings.Join(have, ", "), "the events of the case")
}

// maxKept bounds the rows of what is kept; the bundle lists all.
// The summary above it counts all of them.
const maxKept = 60

// keptSection lists what is kept, in the order in which it vanishes elsewhere, each with its time.
// Times are those at which each was kept, by this machine's clock.
func keptSection(c inspect.Case) section {
	s := section{title: "Kept (UTC)"}
	sum := table{head: []string{"what", "kept", "from", "to", "not kept", "why not"}}
	for _, p := range respond.PreservedOf(&c) {
		lost := fmt.Sprint(p.Lost)
		if p.Whole {
			lost = "all"
		}
		row := []cell{
			plainCell(p.Word + "s"), plainCell(fmt.Sprint(p.Kept)), plainCell(""), plainCell(""),
			plainCell(lost), plainCell(strings.Join(p.Why, "; ")),
		}
		if p.Kept > 0 {
			row[2], row[3] = plainCell(p.First.Stamp()), plainCell(p.Last.Stamp())
		}
		sum.rows = append(sum.rows, row)
	}
	s.table(sum)
	t := table{head: []string{"kept at", "what", "size", "digest"}}
	type line struct {
		at  inspect.Time
		row []cell
	}
	var lines []line
	for _, x := range c.Exhibits {
		if x.Missing == "" {
			lines = append(lines, line{x.Kept, []cell{
				plainCell(x.Kept.Stamp()), plainCell(x.Path),
				plainCell(text.Size(x.Size)), codeCell(text.ShortDigest(x.Digest)),
			}})
		}
	}
	for _, b := range c.Blobs {
		if !b.Kept.IsZero() {
			lines = append(lines, line{b.Kept, []cell{plainCell(b.Kept.Stamp()), plainCell(b.Role + " of the " +
				b.Of), plainCell(text.Size(b.Size)), codeCell(text.ShortDigest(b.Digest))}})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at.Time) })
	for _, l := range lines {
		t.rows = append(t.rows, l.row)
	}
	s.tableOf(t, maxKept)
	return s
}
