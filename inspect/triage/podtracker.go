package triage

import (
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
)

// maxGone bounds the pods that are remembered after they are gone: an alert may arrive after the
// end of its pod, and a flagged pod stays on the list.
const maxGone = 2000

// PodTracker keeps the pods of a list, and which alerts belong to them. Its methods may be called
// from several goroutines.
type PodTracker struct {
	// index has a lock of its own: the Store matches alerts while the PodTracker is locked
	index    *Index
	describe func(*corev1.Pod) inspect.Pod

	mu sync.Mutex
	// by UID, without their alerts
	pods map[string]*inspect.FlaggedPod
	// by UID: the batch in which a pod was first listed
	arrival map[string]int
	// the number of the last batch; all pods of the first list are of batch 0
	batch int
	// UIDs, the oldest first
	gone  []string
	state inspect.ListState
	// namespace; "" is all
	scope string
	// picks chooses which pods are on the list; all are known, so that an alert finds its pod. nil picks all.
	picks func(*corev1.Pod) bool
	// by UID: known, and not on the list
	hidden map[string]bool
}

// Show lists only the pods that picks chooses. It is called before the first list.
func (t *PodTracker) Show(picks func(*corev1.Pod) bool) { t.picks = picks }

// NewPodTracker returns a PodTracker without pods. describe turns a pod of the cluster into the pod
// of a case.
func NewPodTracker(describe func(*corev1.Pod) inspect.Pod) *PodTracker {
	return &PodTracker{
		index: NewIndex(), describe: describe, pods: map[string]*inspect.FlaggedPod{}, arrival: map[string]int{},
		hidden: map[string]bool{},
	}
}

// uidOf returns what no two pods share. Dumps that were written by hand may have no UIDs.
func uidOf(p *corev1.Pod) string {
	if p.UID != "" {
		return string(p.UID)
	}
	return podKey(p.Namespace, p.Name)
}

// idOf is uidOf for the pod of a case.
func idOf(p *inspect.Pod) string {
	if p.UID != "" {
		return p.UID
	}
	return podKey(p.Namespace, p.Name)
}

// Narrow begins a list of another namespace; "" is all. Pods that are gone stay known.
func (t *PodTracker) Narrow(namespace string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.Whole = false
	if t.scope == namespace {
		return
	}
	t.scope = namespace
	for id, p := range t.pods {
		if p.Gone == nil {
			t.forget(id)
		}
	}
}

// forget removes a pod with all that is known of it. The PodTracker is locked.
func (t *PodTracker) forget(id string) {
	p := t.pods[id]
	t.index.Forget(p.Namespace, p.Name, p.UID)
	delete(t.pods, id)
	delete(t.arrival, id)
	delete(t.hidden, id)
}

// Add adds pods or their new state.
func (t *PodTracker) Add(pods []corev1.Pod) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state.Whole { // the pods of the first list all were there before
		t.batch++
	}
	for i := range pods {
		pod := &pods[i]
		id := uidOf(pod)
		if t.pods[id] == nil {
			t.arrival[id] = t.batch
		}
		if t.picks != nil && !t.picks(pod) {
			t.hidden[id] = true
		} else {
			delete(t.hidden, id) // its labels have changed
		}
		t.index.Add(pod)
		t.pods[id] = &inspect.FlaggedPod{Pod: t.describe(pod)}
	}
}

// Remove marks a pod as one that no longer runs.
func (t *PodTracker) Remove(p *corev1.Pod, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leave(uidOf(p), at)
}

// SetState changes the state of the list.
func (t *PodTracker) SetState(change func(*inspect.ListState)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.state)
}

// fullList is a list of all pods that there are: at its end, a pod that was not in it is gone. Pods
// come in pages and are not kept.
type fullList struct {
	tracker *PodTracker
	// by UID
	present map[string]bool
}

// fullList begins a list of all pods. Several may be open, one for each namespace.
func (t *PodTracker) fullList() *fullList { return &fullList{tracker: t, present: map[string]bool{}} }

// add adds a page of the list. The page is not kept: lists of large clusters have thousands of
// pods.
func (l *fullList) add(page []corev1.Pod) {
	for i := range page {
		l.present[uidOf(&page[i])] = true
	}
	l.tracker.Add(page)
}

// end closes the list, which was of some namespaces; none means all.
func (l *fullList) end(namespaces []string, at time.Time) {
	t := l.tracker
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, p := range t.pods {
		if !l.present[id] && (len(namespaces) == 0 || slices.Contains(namespaces, p.Namespace)) {
			t.leave(id, at)
		}
	}
}

// leave marks a pod as gone, and forgets the one that has been gone for longest if there are too
// many. The PodTracker is locked.
func (t *PodTracker) leave(id string, at time.Time) {
	p := t.pods[id]
	if p == nil || p.Gone != nil {
		return
	}
	p.Gone = &inspect.Gone{Time: inspect.At(at)}
	t.index.Gone(p.Namespace, p.Name, p.UID, at)
	if t.gone = append(t.gone, id); len(t.gone) > maxGone {
		oldest := t.gone[0]
		t.gone = t.gone[1:]
		if p := t.pods[oldest]; p != nil && p.Gone != nil {
			t.forget(oldest)
		}
	}
}

// PodOf returns a key of the pod that the alert belongs to, for alert.Store.KnowPods; "" if it
// belongs to none. Alerts that only share an image with pods have one key per image.
func (x *Index) PodOf(a *alert.Alert) string {
	m := x.Match(a)
	switch {
	case len(m.Hits) == 0:
		return ""
	case len(m.Hits) > 1 || m.How == inspect.MatchImage:
		return "image " + a.Image + a.Digest
	default:
		return m.Hits[0].UID + " " + podKey(m.Hits[0].Namespace, m.Hits[0].Pod)
	}
}
