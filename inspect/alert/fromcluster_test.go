package alert

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/kube"
)

// api is as much of an API server as alerts are read from.
type api struct {
	*httptest.Server
	mu      sync.Mutex
	pods    map[string][]corev1.Pod      // by label selector
	reports map[string][]json.RawMessage // by path of the list; without an entry the kind is not known
	logs    map[string][]string          // by NAMESPACE/POD/CONTAINER, lines without a time
	deny    string                       // what the path of a forbidden request contains
	cut     int                          // followed logs are cut after so many lines
	asked   []string
}

func newAPI(t *testing.T) *api {
	a := &api{pods: map[string][]corev1.Pod{}, reports: map[string][]json.RawMessage{}, logs: map[string][]string{}}
	a.Server = httptest.NewTLSServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *api) open(t *testing.T) *kube.Cluster {
	t.Helper()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	file := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: prod, users: [{name: u, user: {token: x}}],
clusters: [
	{name: c, cluster: {server: %q, certificate-authority-data: %s}},
], contexts: [{name: prod, context: {cluster: c, user: u}}]}`,
		a.URL, base64.StdEncoding.EncodeToString(authority))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := kube.Open(kube.Options{Kubeconfig: file})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI())
	deny := a.deny
	a.mu.Unlock()
	q := r.URL.Query()
	switch {
	case deny != "" && strings.Contains(r.URL.Path, deny):
		refuse(w, http.StatusForbidden, "Forbidden")
	case r.URL.Path == "/api/v1/pods":
		_ = json.NewEncoder(w).Encode(map[string]any{"items": a.pods[q.Get("labelSelector")]})
	case strings.HasSuffix(r.URL.Path, "/log"):
		a.serveLog(w, r)
	case a.reports[r.URL.Path] != nil:
		a.serveReports(w, r)
	default:
		refuse(w, http.StatusNotFound, "NotFound")
	}
}

func (a *api) serveReports(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var items []json.RawMessage
	for _, raw := range a.reports[r.URL.Path] {
		if r.URL.Query().Get("labelSelector") == "" || !strings.Contains(string(raw), `"`+managedBy+`":"kyverno"`) {
			items = append(items, raw)
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

// serveLog answers with the lines, a second apart, and waits for more where it is followed.
func (a *api) serveLog(w http.ResponseWriter, r *http.Request) {
	parts, q := strings.Split(r.URL.Path, "/"), r.URL.Query()
	key := parts[4] + "/" + parts[6] + "/" + q.Get("container")
	since, _ := time.Parse(time.RFC3339, q.Get("sinceTime"))
	tail, _ := strconv.Atoi(q.Get("tailLines"))
	limit, _ := strconv.Atoi(q.Get("limitBytes"))
	a.mu.Lock()
	_, known := a.logs[key]
	first := max(0, len(a.logs[key])-tail)
	if tail == 0 {
		first = 0
	}
	a.mu.Unlock()
	if !known {
		refuse(w, http.StatusNotFound, "NotFound")
		return
	}
	size, sent := 0, 0
	for n := first; ; n++ {
		for a.line(key, n) == "" {
			if q.Get("follow") == "" || r.Context().Err() != nil {
				return
			}
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
		written := at.Add(time.Duration(n) * time.Second)
		if written.Before(since) {
			continue
		}
		text := written.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + " " + a.line(key, n) + "\n"
		if limit > 0 && size+len(text) > limit {
			text = text[:limit-size]
		}
		fmt.Fprint(w, text)
		if size += len(text); limit > 0 && size >= limit {
			return
		}
		if sent++; a.cut > 0 && sent >= a.cut && q.Get("follow") != "" {
			return
		}
	}
}

func (a *api) line(key string, n int) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n < len(a.logs[key]) {
		return a.logs[key][n]
	}
	return ""
}

func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure", Code: int32(code),
		Reason: metav1.StatusReason(reason), Message: reason,
	})
}

// sensor is a pod of an IDS.
func sensor(name string, containers ...string) corev1.Pod {
	p := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "security", Name: name},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
	for _, c := range containers {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: c})
	}
	return p
}

const (
	falcoLabel, tetragonLabel = "app.kubernetes.io/name=falco", "app.kubernetes.io/name=tetragon"
	policyReports             = "/apis/wgpolicyk8s.io/v1alpha2/policyreports"
	openReports               = "/apis/openreports.io/v1alpha1/reports"
)

// watched is a cluster with everything that alerts can be read from.
func watched(t *testing.T) *api {
	a := newAPI(t)
	a.pods[falcoLabel] = []corev1.Pod{sensor("falco-x", "falcoctl", "falco")}
	a.pods[tetragonLabel] = []corev1.Pod{sensor("tetragon-x", "export-stdout", "tetragon")}
	a.logs["security/falco-x/falco"] = []string{
		"Sun Mar  1 08:00:00 2026: Falco version: 0.43.0", said("A", "web-0", "/a", "a", 0), textOne, `{"rule": broken`,
	}
	a.logs["security/tetragon-x/export-stdout"] = []string{
		`{"process_exec":{"process":{"binary":"/b","pod":{"namespace":"shop","name":"web-1"}}},"time":"2026-03-01T08:01:02.5Z"}`,
	}
	kyverno := falcoReport(
		map[string]any{"source": "kyverno", "result": "fail"}, map[string]any{"source": "kyverno", "result": "pass"},
	)
	kyverno = []byte(strings.Replace(string(kyverno), `"falcosidekick"`, `"kyverno"`, 1))
	a.reports[policyReports] = []json.RawMessage{falcoReport(falcoResult()), kyverno}
	a.reports[openReports] = []json.RawMessage{}
	return a
}

// reader reads the cluster into a store.
func reader(t *testing.T, src kube.Source) (*FromCluster, func() []string) {
	var mu sync.Mutex
	var said []string
	c := &FromCluster{Store: newStore(t, 0), Cluster: src, Note: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, text)
	}}
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(said)
	}
}

func rules(b *Store) []string {
	var names []string
	for _, a := range all(b) {
		names = append(names, fmt.Sprintf("%s ×%d", a.Name(), a.Count))
	}
	slices.Sort(names)
	return names
}

func TestReadFromCluster(t *testing.T) {
	a := watched(t)
	c, said := reader(t, a.open(t))
	c.Read(t.Context())
	want := []string{
		"A ×1", "Drop and execute new binary in container ×1", "Executing binary not part of base image ×1",
		"process_exec ×1",
	}
	if got := rules(c.Store); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := said(); len(got) != 1 ||
		got[0] != "results in policy reports that are no alerts, left out: 2 of kyverno" {
		t.Errorf("said %q", got)
	}
	s := c.Store.Summary()
	if s.Broken != 1 || s.Samples[0].Feed != "/api/v1/namespaces/security/pods/falco-x/log?container=falco" {
		t.Errorf("%d broken, %+v", s.Broken, s.Samples)
	}
	for _, f := range s.Feeds {
		if f.Kind == KindFalcoLog && (f.Alerts != 2 || f.Other != 1) {
			t.Errorf("%+v", f)
		}
	}
	for _, al := range all(c.Store) {
		if al.Title != "" && (al.Imprecise || !al.Time.Equal(at)) {
			t.Errorf("the time of a log makes that of its text certain: %v, imprecise %v", al.Time, al.Imprecise)
		}
	}
	for _, q := range a.asked {
		if !strings.HasPrefix(q, "GET ") || strings.Contains(q, "/log") &&
			(!strings.Contains(q, "tailLines=1000") || !strings.Contains(q, "limitBytes=")) {
			t.Errorf("asked %s", q)
		}
	}
}

// What may not be read is said, and the rest is read.
func TestFromClusterSaysWhatItMayNotRead(t *testing.T) {
	for deny, want := range map[string]string{
		"/log": "reading the log of container falco", "policyreports": "alerts in policyreports of wgpolicyk8s.io",
		"/api/v1/": "alerts in a log of Falco",
	} {
		a := watched(t)
		a.deny = deny
		c, said := reader(t, a.open(t))
		c.Read(t.Context())
		if got := strings.Join(said(), "\n"); !strings.Contains(got, want) {
			t.Errorf("without %s it says %q", deny, got)
		}
		if len(all(c.Store)) == 0 {
			t.Errorf("without %s there is nothing at all", deny)
		}
	}
}

// A cluster without CRDs of reports and without sensors is no error, and nothing is said of it.
func TestFromClusterWithoutAnything(t *testing.T) {
	c, said := reader(t, newAPI(t).open(t))
	c.Read(t.Context())
	if len(all(c.Store)) != 0 || len(said()) != 0 {
		t.Errorf("%d alerts, said %q", len(all(c.Store)), said())
	}
}

// Of a log with very long lines the newest are read: the server counts bytes from the oldest.
func TestLongLinesLeaveTheNewest(t *testing.T) {
	a := watched(t)
	key := "security/falco-x/falco"
	a.logs[key] = nil
	for i := range 60 {
		a.logs[key] = append(a.logs[key], said(fmt.Sprint("R", i), "web-0", "/x", strings.Repeat("x", 200<<10), i))
	}
	c, _ := reader(t, a.open(t))
	l := c.findLogs(t.Context())[0]
	l.wanted.Lines, l.wanted.Bytes = 60, 4<<20
	if err := c.readLog(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := rules(c.Store); !slices.Contains(got, "R59 ×1") || !slices.Contains(got, "R0 ×1") {
		t.Errorf("got %q", got)
	}
	if s := l.feed.currentState(); !s.Failing || !strings.Contains(s.Condition, "cut short") {
		t.Errorf("%+v", s)
	}
}

// A dump has reports and no logs.
func TestFromADump(t *testing.T) {
	dump, err := kube.ParseSnapshot("dump", falcoReport(falcoResult()))
	if err != nil {
		t.Fatal(err)
	}
	c, said := reader(t, dump)
	c.Read(t.Context())
	if got := rules(c.Store); len(got) != 1 {
		t.Errorf("got %q", got)
	}
	if got := said(); len(got) != 1 || !strings.Contains(got[0], "has no logs") {
		t.Errorf("said %q", got)
	}
}

// New lines come as they are written; a connection that is lost is taken up again, and no line
// counts twice.
func TestFollowCluster(t *testing.T) {
	a := watched(t)
	a.cut = 3
	c, _ := reader(t, a.open(t))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { c.Follow(ctx); close(done) }()
	key := "security/falco-x/falco"
	for i := range 6 {
		a.mu.Lock()
		a.logs[key] = append(a.logs[key], said("B", "web-0", "/b", fmt.Sprint("b ", i), 10+i))
		a.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
	want := []string{
		"A ×1", "B ×6", "Drop and execute new binary in container ×1", "Executing binary not part of base image ×1",
		"process_exec ×1",
	}
	var got []string
	for range 500 {
		if got = rules(c.Store); slices.Equal(got, want) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	stop()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("it does not end")
	}
}

func TestLinesOfBeforeAreLeftOut(t *testing.T) {
	lines := "2026-03-01T08:00:00.000000001Z a\n2026-03-01T08:00:00.000000002Z b\nno time\n2026-03-01T08:00:00.000000003Z " + strings.Repeat("c", 100) + "\n"
	after, _ := time.Parse(time.RFC3339Nano, "2026-03-01T08:00:00.000000002Z")
	f := newLineFilter(strings.NewReader(lines), after, 64)
	var got strings.Builder
	buf := make([]byte, 7)
	for {
		n, err := f.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			break
		}
	}
	if want := lines[strings.Index(lines, "no time"):]; got.String() != want || f.size != int64(len(lines)) ||
		f.last.Nanosecond() != 3 {
		t.Errorf("got %q, size %d, last %v", got.String(), f.size, f.last)
	}
}
