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
		p := startPump(ctx, func(ctx context.Context, emit func(inspect.PodList)) error { return m.o.Pods(ctx, all, emit) })
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
		for _, n := range v.list.Notices {
			m.say(n)
		}
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

// alertsLine says where the alerts come from, how many they are, and how new.
func (v *podsScreen) alertsLine(m *Model) string {
	count, newest := 0, inspect.Time{}
	each := func(a inspect.Alert) {
		count += max(1, a.Count)
		if a.Time.After(newest.Time) {
			newest = a.Time
		}
	}
	for _, p := range v.list.Pods {
		for _, a := range p.Alerts {
			each(a)
		}
	}
	for _, a := range v.list.Unmatched {
		each(a)
	}
	if count == 0 && m.o.Alerts == "" {
		hint := "--alerts FILE"
		if m.o.Paste != nil {
			hint = "paste, or --alerts FILE"
		}
		return "alerts: none loaded (" + hint + ")"
	}
	s := fmt.Sprintf("alerts: %d", count)
	if m.o.Alerts != "" {
		s += " from " + m.o.Alerts
	}
	if !newest.IsZero() {
		s += ", newest " + stamp(newest)
	}
	if n := len(v.list.Unmatched); n > 0 {
		s += fmt.Sprintf(", %d fit no pod", n)
	}
	if v.list.Broken > 0 {
		s += ", " + plural(v.list.Broken, "broken line")
	}
	return s
}

// spark draws the alerts of the list over time, oldest left.
func (v *podsScreen) spark(width int) string {
	var times []time.Time
	for _, p := range v.list.Pods {
		for _, a := range p.Alerts {
			if !a.Time.IsZero() {
				times = append(times, a.Time.Time)
			}
		}
	}
	if len(times) < 3 {
		return ""
	}
	first, last := times[0], times[0]
	for _, t := range times {
		if t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	counts := make([]int, width)
	for _, t := range times {
		counts[int(int64(t.Sub(first))*int64(width-1)/max(1, int64(last.Sub(first))))]++
	}
	return sparkline(counts)
}

func podDetail(d *document, m *Model, p inspect.FlaggedPod) {
	if d.lines != nil {
		d.gap()
	}
	d.say(toneBold, p.Namespace+"/"+p.Name)
	if text, ok := m.pods.gone[podID(p.Pod)]; ok {
		d.say(toneWarn, text)
	}
	for _, a := range p.Alerts {
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

// paste takes a paste: into a line that is being typed, or as alerts into the list.
func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	switch {
	case m.dialog != nil:
		return m.dialog.update(m, msg)
	case m.filtering:
		return m.typeFilter(msg)
	case m.open == nil && m.pods != nil && m.viewer == nil:
		return m.pasteAlerts(msg.Content)
	}
	return nil
}

// maxPaste bounds what a person can paste as alerts, in bytes.
const maxPaste = 8 << 20

func (m *Model) pasteAlerts(text string) tea.Cmd {
	if m.o.Paste == nil {
		m.info("alerts cannot be pasted here; start with --alerts FILE")
		return nil
	}
	if len(text) > maxPaste {
		m.info("that is too much to paste; start with --alerts FILE")
		return nil
	}
	ctx := m.ctx
	return work(func() tea.Msg {
		err := m.o.Paste(ctx, text)
		return doneMsg{text: "reading the pasted alerts", err: err, then: (*Model).readPods}
	})
}

// age of something, at the time of the last tick.
func (m *Model) age(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return ageText(m.now.Sub(t.Time))
}

func glanceKey(p inspect.FlaggedPod) string {
	_, digest := mainImage(p)
	return digest
}

// remember keeps what the case said of its image, for the list.
func (m *Model) remember() {
	s := m.open
	i := s.image()
	if m.pods == nil || s.running > 0 || i.Subject == "" || glanceKey(s.pod) == "" {
		return
	}
	g := glance{signed: inspect.Absent, knownGood: inspect.Absent}
	for _, x := range i.Signatures {
		if statusOrder(x.Status) < statusOrder(g.signed) || g.signed == inspect.Absent || x.Status == inspect.Verified {
			g.signed = x.Status
		}
		if g.signed == inspect.Verified {
			break
		}
	}
	if i.Diff != nil && i.Diff.KnownGood != nil {
		g.knownGood = inspect.Unknown
		if i.Diff.KnownGood.Confirmed {
			g.knownGood = inspect.Verified
		}
	}
	m.seen[glanceKey(s.pod)] = g
	m.pods.refresh(m)
}
