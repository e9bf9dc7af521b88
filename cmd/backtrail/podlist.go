package main

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// podList reads what runs and the alerts, once. Nothing else of a dump can be asked for after it.
func (s *session) podList(ctx context.Context, all bool) (inspect.PodList, error) {
	var work sync.WaitGroup
	work.Go(func() { _, _ = s.openCluster() }) // a dump takes as long as the alerts
	err := s.readAlerts(ctx)
	work.Wait()
	if err != nil {
		return inspect.PodList{}, err
	}
	cluster, err := s.openCluster()
	if err != nil {
		return inspect.PodList{}, err
	}
	r := newRoster()
	went, err := cluster.Pods(ctx, s.scope(cluster, all), func(page []corev1.Pod) error {
		r.add(page)
		easeListMemory()
		return nil
	})
	if err != nil {
		return inspect.PodList{}, err
	}
	r.set(func(state *inspect.ListState) { state.Whole = true })
	return s.drawUp(r, cluster, went), nil
}

// scope is which namespaces are listed.
func (s *session) scope(cluster kube.Source, all bool) kube.Scope {
	scope := kube.Scope{Fallback: s.alarms.book.Namespaces()}
	if !all {
		scope.Namespaces = []string{cmp.Or(s.flags.namespace, cluster.Namespace())}
	}
	return scope
}

// drawUp makes the list of a roster.
func (s *session) drawUp(r *roster, cluster kube.Source, went kube.Listing) inspect.PodList {
	list, bearing := r.list(s.alarms.book)
	list.Context = cluster.Context()
	for _, n := range went.Notes {
		list.Notices = append(list.Notices, inspect.Notice{Level: "warning", Text: n})
	}
	if list.State.Whole && len(went.Namespaces) == 0 && bearing.Strange() { // of some namespaces only, the others may hold it
		list.Wrong = wrongContext(list.Context, otherContexts(cluster))
		list.Notices = append(list.Notices, inspect.Notice{Level: "warning", Text: list.Wrong.Text})
	}
	if list.Crowded > 0 {
		list.Notices = append(list.Notices, inspect.Notice{Level: "warning", Text: fmt.Sprintf("%d alerts fit several pods, and stand at one of them only: so many would be too many", list.Crowded)})
	}
	list.Notices = append(list.Notices, s.alertNotices()...)
	sum := s.alarms.book.Summary()
	list.Broken, list.Said = sum.Broken, sum.Alerts
	for _, f := range sum.Feeds {
		list.Sources = append(list.Sources, inspect.AlertSource{Kind: f.Kind, Name: f.Name, Alerts: f.Alerts, Broken: f.Broken, State: f.Words, Wrong: f.Wrong})
	}
	return list
}

func otherContexts(cluster kube.Source) []string {
	if live, ok := cluster.(*kube.Cluster); ok {
		return live.Contexts()
	}
	return nil
}

// How a list that is watched is drawn up again: not at every change, and so that it takes a small part of the time only.
const (
	redrawSoonest = 300 * time.Millisecond
	redrawPart    = 5
	drawFirst     = time.Second // a list that takes longer is shown before it is whole
)

// relistEvery is how often pods are listed again where they may not be watched.
const relistEvery = 30 * time.Second

// watchPods lists what runs and keeps the list fresh until ctx ends: by watch, or by listing again where that is not
// permitted. A dump's list is over when no alerts can come any more.
func (s *session) watchPods(ctx context.Context, all bool, emit func(inspect.PodList)) error {
	cluster, err := s.openCluster()
	if err != nil {
		return err
	}
	if err := s.readAlerts(ctx); err != nil {
		return err
	}
	s.firstAlerts(ctx)
	l := &livePods{s: s, r: s.roster, cluster: cluster, all: all, emit: emit, dirty: make(chan struct{}, 1)}
	return l.run(ctx)
}
