package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// maxWorst bounds the findings among what is known, so that the answers have room beside them.
const maxWorst = 3

// maxListed bounds each list of the first page, which has to stay one page.
const maxListed = 7

// storySection is the case in one paragraph of full sentences: how it was found, what it is, where, since when, and
// what is known of its way in. Nothing in it is surer than in the sections below: a claim is called one.
func storySection(c inspect.Case, v verdict.Verdict) section {
	s := section{title: "What happened"}
	parts := []string{foundSentence(c), outcomeSentence(c, v), placeSentence(c), sinceSentence(c)}
	for _, a := range c.AllAnswers() {
		parts = append(parts, answerSentence(a))
	}
	s.text(strings.Join(some(parts...), " "))
	return s
}

// worstAlert is the most urgent alert that was matched to the case, the oldest of several.
func worstAlert(c inspect.Case) (inspect.Alert, bool) {
	var matched []inspect.Alert
	for _, a := range c.Alerts {
		if a.Match != inspect.MatchNone {
			matched = append(matched, a)
		}
	}
	if len(matched) == 0 {
		return inspect.Alert{}, false
	}
	return slices.MinFunc(matched, func(a, b inspect.Alert) int {
		return cmp.Or(cmp.Compare(inspect.PriorityRank(a.Priority), inspect.PriorityRank(b.Priority)),
			a.Time.Compare(b.Time.Time))
	}), true
}

// foundSentence is how the case came up: by an alert, or because a person inspected the target.
func foundSentence(c inspect.Case) string {
	a, ok := worstAlert(c)
	if !ok {
		return fmt.Sprintf("No alert was matched to this case: %s was inspected at the request of a person, "+
			"beginning at %s.",
			c.Target.Name, c.Started.Stamp())
	}
	name := cmp.Or(a.Name(), "an alert without a name")
	times := ""
	if a.Count > 1 {
		times = fmt.Sprintf(", %d times", a.Count)
	}
	return fmt.Sprintf("At %s the sensor %s raised the alert \"%s\"%s%s, which was matched to %s.", a.Time.Stamp(),
		cmp.Or(a.Source, "(not named)"), name, bracketed(a.Priority), times, matchedTo(a))
}

// matchedTo is what an alert was matched to.
func matchedTo(a inspect.Alert) string {
	if a.Subject == "" {
		return "the pod"
	}
	return "container " + a.Subject
}

// bracketed is a text in brackets after a blank; empty without one.
func bracketed(t string) string {
	if t == "" {
		return ""
	}
	return " (" + t + ")"
}

// outcomeSentence is the outcome with the worst finding, or with why there is none.
func outcomeSentence(c inspect.Case, v verdict.Verdict) string {
	switch v.Status {
	case inspect.CaseFailed:
		why := ""
		if len(v.Reasons) > 0 {
			why = "; the worst: " + strings.TrimRight(clean(v.Reasons[0]), ". ")
		}
		if worst := failedFindings(c); len(worst) > 0 {
			why = "; the worst: " + strings.TrimRight(worst[0].Title, ". ")
		}
		if counted := verdict.Counted(&c); counted != "" {
			return "The inspection found problems (" + counted + ")" + why + "."
		}
		return "The inspection found problems" + why + "."
	case inspect.CasePassed:
		return "The inspection found no problem in what it read."
	default:
		if len(v.Reasons) > 0 {
			return "The inspection is incomplete: " + strings.TrimRight(clean(v.Reasons[0]), ". ") + "."
		}
		return "The inspection is incomplete."
	}
}

// failedFindings are those that failed, the worst first.
func failedFindings(c inspect.Case) []inspect.Finding {
	return slices.DeleteFunc(slices.Clone(c.Findings), func(f inspect.Finding) bool {
		return f.Status != inspect.RowFailed
	})
}

// placeSentence is where it runs, and from which bytes.
func placeSentence(c inspect.Case) string {
	i, ok := respond.Focus(c)
	image := ""
	if ok {
		image = cmp.Or(i.Reference, "an image without a name")
		if key := i.Key(); key != "" && !strings.Contains(image, key) {
			image += " (" + key + ")"
		}
	}
	if c.Pod == nil {
		if !ok {
			return "It is not known which image this is about."
		}
		return "It is about the image " + image + "."
	}
	place := "pod " + c.Pod.Namespace + "/" + c.Pod.Name
	if ok && i.Container != "" {
		place = "container " + i.Container + " of " + place
	}
	if n := len(c.Pod.Owner); n > 0 {
		place += " (" + c.Pod.Owner[n-1].Kind + " " + c.Pod.Owner[n-1].Name + ")"
	}
	if c.Target.Context != "" {
		place += " in the cluster " + c.Target.Context
	}
	if image != "" {
		place += ", from the image " + image
	}
	return "It concerns " + place + "."
}

// sinceSentence is since when: the start of the container is what the cluster reports, and the first alert what a
// sensor does. When an attacker came is not claimed.
func sinceSentence(c inspect.Case) string {
	i, _ := respond.Focus(c)
	var parts []string
	if c.Pod != nil {
		for _, o := range c.Pod.Containers {
			if o.Name == i.Container && !o.Started.IsZero() {
				parts = append(parts, "the container started at "+o.Started.Stamp())
			}
		}
		if len(parts) == 0 && !c.Pod.Created.IsZero() {
			parts = append(parts, "the pod was created at "+c.Pod.Created.Stamp())
		}
	}
	var first inspect.Time
	for _, a := range c.Alerts {
		if a.Match != inspect.MatchNone {
			first = inspect.Earlier(first, a.Time)
		}
	}
	if !first.IsZero() {
		parts = append(parts, "the first alert is of "+first.Stamp())
	}
	if len(parts) == 0 {
		return "Since when it runs is not known here."
	}
	return "As to since when: " + strings.Join(parts, ", and ") + "."
}

// answerSentence is the first sentence of an answer, with how sure it is unless it was seen.
func answerSentence(a inspect.Answer) string {
	opening := map[string]string{
		inspect.WhereFrom: "As to where it came from: ", inspect.HowIn: "As to how it got in: ",
		inspect.WhyMissed: "As to why it was not blocked: ",
	}[a.Question]
	if opening == "" || a.Status == inspect.AnswerNone {
		return ""
	}
	words := strings.TrimSpace(a.Text)
	if len(a.Sentences) > 0 {
		words = a.Sentences[0].Text
		if b := a.Sentences[0].Basis; b != inspect.Seen && b != inspect.Derived {
			words += " (" + a.Sentences[0].Source() + ")"
		}
	}
	if words == "" {
		return ""
	}
	return opening + brieflyNamed(strings.TrimRight(lowered(clean(words)), ". ")) + "."
}

// lowered begins a sentence in lower case where its first word is an English one: names keep their case.
func lowered(words string) string {
	first, rest, _ := strings.Cut(words, " ")
	switch first {
	case "From", "The", "No", "It", "Nothing", "A", "An", "In", "By", "Layer", "There", "This":
		return strings.TrimSpace(strings.ToLower(first) + " " + rest)
	}
	return words
}

// knownSection sorts what the case states by how sure it is: seen or derived, claimed or not known, and not looked at.
func knownSection(c inspect.Case) section {
	s := section{title: "What is known"}
	var know, open []string
	for _, i := range focusFirst(c) {
		switch i.Status {
		case inspect.Verified:
			know = append(know, i.Container+": the bytes of the image match its digests")
		case inspect.Failed:
			know = append(know, i.Container+": the bytes of the image do not match its digests")
		default:
			open = append(open, i.Container+": whether the bytes of the image match its digests")
		}
	}
	for at, f := range failedFindings(c) {
		if at < maxWorst {
			know = append(know, strings.TrimRight(f.Title, ". "))
		}
	}
	for _, a := range c.AllAnswers() {
		for _, x := range a.Sentences {
			words := strings.TrimRight(brieflyNamed(clean(x.Text)), ". ")
			if x.Known() {
				know = append(know, words)
			} else {
				open = append(open, words+" ("+x.Source()+")")
			}
		}
		if len(a.Waiting) > 0 || a.Status == inspect.AnswerOpen && len(a.Sentences) == 0 {
			open = append(open, question(a.Question)+" "+clean(a.Text))
		}
	}
	open = append(open, unchecked(c)...)
	s.listed("We know", know, "Nothing yet: no check has ended.")
	s.listed("We do not know", open, "Nothing is open: every check ended, and no sentence above rests on a claim.")
	s.listed("We did not look", unlooked(c), "")
	return s
}

// unlooked lists what no check looked at: checks that did not apply, what could not be preserved, and what the program
// never reads.
func unlooked(c inspect.Case) []string {
	var list []string
	for _, p := range respond.PreservedOf(&c) {
		if p.Whole {
			list = append(list, p.Word+"s: "+cmp.Or(strings.Join(p.Why, "; "), "none were collected"))
		}
	}
	if c.Pod == nil {
		list = append(list, "memory, and what was written in a running container")
	}
	for _, x := range c.Checks {
		if x.Status == inspect.CheckSkipped {
			list = append(list, strings.TrimSpace(x.Container+" "+x.Name)+": "+cmp.Or(x.Reason, "not applicable"))
		}
	}
	return append(list, "network traffic, other clusters, and the build system")
}

// listed adds a titled list within the bounds of the first page. What is left out is counted, and stands below in full.
func (s *section) listed(title string, lines []string, none string) {
	lines = slices.Compact(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return l == "" }))
	if len(lines) == 0 && none != "" {
		lines = []string{none}
	}
	if more := len(lines) - maxListed; more > 0 {
		lines = append(lines[:maxListed:maxListed], fmt.Sprintf("and %d more, in the sections below", more))
	}
	if len(lines) > 0 {
		s.item(item{bare: true, title: title, lines: lines})
	}
}

// extentSection is how far it may reach: which containers and pods run the same, and what the pod could touch.
func extentSection(c inspect.Case) section {
	s := section{title: "Extent"}
	var lines []string
	if n := len(c.Images); n > 0 {
		lines = append(lines, text.Count(n, "image")+" of this case; findings in "+
			cmp.Or(strings.Join(affected(c), ", "), "none of them"))
	}
	if c.Pod != nil {
		lines = append(lines, text.Count(c.Pod.SameDigest(), "other pod")+" with the same image")
		if i, ok := respond.Focus(c); ok && i.Sharing != nil {
			lines = append(lines, text.Count(len(i.Sharing.Pods()),
				"other pod")+" with a suspect layer in another image")
		}
		for _, r := range respond.Reachable(&c) {
			if r.Weight != respond.ReachesKin {
				lines = append(lines, "reach: "+r.Kind+": "+r.Text)
			}
		}
	} else {
		lines = append(lines, "which workloads run this image is not part of the case (backtrail where)")
	}
	s.listed("What it touches, as far as it was looked at", lines, "")
	return s
}

// affected are the containers that have a finding of high or critical severity.
func affected(c inspect.Case) []string {
	var names []string
	for _, f := range c.Findings {
		name, _, _ := strings.Cut(f.Subject, ":")
		if f.Status == inspect.RowFailed && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// decideSection lists what a person has to decide. The commands stand with the next steps, for whoever carries it out.
func decideSection(c inspect.Case) section {
	s := section{title: "What to decide"}
	var lines []string
	for _, step := range respond.Next(c) {
		why, _, _ := strings.Cut(step.Why, "; ")
		lines = append(lines, why)
	}
	if more := len(lines) - maxListed + 2; more > 0 {
		lines = append(lines[:maxListed-2:maxListed-2], fmt.Sprintf("%s more, with their commands, under Next steps",
			text.Count(more, "step")))
	}
	if open := unmarked(c); len(open) > 0 {
		lines = append(lines, "malicious or benign: no person has marked "+strings.Join(open, ", "))
	}
	if len(c.Clocks) == 0 && verdict.Of(&c).Status == inspect.CaseFailed {
		lines = append(lines, "whether a reporting duty applies (NIS2, CRA, DORA), with counsel")
	}
	s.listed("To decide, the most urgent first", lines, "Nothing that this case calls for.")
	return s
}

// unmarked are the numbers of the findings that failed and that no person has marked, a few of them.
func unmarked(c inspect.Case) []string {
	var open []string
	for at, f := range c.Findings {
		marked := slices.ContainsFunc(c.Notes, func(n inspect.Note) bool {
			return n.Mark != "" && n.Mark != "open" && (n.Subject == f.ID || f.Subject != "" &&
				strings.HasSuffix(f.Subject, ":"+n.Subject))
		})
		if f.Status == inspect.RowFailed && !marked {
			open = append(open, findingNumber(at))
		}
	}
	if more := len(open) - maxListed; more > 0 {
		open = append(open[:maxListed:maxListed], fmt.Sprintf("and %d more", more))
	}
	return open
}

// deadlineSection has the report clocks with what is due, or states that none is running.
func deadlineSection(c inspect.Case, now time.Time) section {
	s := clockSection(c, now)
	s.title = "Deadlines (UTC)"
	running := slices.ContainsFunc(c.Clocks, func(k inspect.Clock) bool { return k.Withdrawn == nil })
	if !running {
		none := section{title: s.title}
		none.text("No clock is running. None starts by itself: a person who becomes aware of a reportable incident " +
			"starts it with backtrail aware.")
		none.blocks = append(none.blocks, s.blocks...)
		return none
	}
	return s
}

// suspectLayers are the numbers of the layers of an image that brought what failed.
func suspectLayers(c inspect.Case, i inspect.Image) map[int]bool {
	all := map[int]bool{}
	for _, g := range headline.Groups(&c) {
		if g.Container == i.Container && g.Layer >= 0 && g.Findings[0].Status == inspect.RowFailed {
			all[g.Layer] = true
		}
	}
	return all
}
