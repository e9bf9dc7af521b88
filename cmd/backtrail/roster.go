package main

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/subject"
)

// maxGone bounds the pods that are remembered after they went: an alert may come later than the end of its pod, and a
// flagged pod stays on the list.
const maxGone = 2000

// maxSharedAlerts bounds how often alerts that fit several pods stand on a list, all together: one that names an image only
// may fit fifty.
const maxSharedAlerts = 50_000

// roster is the pods of a list, as far as they are known, and what alerts say of them.
type roster struct {
	mu    sync.Mutex
	index *alert.Index
	pods  map[string]*inspect.FlaggedPod // by UID, without their alerts
	seen  map[string]int                 // by UID: with which batch a pod was first heard of
	batch int
	gone  []string // UIDs, the oldest first
	state inspect.ListState
	scope string // namespace; "" is all

	// Of the last list:
	piles map[string]*pile // by UID
	stray *pile
}

func newRoster() *roster {
	return &roster{index: alert.NewIndex(), pods: map[string]*inspect.FlaggedPod{}, seen: map[string]int{}}
}

// uid is what no two pods share; dumps that were written by hand may have none.
func uid(p *corev1.Pod) string {
	if p.UID != "" {
		return string(p.UID)
	}
	return p.Namespace + "/" + p.Name
}

func idOf(p *inspect.Pod) string {
	if p.UID != "" {
		return p.UID
	}
	return p.Namespace + "/" + p.Name
}

// narrow begins a list of another namespace. Pods that are gone stay known.
func (r *roster) narrow(namespace string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Whole = false
	if r.scope == namespace {
		return
	}
	r.scope = namespace
	for id, p := range r.pods {
		if p.Gone == nil {
			r.forget(id)
		}
	}
}

func (r *roster) forget(id string) {
	p := r.pods[id]
	r.index.Forget(p.Namespace, p.Name, p.UID)
	delete(r.pods, id)
	delete(r.seen, id)
}

// add takes pods up, or what became of them.
func (r *roster) add(pods []corev1.Pod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.Whole { // until then all of them were there before
		r.batch++
	}
	for i := range pods {
		id := uid(&pods[i])
		if r.pods[id] == nil {
			r.seen[id] = r.batch
		}
		r.index.Add(&pods[i])
		r.pods[id] = &inspect.FlaggedPod{Pod: subject.FromPod(&pods[i], nil)}
	}
}

// remove says that a pod runs no more.
func (r *roster) remove(p *corev1.Pod, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave(uid(p), at)
}

// sweep is a list that says all there is: at its end, what was not in it is gone. Pods come in pages and are not kept.
type sweep struct {
	r    *roster
	here map[string]bool // by UID
}

func (r *roster) sweep() *sweep { return &sweep{r: r, here: map[string]bool{}} }

func (s *sweep) add(page []corev1.Pod) {
	for i := range page {
		s.here[uid(&page[i])] = true
	}
	s.r.add(page)
}

// end tells of which namespaces the list was (none: of all).
func (s *sweep) end(namespaces []string, at time.Time) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	for id, p := range s.r.pods {
		if !s.here[id] && (len(namespaces) == 0 || slices.Contains(namespaces, p.Namespace)) {
			s.r.leave(id, at)
		}
	}
}

func (r *roster) leave(id string, at time.Time) {
	p := r.pods[id]
	if p == nil || p.Gone != nil {
		return
	}
	p.Gone = &inspect.Gone{Time: inspect.At(at)}
	r.index.Gone(p.Namespace, p.Name, p.UID)
	if r.gone = append(r.gone, id); len(r.gone) > maxGone {
		oldest := r.gone[0]
		r.gone = r.gone[1:]
		if p := r.pods[oldest]; p != nil && p.Gone != nil {
			r.forget(oldest)
		}
	}
}

// set changes how the list is kept fresh.
func (r *roster) set(change func(*inspect.ListState)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.state)
}

// fit is where an alert belongs: the match, and the pods of its hits.
type fit struct {
	match alert.Match
	pods  []*inspect.FlaggedPod
}

// pile is the alerts of a pod, or those that fit none. Lists that follow each other share what is the same in both: with
// 100,000 alerts two lists would not fit into memory side by side.
type pile struct {
	count  int
	print  uint64 // of what is in it, and how it fits
	alerts []inspect.Alert
	drawn  bool // alerts is that of the list before
}

var pileSeed = maphash.MakeSeed()

// add takes up an alert that is to be in the pile.
func (p *pile) add(a *alert.Alert, m *alert.Match, container string) {
	p.count++
	p.print = maphash.Comparable(pileSeed, struct {
		before                  uint64
		number, count, variants int
		first, last             time.Time
		how, why, container     string
		earlier                 bool
	}{p.print, a.Number, a.Count, a.Variants, a.Time.Time, a.Last.Time, m.How, m.Why, container, m.Earlier})
}

// begin makes room for the alerts, unless the list before has the same.
func (p *pile) begin(before *pile) {
	if before != nil && before.count == p.count && before.print == p.print {
		p.alerts, p.drawn = before.alerts, true
		return
	}
	p.alerts = make([]inspect.Alert, 0, p.count)
}

func (p *pile) put(a *inspect.Alert) {
	if !p.drawn {
		p.alerts = append(p.alerts, *a)
	}
}

// sort orders the alerts. Those of the list before may be read meanwhile: they are not moved.
func (p *pile) sort(order func(a, b inspect.Alert) int) {
	if slices.IsSortedFunc(p.alerts, order) {
		return
	}
	if p.drawn {
		p.alerts = slices.Clone(p.alerts)
	}
	slices.SortFunc(p.alerts, order)
}

// list puts each alert to the pods that it fits, and those that fit none into a list of their own, unless more pods are
// about to come.
func (r *roster) list(book *alert.Book) (inspect.PodList, alert.Bearing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := inspect.PodList{Schema: inspect.PodsSchema, State: r.state}
	var bearing alert.Bearing
	piles, stray := map[string]*pile{}, &pile{}
	strays := r.state.Whole || r.state.Lost != ""
	book.View(func(v alert.View) {
		fits, shared := make([]fit, 0, v.Len()), 0
		v.Each(func(a *alert.Alert) {
			f := r.fit(a)
			bearing.Add(r.index, a)
			if len(f.pods) > 1 {
				if shared += len(f.pods); shared > maxSharedAlerts {
					f.pods = f.pods[:1]
					l.Crowded++
				}
			}
			fits = append(fits, f)
			for i, p := range f.pods {
				id := idOf(&p.Pod)
				if piles[id] == nil {
					piles[id] = &pile{}
				}
				piles[id].add(a, &f.match, f.match.Hits[i].Container)
			}
			if len(f.pods) == 0 && strays {
				stray.add(a, &f.match, "")
			}
		})
		for id, p := range piles {
			p.begin(r.piles[id])
		}
		stray.begin(r.stray)
		n := 0
		v.Each(func(a *alert.Alert) {
			f := fits[n]
			n++
			a.Apply(f.match)
			if len(f.pods) == 0 && strays {
				stray.put(&a.Alert)
			}
			for i, p := range f.pods {
				a.Subject = f.match.Hits[i].Container
				piles[idOf(&p.Pod)].put(&a.Alert)
			}
		})
	})
	r.piles, r.stray = piles, stray
	rarity := book.Rarity()
	order := func(a, b inspect.Alert) int { return moreUrgent(&a, &b, rarity) }
	for _, p := range piles {
		p.sort(order)
	}
	stray.sort(order)
	l.Unmatched = stray.alerts
	for id, p := range r.pods {
		if p.Gone == nil || piles[id] != nil {
			row := *p
			if piles[id] != nil {
				row.Alerts = piles[id].alerts
			}
			l.Pods = append(l.Pods, row)
		}
	}
	sortPods(l.Pods, rarity)
	r.replacements(&l)
	return l, bearing
}

// fit finds the pods of an alert. A hit that is not on the list (it was dropped meanwhile) is none.
func (r *roster) fit(a *alert.Alert) fit {
	m := r.index.Match(a)
	f := fit{match: m}
	hits := m.Hits[:0:0]
	for _, h := range m.Hits {
		id := h.UID
		if id == "" {
			id = h.Namespace + "/" + h.Pod
		}
		if p := r.pods[id]; p != nil {
			hits, f.pods = append(hits, h), append(f.pods, p)
		}
	}
	if len(hits) != len(m.Hits) {
		f.match.Hits = hits
	}
	return f
}
