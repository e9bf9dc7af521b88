package triage

import (
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
)

// maxSharedAlerts bounds how often alerts that match several pods stand on a list, all together:
// one that names only an image may match fifty.
const maxSharedAlerts = 50_000

// alertGroup is the alerts of one pod.
type alertGroup struct {
	alerts []inspect.Alert
}

// add adds an alert that matched a container.
func (g *alertGroup) add(a *alert.Alert, m Match, container string) {
	kept := a.Alert
	Apply(m, &kept)
	kept.Subject = container
	g.alerts = append(g.alerts, kept)
}

// grouping sorts alerts into groups, one for each pod, and one for those that match none.
type grouping struct {
	// by UID
	pods      map[string]*alertGroup
	unmatched alertGroup
	// places of alerts that match several pods
	shared int
	// alerts that match several pods and stand at one of them only
	crowded int
}

// add adds an alert with the pods that it matches.
func (g *grouping) add(a *alert.Alert, m Match, pods []*inspect.FlaggedPod) {
	if len(pods) > 1 {
		if g.shared += len(pods); g.shared > maxSharedAlerts {
			pods = pods[:1]
			g.crowded++
		}
	}
	if len(pods) == 0 {
		g.unmatched.add(a, m, "")
	}
	for i, p := range pods {
		id := idOf(&p.Pod)
		if g.pods[id] == nil {
			g.pods[id] = &alertGroup{}
		}
		g.pods[id].add(a, m, m.Hits[i].Container)
	}
}

// List returns the pods with their alerts, the most urgent first. Alerts that match no pod are
// listed apart, unless more pods are about to be listed.
func (t *PodTracker) List(store *alert.Store) (inspect.PodList, ContextFit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := inspect.PodList{Schema: inspect.PodsSchema, State: t.state}
	var fit ContextFit
	groups := grouping{pods: map[string]*alertGroup{}}
	store.Each(func(a *alert.Alert) bool {
		m, pods := t.match(a)
		fit.Count(t.index, a)
		groups.add(a, m, pods)
		return true
	})
	l.Crowded = groups.crowded
	rarity := store.Rarity()
	order := func(a, b inspect.Alert) int { return moreUrgent(&a, &b, rarity) }
	// Until all pods are listed an alert that matches none may be about one of the next page.
	if t.state.Whole || t.state.Lost != "" {
		l.Unmatched = groups.unmatched.alerts
		slices.SortFunc(l.Unmatched, order)
	}
	for id, p := range t.pods {
		group := groups.pods[id]
		if p.Gone != nil && group == nil {
			continue
		}
		if t.hidden[id] {
			if group != nil {
				l.Hidden++
			}
			continue
		}
		row := *p
		if group != nil {
			row.Alerts = group.alerts
			slices.SortFunc(row.Alerts, order)
		}
		l.Pods = append(l.Pods, row)
	}
	sortPods(l.Pods, rarity)
	t.replacements(&l)
	return l, fit
}

// match finds the pods of an alert, one for each hit. A hit that is no longer on the list is none.
func (t *PodTracker) match(a *alert.Alert) (Match, []*inspect.FlaggedPod) {
	m := t.index.Match(a)
	var pods []*inspect.FlaggedPod
	hits := m.Hits[:0:0]
	for _, h := range m.Hits {
		id := h.UID
		if id == "" {
			id = podKey(h.Namespace, h.Pod)
		}
		if p := t.pods[id]; p != nil {
			hits, pods = append(hits, h), append(pods, p)
		}
	}
	m.Hits = hits
	return m, pods
}
