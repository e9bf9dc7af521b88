package kube

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Those who compare with other pods share one list of them.
func TestARosterListsOnce(t *testing.T) {
	server := serve(t, shop()...)
	var lists atomic.Int32
	server.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/pods") {
			lists.Add(1)
		}
		return false
	}
	r := NewRoster(server.open(t, ""), "shop")
	var work sync.WaitGroup
	for range 3 {
		work.Go(func() {
			if _, err := r.Peers(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if n := lists.Load(); n != 1 {
		t.Errorf("the pods were listed %d times", n)
	}
	peers, err := r.Peers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(peers.Pods, func(p Peer) bool { return p.Name == "web-new-a" })
	if at < 0 {
		t.Fatalf("%+v", peers.Pods)
	}
	p := peers.Pods[at]
	if p.Path() != "shop/web-new-a" || p.Workload != "shop/web-new" || p.Node != "node1" || len(p.Containers) != 4 || p.Containers[0].Image.Digest != digestNew {
		t.Errorf("%+v", p)
	}
}

// What is not permitted is asked for again by the next: nothing is kept of it.
func TestARosterKeepsNoError(t *testing.T) {
	server := serve(t, shop()...)
	var open atomic.Bool
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if open.Load() || !strings.HasSuffix(r.URL.Path, "/pods") {
			return false
		}
		answer(w, http.StatusForbidden, "Forbidden", "no")
		return true
	}
	r := NewRoster(server.open(t, ""), "shop")
	if _, err := r.Peers(t.Context()); err == nil {
		t.Error("no error although nothing may be listed")
	}
	open.Store(true)
	if p, err := r.Peers(t.Context()); err != nil || len(p.Pods) == 0 {
		t.Errorf("%d pods, %v", len(p.Pods), err)
	}
}
