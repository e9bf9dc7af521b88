package triage

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/kube"
)

// A list that is watched is not made anew at every change, and takes a small part of the time only.
const (
	redrawSoonest = 300 * time.Millisecond
	// the pause is that many times what the last list took
	redrawPart = 5
	// a list that takes longer is shown before it is whole
	drawFirst = time.Second
)

// liveList is a list that is kept fresh.
type liveList struct {
	*Lister
	cluster kube.Source
	// all namespaces, in place of the one of the Lister
	all bool
	// emit receives each new list; it is called from one goroutine at a time
	emit func(inspect.PodList)
	// something changed
	dirty chan struct{}

	mu      sync.Mutex
	listing kube.Listing
	// by namespace: why it cannot be read now
	lost map[string]string
}

// Watch lists the pods with their alerts and keeps the list fresh until ctx ends: by watching, or
// by listing again where watching is forbidden. The list of a dump ends when no more alerts can
// arrive. all means all namespaces.
func (l *Lister) Watch(ctx context.Context, all bool, emit func(inspect.PodList)) error {
	cluster, err := l.Cluster()
	if err != nil {
		return err
	}
	if err := l.Sources.Read(ctx); err != nil {
		return err
	}
	l.Sources.awaitFirst(ctx)
	live := &liveList{Lister: l, cluster: cluster, all: all, emit: emit, dirty: make(chan struct{}, 1)}
	return live.run(ctx)
}

// run lists once and keeps the list fresh until ctx ends. Each namespace that may be listed has a
// watch of its own: where all namespaces may be, that is one.
func (l *liveList) run(ctx context.Context) error {
	l.Tracker.Narrow(l.scopeNamespace())
	if err := l.first(ctx); err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	live, ok := l.cluster.(*kube.Cluster)
	if ok {
		for namespace, version := range l.listing.Versions {
			work.Go(func() {
				err := engine.Protect(func() error {
					l.keepFresh(ctx, live, namespace, version)
					return nil
				})
				if err != nil { // the list stays, and shows since when it is not kept fresh
					l.contact(namespace, err)
				}
			})
		}
	}
	if !ok && !l.Sources.growing() {
		return nil
	}
	l.redraw(ctx)
	return ctx.Err()
}

// scopeNamespace returns the namespace of the list; "" is all.
func (l *liveList) scopeNamespace() string {
	if l.all {
		return ""
	}
	return l.scope(l.cluster, false).Namespaces[0]
}

// first lists for the first time. As long as the API server does not respond it tries again.
func (l *liveList) first(ctx context.Context) error {
	for wait := time.Second; ; wait = min(2*wait, l.Relist) {
		full := l.Tracker.fullList()
		next := time.Now().Add(drawFirst)
		listing, err := l.cluster.Pods(ctx, l.scope(l.cluster, l.all), func(page []corev1.Pod) error {
			full.add(page)
			if time.Now().After(next) {
				next = time.Now().Add(l.draw())
			}
			return nil
		})
		if err == nil {
			l.listing = listing
			full.end(listing.Namespaces, l.Now())
			l.Tracker.SetState(
				func(state *inspect.ListState) { *state = inspect.ListState{Whole: true, AsOf: inspect.At(l.Now())} },
			)
			l.Sources.Store.KnowPods(l.Tracker.index.PodOf)
			l.draw()
			return nil
		}
		if !errors.Is(err, kube.ErrUnreachable) || ctx.Err() != nil {
			return err
		}
		l.Tracker.SetState(func(state *inspect.ListState) { state.Lost = err.Error() })
		l.draw()
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

// keepFresh keeps the pods of a namespace ("" is all) fresh until ctx ends.
func (l *liveList) keepFresh(ctx context.Context, cluster *kube.Cluster, namespace, version string) {
	l.Tracker.SetState(func(state *inspect.ListState) { state.Live = true })
	l.touch()
	var full *fullList
	err := cluster.WatchPods(ctx, kube.PodWatch{Namespace: namespace, Version: version}, func(c kube.PodChange) error {
		if c.Type == kube.PodsListed && c.Page == 0 {
			full = l.Tracker.fullList()
		}
		l.change(namespace, full, c)
		return nil
	})
	if ctx.Err() != nil {
		return
	}
	if !errors.Is(err, kube.ErrForbidden) {
		l.contact(namespace, err)
	}
	l.Tracker.SetState(func(state *inspect.ListState) { state.Live, state.Every = false, l.Relist })
	l.touch()
	for pause(ctx, l.Relist) {
		l.relist(ctx, namespace)
	}
}

// change applies a change of a watch; full is the list that it belongs to, if it is a page of one.
func (l *liveList) change(namespace string, full *fullList, c kube.PodChange) {
	switch c.Type {
	case kube.PodAdded, kube.PodModified:
		l.Tracker.Add([]corev1.Pod{*c.Pod})
	case kube.PodDeleted:
		l.Tracker.Remove(c.Pod, c.Time)
	case kube.PodsListed:
		full.add(c.Pods)
		if c.More {
			return
		}
		full.end(only(namespace), c.Time)
	case kube.WatchLost:
		l.contact(namespace, c.Err)
		return
	case kube.WatchLive:
	}
	l.contact(namespace, nil)
}

// only returns the namespace as a list; "" is all, which is an empty one.
func only(namespace string) []string {
	if namespace == "" {
		return nil
	}
	return []string{namespace}
}

// relist lists a namespace again.
func (l *liveList) relist(ctx context.Context, namespace string) {
	full := l.Tracker.fullList()
	_, err := l.cluster.Pods(ctx, kube.Scope{Namespaces: only(namespace)}, func(page []corev1.Pod) error {
		full.add(page)
		return nil
	})
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		full.end(only(namespace), l.Now())
	}
	l.contact(namespace, err)
}

// contact records whether a namespace can be read. The list is as old as the one that was lost
// first.
func (l *liveList) contact(namespace string, err error) {
	l.mu.Lock()
	if l.lost == nil {
		l.lost = map[string]string{}
	}
	if err != nil {
		l.lost[namespace] = err.Error()
	} else {
		delete(l.lost, namespace)
	}
	why := ""
	for _, text := range l.lost {
		why = text
	}
	l.mu.Unlock()
	l.Tracker.SetState(func(state *inspect.ListState) {
		state.Lost = why
		if why == "" {
			state.AsOf = inspect.At(l.Now())
		}
	})
	l.touch()
}

// touch marks the list as changed. It never blocks: one mark is enough for any number of changes.
func (l *liveList) touch() {
	select {
	case l.dirty <- struct{}{}:
	default:
	}
}

// redraw emits a new list when something changed, but not too often.
func (l *liveList) redraw(ctx context.Context) {
	for {
		select {
		case <-l.dirty:
		case <-l.Sources.Store.Changed():
		case <-ctx.Done():
			return
		}
		if !pause(ctx, l.draw()) {
			return
		}
	}
}

// draw emits a new list. It returns how long to wait before the next one.
func (l *liveList) draw() time.Duration {
	began := time.Now()
	l.emit(l.list(l.cluster, l.listing))
	return max(redrawSoonest, redrawPart*time.Since(began))
}

// pause waits. It reports false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
