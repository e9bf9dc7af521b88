package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// podGroup is the alerts of one rule on one workload.
type podGroup struct {
	id        string
	namespace string
	workload  string
	rule      string
	priority  string
	count     int
	first     inspect.Time
	newest    inspect.Time
	pods      []inspect.FlaggedPod
}

// workload is the topmost owner of a pod, or the pod itself.
func workload(p inspect.Pod) string {
	if n := len(p.Owner); n > 0 {
		return p.Owner[n-1].Name
	}
	return p.Name
}

// priorityRank orders Falco's priorities, worst first.
func priorityRank(p string) int {
	i := slices.Index([]string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "info", "debug"}, strings.ToLower(p))
	if i < 0 {
		return 5
	}
	return i
}

// groupPods folds flagged pods by workload and rule; worst first, within a priority the rarest first.
func groupPods(pods []inspect.FlaggedPod, muted map[string]string) []*podGroup {
	var groups []*podGroup
	byID := map[string]*podGroup{}
	for _, p := range pods {
		for _, a := range p.Alerts {
			if _, ok := muted[a.Rule]; ok {
				continue
			}
			id := "group:" + p.Namespace + "/" + workload(p.Pod) + "/" + a.Rule
			g := byID[id]
			if g == nil {
				g = &podGroup{id: id, namespace: p.Namespace, workload: workload(p.Pod), rule: a.Rule, priority: a.Priority, first: a.Time}
				byID[id] = g
				groups = append(groups, g)
			}
			g.add(p, a)
		}
	}
	slices.SortStableFunc(groups, func(a, b *podGroup) int {
		return cmp.Or(cmp.Compare(priorityRank(a.priority), priorityRank(b.priority)), cmp.Compare(a.count, b.count), -a.newest.Compare(b.newest.Time), cmp.Compare(a.id, b.id))
	})
	return groups
}

func (g *podGroup) add(p inspect.FlaggedPod, a inspect.Alert) {
	g.count += max(1, a.Count)
	if !a.Time.IsZero() && (g.first.IsZero() || a.Time.Before(g.first.Time)) {
		g.first = a.Time
	}
	if a.Time.After(g.newest.Time) {
		g.newest = a.Time
	}
	if priorityRank(a.Priority) < priorityRank(g.priority) {
		g.priority = a.Priority
	}
	if n := len(g.pods); n == 0 || podID(g.pods[n-1].Pod) != podID(p.Pod) {
		g.pods = append(g.pods, p)
	}
}

func podID(p inspect.Pod) string { return "pod:" + p.Namespace + "/" + p.Name }

// said is what the group says in words.
func (g *podGroup) said() string {
	s := g.rule
	if g.count > 1 {
		s += fmt.Sprintf(" ×%d", g.count)
	}
	if len(g.pods) > 1 {
		s += " on " + plural(len(g.pods), "pod")
	}
	if !g.first.IsZero() {
		s += ", first " + g.first.UTC().Format("15:04")
	}
	return s
}

// podRows lists flagged pods first, then alerts that fit no pod, then all the others by namespace.
func (v *podsScreen) rows(m *Model) []row {
	groups := groupPods(v.list.Pods, v.muted)
	flagged := map[string]bool{}
	var rows []row
	for _, g := range groups {
		for _, p := range g.pods {
			flagged[podID(p.Pod)] = true
		}
		if len(g.pods) == 1 {
			rows = append(rows, v.podRow(m, g.pods[0], g, g.id))
			continue
		}
		rows = append(rows, v.groupRow(m, g))
		if v.unfolded[g.id] {
			for _, p := range g.pods {
				rows = append(rows, v.podRow(m, p, g, g.id+podID(p.Pod)))
			}
		}
	}
	for _, a := range v.list.Unmatched {
		if _, ok := v.muted[a.Rule]; !ok {
			rows = append(rows, v.strayRow(m, a))
		}
	}
	return append(rows, v.calmRows(m, flagged)...)
}

func (v *podsScreen) calmRows(m *Model, flagged map[string]bool) []row {
	var calm []inspect.FlaggedPod
	for _, p := range v.list.Pods {
		if !flagged[podID(p.Pod)] {
			calm = append(calm, p)
		}
	}
	slices.SortStableFunc(calm, func(a, b inspect.FlaggedPod) int {
		switch v.sort {
		case 1:
			return cmp.Or(-a.Created.Compare(b.Created.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		case 2:
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
		default:
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		}
	})
	rows := make([]row, 0, len(calm))
	for _, p := range calm {
		rows = append(rows, v.podRow(m, p, nil, podID(p.Pod)))
	}
	return rows
}

// podSorts are the orders of the pods that nothing flags; the flagged ones stay above them.
var podSorts = [...]string{"namespace", "newest", "name"}

func flagCell(priority string, width int) cell {
	t := toneWarn
	if priorityRank(priority) <= 3 {
		t = toneBad
	}
	if width < 10 {
		return cell{text: priorityWord(priority), tone: t, width: width}
	}
	return cell{text: "! " + firstOf(priority, "alert"), tone: t, width: width}
}

// priorityWord is a priority in four letters.
func priorityWord(p string) string {
	words := [...]string{"EMRG", "ALRT", "CRIT", "ERR", "WARN", "NOTE", "INFO", "INFO", "DBG"}
	return words[priorityRank(p)]
}

func flagWidth(w int) int {
	if w < 60 {
		return 4
	}
	return 11
}

func (v *podsScreen) groupRow(m *Model, g *podGroup) row {
	sign := "▸ "
	if v.unfolded[g.id] {
		sign = "▾ "
	}
	newest := g.pods[0]
	for _, p := range g.pods {
		if p.Created.After(newest.Created.Time) {
			newest = p
		}
	}
	return row{
		id: g.id, find: g.namespace + " " + g.workload + " " + g.rule, value: g.workload, layer: -1, object: g.pods,
		open:  func() { v.unfolded[g.id] = !v.unfolded[g.id]; v.refresh(m) },
		cells: func(w int) []cell { return v.podCells(m, newest, sign+g.workload, g, w) },
		detail: func(d *document) {
			d.say(toneBad, g.said())
			d.field("workload", g.namespace+"/"+g.workload)
			d.field("newest", stamp(g.newest))
			d.say(toneDim, "enter shows its pods.")
			podDetail(d, m, newest)
		},
	}
}

func (v *podsScreen) podRow(m *Model, p inspect.FlaggedPod, g *podGroup, id string) row {
	find := p.Namespace + " " + p.Name
	for _, c := range p.Containers {
		find += " " + c.Reference + " " + c.ImageID
	}
	if g != nil {
		find += " " + g.rule
	}
	return row{
		id: id, find: find, value: p.Namespace + "/" + p.Name, layer: -1, object: p,
		cells:  func(w int) []cell { return v.podCells(m, p, p.Name, g, w) },
		detail: func(d *document) { podDetail(d, m, p) },
	}
}

// podCells draws a pod, or the pods of a workload under its name.
func (v *podsScreen) podCells(m *Model, p inspect.FlaggedPod, name string, g *podGroup, w int) []cell {
	flag := cell{width: flagWidth(w)}
	said := cell{width: -4}
	if g != nil {
		flag = flagCell(g.priority, flagWidth(w))
		said = cell{text: g.said(), tone: toneBad, width: -4}
	} else if len(p.Alerts) > 0 {
		flag = cell{text: "muted", tone: toneDim, width: flagWidth(w)}
	}
	if text, ok := v.gone[podID(p.Pod)]; ok {
		said = cell{text: text, tone: toneWarn, width: -4}
	}
	if w < 96 && said.text == "" {
		said.text, said.tone = shortImage(mainImage(p)), toneDim
	}
	if w < 56 {
		return []cell{flag, {text: name, width: -4}, said}
	}
	if w < 76 {
		return []cell{flag, {text: p.Namespace + "/" + name, width: -4}, said}
	}
	containers := cell{text: fmt.Sprint(len(p.Containers)), tone: toneDim, width: 2, right: true}
	if len(p.Containers) == 0 {
		containers.text = ""
	}
	if injected(p) {
		containers.text += "+"
		containers.tone = toneWarn
	}
	cells := []cell{flag, {text: p.Namespace, width: v.spaceWidth}, {text: name, width: -4}, containers}
	if w >= 96 {
		cells = append(cells, cell{text: shortImage(mainImage(p)), tone: toneDim, width: -3})
	}
	if len(m.seen) > 0 {
		cells = append(cells, glanceCells(m, p)...)
	}
	return append(cells, cell{text: m.age(p.Created), tone: toneDim, width: 6, right: true}, said)
}

// headCells name the columns, where there are any.
func (v *podsScreen) headCells(m *Model, w int) []cell {
	if w < 76 {
		return nil
	}
	cells := []cell{{text: "flag", width: flagWidth(w)}, {text: "namespace", width: v.spaceWidth}, {text: "pod", width: -4}, {text: "n", width: 2, right: true}}
	if w >= 96 {
		cells = append(cells, cell{text: "image", width: -3})
	}
	if len(m.seen) > 0 {
		cells = append(cells, cell{text: "signed", width: 6}, cell{text: "known", width: 5})
	}
	cells = append(cells, cell{text: "age", width: 6, right: true}, cell{text: "what", width: -4})
	for i := range cells {
		cells[i].tone = toneDim
	}
	return cells
}

// glanceCells show what cases of this session said of the pod's image.
func glanceCells(m *Model, p inspect.FlaggedPod) []cell {
	g, ok := m.seen[glanceKey(p)]
	if !ok {
		return []cell{{width: 6}, {width: 5}}
	}
	return []cell{
		{text: m.p.sign(g.signed), tone: statusTone(g.signed), width: 6},
		{text: m.p.sign(g.knownGood), tone: statusTone(g.knownGood), width: 5},
	}
}

// injected says that the pod has a container that its owner's template does not have.
func injected(p inspect.FlaggedPod) bool {
	return slices.ContainsFunc(p.Containers, func(c inspect.Container) bool { return c.Injected })
}

// mainImage is the reference and the digest of the container that an alert names, else of the first one.
func mainImage(p inspect.FlaggedPod) (reference, digest string) {
	for _, c := range p.Containers {
		named := len(p.Alerts) == 0 && c.Type == inspect.ContainerMain
		for _, a := range p.Alerts {
			named = named || a.Container == c.Name || a.Subject == c.Name
		}
		if named {
			return c.Reference, imageDigest(c.ImageID)
		}
	}
	if len(p.Containers) == 0 {
		return "", ""
	}
	c := p.Containers[0]
	return c.Reference, imageDigest(c.ImageID)
}

// imageDigest is the digest in an imageID, whatever stands before it.
func imageDigest(id string) string {
	if i := strings.LastIndex(id, "sha256:"); i >= 0 {
		return id[i:]
	}
	return ""
}

// strayRow is an alert that fits no pod.
func (v *podsScreen) strayRow(m *Model, a inspect.Alert) row {
	return row{
		id: "stray:" + a.ID, find: a.Rule + " " + a.Output + " " + a.Pod + " " + a.Image, value: a.Output, layer: -1, object: inspect.FlaggedPod{Alerts: []inspect.Alert{a}}, raw: blobPart("alert as received", a.Raw),
		cells: func(w int) []cell {
			named := firstOf(a.Pod, a.Image, a.ContainerID, "no name")
			g := &podGroup{rule: "fits no pod: " + a.Rule, priority: a.Priority, count: a.Count, first: a.Time}
			return v.podCells(m, inspect.FlaggedPod{Pod: inspect.Pod{Namespace: a.Namespace}}, named, g, w)
		},
		detail: func(d *document) {
			d.say(toneWarn, "This alert fits no pod: "+firstOf(a.Why, "nothing in it names one that runs"))
			d.gap()
			alertDetail(d, a)
		},
	}
}
