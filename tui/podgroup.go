package tui

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// podGroup is the alerts of one rule on one workload, or of one rule that fit no pod.
type podGroup struct {
	id        string
	namespace string
	workload  string
	rule      string
	priority  string
	count     int
	first     inspect.Time
	newest    inspect.Time
	stray     bool                  // they fit no pod
	pods      []*inspect.FlaggedPod // of strays: one without a name for each name
}

// groupPods folds flagged pods by workload and rule; worst first, within a priority the rarest first.
func groupPods(pods []inspect.FlaggedPod) []*podGroup {
	type key struct{ namespace, workload, rule string }
	byKey := map[key]*podGroup{}
	var groups []*podGroup
	for i := range pods {
		p := &pods[i]
		if len(p.Alerts) == 0 {
			continue
		}
		workload := p.Workload()
		for n := range p.Alerts {
			a := &p.Alerts[n]
			k := key{p.Namespace, workload, a.Name()}
			g := byKey[k]
			if g == nil {
				g = &podGroup{id: "group:" + k.namespace + "/" + k.workload + "/" + k.rule, namespace: p.Namespace, workload: workload, rule: k.rule, priority: a.Priority, first: a.Time}
				byKey[k] = g
				groups = append(groups, g)
			}
			g.add(p, a)
		}
	}
	sortGroups(groups)
	return groups
}

// groupStrays folds the alerts that fit no pod by rule and namespace; under it stands a row for each name.
func groupStrays(alerts []inspect.Alert) []*podGroup {
	type key struct{ namespace, rule string }
	byKey := map[key]*podGroup{}
	byName := map[string]*inspect.FlaggedPod{}
	var groups []*podGroup
	rows, count := make([]*inspect.FlaggedPod, len(alerts)), map[*inspect.FlaggedPod]int{}
	for i := range alerts {
		a := &alerts[i]
		k := key{a.Namespace, a.Name()}
		g := byKey[k]
		if g == nil {
			g = &podGroup{id: "strays:" + k.namespace + "/" + k.rule, namespace: a.Namespace, workload: strayName(a), rule: k.rule, priority: a.Priority, first: a.Time, stray: true}
			byKey[k] = g
			groups = append(groups, g)
		}
		name := g.id + "/" + strayName(a)
		p := byName[name]
		if p == nil {
			p = &inspect.FlaggedPod{Pod: inspect.Pod{Namespace: a.Namespace}}
			byName[name] = p
			g.pods = append(g.pods, p)
		}
		rows[i] = p
		count[p]++
		g.tally(a)
	}
	for i, p := range rows { // 100,000 of them are 50 MB: no room is made that is not needed
		if p.Alerts == nil {
			p.Alerts = make([]inspect.Alert, 0, count[p])
		}
		p.Alerts = append(p.Alerts, alerts[i])
	}
	sortGroups(groups)
	return groups
}

// strayName is what an alert that fits no pod is called by.
func strayName(a *inspect.Alert) string {
	name := firstOf(a.Pod, a.Image, a.ContainerID, "no name")
	if a.Earlier {
		name += " (earlier)"
	}
	return name
}

func sortGroups(groups []*podGroup) {
	slices.SortStableFunc(groups, func(a, b *podGroup) int {
		return cmp.Or(cmp.Compare(inspect.PriorityRank(a.priority), inspect.PriorityRank(b.priority)), cmp.Compare(a.count, b.count), -a.newest.Compare(b.newest.Time), cmp.Compare(a.id, b.id))
	})
}

// add counts an alert of a pod. The alerts of one pod come one after the other.
func (g *podGroup) add(p *inspect.FlaggedPod, a *inspect.Alert) {
	g.tally(a)
	if n := len(g.pods); n == 0 || g.pods[n-1] != p {
		g.pods = append(g.pods, p)
	}
}

func (g *podGroup) tally(a *inspect.Alert) {
	g.count += max(1, a.Count)
	if !a.Time.IsZero() && (g.first.IsZero() || a.Time.Before(g.first.Time)) {
		g.first = a.Time
	}
	if newest := a.Newest(); newest.After(g.newest.Time) {
		g.newest = newest
	}
	if inspect.PriorityRank(a.Priority) < inspect.PriorityRank(g.priority) {
		g.priority = a.Priority
	}
}

// podID is what a pod is known again by: a name is used again.
func podID(p inspect.Pod) string { return "pod:" + p.Namespace + "/" + p.Name + "/" + p.UID }

// said is what the group says in words.
func (g *podGroup) said() string {
	s := g.rule
	if g.stray {
		s = "fits no pod: " + s
	}
	if g.count > 1 {
		s += fmt.Sprintf(" ×%d", g.count)
	}
	if len(g.pods) > 1 && !g.stray {
		s += " on " + widget.Plural(len(g.pods), "pod")
	}
	if !g.first.IsZero() {
		s += ", first " + g.first.UTC().Format("15:04")
	}
	return s
}

// goneText says what became of a pod that runs no more.
func goneText(g *inspect.Gone) string {
	text := "gone " + shortStamp(g.Time)
	if g.ReplacedBy != "" {
		text += ", replaced by " + g.ReplacedBy
	}
	if g.Digest != "" {
		text += ", " + g.Digest + " digest"
	}
	return text
}
