package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
)

// The size of a brief: it has to fit a chat message and a pager.
const (
	BriefLines   = 14
	BriefColumns = 78
)

// briefLine is a line before it is cut: what may be wrapped says how much it would like.
type briefLine struct {
	label string
	text  string
	wraps bool
}

// Brief is the case in at most BriefLines lines of BriefColumns columns: UTC, without secrets and without the command
// lines of alerts, which may hold some. It is what is copied into the incident's channel, and what reports open with.
func Brief(c inspect.Case, s Style) string {
	s.Color = false
	c.Settle()
	lines := briefHead(c, s)
	if i, ok := focus(c); ok {
		lines = append(lines, briefImage(c, i, s)...)
	}
	for _, a := range c.AllAnswers() {
		label := map[string]string{inspect.WhereFrom: "from", inspect.HowIn: "how in", inspect.WhyMissed: "missed"}[a.Question]
		lines = append(lines, briefLine{label, join2(s.Sign(a.Status), a.Text), true})
	}
	if c.Pod != nil && len(c.Pod.Others) > 0 {
		lines = append(lines, briefLine{"same", fmt.Sprintf("%s run this digest: %s", plural(len(c.Pod.Others), "other pod"), strings.Join(c.Pod.Others, ", ")), false})
	}
	if open := unchecked(c); len(open) > 0 {
		lines = append(lines, briefLine{"", "NOT CHECKED " + count(open), true})
	}
	lines = append(lines, briefLine{"", kept(c), true})
	if steps := Next(c); len(steps) > 0 {
		lines = append(lines, briefLine{"next", cmp.Or(steps[0].Command, steps[0].Why), false})
	}
	return layBrief(lines)
}

func join2(sign, text string) string { return sign + " " + text }

// count shows how many there are, and the first.
func count(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("(%d) %s", len(list), strings.Join(list, "; "))
}

func briefHead(c inspect.Case, s Style) []briefLine {
	state := ""
	if !c.Complete {
		state = "PARTIAL"
		if c.End != nil && c.End.Status == inspect.Verified {
			state = "not all could be checked"
		}
	}
	lines := []briefLine{{"case", join(ID(c.Target, c.Started), s.Sign(c.Status)+" "+Word(c.Status), state), false}}
	where := c.Target.Name
	if c.Pod != nil {
		where = c.Pod.Namespace + "/" + c.Pod.Name
		if len(c.Pod.Owner) > 0 {
			owner := c.Pod.Owner[len(c.Pod.Owner)-1]
			where += " of " + owner.Kind + " " + owner.Name
		}
		return append(lines, briefLine{"pod", join(where, contextName(c)), false})
	}
	return append(lines, briefLine{"target", join(where, contextName(c)), false})
}

func contextName(c inspect.Case) string {
	if c.Target.Context == "" {
		return ""
	}
	return "context " + c.Target.Context
}

// briefImage says of the image that matters: digest, alert, the alerted file, signer and provenance.
func briefImage(c inspect.Case, i inspect.Image, s Style) []briefLine {
	lines := []briefLine{{"image", cmp.Or(i.Digest, i.Index, i.Config, "no digest is known"), false}}
	alerts := slices.DeleteFunc(slices.Clone(c.Alerts), func(a inspect.Alert) bool { return a.Subject != i.Subject || a.Match == inspect.MatchNone })
	if len(alerts) > 0 {
		a := slices.MinFunc(alerts, func(a, b inspect.Alert) int { return cmp.Compare(priorityRank(a.Priority), priorityRank(b.Priority)) })
		more := ""
		if len(alerts) > 1 {
			more = fmt.Sprintf("%d more", len(alerts)-1)
		}
		lines = append(lines, briefLine{"alert", join(clock(a.Time), a.Priority+": "+a.Rule, matched(a), more), false})
		status, text := alertFile(a)
		lines = append(lines, briefLine{"file", join2(s.Sign(fileMark(c, a, status)), text), true})
	}
	status, text := signed(c, i)
	lines = append(lines, briefLine{"signer", join2(s.Sign(status), text), false})
	status, text = built(c, i)
	return append(lines, briefLine{"built", join2(s.Sign(status), text), false})
}

// fileMark is the sign before the alerted file: that its place is known is no green tick over an open alert.
func fileMark(c inspect.Case, a inspect.Alert, place inspect.Status) inspect.Status {
	if place != inspect.Verified {
		return place
	}
	for _, n := range c.Notes {
		if n.Mark == "benign" && (n.Subject == a.ID || n.Subject == a.File.Path) {
			return inspect.Verified
		}
	}
	return inspect.Failed
}

// priorityRank orders Falco's priorities, worst first; what is not one of them comes last.
func priorityRank(p string) int {
	at := slices.IndexFunc([]string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"},
		func(name string) bool { return strings.EqualFold(name, p) })
	if at < 0 {
		return 8
	}
	return at
}

// kept says what is on this disk and what is not: what is not kept may vanish.
func kept(c inspect.Case) string {
	have, not := map[string]int{}, map[string]int{}
	for _, b := range c.Blobs {
		if b.Of == "known-good" {
			continue
		}
		if b.State == "carried" || b.State == "damaged" {
			have[b.Role]++
		} else {
			not[b.Role]++
		}
	}
	for _, e := range c.Exhibits {
		folder, _, _ := strings.Cut(e.Path, "/")
		have[folder]++
	}
	text := "KEPT " + cmp.Or(counts(have), "the events of the case")
	if c.Pod != nil {
		if have["logs"] == 0 {
			not["container log"]++
		}
		not["run-time file system"]++
	}
	if missing := counts(not); missing != "" {
		text += "; NOT KEPT " + missing
	}
	return text
}

// counts writes what there is of each kind, by name.
func counts(of map[string]int) string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	for at, name := range names {
		switch n := of[name]; name {
		case "alerts", "cluster", "logs", "trust":
			names[at] = fmt.Sprintf("%s (%d)", name, n)
		case "run-time file system", "container log":
		default:
			names[at] = plural(n, name)
		}
	}
	return strings.Join(names, ", ")
}

// indent is the width of the labels of a brief.
const indent = 7

// layBrief cuts and wraps: lines that are worth it take up the room that the others leave.
func layBrief(lines []briefLine) string {
	spare := BriefLines - len(lines)
	var b strings.Builder
	written := 0
	for _, l := range lines {
		label := fmt.Sprintf("%-*s", indent, l.label)
		width := BriefColumns - ansi.StringWidth(label)
		if l.label == "" {
			label, width = "", BriefColumns
		}
		parts := []string{clean(l.text)}
		if l.wraps && spare > 0 {
			parts = wrap(clean(l.text), BriefColumns-indent, 1+min(spare, 2))
			spare -= len(parts) - 1
		}
		for n, part := range parts {
			if n > 0 {
				label, width = strings.Repeat(" ", indent), BriefColumns-indent
			}
			if written++; written > BriefLines {
				return b.String()
			}
			b.WriteString(strings.TrimRight(label+ansi.Truncate(part, width, "…"), " ") + "\n")
		}
	}
	return b.String()
}

// wrap breaks text at blanks into at most n lines; the last one holds the rest.
func wrap(text string, width, n int) []string {
	var lines []string
	line := ""
	words := strings.Fields(text)
	for at, word := range words {
		next := strings.TrimSpace(line + " " + word)
		if ansi.StringWidth(next) > width && line != "" {
			lines = append(lines, line)
			if len(lines) == n-1 {
				return append(lines, strings.Join(words[at:], " "))
			}
			next = word
		}
		line = next
	}
	return append(lines, line)
}
