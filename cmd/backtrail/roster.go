package main

import (
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

// listed takes all pods that there are in some namespaces (none: in all): others are gone.
func (r *roster) listed(namespaces []string, pods []corev1.Pod, at time.Time) {
	here := make(map[string]bool, len(pods))
	for i := range pods {
		here[uid(&pods[i])] = true
	}
	r.add(pods)
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, p := range r.pods {
		if !here[id] && (len(namespaces) == 0 || slices.Contains(namespaces, p.Namespace)) {
			r.leave(id, at)
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

// list puts each alert to the pods that it fits, and those that fit none into a list of their own.
func (r *roster) list(book *alert.Book) (inspect.PodList, alert.Bearing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := inspect.PodList{Schema: inspect.PodsSchema, State: r.state}
	var bearing alert.Bearing
	flags := make(map[*inspect.FlaggedPod][]inspect.Alert)
	book.View(func(v alert.View) {
		fits, count, stray, shared := make([]fit, 0, v.Len()), map[*inspect.FlaggedPod]int{}, 0, 0
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
			for _, p := range f.pods {
				count[p]++
			}
			if len(f.pods) == 0 {
				stray++
			}
		})
		l.Unmatched = make([]inspect.Alert, 0, stray)
		n := 0
		v.Each(func(a *alert.Alert) {
			f := fits[n]
			n++
			a.Apply(f.match)
			if len(f.pods) == 0 {
				l.Unmatched = append(l.Unmatched, a.Alert)
			}
			for i, p := range f.pods {
				if flags[p] == nil {
					flags[p] = make([]inspect.Alert, 0, count[p])
				}
				a.Subject = f.match.Hits[i].Container
				flags[p] = append(flags[p], a.Alert)
			}
		})
	})
	for _, p := range r.pods {
		if p.Gone == nil || flags[p] != nil {
			row := *p
			row.Alerts = flags[p]
			l.Pods = append(l.Pods, row)
		}
	}
	sortList(&l, book.Rarity())
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
