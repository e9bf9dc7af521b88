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
	if open := unchecked(c); len(open) > 0 {
		lines = append(lines, briefLine{"", "NOT CHECKED " + count(open), true})
	}
	lines = append(lines, briefLine{"", kept(c), true})
	if steps := Next(c); len(steps) > 0 {
		lines = append(lines, briefLine{"next", briefStep(steps[0]), false})
	}
	return layBrief(lines)
}

// briefStep is the command where it fits whole: half a command is none.
func briefStep(s Step) string {
	if s.Command == "" || ansi.StringWidth(s.Command) > BriefColumns-indent {
		return s.Why
	}
	return s.Command
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
		same := ""
		if n := len(c.Pod.Others); n > 0 {
			same = fmt.Sprintf("%d more with this digest", n)
		}
		return append(lines, briefLine{"pod", join(contextPrefix(c)+where, same), false})
	}
	return append(lines, briefLine{"target", join(where, contextName(c)), false})
}

// contextPrefix is the context as the header of the screen shows it.
func contextPrefix(c inspect.Case) string {
	if c.Target.Context == "" {
		return ""
	}
	return c.Target.Context + " › "
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
		lines = append(lines, briefLine{"alert", join(clock(a.Time)+" "+matchedBy(a)+": "+strings.TrimSpace(a.Priority+" "+a.Rule), more), false})
		status, text := alertFile(a)
		sign := s.Sign(status)
		if status == inspect.Verified {
			sign = alertMark(c, a)[:1]
		}
		lines = append(lines, briefLine{"file", join2(sign, text), true})
	}
	status, text := signed(c, i)
	lines = append(lines, briefLine{"signer", join2(s.Sign(status), text), false})
	status, text = built(c, i)
	return append(lines, briefLine{"built", join2(s.Sign(status), text), false})
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
