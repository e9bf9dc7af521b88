package tui

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// rows lists flagged pods first, then alerts that fit no pod, then all the others by namespace. There may be 60,000: they
// are made when they are seen.
func (v *podsScreen) rows(m *Model) []row {
	rows := make([]row, 0, len(v.board.groups)+len(v.board.list.Pods))
	for _, g := range v.board.groups {
		if _, ok := v.muted[g.rule]; !ok {
			rows = v.grouped(m, rows, g, v.podRow)
		}
	}
	for _, g := range v.board.strays {
		if _, ok := v.muted[g.rule]; !ok {
			rows = v.grouped(m, rows, g, v.strayRow)
		}
	}
	for _, p := range v.calm() {
		rows = append(rows, row{id: podID(p.Pod), late: func() row { return v.podRow(m, p, nil) }})
	}
	return rows
}

// grouped adds the row of a group, and those of its pods where it is unfolded or has only one.
func (v *podsScreen) grouped(m *Model, rows []row, g *podGroup, of func(*Model, *inspect.FlaggedPod, *podGroup) row) []row {
	if len(g.pods) == 1 {
		return append(rows, row{id: g.id, late: func() row { return of(m, g.pods[0], g) }})
	}
	rows = append(rows, row{id: g.id, late: func() row { return v.groupRow(m, g) }})
	if v.unfolded[g.id] {
		for _, p := range g.pods {
			id := podID(p.Pod)
			if g.stray {
				id = strayName(&p.Alerts[0])
			}
			rows = append(rows, row{id: g.id + id, late: func() row { return of(m, p, g) }})
		}
	}
	return rows
}

// flagged says that a pod has an alert that is not muted.
func (v *podsScreen) flagged(p *inspect.FlaggedPod) bool {
	if len(v.muted) == 0 {
		return len(p.Alerts) > 0
	}
	return slices.ContainsFunc(p.Alerts, func(a inspect.Alert) bool {
		_, muted := v.muted[a.Name()]
		return !muted
	})
}

// calm are the pods that nothing flags, in the order that was chosen.
func (v *podsScreen) calm() []*inspect.FlaggedPod {
	var calm []*inspect.FlaggedPod
	for i := range v.board.list.Pods {
		if p := &v.board.list.Pods[i]; !v.flagged(p) {
			calm = append(calm, p)
		}
	}
	slices.SortStableFunc(calm, func(a, b *inspect.FlaggedPod) int {
		switch v.sort {
		case 1:
			return cmp.Or(-a.Created.Compare(b.Created.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		case 2:
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
		default:
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		}
	})
	return calm
}

// podSorts are the orders of the pods that nothing flags; the flagged ones stay above them.
var podSorts = [...]string{"namespace", "newest", "name"}

func newestPod(pods []*inspect.FlaggedPod) *inspect.FlaggedPod {
	var newest *inspect.FlaggedPod
	for _, p := range pods {
		if newest == nil || p.Created.After(newest.Created.Time) {
			newest = p
		}
	}
	return newest
}

func (v *podsScreen) groupRow(m *Model, g *podGroup) row {
	sign := "▸ "
	if v.unfolded[g.id] {
		sign = "▾ "
	}
	newest := newestPod(g.pods)
	name := g.workload
	if g.stray {
		name = widget.Plural(len(g.pods), "name")
	}
	return row{
		find: g.namespace + " " + g.workload + " " + g.rule, value: g.workload, layer: -1, object: g.pods,
		open:  func() { v.unfolded[g.id] = !v.unfolded[g.id]; v.refresh(m) },
		cells: func(w int) []widget.Cell { return v.podCells(m, newest, sign+name, g, w) },
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBad, g.said())
			if g.stray {
				strayDetail(d, m, newest)
				return
			}
			d.Field("workload", g.namespace+"/"+g.workload)
			d.Field("newest", stamp(g.newest))
			d.Say(widget.ToneDim, "enter shows its pods.")
			podDetail(d, m, newest)
		},
	}
}

func (v *podsScreen) podRow(m *Model, p *inspect.FlaggedPod, g *podGroup) row {
	find := p.Namespace + " " + p.Name
	for _, c := range p.Containers {
		find += " " + c.Reference + " " + c.ImageID
	}
	if g != nil {
		find += " " + g.rule
	}
	return row{
		find: find, value: p.Namespace + "/" + p.Name, layer: -1, object: *p,
		cells:  func(w int) []widget.Cell { return v.podCells(m, p, p.Name, g, w) },
		detail: func(d *widget.Document) { podDetail(d, m, p) },
	}
}

// strayRow is what was said of a name that fits no pod.
func (v *podsScreen) strayRow(m *Model, p *inspect.FlaggedPod, g *podGroup) row {
	a := &p.Alerts[0]
	count := 0
	for i := range p.Alerts {
		count += max(1, p.Alerts[i].Count)
	}
	return row{
		find: "fits no pod " + a.Name() + " " + a.Namespace + " " + a.Pod + " " + a.Image, value: a.ID, layer: -1, object: *p,
		cells: func(w int) []widget.Cell {
			one := &podGroup{rule: g.rule, stray: true, priority: a.Priority, count: count, first: a.Time}
			return v.podCells(m, p, strayName(a), one, w)
		},
		detail: func(d *widget.Document) { strayDetail(d, m, p) },
	}
}

func strayDetail(d *widget.Document, m *Model, p *inspect.FlaggedPod) {
	for i := range p.Alerts[:min(len(p.Alerts), maxShownAlerts)] {
		a := m.pods.filled(p.Alerts[i])
		if i > 0 {
			d.Gap()
		}
		d.Say(widget.ToneWarn, "This alert fits no pod: "+firstOf(a.Why, "nothing in it names one that runs"))
		if a.Number > 0 {
			d.Say(widget.ToneDim, fmt.Sprintf("enter opens what is left of it, as backtrail inspect alert:%d does.", a.Number))
		}
		d.Gap()
		alertDetail(d, a)
	}
}
