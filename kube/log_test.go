package kube

import (
	"errors"
	"fmt"
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
