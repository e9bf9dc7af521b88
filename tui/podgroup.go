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
	if len(p.Owner) == 0 {
		return p.Name
	}
	top := p.Owner[len(p.Owner)-1]
	if i := strings.LastIndexByte(top.Name, '-'); i > 0 && top.Kind == "ReplicaSet" {
		return top.Name[:i] // a list does not ask for the Deployment; the name is its own and a hash
	}
	return top.Name
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
