package main

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// livePods keeps the list of the terminal UI.
type livePods struct {
	s       *session
	r       *roster
	cluster kube.Source
	all     bool
	emit    func(inspect.PodList)
	dirty   chan struct{} // something changed

	mu   sync.Mutex
	went kube.Listing
	lost map[string]string // why a namespace is not heard of now
}

func (l *livePods) run(ctx context.Context) error {
	l.r.narrow(l.namespace())
	if err := l.first(ctx); err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	live, ok := l.cluster.(*kube.Cluster)
	if ok {
		for namespace, version := range l.went.Versions {
			work.Go(func() { l.keep(ctx, live, namespace, version) })
		}
	}
	if !ok && !l.s.alertsCome() {
		return nil
	}
	l.redraw(ctx)
	return ctx.Err()
}

func (l *livePods) namespace() string {
	if l.all {
		return ""
	}
	return l.s.scope(l.cluster, false).Namespaces[0]
}

// alertsCome says that alerts may still come.
func (s *session) alertsCome() bool { return s.alarms.live && s.alarms.preset == nil }

// first lists for the first time. As long as the API server does not answer it is asked again.
func (l *livePods) first(ctx context.Context) error {
	for wait := time.Second; ; wait = min(2*wait, l.s.relist) {
		all := l.r.sweep()
		next := time.Now().Add(drawFirst)
		went, err := l.cluster.Pods(ctx, l.s.scope(l.cluster, l.all), func(page []corev1.Pod) error {
			all.add(page)
			if time.Now().After(next) {
				next = time.Now().Add(l.draw(l.went))
			}
			return nil
		})
		if err == nil {
			l.went = went
			all.end(went.Namespaces, l.s.now())
			l.r.set(func(state *inspect.ListState) { *state = inspect.ListState{Whole: true, AsOf: inspect.At(l.s.now())} })
			l.draw(went)
			return nil
		}
		if !errors.Is(err, kube.ErrUnreachable) || ctx.Err() != nil {
			return err
		}
		l.r.set(func(state *inspect.ListState) { state.Lost = err.Error() })
		l.draw(went)
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// keep keeps the pods of a namespace ("" is all) fresh until ctx ends.
func (l *livePods) keep(ctx context.Context, cluster *kube.Cluster, namespace, version string) {
	l.r.set(func(state *inspect.ListState) { state.Live = true })
	l.touch()
	var all *sweep
	err := cluster.WatchPods(ctx, kube.PodWatch{Namespace: namespace, Version: version}, func(c kube.PodChange) error {
		if c.Type == kube.PodsListed && c.Page == 0 {
			all = l.r.sweep()
		}
		l.change(namespace, all, c)
		return nil
	})
	if ctx.Err() != nil {
		return
	}
	if !errors.Is(err, kube.ErrForbidden) {
		l.heard(namespace, err)
	}
	l.r.set(func(state *inspect.ListState) { state.Live, state.Every = false, l.s.relist })
	l.touch()
	for sleep(ctx, l.s.relist) {
		l.relist(ctx, namespace)
	}
}

// change takes what a watch tells; all is the list that it belongs to, if it is of one.
func (l *livePods) change(namespace string, all *sweep, c kube.PodChange) {
	switch c.Type {
	case kube.PodAdded, kube.PodModified:
		l.r.add([]corev1.Pod{*c.Pod})
	case kube.PodDeleted:
		l.r.remove(c.Pod, c.Time)
	case kube.PodsListed:
		all.add(c.Pods)
		if c.More {
			return
		}
		all.end(in(namespace), c.Time)
	case kube.WatchLost:
		l.heard(namespace, c.Err)
		return
	case kube.WatchLive:
	}
	l.heard(namespace, nil)
}

func in(namespace string) []string {
	if namespace == "" {
		return nil
	}
	return []string{namespace}
}

// relist lists a namespace again.
func (l *livePods) relist(ctx context.Context, namespace string) {
	all := l.r.sweep()
	_, err := l.cluster.Pods(ctx, kube.Scope{Namespaces: in(namespace)}, func(page []corev1.Pod) error {
		all.add(page)
		return nil
	})
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		all.end(in(namespace), l.s.now())
	}
	l.heard(namespace, err)
}

// heard says whether a namespace can be heard of. The list is as old as the one that was lost first.
func (l *livePods) heard(namespace string, err error) {
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
	l.r.set(func(state *inspect.ListState) {
		state.Lost = why
		if why == "" {
			state.AsOf = inspect.At(l.s.now())
		}
	})
	l.touch()
}

func (l *livePods) touch() {
	select {
	case l.dirty <- struct{}{}:
	default:
	}
}

// redraw gives a new list when something changed, but not too often.
func (l *livePods) redraw(ctx context.Context) {
	for {
		select {
		case <-l.dirty:
		case <-l.s.alarms.book.Changed():
		case <-ctx.Done():
			return
		}
		if !sleep(ctx, l.draw(l.went)) {
			return
		}
	}
}

// draw gives a new list. It tells how long to wait before the next one.
func (l *livePods) draw(went kube.Listing) time.Duration {
	began := time.Now()
	l.emit(l.s.drawUp(l.r, l.cluster, went))
	easeListMemory()
	return max(redrawSoonest, redrawPart*time.Since(began))
}

// sleep waits. It reports false when ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
