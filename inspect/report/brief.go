package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// The size of a brief: it has to fit a chat message and a pager.
const (
	BriefLines   = 14
	BriefColumns = 78
)

// briefLine is a line before it is laid out.
type briefLine struct {
	label string
	sign  string
	// parts stand beside each other as long as they fit; one that does not is left out whole, except for the first.
	parts []string
	sep   string
	// most is how many lines it may have if there is room.
	most int
}

// one is a line that is cut where it is too long.
func one(label, text string) briefLine {
	return briefLine{label: label, parts: []string{text}, most: 1}
}

// wrapping is one that may take a second and third line.
func wrapping(label, text string) briefLine {
	return briefLine{label: label, parts: []string{text}, most: 3}
}

// Brief is the case in at most BriefLines lines of BriefColumns columns: UTC, without secrets and without the command
// lines of alerts, which may hold some. It is what is copied into the incident's channel, and what reports open with.
func Brief(c inspect.Case, s Style) string {
	s.Color = false
	lines := briefHead(c, s)
	i, ok := respond.Focus(c)
	if ok {
		lines = append(lines, briefImage(c, i, s)...)
	}
	lines = append(lines, briefAnswers(c, i, s)...)
	if open := unchecked(c); len(open) > 0 {
		lines = append(lines, wrapping("", "NOT CHECKED "+count(open)))
	}
	lines = append(lines, wrapping("", kept(c)))
	if due, ok := briefClocks(c, s.now(c)); ok {
		lines = append(lines, due)
	}
	if steps := respond.Next(c); len(steps) > 0 {
		lines = append(lines, one("next", briefStep(steps[0])))
	}
	return layBrief(lines)
}

// briefAnswers are the three answers, each of whole sentences; one line if they all say the same.
func briefAnswers(c inspect.Case, about inspect.Image, s Style) []briefLine {
	var lines []briefLine
	answers := c.AllAnswers()
	for _, a := range answers {
		label := map[string]string{inspect.WhereFrom: "from", inspect.HowIn: "how in",
			inspect.WhyMissed: "missed"}[a.Question]
		var parts []string
		for _, text := range sentences(a, spoken(about)) {
			// What an alert's file is stands in a line of its own.
			if !saidOfFile(c, text) || len(parts) > 0 {
				parts = append(parts, text)
			}
		}
		if len(parts) == 0 {
			parts = []string{clean(a.Text)}
		}
		lines = append(lines, briefLine{label: label, sign: answerSign(a, s), parts: parts, sep: ". ", most: 3})
	}
	if len(answers) == 3 && answers[0].Text == answers[1].Text && answers[1].Text == answers[2].Text {
		same := wrapping("", "from, how in, missed: "+clean(answers[0].Text))
		same.sign = answerSign(answers[0], s)
		return []briefLine{same}
	}
	return lines
}

// answerSign marks an answer that is not whole. No sign of a verification stands on an answer.
func answerSign(a inspect.Answer, s Style) string {
	if a.Status == inspect.AnswerOpen || a.Status == inspect.AnswerPartial {
		return s.Sign(inspect.Unknown)
	}
	return ""
}

func saidOfFile(c inspect.Case, text string) bool {
	return slices.ContainsFunc(c.Alerts, func(a inspect.Alert) bool {
		return strings.TrimRight(clean(a.File.Detail),
			". ") == text
	})
}

// briefStep is the command where it fits whole: half a command is none.
func briefStep(s respond.NextStep) string {
	if s.Command == "" || ansi.StringWidth(s.Command) > BriefColumns-indent {
		why, _, _ := strings.Cut(s.Why, " (")
		return why
	}
	return s.Command
}

// count shows how many there are, and the first.
func count(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("(%d) %s", len(list), strings.Join(list, "; "))
}

func briefHead(c inspect.Case, s Style) []briefLine {
	v := verdict.Of(&c)
	state := ""
	if !v.Complete {
		state = "PARTIAL"
		if c.End != nil && c.End.Status == inspect.CheckDone {
			state = "not all could be checked"
		}
	}
	lines := []briefLine{one("case", join(inspect.CaseID(c.Target, c.Started), v.Words(&c), state))}
	if c.Pod == nil {
		return append(lines, one("target", join(c.Target.Name, contextName(c))))
	}
	pod := briefLine{label: "pod", parts: []string{contextPrefix(c) + c.Pod.Namespace + "/" + c.Pod.Name}, sep: " ",
		most: 1}
	if _, gone := c.Gone(); gone {
		pod.parts = append(pod.parts, "GONE")
	}
	if len(c.Pod.Owner) > 0 {
		owner := c.Pod.Owner[len(c.Pod.Owner)-1]
		pod.parts = append(pod.parts, "of "+owner.Kind+" "+owner.Name)
	}
	others, layers := c.Pod.SameDigest(), 0
	if i, ok := respond.Focus(c); ok {
		layers = len(i.Sharing.Pods())
	}
	if layers > 0 {
		also := briefLine{label: "also", parts: []string{fmt.Sprintf("%d more with this layer, in another image",
			layers)}, sep: "; ", most: 1}
		if others > 0 {
			also.parts = append([]string{fmt.Sprintf("%d more with this digest", others)}, also.parts...)
		}
		return append(lines, pod, also)
	}
	if others > 0 {
		pod.parts = append(pod.parts, fmt.Sprintf("· %d more with this digest", others))
		if !pod.holds(len(pod.parts), 1) {
			pod.parts[len(pod.parts)-1] = fmt.Sprintf("· %d more", others)
		}
	}
	return append(lines, pod)
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
	lines := []briefLine{one("image", cmp.Or(i.Digest, i.Index, i.Config, "no digest is known"))}
	alerts := slices.DeleteFunc(slices.Clone(c.Alerts),
		func(a inspect.Alert) bool { return a.Subject != i.Container || a.Match == inspect.MatchNone })
	if len(alerts) > 0 {
		a := slices.MinFunc(alerts, func(a, b inspect.Alert) int {
			return cmp.Or(cmp.Compare(inspect.PriorityRank(a.Priority), inspect.PriorityRank(b.Priority)),
				cmp.Compare(unplaced(a), unplaced(b)))
		})
		line := briefLine{label: "alert", parts: []string{a.Time.Stamp() + " " +
			strings.TrimSpace(a.Priority+" "+a.Rule), matchedBy(a)}, sep: ", ", most: 2}
		if a.Match == inspect.MatchPod || a.Match == inspect.MatchImage {
			line.parts[0] = matchedBy(a) + " only: " + line.parts[0] // a weak match is said first
			line.parts = line.parts[:1]
		}
		if len(alerts) > 1 {
			line.parts = append(line.parts, fmt.Sprintf("%d more", len(alerts)-1))
		}
		status, text := alertFile(a)
		sign := s.Sign(status)
		if status == inspect.Verified {
			sign = alertMark(c, a)[:1]
		}
		file := wrapping("file", text)
		file.sign = sign
		lines = append(lines, line, file)
	}
	return append(lines, briefOrigin(c, i, s)...)
}

// unplaced is 1 for an alert that does not say where its file is from: of two others it tells less.
func unplaced(a inspect.Alert) int {
	if a.File.Origin == inspect.OriginUnknown {
		return 1
	}
	return 0
}

// briefOrigin says who signed and who built the image: in one line where nobody did either.
func briefOrigin(c inspect.Case, i inspect.Image, s Style) []briefLine {
	signature, who := signed(c, i)
	provenance, from := built(c, i)
	signer, builder := wrapping("signer", brieflyNamed(who)), wrapping("built", brieflyNamed(from))
	signer.sign, builder.sign = s.Sign(signature), s.Sign(provenance)
	if rest, ok := strings.CutPrefix(who, "unsigned"); ok && provenance == inspect.Absent {
		signer.parts[0] = "unsigned, no provenance" + rest
		return []briefLine{signer}
	}
	return []briefLine{signer, builder}
}

// indent is the width of the labels of a brief.
const indent = 7

// layBrief lays the lines out. The room that is left goes to those whose first part does not fit, the answers before
// all others, then to those that have more to say.
func layBrief(lines []briefLine) string {
	heights := make([]int, len(lines))
	for at := range lines {
		heights[at] = 1
	}
	spare := BriefLines - len(lines)
	for _, wants := range []func(l briefLine, height int) bool{
		func(l briefLine, height int) bool { return l.sep == ". " && !l.holds(1, height) },
		func(l briefLine, height int) bool { return !l.holds(1, height) },
		func(l briefLine, height int) bool { return !l.holds(len(l.parts), height) },
	} {
		for range 2 {
			for at, l := range lines {
				if spare > 0 && heights[at] < l.most && wants(l, heights[at]) {
					heights[at]++
					spare--
				}
			}
		}
	}
	var b strings.Builder
	for at, l := range lines[:min(len(lines), BriefLines)] {
		l.draw(&b, heights[at])
	}
	return b.String()
}

// label and width of a line's first row; all others are indented by the label's width.
func (l briefLine) head() (string, int) {
	if l.label == "" {
		return "", BriefColumns
	}
	return fmt.Sprintf("%-*s", indent, l.label), BriefColumns - indent
}

// rows are the first n parts, wrapped.
func (l briefLine) rows(n int) []string {
	text := clean(strings.TrimSpace(l.sign + " " + strings.Join(l.parts[:n], l.sep)))
	return wrap(text, BriefColumns-indent, BriefLines)
}

// holds says that the first n parts fit into some rows.
func (l briefLine) holds(n, rows int) bool {
	all := l.rows(n)
	if len(all) > rows {
		return false
	}
	return !slices.ContainsFunc(all, func(r string) bool { return ansi.StringWidth(r) > BriefColumns-indent })
}

// draw writes as many parts as fit into the rows; of the first what fits.
func (l briefLine) draw(b *strings.Builder, rows int) {
	parts := len(l.parts)
	for parts > 1 && !l.holds(parts, rows) {
		parts--
	}
	all := l.rows(parts)
	if len(all) > rows {
		all = append(all[:rows-1:rows-1], strings.Join(all[rows-1:], " "))
	}
	label, width := l.head()
	for n, row := range all {
		if n > 0 {
			label, width = strings.Repeat(" ", indent), BriefColumns-indent
		}
		b.WriteString(strings.TrimRight(label+ansi.Truncate(row, width, "…"), " ") + "\n")
	}
}
