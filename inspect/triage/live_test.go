package triage

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// watched is a list that was read once, and what tells it of changes.
func watched(t *testing.T, lines []string, pods ...*corev1.Pod) *liveList {
	t.Helper()
	c := &fakeCluster{pods: pods}
	l := lister(t, c, lines...)
	if err := l.Sources.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	live := &liveList{Lister: l, cluster: c, all: true, emit: func(inspect.PodList) {}, dirty: make(chan struct{}, 1)}
	if err := live.first(t.Context()); err != nil {
		t.Fatal(err)
	}
	return live
}

func (l *liveList) now() inspect.PodList { return l.list(l.cluster, l.listing) }

// owned makes a pod one of ReplicaSet web.
func owned(p *corev1.Pod, created time.Time) *corev1.Pod {
	yes := true
	p.OwnerReferences = []metav1.OwnerReference{
		{Kind: "ReplicaSet", Name: "web-7d9c5b6f48", UID: "rs", Controller: &yes},
	}
	p.CreationTimestamp = metav1.NewTime(created)
	return p
}

// A flagged pod that is gone stays on the list with what replaced it; another one does not.
func TestPodsThatGo(t *testing.T) {
	first, second := owned(webPod("web-0", hex64, digestA), at.Add(-time.Hour)), owned(
		webPod("web-1", containerOf("b"), digestA), at.Add(-time.Hour),
	)
	l := watched(t, []string{said("Shell", "Notice", hex64[:12], "web-0")}, first, second)
	if got := rows(l.now()); got != "web-0!Shell, web-1" {
		t.Fatalf("at first %s", got)
	}
	l.change("", nil, kube.PodChange{Type: kube.PodDeleted, Pod: first, Time: at})
	l.change("", nil, kube.PodChange{Type: kube.PodDeleted, Pod: second, Time: at})
	l.change(
		"", nil,
		kube.PodChange{
			Type: kube.PodAdded, Pod: owned(webPod("web-2", containerOf("c"), digestB), at.Add(time.Minute)),
		},
	)
	list := l.now()
	if got := rows(list); got != "web-0!Shell gone→web-2 another, web-2" {
		t.Errorf("then %s", got)
	}
	if g := list.Pods[0].Gone; !g.Time.Equal(at) {
		t.Errorf("gone at %v", g.Time)
	}
	if a := list.Pods[0].Alerts[0]; a.Match != inspect.MatchContainer {
		t.Errorf("its alert is matched by %s: %s", a.Match, a.Why)
	}
}

// A pod of the same second replaces one that is gone if it was listed later; a sibling that was
// there before does not.
func TestReplacementsOfOneSecond(t *testing.T) {
	first, sibling := owned(webPod("web-0", hex64, digestA), at), owned(webPod("web-1", containerOf("b"), digestA), at)
	l := watched(t, []string{said("Shell", "Notice", hex64[:12], "web-0")}, first, sibling)
	l.change("", nil, kube.PodChange{Type: kube.PodDeleted, Pod: first, Time: at})
	if got := rows(l.now()); got != "web-0!Shell gone, web-1" {
		t.Errorf("without a successor %s", got)
	}
	l.change("", nil, kube.PodChange{Type: kube.PodAdded, Pod: owned(webPod("web-2", containerOf("c"), digestA), at)})
	if got := rows(l.now()); got != "web-0!Shell gone→web-2 same, web-1, web-2" {
		t.Errorf("with one %s", got)
	}
}

// A full list ends what is not in it, in the namespaces that it is of.
func TestFullLists(t *testing.T) {
	bank := webPod("teller-0", containerOf("d"), digestA)
	bank.Namespace = "bank"
	first, second := webPod("web-0", hex64, digestA), webPod("web-1", containerOf("b"), digestA)
	l := watched(t, nil, first, second, bank)
	full := l.Tracker.fullList()
	l.change("shop", full, kube.PodChange{Type: kube.PodsListed, Pods: []corev1.Pod{*first}, More: true, Time: at})
	if got := rows(l.now()); got != "teller-0, web-0, web-1" {
		t.Errorf("half of the list ends nothing: %s", got)
	}
	l.change("shop", full, kube.PodChange{Type: kube.PodsListed, Page: 1, Time: at})
	if got := rows(l.now()); got != "teller-0, web-0" {
		t.Errorf("the end of the list leaves %s", got)
	}
}

// A connection that is lost is said, and with it how old the list is.
func TestLostContact(t *testing.T) {
	l := watched(t, nil, webPod("web-0", hex64, digestA))
	l.change("shop", nil, kube.PodChange{Type: kube.WatchLost, Err: errors.New("no route")})
	l.change("bank", nil, kube.PodChange{Type: kube.WatchLive})
	if s := l.now().State; s.Lost != "no route" || !s.Whole || !s.AsOf.Equal(at) {
		t.Errorf("lost: %+v", s)
	}
	l.change("shop", nil, kube.PodChange{Type: kube.WatchLive})
	if s := l.now().State; s.Lost != "" {
		t.Errorf("back: %+v", s)
	}
	l.cluster.(*fakeCluster).pods = nil
	l.relist(t.Context(), "shop")
	if got := rows(l.now()); got != "" {
		t.Errorf("after listing again %s", got)
	}
	l.cluster.(*fakeCluster).err = errors.New("down")
	l.relist(t.Context(), "shop")
	if s := l.now().State; s.Lost != "down" {
		t.Errorf("down: %+v", s)
	}
}

// An API server that does not respond yet is tried again, and the list says so meanwhile.
func TestFirstListIsTriedAgain(t *testing.T) {
	c := &fakeCluster{err: &kube.Error{Doing: "listing pods", Err: kube.ErrUnreachable}}
	l := lister(t, c)
	var seen []inspect.PodList
	live := &liveList{Lister: l, cluster: c, all: true, dirty: make(chan struct{}, 1), emit: func(list inspect.PodList) {
		seen = append(seen, list)
		c.err = nil
		c.pods = []*corev1.Pod{webPod("web-0", hex64, digestA)}
	}}
	if err := live.first(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0].State.Lost == "" || seen[0].State.Whole || rows(seen[1]) != "web-0" ||
		!seen[1].State.Whole || seen[1].State.Lost != "" {
		t.Errorf("lists %+v", seen)
	}
	c.err = kube.ErrForbidden
	if err := live.first(t.Context()); !errors.Is(err, kube.ErrForbidden) {
		t.Errorf("forbidden: %v", err)
	}
}

// The list of a dump ends at once where no more alerts can come, and goes on where they can.
func TestWatchOfADump(t *testing.T) {
	c := &fakeCluster{pods: []*corev1.Pod{webPod("web-0", hex64, digestA)}}
	l := lister(t, c)
	n := 0
	if err := l.Watch(t.Context(), true, func(inspect.PodList) { n++ }); err != nil || n != 1 {
		t.Errorf("%v, %d lists", err, n)
	}
	l = lister(t, c)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if err := l.Sources.Follow(ctx); err != nil {
		t.Fatal(err)
	}
	lists := make(chan inspect.PodList, 10)
	ended := make(chan error, 1)
	go func() { ended <- l.Watch(ctx, true, func(list inspect.PodList) { lists <- list }) }()
	if got := rows(<-lists); got != "web-0" {
		t.Errorf("at first %s", got)
	}
	if err := l.Sources.Paste(ctx, said("Shell", "Notice", hex64[:12], "web-0")); err != nil {
		t.Fatal(err)
	}
	for got := ""; got != "web-0!Shell"; {
		select {
		case list := <-lists:
			got = rows(list)
		case <-time.After(10 * time.Second):
			t.Fatalf("the alert is not listed: %s", got)
		}
	}
	if err := l.Sources.Paste(ctx, "nothing"); !errors.Is(err, errNothingNew) {
		t.Errorf("pasting nothing: %v", err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// Narrowing to a namespace forgets the pods of the others, and not those that are gone.
func TestNarrow(t *testing.T) {
	first := webPod("web-0", hex64, digestA)
	l := watched(
		t, []string{said("Shell", "Notice", hex64[:12], "web-0")}, first, webPod("web-1", containerOf("b"), digestA),
	)
	l.Tracker.Remove(first, at)
	l.Tracker.Narrow("bank")
	list := l.now()
	if got := rows(list); got != "web-0!Shell gone" || list.State.Whole || list.Unmatched != nil {
		t.Errorf("rows %s, state %+v", got, list.State)
	}
}

// What was remembered of pods that are gone is bounded.
func TestGonePodsAreBounded(t *testing.T) {
	tracker := NewPodTracker(describe)
	for n := range maxGone + 5 {
		p := webPod(fmt.Sprintf("web-%d", n), fmt.Sprintf("%064x", n), digestA)
		tracker.Add([]corev1.Pod{*p})
		tracker.Remove(p, at)
	}
	if len(tracker.pods) != maxGone || len(tracker.index.rows) != maxGone || len(tracker.gone) != maxGone {
		t.Errorf("%d pods, %d rows, %d gone", len(tracker.pods), len(tracker.index.rows), len(tracker.gone))
	}
}
