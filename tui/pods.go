package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// podsScreen is the list of what runs.
type podsScreen struct {
	board    *podBoard
	rowsOf   widget.List[row]
	sort     int
	all      bool // namespaces
	unfolded map[string]bool
	muted    map[string]string        // rule to reason
	texts    map[string]inspect.Alert // by ID, with what lists leave out
	asked    map[string]bool          // IDs of those that are on their way
	loading  bool
	came     time.Time // when the newest list came
	gen      int
	cancel   context.CancelFunc
	focus    widget.Region
	scroll   int
	about    string
}

func newPodsScreen(m *Model) *podsScreen {
	return &podsScreen{
		board: newPodBoard(inspect.PodList{}), all: m.o.Namespace == "", unfolded: map[string]bool{}, muted: map[string]string{},
		texts: map[string]inspect.Alert{}, asked: map[string]bool{}, rowsOf: widget.List[row]{Paint: m.p}, cancel: func() {},
	}
}

// readPods asks for the list again. Nothing on screen changes before it comes.
func (m *Model) readPods() tea.Cmd {
	v := m.pods
	if v == nil || m.o.Pods == nil {
		return nil
	}
	v.cancel()
	ctx, cancel := context.WithCancel(m.ctx)
	v.cancel, v.loading = cancel, true
	v.gen++
	gen, all := v.gen, v.all
	return work(func() tea.Msg {
		p := startPump(ctx, m.pumps, func(ctx context.Context, emit func(inspect.PodList)) error { return m.o.Pods(ctx, all, emit) })
		return nextPods(gen, p)
	})
}

// nextPods waits for a list, and makes of the newest what is drawn.
func nextPods(gen int, p *pump[inspect.PodList]) tea.Msg {
	lists, ended, err := p.next()
	msg := podsMsg{gen: gen, ended: ended, err: err, pump: p}
	if n := len(lists); n > 0 {
		msg.board = newPodBoard(lists[n-1])
	}
	return msg
}

func (m *Model) podsCame(msg podsMsg) tea.Cmd {
	v := m.pods
	if v == nil || v.gen != msg.gen {
		return nil
	}
	if msg.board != nil {
		v.board, v.came = msg.board, m.now
		v.loading = !msg.board.list.State.Whole
		m.sayAll(v.board.list.Notices)
		v.refresh(m)
	}
	if msg.ended {
		v.loading = false
		v.settle()
		if msg.err != nil {
			m.fail("listing pods", msg.err)
		}
		return nil
	}
	return work(func() tea.Msg { return nextPods(msg.gen, msg.pump) })
}

func (v *podsScreen) refresh(m *Model) {
	v.rowsOf.Paint = m.p
	top, at := v.rowsOf.Top, v.rowsOf.At
	before, _ := v.rowsOf.Selected()
	before = before.full()
	v.rowsOf.Set(v.rows(m))
	if v.rowsOf.Moved() && v.rowsOf.SelectedKey() != before.id {
		v.rowsOf.Follow(v.now(before))
	}
	if top == 0 && v.rowsOf.At != at { // what comes above the rows that are seen from the first on is seen too
		v.rowsOf.Top = 0
	}
	if !v.loading {
		v.settle()
	}
}

// now is the row that a pod has now, which was flagged, or is no more: its identity is another then.
func (v *podsScreen) now(before row) string {
	pod, ok := before.object.(inspect.FlaggedPod)
	if !ok || pod.Name == "" {
		return ""
	}
	id := podID(pod.Pod)
	for _, g := range v.board.groups {
		if _, muted := v.muted[g.rule]; muted {
			continue
		}
		for _, p := range g.pods {
			switch {
			case podID(p.Pod) != id:
			case len(g.pods) > 1 && v.unfolded[g.id]:
				return g.id + id
			default:
				return g.id
			}
		}
	}
	return id
}

// settle has the selection stay with its row: what comes later never moves the cursor.
func (v *podsScreen) settle() {
	if v.rowsOf.Len() > 0 {
		v.rowsOf.Stay()
	}
}

// maxShownAlerts bounds the alerts of one pod that its detail spells out.
const maxShownAlerts = 20

func podDetail(d *widget.Document, m *Model, p *inspect.FlaggedPod) {
	if d.Lines != nil {
		d.Gap()
	}
	d.Say(widget.ToneBold, p.Namespace+"/"+p.Name)
	if p.Gone != nil {
		d.Say(widget.ToneWarn, goneText(p.Gone))
	}
	said := map[string]bool{}
	for i := range p.Alerts {
		if len(said) == maxShownAlerts {
			d.Say(widget.ToneDim, fmt.Sprintf("… and %d more", len(p.Alerts)-i))
			break
		}
		a := m.pods.filled(p.Alerts[i])
		if said[a.ID] {
			continue
		}
		said[a.ID] = true
		if reason, ok := m.pods.muted[a.Name()]; ok {
			d.Put(widget.ToneDim, "muted ", a.Name()+": "+reason)
			continue
		}
		when := stamp(a.Time)
		if a.Last.After(a.Time.Time) {
			when += " to " + stamp(a.Last)
		}
		d.Put(widget.ToneBad, "! ", strings.TrimSpace(a.Priority+" "+a.Name()+times(a.Count)+"  "+when))
		d.Put(widget.TonePlain, "  ", strings.TrimSpace(a.Path+"  matched by "+a.Match+": "+a.Why))
		d.Put(widget.ToneDim, "  ", a.Output)
	}
	var owners []string
	for _, o := range p.Owner {
		owners = append(owners, o.Kind+" "+o.Name)
	}
	d.Field("owner", strings.Join(owners, " ← "))
	d.Field("node", strings.TrimSpace(p.Node+"  "+p.Phase+"  since "+stamp(p.Created)))
	for _, c := range p.Containers {
		extra := ""
		if c.Injected {
			extra = ", injected: not in the owner's template"
		}
		d.Field(c.Name, fmt.Sprintf("%s %s%s", c.Type, c.State, extra))
		d.Put(widget.ToneDim, "            ", c.Reference)
		d.Put(widget.ToneDim, "            ", c.ImageID)
	}
}

// age of something, at the time of the last tick.
func (m *Model) age(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return ageText(m.now.Sub(t.Time))
}
