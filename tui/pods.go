package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

// podsScreen is the list of what runs.
type podsScreen struct {
	list       inspect.PodList
	rowsOf     list
	sort       int
	all        bool // namespaces
	unfolded   map[string]bool
	muted      map[string]string // rule to reason
	gone       map[string]string // flagged pods that run no more, with what took their place
	loading    bool
	came       time.Time // when the newest list came
	gen        int
	cancel     context.CancelFunc
	focus      region
	scroll     int
	about      string
	spaceWidth int // of the column of namespaces
}

func newPodsScreen(m *Model) *podsScreen {
	return &podsScreen{all: m.o.Namespace == "", unfolded: map[string]bool{}, muted: map[string]string{}, gone: map[string]string{}, rowsOf: list{p: m.p}, cancel: func() {}}
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

func nextPods(gen int, p *pump[inspect.PodList]) tea.Msg {
	lists, ended, err := p.next()
	return podsMsg{gen: gen, lists: lists, ended: ended, err: err, pump: p}
}

func (m *Model) podsCame(msg podsMsg) tea.Cmd {
	v := m.pods
	if v == nil || v.gen != msg.gen {
		return nil
	}
	if n := len(msg.lists); n > 0 {
		v.take(msg.lists[n-1], m.now)
		m.sayAll(v.list.Notices)
		v.refresh(m)
	}
	if msg.ended {
		v.loading = false
		if msg.err != nil {
			m.fail("listing pods", msg.err)
		}
		return nil
	}
	return work(func() tea.Msg { return nextPods(msg.gen, msg.pump) })
}

// take puts a new list in the place of the old one. A flagged pod never leaves the list: one that runs no more stays,
// with the time and the pod that took its place.
func (v *podsScreen) take(next inspect.PodList, now time.Time) {
	here := map[string]bool{}
	for _, p := range next.Pods {
		here[podID(p.Pod)] = true
		delete(v.gone, podID(p.Pod))
	}
	for _, p := range v.list.Pods {
		if len(p.Alerts) == 0 || here[podID(p.Pod)] {
			continue
		}
		if _, ok := v.gone[podID(p.Pod)]; !ok {
			v.gone[podID(p.Pod)] = "gone " + now.UTC().Format("15:04:05Z") + replacement(next, p)
		}
		next.Pods = append(next.Pods, p)
	}
	v.list, v.came = next, now
	v.spaceWidth = 9
	for _, p := range next.Pods {
		v.spaceWidth = min(16, max(v.spaceWidth, len(p.Namespace)))
	}
}

// replacement names the newest pod of the same workload.
func replacement(list inspect.PodList, gone inspect.FlaggedPod) string {
	var newest *inspect.FlaggedPod
	for i := range list.Pods {
		p := &list.Pods[i]
		if p.Namespace == gone.Namespace && workload(p.Pod) == workload(gone.Pod) && p.Created.After(gone.Created.Time) && (newest == nil || p.Created.After(newest.Created.Time)) {
			newest = p
		}
	}
	if newest == nil {
		return ""
	}
	_, before := mainImage(gone)
	_, after := mainImage(*newest)
	if before != "" && before == after {
		return ", replaced by " + newest.Name + ", same digest"
	}
	return ", replaced by " + newest.Name + ", another digest"
}

func (v *podsScreen) refresh(m *Model) {
	v.rowsOf.p = m.p
	v.rowsOf.set(v.rows(m))
	v.rowsOf.moved = v.rowsOf.moved || v.rowsOf.Len() > 0 // what comes later never moves the cursor
}

func podDetail(d *document, m *Model, p inspect.FlaggedPod) {
	if d.lines != nil {
		d.gap()
	}
	d.say(toneBold, p.Namespace+"/"+p.Name)
	if text, ok := m.pods.gone[podID(p.Pod)]; ok {
		d.say(toneWarn, text)
	}
	said := map[string]bool{}
	for _, a := range p.Alerts {
		if said[a.ID] {
			continue
		}
		said[a.ID] = true
		if reason, ok := m.pods.muted[a.Rule]; ok {
			d.put(toneDim, "muted ", a.Rule+": "+reason)
			continue
		}
		d.put(toneBad, "! ", strings.TrimSpace(a.Priority+" "+a.Rule+times(a.Count)+"  "+stamp(a.Time)))
		d.put(tonePlain, "  ", strings.TrimSpace(a.Path+"  matched by "+a.Match+": "+a.Why))
		d.put(toneDim, "  ", a.Output)
	}
	var owners []string
	for _, o := range p.Owner {
		owners = append(owners, o.Kind+" "+o.Name)
	}
	d.field("owner", strings.Join(owners, " ← "))
	d.field("node", strings.TrimSpace(p.Node+"  "+p.Phase+"  since "+stamp(p.Created)))
	for _, c := range p.Containers {
		extra := ""
		if c.Injected {
			extra = ", injected: not in the owner's template"
		}
		d.field(c.Name, fmt.Sprintf("%s %s%s", c.Type, c.State, extra))
		d.put(toneDim, "            ", c.Reference)
		d.put(toneDim, "            ", c.ImageID)
	}
}

// age of something, at the time of the last tick.
func (m *Model) age(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return ageText(m.now.Sub(t.Time))
}
