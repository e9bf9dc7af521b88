package triage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/kube"
)

// RelistEvery is how often pods are listed again where they may not be watched.
const RelistEvery = 30 * time.Second

// Lister lists the pods of a cluster with their alerts.
type Lister struct {
	// Tracker keeps the pods between lists.
	Tracker *PodTracker
	// Sources are the alerts.
	Sources *AlertSources
	// Cluster opens the cluster. It is called more than once, and returns the same one.
	Cluster func() (kube.Source, error)
	// Namespace is the one that is listed unless all are; "" is that of the cluster's configuration.
	Namespace string
	// Selector is what the Tracker shows pods by, in words; "" where it shows all.
	Selector string
	// Relist is the pause between lists where pods may not be watched: RelistEvery, shorter in tests.
	Relist time.Duration
	// Now is the clock of the session, which the demo sets.
	Now func() time.Time
}

// Once reads the pods and the alerts once. all means all namespaces.
func (l *Lister) Once(ctx context.Context, all bool) (inspect.PodList, error) {
	// Alerts are read until the Store is full, and the rest once the pods are known: so nothing that
	// belongs to a pod is dropped, and the namespaces of the alerts are known before the list.
	l.Sources.Store.AwaitPods()
	alerts := make(chan error, 1)
	go func() { // opening a dump takes as long as reading alerts
		alerts <- engine.Protect(func() error { return l.Sources.Read(ctx) })
	}()
	cluster, err := l.Cluster()
	read := false
	select {
	case failed := <-alerts:
		if failed != nil {
			return inspect.PodList{}, failed
		}
		read = true
	case <-l.Sources.Store.AtLimit():
	case <-ctx.Done():
		return inspect.PodList{}, ctx.Err()
	}
	if err != nil {
		return inspect.PodList{}, err
	}
	listing, err := cluster.Pods(ctx, l.scope(cluster, all), func(page []corev1.Pod) error {
		l.Tracker.Add(page)
		return nil
	})
	if err != nil {
		return inspect.PodList{}, err
	}
	l.Tracker.SetState(func(state *inspect.ListState) { state.Whole = true })
	l.Sources.Store.KnowPods(l.Tracker.index.PodOf)
	if !read {
		if err := <-alerts; err != nil {
			return inspect.PodList{}, err
		}
	}
	return l.list(cluster, listing), nil
}

// scope returns which namespaces are listed.
func (l *Lister) scope(cluster kube.Source, all bool) kube.Scope {
	scope := kube.Scope{Fallback: l.Sources.Store.Namespaces()}
	if !all {
		scope.Namespaces = []string{cmp.Or(l.Namespace, cluster.Namespace())}
	}
	return scope
}

// list returns the list as it stands now.
func (l *Lister) list(cluster kube.Source, listing kube.Listing) inspect.PodList {
	list, fit := l.Tracker.List(l.Sources.Store)
	list.Context = cluster.Context()
	for _, n := range listing.Notes {
		list.Notices = append(list.Notices, warning(n))
	}
	// If only some namespaces were listed, the others may have what the alerts name.
	if list.State.Whole && len(listing.Namespaces) == 0 && fit.Mismatch() {
		list.Wrong = wrongContext(list.Context, otherContexts(cluster))
		list.Notices = append(list.Notices, warning(list.Wrong.Text))
	}
	if list.Hidden > 0 {
		list.Notices = append(list.Notices, warning(text.Count(list.Hidden, "flagged pod")+
			" not listed, by the selector "+l.Selector))
	}
	if list.Crowded > 0 {
		list.Notices = append(
			list.Notices,
			warning(fmt.Sprintf("%d alerts match several pods each, and are listed at one of them only", list.Crowded)),
		)
	}
	list.Notices = append(list.Notices, l.Sources.Notices()...)
	sum := l.Sources.Store.Summary()
	list.Broken, list.Said = sum.Broken, sum.Alerts
	for _, f := range sum.Feeds {
		list.Sources = append(list.Sources, inspect.AlertSource{
			Kind: f.Kind, Name: f.Name, Alerts: f.Alerts, Broken: f.Broken, State: f.Condition, Wrong: f.Failing,
		})
	}
	return list
}

// otherContexts returns the contexts of the kubeconfig; a dump has none.
func otherContexts(cluster kube.Source) []string {
	if live, ok := cluster.(*kube.Cluster); ok {
		return live.Contexts()
	}
	return nil
}

// PodOf finds the pod that an alert is about among those that exist; nil if there is none, or none
// for certain. The error means that the cluster could not be read.
func (l *Lister) PodOf(ctx context.Context, cluster kube.Source, a *alert.Alert) (*corev1.Pod, error) {
	var unread error
	if a.Namespace != "" && a.Pod != "" {
		pod, err := cluster.Pod(ctx, a.Namespace, a.Pod)
		switch {
		case err == nil && matches(pod, a):
			return pod, nil
		case err != nil && !errors.Is(err, kube.ErrNotFound):
			unread = err
		}
	}
	if a.ContainerID == "" && a.Digest == "" && a.PodUID == "" && len(a.Addresses) == 0 {
		return nil, unread
	}
	index := NewIndex()
	pods := map[string]corev1.Pod{}
	_, err := cluster.Pods(ctx, kube.Scope{Fallback: l.Sources.Store.Namespaces()}, func(page []corev1.Pod) error {
		for i := range page {
			if matches(&page[i], a) {
				index.Add(&page[i])
				pods[uidOf(&page[i])] = page[i]
			}
		}
		return nil
	})
	if m := index.Match(a); len(m.Hits) == 1 {
		h := m.Hits[0]
		if p, ok := pods[cmp.Or(h.UID, podKey(h.Namespace, h.Pod))]; ok {
			return &p, nil
		}
	}
	return nil, cmp.Or(unread, err)
}

// matches reports that an alert may be about this pod.
func matches(pod *corev1.Pod, a *alert.Alert) bool {
	index := NewIndex()
	index.Add(pod)
	return len(index.Match(a).Hits) > 0
}
