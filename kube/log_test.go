package kube

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestLog(t *testing.T) {
	server := serve(t, shop()...)
	var asked []string
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			return false
		}
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.URL.Query().Get("container")+" "+r.URL.Query().Get("previous"))
		w.Header().Set("Content-Type", "text/plain")
		if r.URL.Query().Get("previous") != "" {
			answer(w, http.StatusBadRequest, "BadRequest", "previous terminated container not found")
			return true
		}
		fmt.Fprint(w, strings.Repeat("2026-03-01T08:00:00Z hello\n", maxLogLines))
		return true
	}
	c := server.open(t, "")
	pod := &corev1.Pod{ObjectMeta: meta("bare", 0, nil)}
	l, err := c.Log(t.Context(), pod, "main", false)
	if err != nil || !strings.HasPrefix(string(l.Text), "2026-03-01T08:00:00Z hello\n") || !l.Truncated {
		t.Errorf("%.40s, truncated %v, %v", l.Text, l.Truncated, err)
	}
	if !strings.HasPrefix(l.Path, "/api/v1/namespaces/shop/pods/bare/log?") {
		t.Error(l.Path)
	}
	if _, err := c.Log(t.Context(), pod, "main", true); err == nil || !strings.Contains(err.Error(), "reading the log of container main of pod shop/bare") {
		t.Errorf("%v", err)
	}
	if want := "GET /api/v1/namespaces/shop/pods/bare/log main "; asked[0] != want || asked[1] != want+"true" {
		t.Errorf("asked %q", asked)
	}
	if _, err := snapshotOf(t, shop()...).Log(t.Context(), pod, "main", false); !errors.Is(err, ErrNotFound) {
		t.Errorf("snapshot: %v", err)
	}
}

func TestStreamLog(t *testing.T) {
	server := serve(t, shop()...)
	var asked string
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			return false
		}
		asked = r.Method + " " + r.URL.RequestURI()
		if r.URL.Query().Get("container") == "none" {
			answer(w, http.StatusBadRequest, "BadRequest", "container none is not valid for pod bare")
			return true
		}
		fmt.Fprintln(w, "one")
		w.(http.Flusher).Flush()
		if r.URL.Query().Get("follow") == "true" {
			<-r.Context().Done()
		}
		return true
	}
	c := server.open(t, "")
	body, err := c.StreamLog(t.Context(), LogWanted{Namespace: "shop", Pod: "bare", Container: "main", Lines: 7, Bytes: 9, Since: day, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 4)
	if _, err := io.ReadFull(body, first); err != nil || string(first) != "one\n" {
		t.Errorf("what is there comes at once: %q, %v", first, err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	if want := "GET /api/v1/namespaces/shop/pods/bare/log?container=main&follow=true&limitBytes=9&sinceTime=2026-03-01T08%3A00%3A00Z&tailLines=7&timestamps=true"; asked != want {
		t.Errorf("asked %s", asked)
	}
	if _, err := c.StreamLog(t.Context(), LogWanted{Namespace: "shop", Pod: "bare", Container: "none"}); err == nil || !strings.Contains(err.Error(), "container none is not valid") {
		t.Errorf("got %v", err)
	}
	if _, err := c.StreamLog(t.Context(), LogWanted{Namespace: "../x", Pod: "bare", Container: "main"}); err == nil {
		t.Error("a namespace that is a path")
	}
}

// A log that is followed has the time of a watch; all other answers have that of one request.
func TestWhatLasts(t *testing.T) {
	for target, want := range map[string]bool{
		"/api/v1/pods?watch=true": true, "/api/v1/namespaces/a/pods/b/log?follow=true": true, "/api/v1/pods": false, "/api/v1/pods?follow=false": false,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://x"+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := lasts(r); got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
}

// Only the pods with all of the labels are listed, also where all namespaces may not be.
func TestPodsByLabels(t *testing.T) {
	server := serve(t, shop()...)
	c := server.open(t, "")
	got, _, _, err := names(t, c, Scope{Labels: map[string]string{"app": "web"}})
	if err != nil || strings.Join(got, " ") != "shop/web-new-a shop/web-old-a" {
		t.Errorf("got %v, %v", got, err)
	}
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v1/pods" {
			return false
		}
		answer(w, http.StatusForbidden, "Forbidden", "pods is forbidden")
		return true
	}
	got, _, _, err = names(t, c, Scope{Labels: map[string]string{"app": "db"}})
	if err != nil || strings.Join(got, " ") != "shop/db-0" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEachCustomStops(t *testing.T) {
	s, err := ParseSnapshot("x", []byte(`{"items":[{"apiVersion":"wgpolicyk8s.io/v1alpha2","kind":"PolicyReport","metadata":{"name":"a","namespace":"n","labels":{"m":"k"}}},
	{"apiVersion":"wgpolicyk8s.io/v1alpha2","kind":"PolicyReport","metadata":{"name":"b","namespace":"n"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	kind := CustomKind{Group: "wgpolicyk8s.io", Version: "v1alpha2", Plural: "policyreports", Kind: "PolicyReport", Namespaced: true}
	stop := errors.New("enough")
	n := 0
	if err := s.EachCustom(t.Context(), kind, "", func(Object) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	kind.Labels = "m!=k"
	var seen []string
	if err := s.EachCustom(t.Context(), kind, "", func(o Object) error { seen = append(seen, o.Name); return nil }); err != nil || len(seen) != 1 || seen[0] != "b" {
		t.Errorf("got %v, %v", seen, err)
	}
	kind.Labels = "=="
	if err := s.EachCustom(t.Context(), kind, "", func(Object) error { return nil }); err == nil {
		t.Error("a broken selector")
	}
}
