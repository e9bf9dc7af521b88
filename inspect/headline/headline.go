package headline

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
)

// Labels of the lines, in their order.
const (
	What   = "WHAT"
	Step   = "STEP"
	How    = "HOW"
	Signed = "SIGNED"
	Missed = "MISSED"
	Next   = "NEXT"
)

// Line is one line of a headline. Nothing of it is cut: whoever shows it wraps it.
type Line struct {
	Label string
	Text  string
	// Aside is less than the text, and stands behind it where there is room; empty for none
	Aside string
	// Short is the text with less, for where there is no room for all of it; empty where there is no less
	Short string
	// Command is what the line suggests to run, to copy; of NEXT only
	Command string
}

// Of gives the lines of a case, always all six, so that nothing below them moves while checks end. steps are what to do
// next, the most urgent first.
func Of(c *inspect.Case, steps []respond.NextStep) []Line {
	v := viewOf(c)
	lines := []Line{
		v.line(What, whatRules), v.line(Step, stepRules), v.line(How, howRules),
		signedLine(v.signed()),
		v.line(Missed, missedRules), v.next(steps),
	}
	for i := range lines {
		l := &lines[i]
		l.Text, l.Aside, l.Short = text.Clean(l.Text), text.Clean(l.Aside), text.Clean(l.Short)
	}
	return lines
}

// signedLine is the line about the signature. Where the image is signed, its shorter form leaves out what was required:
// MISSED repeats whether it is met.
func signedLine(words string) Line {
	l := Line{Label: Signed, Text: words}
	if signer, _, ok := strings.Cut(words, " · required: "); ok && strings.HasPrefix(words, "yes, ") {
		l.Short = signer
	}
	return l
}

// rule gives a line's words and what stands behind them; words that are empty mean that the rule does not apply.
type rule func(v view) (words, aside string)

// line is the first rule that applies, with its shorter form where there is one. The last rule of each list always
// does.
func (v view) line(label string, rules []rule) Line {
	l := v.first(label, rules)
	v.brief = true
	if short := v.first(label, rules).Text; short != l.Text {
		l.Short = short
	}
	return l
}

func (v view) first(label string, rules []rule) Line {
	for _, r := range rules {
		if words, aside := r(v); words != "" {
			return Line{Label: label, Text: words + v.pending(label, words), Aside: aside}
		}
	}
	return Line{Label: label, Text: "not known"}
}

// answers are the questions that lines answer: a line is not the last word while its answer waits for checks.
var answers = map[string]string{Step: inspect.WhereFrom, How: inspect.HowIn, Missed: inspect.WhyMissed}

// pending is what the answer behind a line still waits for, unless the line is that already.
func (v view) pending(label, words string) string {
	for _, a := range v.c.Answers {
		if a.Question == answers[label] && len(a.Waiting) > 0 && words != v.waiting() {
			return "; still checking: " + strings.Join(a.Waiting, ", ")
		}
	}
	return ""
}

// view is a case with what its lines are about: one container, the cause of its worst finding, and the alert. It is
// made anew for each frame, and nothing of it is kept.
type view struct {
	c     *inspect.Case
	image inspect.Image
	cause inspect.Cause
	// lead: the findings of the cause; empty where none failed. All of them are about one container: a pod's second
	// container with the same package is another group.
	lead inspect.CauseGroup
	// alert: matched to the image; nil for none
	alert *inspect.Alert
	// brief: without what the screens below a line show in full, as how many layers an own build shares, and why each
	// product does not enforce its policies
	brief bool
}

// viewOf finds what the lines are about. The answers name the cause that explains the case; without them it is that of
// the worst finding.
func viewOf(c *inspect.Case) view {
	v := view{c: c, cause: inspect.Cause{Kind: inspect.CauseUnknown, Layer: -1}}
	for _, a := range c.Answers {
		if a.Cause.Kind != "" && a.Cause.Kind != inspect.CauseUnknown {
			v.cause = a.Cause
			break
		}
	}
	v.lead = leadOf(c, v.cause)
	v.image, _ = c.Image(v.lead.Container)
	if v.cause.Kind == inspect.CauseUnknown && len(v.lead.Findings) > 0 {
		v.cause = causeOf(c, v.lead)
	}
	for i := range c.Alerts {
		a := &c.Alerts[i]
		if a.Match == inspect.MatchNone || v.lead.Container != "" && a.Subject != v.lead.Container {
			continue
		}
		if v.alert == nil || better(a, v.alert, v.cause) {
			v.alert = a
		}
	}
	if v.lead.Container == "" {
		v.image = v.about()
	}
	return v
}

// causeOf is the cause of a group of findings, with the layer that its evidence names.
func causeOf(c *inspect.Case, g inspect.CauseGroup) inspect.Cause {
	cause := inspect.ParseCause(g.Cause)
	if cause.Path == "" {
		cause.Path = fileOf(g.Head())
	}
	cause.Layer = layerOf(c, g.Head())
	return cause
}

// better reports whether an alert shows more of the cause than another: it names its file, or is more urgent. Of two
// that are alike the first, which is the older one, stays.
func better(a, than *inspect.Alert, cause inspect.Cause) bool {
	names := func(x *inspect.Alert) bool { return cause.Path != "" && pathOf(x) == cause.Path }
	if names(a) != names(than) {
		return names(a)
	}
	return inspect.PriorityRank(a.Priority) < inspect.PriorityRank(than.Priority)
}

// leadOf is the group of failed findings that has the cause; else the worst; else none. Where the answers name a cause
// that no finding has, as an act at run time, no finding leads: a weak finding of the image would else take the blame.
func leadOf(c *inspect.Case, cause inspect.Cause) inspect.CauseGroup {
	var failed []inspect.Finding
	for _, f := range c.Findings {
		if f.Status == inspect.RowFailed {
			failed = append(failed, f)
		}
	}
	groups := inspect.ByCause(failed)
	for _, g := range groups {
		if g.Cause == cause.Key() {
			return g
		}
		for _, f := range g.Findings {
			if cause.Path != "" && fileOf(f) == cause.Path {
				return g
			}
		}
	}
	for _, g := range groups {
		if cause.Kind == inspect.CauseUnknown || inspect.ParseCause(g.Cause).Kind == inspect.CauseUnknown {
			return g
		}
	}
	return inspect.CauseGroup{}
}

// about is the image that the case is about where no finding failed: the alerted one, else the first that is the pod's
// own.
func (v view) about() inspect.Image {
	if v.alert != nil {
		if i, ok := v.c.Image(v.alert.Subject); ok {
			return i
		}
	}
	if v.c.Pod != nil {
		for _, k := range v.c.Pod.Containers {
			if i, ok := v.c.Image(k.Name); ok && k.Type == inspect.ContainerMain && !k.Injected {
				return i
			}
		}
	}
	if len(v.c.Images) > 0 {
		return v.c.Images[0]
	}
	return inspect.Image{}
}

// running reports whether the case still collects: what is not known yet may come.
func (v view) running() bool { return v.c.End == nil }

// has reports whether a finding with one of some codes is about the image or the pod. The subject of a finding is
// CONTAINER, CONTAINER:/PATH or pod.
func (v view) has(codes ...string) bool {
	for _, f := range v.c.Findings {
		container, _, _ := strings.Cut(f.Subject, ":")
		if container != v.image.Container && container != subjectPod {
			continue
		}
		for _, code := range codes {
			if f.Code == code {
				return true
			}
		}
	}
	return false
}

// subjectPod is the subject of findings about the pod as a whole.
const subjectPod = "pod"

// fileOf is the file that a finding is about, empty for none.
func fileOf(f inspect.Finding) string {
	if _, p, ok := strings.Cut(f.Subject, ":"); ok && strings.HasPrefix(p, "/") {
		return p
	}
	return ""
}

// pathOf is the program that an alert names: as it was found in the image or the pod, where it was, with its links
// resolved; else as the sensor wrote it.
func pathOf(a *inspect.Alert) string {
	if a.File.Path != "" {
		return a.File.Path
	}
	return a.Path
}
