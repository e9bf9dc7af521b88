package pods

import (
	"cmp"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// rows lists flagged pods first, then alerts without a matching pod, then all other pods by namespace. A pod is in
// the list exactly once for each of its groups, and once where it has none that counts.
func (s *Screen) rows() []row {
	rows := make([]row, 0, len(s.board.groups)+len(s.board.list.Pods))
	for _, g := range s.board.groups {
		if _, ok := s.muted[g.rule]; !ok {
			rows = s.grouped(rows, g, s.podRow)
		}
	}
	for _, g := range s.board.unmatched {
		if _, ok := s.muted[g.rule]; !ok {
			rows = s.grouped(rows, g, s.unmatchedRow)
		}
	}
	for _, p := range s.calm() {
		rows = append(rows, row{id: podKey(p.Pod), pod: p, late: func() line { return s.podRow(p, nil) }})
	}
	return rows
}

// grouped adds the row of a group, and those of its pods where it is unfolded or has only one.
func (s *Screen) grouped(rows []row, g *alertGroup, of func(*inspect.FlaggedPod, *alertGroup) line) []row {
	if len(g.pods) == 1 {
		return append(rows, row{id: g.id, pod: g.pods[0], of: g, late: func() line { return of(g.pods[0], g) }})
	}
	rows = append(rows, row{id: g.id, of: g, late: func() line { return s.groupRow(g) }})
	if s.unfolded[g.id] {
		for _, p := range g.pods {
			id := podKey(p.Pod)
			if g.unmatched {
				id = unmatchedName(&p.Alerts[0])
			}
			rows = append(rows, row{id: g.id + id, pod: p, of: g, late: func() line { return of(p, g) }})
		}
	}
	return rows
}

// flagged reports whether a pod has an alert that is not muted.
func (s *Screen) flagged(p *inspect.FlaggedPod) bool {
	if len(s.muted) == 0 {
		return len(p.Alerts) > 0
	}
	return slices.ContainsFunc(p.Alerts, func(a inspect.Alert) bool {
		_, muted := s.muted[a.Name()]
		return !muted
	})
}

// calm are the pods without such an alert, in the order that was chosen. Pods whose alerts are all muted are among
// them.
func (s *Screen) calm() []*inspect.FlaggedPod {
	var calm []*inspect.FlaggedPod
	for i := range s.board.list.Pods {
		if p := &s.board.list.Pods[i]; !s.flagged(p) {
			calm = append(calm, p)
		}
	}
	slices.SortStableFunc(calm, func(a, b *inspect.FlaggedPod) int {
		switch s.sort {
		case 1:
			return cmp.Or(-a.Created.Compare(b.Created.Time), cmp.Compare(a.Namespace, b.Namespace),
				cmp.Compare(a.Name, b.Name))
		case 2:
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
		default:
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		}
	})
	return calm
}

// sorts are the orders of the pods without alerts; the flagged ones stay above them.
var sorts = [...]string{"namespace", "newest", "name"}

// newestPod is the pod that was created last: the one of the newest rollout. It stands for its workload in the row of
// a group: what was rolled out last is what matters.
func newestPod(pods []*inspect.FlaggedPod) *inspect.FlaggedPod {
	var newest *inspect.FlaggedPod
	for _, p := range pods {
		if newest == nil || p.Created.After(newest.Created.Time) {
			newest = p
		}
	}
	return newest
}

// groupRow draws a group of more than one pod or name.
func (s *Screen) groupRow(g *alertGroup) line {
	sign := "▸ "
	if s.unfolded[g.id] {
		sign = "▾ "
	}
	newest := newestPod(g.pods)
	name, find := g.workload, g.namespace+" "+g.workload+" "+g.rule
	if g.unmatched {
		name, find = widget.Plural(len(g.pods), "name"), "no matching pod "+find
	}
	return line{
		find: find, value: g.workload,
		cells: func(w int) []widget.Cell { return podCells(s, newest, sign+name, g, w) },
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBad, g.text())
			if g.unmatched {
				unmatchedDetail(s, d, newest)
				return
			}
			d.Field("workload", g.namespace+"/"+g.workload)
			d.Field("newest", label.Stamp(g.newest))
			d.Say(widget.ToneDim, "enter shows its pods.")
			podDetail(s, d, newest)
		},
	}
}

// podRow draws a pod; g is nil where no alert counts.
func (s *Screen) podRow(p *inspect.FlaggedPod, g *alertGroup) line {
	find := p.Namespace + " " + p.Name
	for _, c := range p.Containers {
		find += " " + c.Reference + " " + c.ImageID
	}
	if g != nil {
		find += " " + g.rule
	}
	return line{
		find: find, value: p.Namespace + "/" + p.Name,
		cells:  func(w int) []widget.Cell { return podCells(s, p, p.Name, g, w) },
		detail: func(d *widget.Document) { podDetail(s, d, p) },
	}
}

// unmatchedRow is the alerts of one name that no pod matches.
func (s *Screen) unmatchedRow(p *inspect.FlaggedPod, g *alertGroup) line {
	a := &p.Alerts[0]
	count := 0
	for i := range p.Alerts {
		count += max(1, p.Alerts[i].Count)
	}
	return line{
		find: "no matching pod " + a.Name() + " " + a.Namespace + " " + a.Pod + " " + a.Image, value: a.ID,
		cells: func(w int) []widget.Cell {
			one := &alertGroup{rule: g.rule, unmatched: true, priority: a.Priority, count: count, first: a.Time}
			return podCells(s, p, unmatchedName(a), one, w)
		},
		detail: func(d *widget.Document) { unmatchedDetail(s, d, p) },
	}
}
