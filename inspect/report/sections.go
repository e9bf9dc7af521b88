package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// maxWhy is how many reasons for a verdict are listed; the findings have the rest.
const maxWhy = 8

// verdictSection is the outcome with its reasons. A passed case states what that does not cover.
// The words are those of package verdict, and the reasons come in its order.
func verdictSection(c inspect.Case, v verdict.Verdict) section {
	why := v.Reasons
	s := section{title: "Verdict"}
	i := item{status: v.Status.Tone(), mark: v.Words(&c), title: "the case as a whole"}
	for at, reason := range why {
		if at == maxWhy {
			i.lines = append(i.lines, fmt.Sprintf("and %d more", len(why)-maxWhy))
			break
		}
		i.lines = append(i.lines, brieflyNamed(clean(reason)))
	}
	if len(why) == 0 {
		i.lines = append(i.lines,
			"every check ended, and nothing that was expected is missing; this is no proof of what ran later")
	}
	s.item(i)
	return s
}

// answerSection has the three answers, each with the findings that it rests on and the commands that settle what is
// open.
// A claim stays marked as one in every form: the basis is part of the sentence.
func answerSection(c inspect.Case) section {
	s := section{title: "Answers"}
	for _, a := range c.AllAnswers() {
		i := item{status: a.Status.Tone(), mark: a.Status.Words(), title: question(a.Question)}
		for _, text := range sentences(a, inFull) {
			i.lines = append(i.lines, brieflyNamed(text))
		}
		var rests []string
		for at, f := range c.Findings {
			if slices.Contains(a.Findings, f.ID) {
				rests = append(rests, findingNumber(at))
			}
		}
		i.refs = rests
		s.item(i)
		for _, said := range a.Sentences {
			if said.Run != "" {
				s.blocks = append(s.blocks, block{command: &respond.NextStep{
					Why:     "to know more: " + said.Text,
					Command: said.Run,
				}})
			}
		}
	}
	return s
}

// findingNumber names a finding by its place in the report.
// The number is that of this report: IDs are hashes, which cannot be read out.
func findingNumber(at int) string { return "F" + strconv.Itoa(at+1) }

// findingSection lists the findings by cause, the worst first, each with the bytes that it rests on, where these are,
// and one command that checks them. The numbers are those of the order of severity, whatever group a finding is in.
func findingSection(c inspect.Case, b Bag) section {
	s := section{title: fmt.Sprintf("Findings (%d)", len(c.Findings))}
	number := map[string]int{}
	for at, f := range c.Findings {
		number[f.ID] = at
	}
	groups := headline.Groups(&c)
	for n, g := range groups {
		if len(g.Findings) > 1 || len(groups) > 1 {
			s.item(item{
				bare: true, title: fmt.Sprintf("Cause %d: %s", n+1, clean(join(g.Title, g.Aside))),
				anchor: fmt.Sprintf("cause-%d", n+1),
			})
		}
		for _, f := range g.Findings {
			s.item(findingItem(c, b, f, number[f.ID]))
		}
	}
	if len(c.Findings) == 0 {
		s.text("None.")
	}
	return s
}

// findingItem is a finding: its claim, then the evidence, then what people noted about it.
func findingItem(c inspect.Case, b Bag, f inspect.Finding, at int) item {
	i := rowItem(f.Status, f.Severity, findingNumber(at)+"  "+f.Title)
	i.anchor = findingNumber(at)
	if f.Detail != "" {
		i.lines = append(i.lines, f.Detail)
	}
	container, _, _ := strings.Cut(f.Subject, ":")
	image, _ := c.Image(container)
	for n, line := range evidenceLines(f) {
		where, command := b.place(c, image, f.Evidence[n])
		i.lines = append(i.lines, line)
		if f.Severity == inspect.Info && f.Status != inspect.RowFailed {
			continue
		}
		i.lines = append(i.lines, some(where)...)
		if i.command == "" {
			i.command = command
		}
	}
	if len(f.Evidence) == 0 {
		i.lines = append(i.lines, "evidence: the record of check "+f.Check+" (data/events.jsonl in the bundle)")
	}
	for _, n := range c.Notes {
		if n.Subject == f.ID {
			i.lines = append(i.lines, strings.TrimSpace("note: "+n.Mark+" "+n.Text)+" ("+n.Author+")")
		}
	}
	if i.command != "" {
		i.lines = append(i.lines, "to check it:")
	}
	return i
}

// evidenceLines name the bytes that a finding rests on; those of a finding that is only there to be known in short.
// Digests are in full, so that they can be compared with another tool's.
func evidenceLines(f inspect.Finding) []string {
	var lines []string
	for _, e := range f.Evidence {
		line := "evidence: " + join(e.Kind, e.Path, e.Digest, strings.TrimSuffix(e.Text, " # buildkit"))
		if f.Severity == inspect.Info && f.Status != inspect.RowFailed {
			line = shortDigests(line)
		}
		lines = append(lines, line)
	}
	return lines
}

// alertSection lists the alerts with how each was matched. No sign of a verification stands on an open alert.
// An alert that matches nothing is listed last of all by its status, and never closed by one.
func alertSection(c inspect.Case) section {
	s := section{title: "Alerts"}
	for _, a := range c.Alerts[:min(len(c.Alerts), maxRows)] {
		_, text := alertFile(a)
		title := join(a.Time.Stamp(), a.Priority+": "+a.Rule)
		if a.Count > 1 {
			title = join(title, fmt.Sprintf("count %d", a.Count))
		}
		i := item{status: inspect.Failed, mark: alertMark(c, a), title: title}
		if a.Match != inspect.MatchNone {
			i.lines = append(i.lines, text, matched(a))
		} else {
			i.status, i.mark = inspect.Unknown, "? fits nothing here"
		}
		for _, line := range []string{a.Why, a.Output} {
			if line != "" {
				i.lines = append(i.lines, line)
			}
		}
		if a.Imprecise {
			i.lines = append(i.lines, "its time has no date or no zone: it is imprecise")
		}
		s.item(i)
	}
	s.more(len(c.Alerts) - maxRows)
	return s
}

// nextSection lists what to do next, most urgent first.
func nextSection(c inspect.Case) section {
	s := section{title: "Next steps"}
	for _, step := range respond.Next(c) {
		s.blocks = append(s.blocks, block{command: &step})
	}
	return s
}

// podSection has the pod, what it could reach, its containers and what changed while the case was open.
// Reach is what the pod's specification and RBAC allow; that it was used is not claimed.
func podSection(c inspect.Case) section {
	s := section{title: "Pod and reach"}
	if c.Pod == nil {
		return s
	}
	p := c.Pod
	owners := make([]string, 0, len(p.Owner))
	for _, o := range p.Owner {
		owners = append(owners, o.Kind+" "+o.Name)
	}
	t := table{head: []string{"what", "value"}}
	row := func(name, value string) {
		if value != "" {
			t.rows = append(t.rows, []cell{plainCell(name), plainCell(value)})
		}
	}
	row("pod", p.Namespace+"/"+p.Name)
	row("created", p.Created.Stamp())
	row("node", p.Node)
	row("owner", strings.Join(owners, " < "))
	row("node's runtime", p.Runtime)
	row("node's kubelet", p.Kubelet)
	row("picked by", strings.Join(selectorNames(p.Selectors), ", "))
	for _, r := range respond.Reachable(&c) {
		if last := len(t.rows) - 1; r.Weight == respond.ReachesKin && t.rows[last][0].text == r.Kind {
			t.rows[last][1].text += ", " + r.Text
			continue
		}
		row(r.Kind, r.Text)
	}
	s.table(t)
	for _, r := range respond.Reachable(&c) {
		if r.Command != "" {
			s.blocks = append(s.blocks, block{command: &respond.NextStep{
				Why:     r.Kind + ": " + r.Text,
				Command: r.Command,
			}})
		}
	}
	s.containers(p.Containers)
	s.changes(c.Changes)
	return s
}

// selectorNames give what picks the pod, and by which labels.
func selectorNames(all []inspect.Selector) []string {
	var names []string
	for _, s := range all {
		name := s.Kind + " " + s.Name
		if len(s.Keys) > 0 {
			name += " (by " + strings.Join(s.Keys, ", ") + ")"
		}
		names = append(names, name)
	}
	return names
}

// containers lists the containers with their state and what ran in them before a restart.
func (s *section) containers(all []inspect.Container) {
	containers := table{head: []string{"container", "type", "image", "started", "state", "restarts", "run before"}}
	for _, o := range all {
		kind := string(o.Type)
		if o.Injected {
			kind += ", injected"
		}
		containers.rows = append(containers.rows, []cell{
			plainCell(o.Name), plainCell(kind), codeCell(o.Reference),
			plainCell(o.Started.Stamp()), plainCell(o.State), plainCell(strconv.Itoa(o.Restarts)), plainCell(o.Last),
		})
	}
	s.table(containers)
}

// changes lists what happened to the pod while the case was open.
// Times are those at which the change was noticed.
func (s *section) changes(all []inspect.PodChange) {
	t := table{head: []string{"heard at", "the pod is", "what", "kept as"}}
	for _, x := range all {
		t.rows = append(t.rows, []cell{plainCell(x.Time.Stamp()), plainCell(x.State), plainCell(strings.Join(x.What,
			"; ")), plainCell(x.Exhibit)})
	}
	s.table(t)
}

// timelineSection puts all that has a time on one axis, each with who states it: times of claims are those of whoever
// made the image.
//
// Whoever reads it has to know whose clock each time is of: an attacker who built the image set some of them.
func timelineSection(c inspect.Case, now time.Time) section {
	s := section{title: "Timeline (UTC)"}
	if f := axisFigure(c, now); f != nil {
		s.blocks = append(s.blocks, block{figure: f})
	}
	t := table{head: []string{"time", "what", "source", "whose clock"}}
	for _, m := range respond.Axis(&c, now) {
		t.rows = append(t.rows, []cell{
			plainCell(m.Time.Stamp()), plainCell(brieflyNamed(m.What)),
			plainCell(m.Source), plainCell(trustWord(m.Trust)),
		})
	}
	s.table(t)
	return s
}

// trustWord is how far the time of a moment can be believed.
func trustWord(t string) string {
	switch t {
	case inspect.BySignature:
		return "signed"
	case inspect.ByClaim:
		return "an unsigned claim"
	case inspect.ByUs:
		return "this machine's clock"
	case "":
		return "not known"
	default:
		return "the " + t + " says so"
	}
}

// noteSection lists what people noted, then the notices of the checks.
// Notices are printed too, since they name lists that were cut and logins that expired.
func noteSection(c inspect.Case) section {
	s := section{title: "Notes"}
	for _, n := range c.Notes {
		s.text(join(n.Time.Stamp(), n.Author, n.Mark, n.Subject, n.Text))
	}
	for _, n := range c.Notices {
		s.text(join(n.Level, n.Text, n.Hint))
	}
	return s
}

// uncheckedSection lists what was not checked. That nothing is listed is stated.
func uncheckedSection(c inspect.Case) section {
	s := section{title: "Not checked"}
	for _, text := range unchecked(c) {
		s.item(item{status: inspect.Unknown, title: text})
	}
	if len(s.blocks) == 0 {
		s.text("All checks ended.")
	}
	return s
}

// trustSection lists the roots and keys that verdicts rest on, what was expected, and which program made the case.
// A verdict is as good as these roots. The age of one shows how long ago it was fetched.
func trustSection(c inspect.Case) section {
	s := section{title: "What the verdicts rest on"}
	t := table{head: []string{"kind", "from", "name", "age", "digest"}}
	for _, r := range c.Trust {
		t.rows = append(t.rows, []cell{
			plainCell(r.Kind), plainCell(r.Origin), plainCell(r.Name), plainCell(r.AgeWords()),
			codeCell(r.Digest),
		})
	}
	s.table(t)
	e := c.Expected
	expected := table{head: []string{"expected", "value"}}
	for _, x := range []struct {
		name   string
		values []string
	}{
		{"identity", e.Identities},
		{"identity (pattern)", e.IdentityRegexps},
		{"issuer", e.Issuers},
		{"issuer (pattern)", e.IssuerRegexps},
		{"source", either(e.SourceURIs, e.SourceURI)},
		{"branch", either(e.SourceBranches, e.SourceBranch)},
		{"tag", either(e.SourceTags, e.SourceTag)},
		{"versioned tag", either(e.SourceVersioneds, e.SourceVersioned)},
		{"builder", either(e.BuilderIDs, e.BuilderID)},
		{"policy", e.Policies},
	} {
		for _, v := range x.values {
			expected.rows = append(expected.rows, []cell{plainCell(x.name), codeCell(v)})
		}
	}
	for _, k := range e.Keys {
		expected.rows = append(expected.rows, []cell{plainCell("key"), codeCell(k.Digest)})
	}
	s.table(expected)
	tool := strings.TrimSpace(c.Tool.Name + " " + c.Tool.Version)
	s.text(join(cmp.Or(tool, "backtrail"), "started "+c.Started.Stamp(), "ended "+c.Finished.Stamp(),
		fmt.Sprintf("%d requests to clusters and registries", c.Requests)))
	return s
}

// either is the list, or the one value of an older case.
func either(list []string, one string) []string {
	if len(list) == 0 && one != "" {
		return []string{one}
	}
	return list
}
