package tui

import (
	"cmp"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

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
