package main

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// apiServer is as much of an API server as the list of pods asks for: pods in pages, their changes, and whatever else is
// put under a path.
type apiServer struct {
	*httptest.Server
	mu       sync.Mutex
	pods     []corev1.Pod
	version  int
	changes  []change
	objects  map[string]any  // by path
	forbid   map[string]bool // path, or watch
	down     bool
	watching int
	asked    []string
	hook     func(w http.ResponseWriter, r *http.Request) bool // answers first, if it wants to
}

type change struct {
	version int
	kind    string
	pod     corev1.Pod
}

func newAPIServer(t testing.TB, pods ...corev1.Pod) *apiServer {
	t.Helper()
	a := &apiServer{pods: pods, version: 10, objects: map[string]any{}, forbid: map[string]bool{}}
	a.Server = httptest.NewUnstartedServer(a)
	a.Server.Config.ErrorLog = nil
	a.StartTLS()
	t.Cleanup(func() { a.CloseClientConnections(); a.Close() })
	return a
}

// kubeconfig has two contexts: prod is this server, stage is nothing.
func (a *apiServer) kubeconfig(t testing.TB) string {
	t.Helper()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	file := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: prod, users: [{name: u, user: {token: x}}],
clusters: [{name: c, cluster: {server: %q, certificate-authority-data: %s}}],
contexts: [{name: prod, context: {cluster: c, user: u, namespace: shop}}, {name: stage, context: {cluster: c, user: u}}]}`,
		a.URL, base64.StdEncoding.EncodeToString(authority))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func (a *apiServer) set(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
}

// apply adds, changes or deletes a pod.
func (a *apiServer) apply(kind string, pod corev1.Pod) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	pod.ResourceVersion = strconv.Itoa(a.version)
	kept := a.pods[:0:0]
	for _, p := range a.pods {
		if p.UID != pod.UID {
			kept = append(kept, p)
		}
	}
	if kind != "DELETED" {
		kept = append(kept, pod)
	}
	a.pods = kept
	a.changes = append(a.changes, change{a.version, kind, pod})
}

// ServeHTTP answers.
func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	a.mu.Lock()
	a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI())
	down, forbidden := a.down, a.forbid[r.URL.Path] || r.URL.Query().Get("watch") == "true" && a.forbid["watch"]
	object := a.objects[r.URL.Path]
	a.mu.Unlock()
	switch {
	case a.hook != nil && a.hook(w, r):
	case down:
		panic(http.ErrAbortHandler)
	case forbidden:
		status(w, http.StatusForbidden, "Forbidden")
	case r.URL.Path == "/version":
		fmt.Fprint(w, `{"major":"1"}`)
	case r.URL.Query().Get("watch") == "true":
		a.watch(w, r)
	case object != nil:
		if text, ok := object.(string); ok {
			fmt.Fprint(w, text)
			return
		}
		_ = json.NewEncoder(w).Encode(object)
	case strings.HasSuffix(r.URL.Path, "/pods"):
		a.list(w, r)
	case strings.Contains(r.URL.Path, "/pods/"):
		a.one(w, r)
	default:
		status(w, http.StatusNotFound, "NotFound")
	}
}

func (a *apiServer) list(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := r.URL.Query()
	var found []corev1.Pod
	for _, p := range a.pods {
		label, value, _ := strings.Cut(q.Get("labelSelector"), "=")
		if label != "" && p.Labels[label] != value || !strings.Contains(r.URL.Path, "/namespaces/"+p.Namespace+"/") && strings.Contains(r.URL.Path, "/namespaces/") {
			continue
		}
		found = append(found, p)
	}
	limit, _ := strconv.Atoi(q.Get("limit"))
	begin, _ := strconv.Atoi(q.Get("continue"))
	end := min(len(found), begin+limit)
	meta := map[string]any{"resourceVersion": strconv.Itoa(a.version)}
	if end < len(found) {
		meta["continue"] = strconv.Itoa(end)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": found[begin:end]})
}

func (a *apiServer) one(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	parts := strings.Split(r.URL.Path, "/")
	for _, p := range a.pods {
		if len(parts) == 7 && p.Namespace == parts[4] && p.Name == parts[6] {
			p.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
			_ = json.NewEncoder(w).Encode(p)
			return
		}
	}
	status(w, http.StatusNotFound, "NotFound")
}

func (a *apiServer) watch(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	a.set(func() { a.watching++ })
	defer a.set(func() { a.watching-- })
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	for r.Context().Err() == nil {
		var next []change
		down := false
		a.set(func() {
			down = a.down
			for _, c := range a.changes {
				if c.version > since {
					next, since = append(next, c), c.version
				}
			}
		})
		if down {
			panic(http.ErrAbortHandler)
		}
		for _, c := range next {
			c.pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
			_ = json.NewEncoder(w).Encode(map[string]any{"type": c.kind, "object": c.pod})
		}
		w.(http.Flusher).Flush()
		time.Sleep(5 * time.Millisecond)
	}
}

func status(w http.ResponseWriter, code int, reason string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure", Code: int32(code), Reason: metav1.StatusReason(reason), Message: reason,
	})
}

// opened is when the shop was opened.
var opened = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// webPod is a pod shop/NAME of ReplicaSet web-7d9c5b6f48 with one container, whose ID is of the digit.
func webPod(name, digit string, minutes int) corev1.Pod {
	yes := true
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), CreationTimestamp: metav1.NewTime(opened.Add(time.Duration(minutes) * time.Minute)),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-7d9c5b6f48", UID: "rs", Controller: &yes}},
		},
		Spec: corev1.PodSpec{NodeName: "node1", Containers: []corev1.Container{{Name: "web", Image: "127.0.0.1:1/web:1"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "web", Image: "127.0.0.1:1/web:1", ImageID: "127.0.0.1:1/web@sha256:" + strings.Repeat("a", 64), ContainerID: "containerd://" + strings.Repeat(digit, 64),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(opened.Add(time.Duration(minutes) * time.Minute))}},
		}}},
	}
}

// falcoLine is an alert of Falco about a container, by the digit of its ID, or about a pod by its name.
func falcoLine(rule, priority, digit, pod string, minutes int) string {
	fields := map[string]any{"k8s.ns.name": "shop", "k8s.pod.name": pod, "proc.exepath": "/tmp/x", "container.image.repository": "127.0.0.1:1/web", "container.image.tag": "1"}
	if digit != "" {
		fields["container.id"] = strings.Repeat(digit, 12)
	}
	b, err := json.Marshal(map[string]any{
		"rule": rule, "priority": priority, "output": rule, "hostname": "node1", "output_fields": fields,
		"time": opened.Add(time.Duration(minutes)*time.Minute + 123).Format(time.RFC3339Nano),
	})
	if err != nil {
		panic(err)
	}
	return string(b)
}
