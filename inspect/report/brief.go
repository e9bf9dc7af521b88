package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// The size of a brief: it has to fit a chat message and a pager.
const (
	BriefLines   = 14
	BriefColumns = 78
)

// briefLine is a line before it is laid out. It is wrapped, never cut: where there is no room it goes as a whole.
//
// Ranks: 0 and 1 are facts without which the brief misleads, 2 the alert and other pods, 3 what was collected, 4 the
// file of the alert. A whole line less is better than half a sentence.
type briefLine struct {
	label string
	text  string
	// rank: where there is no room for all, the line with the highest rank goes first; 0 and 1 never go
	rank int
	// short: less, where there is no room for the text; empty for none
	short string
}

// Brief is the case in at most BriefLines lines of BriefColumns columns: UTC, without secrets and without the command
// lines of alerts, which may hold some. It is what is copied into the incident's channel, and what reports open with.
// Its answers are the lines that the first screen leads with.
//
// The same case gives the same brief: nothing in it depends on the clock but the report deadlines, which count by
// Style.Now.
func Brief(c inspect.Case, s Style) string {
	s.Color = false
	lines := briefHead(c)
	i, ok := respond.Focus(c)
	if ok {
		lines = append(lines, briefLine{"image", cmp.Or(i.Digest, i.Index, i.Config, "no digest is known"), 0, ""})
		lines = append(lines, briefAlert(c, i)...)
	}
	steps := respond.Next(c)
	for _, l := range headline.Of(&c, steps) {
		lines = append(lines, briefAnswer(c, i, l, steps)...)
	}
	if open := unchecked(c); len(open) > 0 {
		lines = append(lines, briefLine{"", "NOT CHECKED " + count(open), 1, ""})
	}
	collected := kept(c)
	lost, _, _ := strings.Cut(collected, "; collected")
	lines = append(lines, briefLine{"", collected, 3, lost})
	if due, ok := briefClocks(c, s.now(c)); ok {
		lines = append(lines, due)
	}
	return layBrief(lines)
}

// briefAnswer is a line of the headline; SIGNED with the provenance, NEXT with its command where that fits.
// The result has one line or none.
func briefAnswer(c inspect.Case, i inspect.Image, l headline.Line, steps []respond.NextStep) []briefLine {
	text := l.Text
	switch {
	case l.Label == headline.Signed && i.Container != "":
		if status, _ := built(c, i); status == inspect.Absent {
			text += " · no provenance"
		} else {
			text += " · provenance " + status.Words()
		}
	case l.Label == headline.Next && len(steps) > 0:
		text = briefStep(steps[0])
	case l.Label == headline.Next:
		return nil
	}
	if l.Label != headline.Next && l.Aside != "" && fits(text+"; "+l.Aside) {
		text += "; " + l.Aside
	}
	short := l.Short
	if l.Label == headline.Signed {
		short = l.Text
	}
	return []briefLine{{l.Label, text, 1, short}}
}

// fits reports whether a text is one row of a brief.
// The width is that of terminal cells (East Asian Wide characters have two), since that is what a pager shows.
func fits(text string) bool { return ansi.StringWidth(text) <= BriefColumns-indent }

// briefStep is a step with its command, where that fits on one line: half a command is none.
// A command that is cut could still be run, and do something else.
func briefStep(s respond.NextStep) string {
	why, _, _ := strings.Cut(s.Why, " (")
	if s.Command == "" || !fits(s.Command) {
		return why
	}
	return s.Command
}

// maxCounted bounds how many things that could not be checked the brief names; the report has all, with reasons.
// More names would push the answers off the page.
// The rest is counted.
const maxCounted = 4

// count names what could not be checked; a single one with its reason.
func count(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	var names []string
	for _, text := range list[:min(len(list), maxCounted)] {
		name, _, _ := strings.Cut(text, ": ")
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if more := len(list) - maxCounted; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// briefHead is the case with its outcome, then the pod with its owner and how many others run the same, or the
// target.
// Long names of pods and contexts are wrapped and not cut: a person searches for them.
func briefHead(c inspect.Case) []briefLine {
	v := verdict.Of(&c)
	state := ""
	if !v.Complete {
		state = "PARTIAL"
		if c.End != nil && c.End.Status == inspect.CheckDone {
			state = "" // NOT CHECKED has it
		}
	}
	name := inspect.CaseID(c.Target, c.Started)
	text := join(name, v.Words(&c), state)
	if counted := verdict.Counted(&c); counted != "" && !fits(text) {
		text = join(name, counted, state)
	}
	lines := []briefLine{{"case", text, 0, ""}}
	if c.Pod == nil {
		return append(lines, briefLine{"target", join(c.Target.Name, contextName(c)), 0, ""})
	}
	pod := contextPrefix(c) + c.Pod.Namespace + "/" + c.Pod.Name
	if _, gone := c.Gone(); gone {
		pod += " GONE"
	}
	if len(c.Pod.Owner) > 0 {
		owner := c.Pod.Owner[len(c.Pod.Owner)-1]
		pod += " of " + owner.Kind + " " + owner.Name
	}
	var also []string
	if n := c.Pod.SameDigest(); n > 0 {
		also = append(also, fmt.Sprintf("%d more with this digest", n))
	}
	if i, ok := respond.Focus(c); ok {
		if n := len(i.Sharing.Pods()); n > 0 {
			also = append(also, fmt.Sprintf("%d more with this layer, in another image", n))
		}
	}
	if text := pod + " · " + strings.Join(also, "; "); len(also) > 0 && fits(text) {
		pod, also = text, nil
	}
	lines = append(lines, briefLine{"pod", pod, 0, ""})
	if len(also) > 0 {
		lines = append(lines, briefLine{"also", strings.Join(also, "; "), 2, ""})
	}
	return lines
}

// contextPrefix is the context as the header of the screen shows it.
func contextPrefix(c inspect.Case) string {
	if c.Target.Context == "" {
		return ""
	}
	return c.Target.Context + " › "
}

// contextName is the context of the kubeconfig, for a target without a pod.
func contextName(c inspect.Case) string {
	if c.Target.Context == "" {
		return ""
	}
	return "context " + c.Target.Context
}

// briefAlert is the most urgent alert about the image with how it was matched, a weak match first, and where the file
// that it names is.
func briefAlert(c inspect.Case, i inspect.Image) []briefLine {
	alerts := slices.DeleteFunc(slices.Clone(c.Alerts),
		func(a inspect.Alert) bool { return a.Subject != i.Container || a.Match == inspect.MatchNone })
	if len(alerts) == 0 {
		return nil
	}
	a := slices.MinFunc(alerts, func(a, b inspect.Alert) int {
		return cmp.Or(cmp.Compare(inspect.PriorityRank(a.Priority), inspect.PriorityRank(b.Priority)),
			cmp.Compare(unplaced(a), unplaced(b)))
	})
	text := a.Time.Stamp() + " " + strings.TrimSpace(a.Priority+" "+a.Name())
	short := text
	if a.Match == inspect.MatchPod || a.Match == inspect.MatchImage {
		text = matchedBy(a) + " only: " + text
		short = text
	} else {
		text += ", " + matchedBy(a)
	}
	if len(alerts) > 1 {
		text += fmt.Sprintf(", %d more", len(alerts)-1)
	}
	_, file := alertFile(a)
	return []briefLine{{"alert", text, 2, short}, {"file", file, 4, ""}}
}

// unplaced is 1 for an alert without the origin of its file: it is ranked below others.
func unplaced(a inspect.Alert) int {
	if a.File.Origin == inspect.OriginUnknown {
		return 1
	}
	return 0
}

// indent is the width of the labels of a brief.
const indent = 7

// layBrief wraps the lines. While they need more room than there is, those that have a shorter text take it, the one of
// the highest rank first; then lines go, again the highest rank first.
//
// It ends for any input: every pass only takes rows away, and what nothing bounds is cut in the end.
func layBrief(lines []briefLine) string {
	all := make([][]string, len(lines))
	for at, l := range lines {
		all[at] = l.rows()
	}
	order := make([]int, len(lines))
	for at := range order {
		order[at] = at
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lines[b].rank, lines[a].rank) })
	for _, at := range order {
		if l := lines[at]; l.rank > 3 && rowsOf(all) > BriefLines {
			all[at] = nil
		} else if l.short != "" && rowsOf(all) > BriefLines {
			l.text = l.short
			all[at] = l.rows()
		}
	}
	for _, at := range order {
		if lines[at].rank > 1 && rowsOf(all) > BriefLines {
			all[at] = nil
		}
	}
	return strings.Join(leveled(all, rowsOf(all)), "")
}

// rowsOf counts the rows of all lines.
func rowsOf(all [][]string) int {
	n := 0
	for _, rows := range all {
		n += len(rows)
	}
	return n
}

// leveled takes the last row from the longest line until all fit: only foreign text without a bound is that long.
// An attacker may choose a name of thousands of characters; it costs its own line, and no other.
func leveled(all [][]string, rows int) []string {
	for ; rows > BriefLines; rows-- {
		longest := 0
		for at := range all {
			if len(all[at]) > len(all[longest]) {
				longest = at
			}
		}
		all[longest] = all[longest][:len(all[longest])-1]
		last := len(all[longest]) - 1
		all[longest][last] = ansi.Truncate(strings.TrimRight(all[longest][last], "…\n"), BriefColumns-1, "") + "…\n"
	}
	return slices.Concat(all...)
}

// rows are the line, wrapped, each row with its line end. A word that is longer than a row is broken.
// A character that is wider than a row ends the line: it could never fit.
func (l briefLine) rows() []string {
	label := fmt.Sprintf("%-*s", indent, l.label)
	width := BriefColumns - indent
	if l.label == "" {
		label, width = "", BriefColumns
	}
	var rows []string
	for _, text := range wrap(clean(strings.TrimSpace(l.text)), width, maxBriefRows) {
		for first := true; first || text != ""; first = false {
			head := ansi.Truncate(text, width, "")
			text = strings.TrimPrefix(text, head)
			rows = append(rows, strings.TrimRight(label+head, " ")+"\n")
			label = strings.Repeat(" ", len(label))
			if head == "" || len(rows) >= maxBriefRows {
				break
			}
		}
	}
	return rows
}

// maxBriefRows bounds the rows of one line: no brief shows more.
const maxBriefRows = BriefLines
