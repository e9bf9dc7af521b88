package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/kube"
)

// podList reads what runs, and says it page by page: each list replaces the one before.
func (s *session) podList(ctx context.Context, all bool, emit func(inspect.PodList)) error {
	alerts, err := s.readAlerts()
	if err != nil {
		return err
	}
	cluster, err := s.openCluster()
	if err != nil {
		return err
	}
	b := listing{index: alert.NewIndex(), list: inspect.PodList{Schema: inspect.PodsSchema, Context: cluster.Context()}}
	scope := kube.Scope{Fallback: alert.Namespaces(alerts)}
	if !all {
		scope.Namespaces = []string{cmp.Or(s.flags.namespace, cluster.Namespace())}
	}
	went, err := cluster.Pods(ctx, scope, func(page []corev1.Pod) error {
		b.add(page)
		if len(alerts) == 0 {
			emit(b.sorted())
		}
		return nil
	})
	for _, n := range went.Notes {
		b.list.Notices = append(b.list.Notices, inspect.Notice{Level: "warning", Text: n})
	}
	b.match(alerts)
	s.alarms.mu.Lock()
	b.list.Broken = s.alarms.intake.Broken
	for _, line := range s.alarms.intake.Samples {
		b.list.Notices = append(b.list.Notices, inspect.Notice{Level: "info", Text: brokenLine(line)})
	}
	s.alarms.mu.Unlock()
	emit(b.sorted())
	return err
}

// listing is a pod list in the making.
type listing struct {
	index *alert.Index
	list  inspect.PodList
}

func (b *listing) add(page []corev1.Pod) {
	for i := range page {
		b.index.Add(&page[i])
		b.list.Pods = append(b.list.Pods, inspect.FlaggedPod{Pod: subject.FromPod(&page[i], nil)})
	}
}

// match puts each alert to the pods that it fits, and those that fit none into a list of their own.
func (b *listing) match(alerts []alert.Alert) {
	at := map[string]int{}
	for i, p := range b.list.Pods {
		at[p.Namespace+"/"+p.Name] = i
	}
	b.list.Unmatched = nil
	for i := range alerts {
		a := alerts[i]
		m := b.index.Match(&a)
		a.Apply(m)
		if len(m.Hits) == 0 {
			b.list.Unmatched = append(b.list.Unmatched, a.Alert)
			continue
		}
		for _, h := range m.Hits {
			if n, ok := at[h.Namespace+"/"+h.Pod]; ok {
				a.Subject = h.Container
				b.list.Pods[n].Alerts = append(b.list.Pods[n].Alerts, a.Alert)
			}
		}
	}
}

// sorted gives the list so far: flagged pods first, the worst alert first; then by namespace and name.
func (b *listing) sorted() inspect.PodList {
	list := b.list
	list.Pods = slices.Clone(list.Pods)
	slices.SortStableFunc(list.Pods, func(x, y inspect.FlaggedPod) int {
		return cmp.Or(cmp.Compare(worst(x.Alerts), worst(y.Alerts)), strings.Compare(x.Namespace, y.Namespace), strings.Compare(x.Name, y.Name))
	})
	return list
}

// priorities are Falco's, the most urgent first.
var priorities = []string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}

// worst ranks alerts by their most urgent one; without any it ranks last.
func worst(alerts []inspect.Alert) int {
	rank := len(priorities) + 1
	for _, a := range alerts {
		i := slices.Index(priorities, strings.ToLower(a.Priority))
		if i < 0 {
			i = len(priorities)
		}
		rank = min(rank, i)
	}
	return rank
}
