package pods

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// alertGroup is the alerts of one rule on one workload, or of one rule without a matching pod. Its identity is made
// of what it is grouped by, so that it stays the same while alerts come in.
type alertGroup struct {
	id        string
	namespace string
	workload  string
	rule      string
	priority  string
	count     int
	first     inspect.Time
	newest    inspect.Time
	// unmatched: no pod matches them
	unmatched bool
	// pods: of unmatched alerts: one without a name for each name
	pods []*inspect.FlaggedPod
}

// groupPods folds flagged pods by workload and rule; worst first, within a priority the rarest first. A pod with
// alerts of two rules is in two groups.
func groupPods(pods []inspect.FlaggedPod) []*alertGroup {
	type key struct{ namespace, workload, rule string }
	byKey := map[key]*alertGroup{}
	var groups []*alertGroup
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
				g = &alertGroup{
					id: "group:" + k.namespace + "/" + k.workload + "/" + k.rule, namespace: p.Namespace,
					workload: workload, rule: k.rule, priority: a.Priority, first: a.Time,
				}
				byKey[k] = g
				groups = append(groups, g)
			}
			g.add(p, a)
		}
	}
	sortGroups(groups)
	return groups
}

// groupUnmatched folds the alerts without a matching pod by rule and namespace; below it is a row for each name. An
// alert without a pod may name a container, an image or nothing; what it names is its row.
func groupUnmatched(alerts []inspect.Alert) []*alertGroup {
	type key struct{ namespace, rule string }
	byKey := map[key]*alertGroup{}
	byName := map[string]*inspect.FlaggedPod{}
	var groups []*alertGroup
	rows, count := make([]*inspect.FlaggedPod, len(alerts)), map[*inspect.FlaggedPod]int{}
	for i := range alerts {
		a := &alerts[i]
		k := key{a.Namespace, a.Name()}
		g := byKey[k]
		if g == nil {
			g = &alertGroup{
				id: "unmatched:" + k.namespace + "/" + k.rule, namespace: a.Namespace,
				workload: unmatchedName(a), rule: k.rule, priority: a.Priority, first: a.Time, unmatched: true,
			}
			byKey[k] = g
			groups = append(groups, g)
		}
		name := g.id + "/" + unmatchedName(a)
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
	// 100,000 of them are 50 MB: no room is made that is not needed
	for i, p := range rows {
		if p.Alerts == nil {
			p.Alerts = make([]inspect.Alert, 0, count[p])
		}
		p.Alerts = append(p.Alerts, alerts[i])
	}
	sortGroups(groups)
	return groups
}

// unmatchedName names an alert without a matching pod.
func unmatchedName(a *inspect.Alert) string {
	name := cmp.Or(a.Pod, a.Image, a.ContainerID, "no name")
	if a.Earlier {
		name += " (earlier)"
	}
	return name
}

// sortGroups sorts the worst priority first; within one the rarest, because what happens often is rarely the
// intruder.
func sortGroups(groups []*alertGroup) {
	slices.SortStableFunc(groups, func(a, b *alertGroup) int {
		return cmp.Or(cmp.Compare(inspect.PriorityRank(a.priority), inspect.PriorityRank(b.priority)),
			cmp.Compare(a.count, b.count), -a.newest.Compare(b.newest.Time), cmp.Compare(a.id, b.id))
	})
}

// add counts an alert of a pod. The alerts of one pod come one after the other.
func (g *alertGroup) add(p *inspect.FlaggedPod, a *inspect.Alert) {
	g.tally(a)
	if n := len(g.pods); n == 0 || g.pods[n-1] != p {
		g.pods = append(g.pods, p)
	}
}

// tally counts an alert, as often as it was raised. An alert whose time is not known counts, and moves neither first
// nor newest. The worst priority is that of the group.
func (g *alertGroup) tally(a *inspect.Alert) {
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

// podKey is the identity of a pod: a name may be used again. A StatefulSet's web-0 that was deleted and made again is
// another pod with another UID.
func podKey(p inspect.Pod) string { return "pod:" + p.Namespace + "/" + p.Name + "/" + p.UID }

// text is the group in words.
func (g *alertGroup) text() string {
	s := g.rule
	if g.unmatched {
		s = "no matching pod: " + s
	}
	if g.count > 1 {
		s += fmt.Sprintf(" ×%d", g.count)
	}
	if len(g.pods) > 1 && !g.unmatched {
		s += " on " + widget.Plural(len(g.pods), "pod")
	}
	if !g.first.IsZero() {
		s += ", first " + g.first.UTC().Format("15:04")
	}
	return s
}

// goneText is what became of a pod that no longer runs. The digest is worded by the list: same, another, or not
// known.
func goneText(g *inspect.Gone) string {
	text := "gone " + label.Clock(g.Time)
	if g.ReplacedBy != "" {
		text += ", replaced by " + g.ReplacedBy
	}
	if g.Digest != "" {
		text += ", " + g.Digest + " digest"
	}
	return text
}
