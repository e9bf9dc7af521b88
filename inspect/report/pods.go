package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// maxStrays bounds the alerts that fit no pod in print: a wrong context may have 100,000 of them.
const maxStrays = 100

// Pods writes the list of pods, flagged ones first, then the alerts that fit none of them. Its notices are not
// printed: they are no part of the list.
//
// The order within both halves is that of the list. An error is that of the writer.
func Pods(w io.Writer, list inspect.PodList, s Style) error { return pods(w, list, s, false) }

// PodsWide writes the list with what kubectl's wide form adds, and with what a responder compares: the node, the
// account, what made the pod, and the digest of each container.
func PodsWide(w io.Writer, list inspect.PodList, s Style) error { return pods(w, list, s, true) }

// PodNames writes the names of the pods, flagged ones first, as kubectl -o name does: each is a target of inspect.
// Alerts that fit no pod are left out.
func PodNames(w io.Writer, list inspect.PodList) error {
	for _, p := range flaggedFirst(list.Pods) {
		if _, err := fmt.Fprintf(w, "pod/%s\n", clean(p.Name)); err != nil {
			return fmt.Errorf("printing pods: %w", err)
		}
	}
	return nil
}

// flaggedFirst are the pods in two halves, each in the order of the list.
func flaggedFirst(all []inspect.FlaggedPod) []*inspect.FlaggedPod {
	var sorted []*inspect.FlaggedPod
	for _, flagged := range []bool{true, false} {
		for i := range all {
			if (len(all[i].Alerts) > 0) == flagged {
				sorted = append(sorted, &all[i])
			}
		}
	}
	return sorted
}

func pods(w io.Writer, list inspect.PodList, s Style, wide bool) error {
	p := &printer{style: s}
	p.alertLines(list)
	t := table{head: []string{"", "namespace", "pod", "containers", "image", "created", "alerts"}}
	for _, pod := range flaggedFirst(list.Pods) {
		t.rows = append(t.rows, podRow(pod))
	}
	switch {
	case len(t.rows) == 0:
		p.raw("no pods" + inContext(clean(list.Context)) + "\n")
	case wide:
		p.wideTable(t, flaggedFirst(list.Pods))
	default:
		p.table(t)
	}
	p.strays(list.Unmatched)
	if list.Broken > 0 {
		fmt.Fprintf(&p.b, "\n%s could not be read as an alert\n", text.Count(list.Broken, "line"))
	}
	return p.flush(w)
}

// alertLines give how many alerts there are and how they came, and that they may be of another cluster.
// A wrong context is named before the list: every row below it would be taken for calm.
func (p *printer) alertLines(list inspect.PodList) {
	if list.Said > 0 {
		rows, newest := len(list.Unmatched), inspect.Time{}
		for i := range list.Pods {
			rows += len(list.Pods[i].Alerts)
			for n := range list.Pods[i].Alerts {
				newest = later(newest, list.Pods[i].Alerts[n].Newest())
			}
		}
		for n := range list.Unmatched {
			newest = later(newest, list.Unmatched[n].Newest())
		}
		text := fmt.Sprintf("%s of %s", text.Count(list.Said, "alert"), sources(list.Sources))
		if rows != list.Said {
			text += fmt.Sprintf(", %d different", rows)
		}
		if !newest.IsZero() {
			text += ", newest " + newest.Stamp()
		}
		if n := len(list.Unmatched); n > 0 {
			text += fmt.Sprintf(", %d fit no pod", n)
		}
		p.raw(text + "\n\n")
	}
	if list.Wrong != nil {
		p.paragraph("", p.style.bold("! "+clean(list.Wrong.Text)))
		p.raw("\n")
	}
}

// later is the later of two times.
// A zero time is earlier than any.
func later(a, b inspect.Time) inspect.Time {
	if b.After(a.Time) {
		return b
	}
	return a
}

// sources names where alerts come from: one by its name, several of a kind by their number.
// Kinds come in the order in which they were given.
func sources(all []inspect.AlertSource) string {
	count := map[string]int{}
	var kinds []string
	for _, s := range all {
		if count[s.Kind]++; count[s.Kind] == 1 {
			kinds = append(kinds, s.Kind)
		}
	}
	var parts []string
	for _, kind := range kinds {
		if count[kind] > 1 {
			parts = append(parts, fmt.Sprintf("%d × %s", count[kind], kind))
			continue
		}
		at := slices.IndexFunc(all, func(s inspect.AlertSource) bool { return s.Kind == kind })
		parts = append(parts, clean(all[at].Name))
	}
	return strings.Join(parts, ", ")
}

// inContext names the context, where there is one.
func inContext(name string) string {
	if name == "" {
		return ""
	}
	return " in " + name
}

// podRow is the row of a pod. Its texts are cleaned here: a list of 10,000 pods is not copied for that.
func podRow(pod *inspect.FlaggedPod) []cell {
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
	texts := []string{
		flag, pod.Namespace, pod.Name, strings.Join(names, ", "), strings.Join(images, ", "),
		pod.Created.Stamp(), podAlerts(pod.Alerts),
	}
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i] = plainCell(clean(text))
	}
	return cells
}

// wideTable writes a line for each pod, however long: it is piped into another program, or read with `less -S`. The
// alerts stay in the last column.
func (p *printer) wideTable(t table, of []*inspect.FlaggedPod) {
	w := tabwriter.NewWriter(&p.b, 0, 0, 2, ' ', 0)
	last := len(t.head) - 1
	row := func(texts []string, more ...string) {
		fmt.Fprintln(w, strings.Join(append(append(texts[:last:last], more...), texts[last]), "\t"))
	}
	row(t.head, "node", "account", "owner", "digests")
	for n, cells := range t.rows {
		var texts []string
		for _, c := range cells {
			texts = append(texts, c.text)
		}
		pod, owner := of[n], ""
		if len(pod.Owner) > 0 {
			owner = pod.Owner[0].Kind + "/" + pod.Owner[0].Name
		}
		row(texts, clean(pod.Node), clean(pod.Reach.ServiceAccount), clean(owner), clean(digestsOf(&pod.Pod)))
	}
	_ = w.Flush() // into memory
}

// digestsOf are the different digests that the containers of a pod run, whole.
func digestsOf(pod *inspect.Pod) string {
	var digests []string
	for _, c := range pod.Containers {
		if at := strings.LastIndex(c.ImageID, "sha256:"); at >= 0 && !slices.Contains(digests, c.ImageID[at:]) {
			digests = append(digests, c.ImageID[at:])
		}
	}
	return strings.Join(digests, ",")
}

// imageName is the repository's last part with the short digest that runs, else the reference's tag.
// The tag is left out where the digest is known: what runs is the digest.
func imageName(c inspect.Container) string {
	name := c.Reference
	if at := strings.LastIndexByte(c.ImageID, '@'); at >= 0 || strings.HasPrefix(c.ImageID, "sha256:") {
		base, _, _ := strings.Cut(name, "@")
		if slash, colon := strings.LastIndexByte(base, '/'), strings.LastIndexByte(base, ':'); colon > slash {
			base = base[:colon]
		}
		name = base + "@" + text.ShortDigest(c.ImageID)
	}
	return name[strings.LastIndexByte(name, '/')+1:]
}

// podAlerts folds the alerts of a pod by rule, the worst first.
// Counts are of events; an alert without a count is one.
func podAlerts(alerts []inspect.Alert) string {
	type rule struct {
		name  string
		rank  int
		count int
	}
	var rules []rule
	for i := range alerts {
		name := alerts[i].Name()
		at := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
		if at < 0 {
			rules = append(rules, rule{name: name, rank: inspect.PriorityRank(alerts[i].Priority)})
			at = len(rules) - 1
		}
		rules[at].count += max(1, alerts[i].Count)
		rules[at].rank = min(rules[at].rank, inspect.PriorityRank(alerts[i].Priority))
	}
	slices.SortStableFunc(rules, func(a, b rule) int { return cmp.Compare(a.rank, b.rank) })
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = r.name + timesSaid(r.count)
	}
	return strings.Join(texts, "; ")
}

// timesSaid is how often an alert was raised, where that is more than once.
// A single one needs no number.
func timesSaid(n int) string {
	if n < 2 {
		return ""
	}
	return " ×" + strconv.Itoa(n)
}

// strays lists the alerts that fit no pod, those of one rule and one name folded, each with what opens its case.
// They are folded, and bounded, since a sensor of another cluster fits no pod with any of its alerts.
func (p *printer) strays(alerts []inspect.Alert) {
	if len(alerts) == 0 {
		return
	}
	type stray struct {
		first *inspect.Alert
		count int
	}
	var folded []*stray
	known := map[[4]string]*stray{}
	for i := range alerts {
		a := &alerts[i]
		key := [4]string{a.Name(), a.Priority, a.Namespace, a.Pod}
		if a.Pod == "" {
			key[3] = a.ContainerID + a.Image
		}
		if known[key] == nil {
			known[key] = &stray{first: a}
			folded = append(folded, known[key])
		}
		known[key].count += max(1, a.Count)
	}
	fmt.Fprintf(&p.b, "\n%s\n", p.style.bold(strings.ToUpper("alerts that fit no pod here")))
	for n, s := range folded {
		if n == maxStrays {
			fmt.Fprintf(&p.b, "  and %d more; -o json has all\n", len(folded)-n)
			break
		}
		a := cleaned(*s.first)
		title := a.Name() + timesSaid(s.count)
		if a.Priority != "" {
			title = a.Priority + ": " + title
		}
		lines := some(a.Why)
		if a.Number > 0 {
			lines = append(lines, fmt.Sprintf("backtrail inspect alert:%d opens what is left of it", a.Number))
		}
		p.item(item{status: inspect.Unknown, title: join(a.Time.Stamp(), title, a.Namespace, a.Pod), lines: lines})
	}
}
