package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Pods writes the list of pods, flagged ones first, then the alerts that fit none of them.
func Pods(w io.Writer, list inspect.PodList, s Style) error {
	list = cleaned(list)
	p := &printer{style: s}
	t := table{head: []string{"", "namespace", "pod", "containers", "image", "created", "alerts"}}
	for _, flagged := range []bool{true, false} {
		for _, pod := range list.Pods {
			if (len(pod.Alerts) > 0) == flagged {
				t.rows = append(t.rows, podRow(pod))
			}
		}
	}
	if len(t.rows) == 0 {
		p.raw("no pods" + inContext(list.Context) + "\n")
	}
	if len(t.rows) > 0 {
		p.table(t)
	}
	if len(list.Unmatched) > 0 {
		fmt.Fprintf(&p.b, "\n%s\n", s.bold(strings.ToUpper("alerts that fit no pod here")))
		for _, a := range list.Unmatched {
			p.item(item{status: inspect.Unknown, title: join(clock(a.Time), a.Priority+": "+a.Rule, a.Namespace, a.Pod), lines: some(a.Why)})
		}
	}
	if list.Broken > 0 {
		fmt.Fprintf(&p.b, "\n%s could not be read as an alert\n", plural(list.Broken, "line"))
	}
	for _, n := range list.Notices {
		fmt.Fprintf(&p.b, "%s\n", join(n.Level+": "+n.Text, n.Hint))
	}
	return p.flush(w)
}

func inContext(name string) string {
	if name == "" {
		return ""
	}
	return " in " + name
}

func podRow(pod inspect.FlaggedPod) []cell {
	flag := ""
	if len(pod.Alerts) > 0 {
		flag = "!"
	}
	names, images := []string{}, []string{}
	for _, c := range pod.Containers {
		name := c.Name
		if c.Injected {
			name += " (injected)"
		}
		names = append(names, name)
		if image := imageName(c); !slices.Contains(images, image) {
			images = append(images, image)
		}
	}
	return []cell{
		plainCell(flag), plainCell(pod.Namespace), plainCell(pod.Name), plainCell(strings.Join(names, ", ")),
		plainCell(strings.Join(images, ", ")), plainCell(clock(pod.Created)), plainCell(podAlerts(pod.Alerts)),
	}
}

// imageName is the repository's last part with the short digest that runs, else the reference's tag.
func imageName(c inspect.Container) string {
	name := c.Reference
	if at := strings.LastIndexByte(c.ImageID, '@'); at >= 0 || strings.HasPrefix(c.ImageID, "sha256:") {
		base, _, _ := strings.Cut(name, "@")
		if slash, colon := strings.LastIndexByte(base, '/'), strings.LastIndexByte(base, ':'); colon > slash {
			base = base[:colon]
		}
		name = base + "@" + short(c.ImageID)
	}
	return name[strings.LastIndexByte(name, '/')+1:]
}

// podAlerts folds the alerts of a pod by rule, the worst first.
func podAlerts(alerts []inspect.Alert) string {
	type rule struct {
		name  string
		rank  int
		count int
	}
	var rules []rule
	for _, a := range alerts {
		at := slices.IndexFunc(rules, func(r rule) bool { return r.name == a.Rule })
		if at < 0 {
			rules = append(rules, rule{name: a.Rule, rank: 9})
			at = len(rules) - 1
		}
		rules[at].count += max(1, a.Count)
		rules[at].rank = min(rules[at].rank, priorityRank(a.Priority))
	}
	slices.SortStableFunc(rules, func(a, b rule) int { return cmp.Compare(a.rank, b.rank) })
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = r.name
		if r.count > 1 {
			texts[i] += " ×" + strconv.Itoa(r.count)
		}
	}
	return strings.Join(texts, "; ")
}

// Diff writes what differs between an image (now) and another (before), by the names that the person gave them.
func Diff(w io.Writer, d inspect.Diff, before, now string, s Style) error {
	d = cleaned(d)
	p := &printer{style: s}
	p.raw(fmt.Sprintf("before  %s\nnow     %s\n\n", clean(before), clean(now)))
	for _, b := range diffBlocks(d, maxRows) {
		p.block(b)
	}
	return p.flush(w)
}

// Clocks writes the report clocks of a case, with what is due.
func Clocks(w io.Writer, c inspect.Case, s Style) error {
	now := s.now(c)
	p := &printer{style: s}
	for _, b := range clockSection(cleaned(c), now).blocks {
		p.block(b)
	}
	return p.flush(w)
}

// Steps writes what to do next.
func Steps(w io.Writer, c inspect.Case, s Style) error {
	p := &printer{style: s}
	for _, b := range nextSection(cleaned(c)).blocks {
		p.block(b)
	}
	return p.flush(w)
}

// Signature writes one signature step by step, as verify-blob prints it.
func Signature(w io.Writer, sig inspect.Signature, s Style) error {
	p := &printer{style: s}
	p.item(signatureItem(cleaned(sig)))
	return p.flush(w)
}
