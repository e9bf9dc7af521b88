package kube

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
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// day is when the shop was opened; everything else is hours later.
var day = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

const (
	digestOld = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	digestNew = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	digestCfg = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
)

// shop is a small cluster: deployment web rolled out twice with a pod of each left, statefulset db
// updated but its pod not yet, daemonset log, cronjob report with a job, a bare pod and a node.
func shop() []any {
	web := &appsv1.Deployment{
		TypeMeta: kind("apps/v1", "Deployment"), ObjectMeta: meta("web", 0, nil),
		Spec: appsv1.DeploymentSpec{Selector: selects("web"), Template: template("web", "reg.example/web:1"), Replicas: new(int32)},
	}
	return []any{
		web,
		replicaSet("web-old", "1", 0, web, "reg.example/web:1"),
		replicaSet("web-new", "2", 5, web, "reg.example/web:1"),
		replicaSet("stranger", "9", 6, &appsv1.Deployment{TypeMeta: web.TypeMeta, ObjectMeta: meta("other", 0, nil)}, "x"),
		webPod("web-old-a", "web-old", 1, digestOld), injected(webPod("web-new-a", "web-new", 6, digestNew)),
		statefulSet(), controllerRevision("db-one", "StatefulSet", "db", 1, 0, "reg.example/db:1"),
		controllerRevision("db-two", "StatefulSet", "db", 2, 3, "reg.example/db:2"),
		pod("db-0", "db", map[string]string{labelRevisionHash: "db-one"}, owner("apps/v1", "StatefulSet", "db"), "reg.example/db:1"),
		daemonSet(), controllerRevision("log-aaa", "DaemonSet", "log", 1, 0, "reg.example/log:1"),
		pod("log-x", "log", map[string]string{labelRevisionHash: "aaa"}, owner("apps/v1", "DaemonSet", "log"), "reg.example/log:1"),
		&batchv1.CronJob{TypeMeta: kind("batch/v1", "CronJob"), ObjectMeta: meta("report", 0, nil)},
		&batchv1.Job{
			TypeMeta: kind("batch/v1", "Job"), ObjectMeta: meta("report-1", 1, owner("batch/v1", "CronJob", "report")),
			Spec: batchv1.JobSpec{Selector: selects("report"), Template: template("report", "reg.example/report:1")},
		},
		pod("report-1-x", "report", nil, owner("batch/v1", "Job", "report-1"), "reg.example/report:1"),
		pod("bare", "bare", nil, nil, "reg.example/bare:1"),
		pod("static-node1", "static", nil, owner("v1", "Node", "node1"), "reg.example/static:1"),
		&corev1.Node{
			TypeMeta: kind("v1", "Node"), ObjectMeta: metav1.ObjectMeta{Name: "node1"},
			Status: corev1.NodeStatus{
				NodeInfo: corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "arm64", ContainerRuntimeVersion: "containerd://1.7.2"},
				Images:   []corev1.ContainerImage{{Names: []string{"reg.example/web@" + digestOld}, SizeBytes: 7}},
			},
		},
	}
}

func kind(api, kind string) metav1.TypeMeta { return metav1.TypeMeta{APIVersion: api, Kind: kind} }

func meta(name string, hour int, owner *metav1.OwnerReference) metav1.ObjectMeta {
	m := metav1.ObjectMeta{
		Name: name, Namespace: "shop", UID: types.UID("uid-" + name), Labels: map[string]string{"app": name},
		CreationTimestamp: metav1.NewTime(day.Add(time.Duration(hour) * time.Hour)),
	}
	if owner != nil {
		m.OwnerReferences = []metav1.OwnerReference{*owner}
	}
	return m
}

func owner(api, kind, name string) *metav1.OwnerReference {
	yes := true
	return &metav1.OwnerReference{APIVersion: api, Kind: kind, Name: name, UID: types.UID("uid-" + name), Controller: &yes}
}

func selects(app string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
}

func template(app, image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: app, Image: image}}},
	}
}

func replicaSet(name, revision string, hour int, web *appsv1.Deployment, image string) *appsv1.ReplicaSet {
	rs := &appsv1.ReplicaSet{
		TypeMeta: kind("apps/v1", "ReplicaSet"), ObjectMeta: meta(name, hour, owner("apps/v1", "Deployment", web.Name)),
		Spec: appsv1.ReplicaSetSpec{Selector: selects("web"), Template: template("web", image)},
	}
	rs.Labels = map[string]string{"app": "web", labelTemplateHash: name}
	rs.Annotations = map[string]string{annotationRevision: revision, annotationCause: "rollout " + revision}
	return rs
}

func statefulSet() *appsv1.StatefulSet {
	three := int32(3)
	return &appsv1.StatefulSet{
		TypeMeta: kind("apps/v1", "StatefulSet"), ObjectMeta: meta("db", 0, nil),
		Spec: appsv1.StatefulSetSpec{Selector: selects("db"), Template: template("db", "reg.example/db:2"), Replicas: &three},
	}
}

func daemonSet() *appsv1.DaemonSet {
	return &appsv1.DaemonSet{
		TypeMeta: kind("apps/v1", "DaemonSet"), ObjectMeta: meta("log", 0, nil),
		Spec:   appsv1.DaemonSetSpec{Selector: selects("log"), Template: template("log", "reg.example/log:1")},
		Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 4},
	}
}

func controllerRevision(name, ownerKind, app string, number int64, hour int, image string) *appsv1.ControllerRevision {
	patch, _ := json.Marshal(map[string]any{"spec": map[string]any{"template": template(app, image)}})
	rev := &appsv1.ControllerRevision{
		TypeMeta: kind("apps/v1", "ControllerRevision"), ObjectMeta: meta(name, hour, owner("apps/v1", ownerKind, app)),
		Revision: number, Data: runtime.RawExtension{Raw: patch},
	}
	rev.Labels = map[string]string{"app": app}
	return rev
}

func pod(name, app string, extra map[string]string, ref *metav1.OwnerReference, image string) *corev1.Pod {
	p := &corev1.Pod{TypeMeta: kind("v1", "Pod"), ObjectMeta: meta(name, 1, ref)}
	p.Labels = map[string]string{"app": app}
	for k, v := range extra {
		p.Labels[k] = v
	}
	p.Spec = template(app, image).Spec
	p.Spec.NodeName = "node1"
	p.Status.Phase = corev1.PodRunning
	return p
}

func webPod(name, set string, hour int, digest string) *corev1.Pod {
	p := pod(name, "web", map[string]string{labelTemplateHash: set}, owner("apps/v1", "ReplicaSet", set), "reg.example/web:1")
	p.CreationTimestamp = metav1.NewTime(day.Add(time.Duration(hour) * time.Hour))
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "web", Image: "reg.example/web:1", ImageID: "reg.example/web@" + digest,
		ContainerID: "containerd://" + strings.Repeat("ab", 32), RestartCount: 1,
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: p.CreationTimestamp}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ContainerID: "containerd://" + strings.Repeat("cd", 32),
		}},
	}}
	return p
}

// injected adds a sidecar, an init container and a debugger that no template has.
func injected(p *corev1.Pod) *corev1.Pod {
	always := corev1.ContainerRestartPolicyAlways
	p.Spec.InitContainers = []corev1.Container{
		{Name: "setup", Image: "mesh:1"},
		{Name: "proxy", Image: "mesh:1", RestartPolicy: &always},
	}
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "proxy", ImageID: digestCfg}}
	p.Spec.EphemeralContainers = []corev1.EphemeralContainer{
		{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox"}},
	}
	return p
}

// listOf writes objects as `kubectl get -o json` does.
func listOf(t testing.TB, objects ...any) []byte {
	t.Helper()
	dump, err := json.MarshalIndent(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects}, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	return dump
}

func snapshotOf(t testing.TB, objects ...any) *Snapshot {
	t.Helper()
	s, err := ParseSnapshot("shop.json", listOf(t, objects...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// apiServer speaks the reading half of the API over the objects of a snapshot.
type apiServer struct {
	*Snapshot
	server   *httptest.Server
	pageSize int                                                    // smaller than asked for, to see pagination
	hook     func(w http.ResponseWriter, r *http.Request) (ok bool) // answers first, if it wants to
}

func serve(t *testing.T, objects ...any) *apiServer {
	t.Helper()
	a := &apiServer{Snapshot: snapshotOf(t, objects...), pageSize: PageSize}
	a.server = httptest.NewTLSServer(a) // client-go gives credentials to https only
	t.Cleanup(a.server.Close)
	return a
}

// ServeHTTP answers GET of an object and of a list with limit, continue and labelSelector.
func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if a.hook != nil && a.hook(w, r) {
		return
	}
	if r.URL.Path == "/version" {
		fmt.Fprint(w, `{"major":"1","minor":"37"}`)
		return
	}
	namespace, plural, name := splitPath(r.URL.Path)
	for _, res := range append(owners(), pods(), nodes(), revisions(), namespaces(), networkPolicies(), eventsAbout(About{}),
		admission("mutatingwebhookconfigurations", "MutatingWebhookConfiguration"), admission("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
	) {
		if res.plural != plural || res.path(namespace, name) != r.URL.Path {
			continue
		}
		if name == "" {
			a.serveList(w, r, res, namespace)
			return
		}
		if obj, err := a.get(r.Context(), res, namespace, name); err == nil {
			w.Write(obj.Raw)
			return
		}
	}
	answer(w, http.StatusNotFound, "NotFound", plural+" \""+name+"\" not found")
}

func splitPath(path string) (namespace, plural, name string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		if p == "namespaces" && i+2 < len(parts) {
			namespace = parts[i+1]
			parts = append(parts[:i:i], parts[i+2:]...)
			break
		}
	}
	if n := 2; parts[0] == "apis" {
		parts = parts[min(n+1, len(parts)):]
	} else {
		parts = parts[min(n, len(parts)):]
	}
	parts = append(parts, "", "")
	return namespace, parts[0], parts[1]
}

func (a *apiServer) serveList(w http.ResponseWriter, r *http.Request, res resource, namespace string) {
	selector, _ := labels.Parse(r.URL.Query().Get("labelSelector"))
	var all []json.RawMessage
	_, _ = a.list(r.Context(), res, namespace, selector, func(page []found) error {
		for _, f := range page {
			all = append(all, f.raw)
		}
		return nil
	})
	start, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	end := min(start+a.pageSize, len(all))
	p := map[string]any{"kind": res.kind + "List", "items": all[start:end], "metadata": map[string]any{"resourceVersion": "100"}}
	if end < len(all) {
		p["metadata"] = map[string]any{"resourceVersion": "100", "continue": strconv.Itoa(end)}
	}
	_ = json.NewEncoder(w).Encode(p)
}

// answer writes a failure as the API server does.
func answer(w http.ResponseWriter, code int, reason, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: kind("v1", "Status"), Status: "Failure", Code: int32(code), Reason: metav1.StatusReason(reason), Message: message,
	})
}

// open connects to the server with a kubeconfig; user is its users[0].user.
func (a *apiServer) open(t *testing.T, user string) *Cluster {
	t.Helper()
	return openAt(t, a.server, user)
}

func openAt(t *testing.T, server *httptest.Server, user string) *Cluster {
	t.Helper()
	c, err := Open(Options{Kubeconfig: kubeconfig(t, server, user), UserAgent: "backtrail/test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// kubeconfig writes one that trusts the server's certificate.
func kubeconfig(t *testing.T, server *httptest.Server, user string) string {
	t.Helper()
	cluster := "server: " + strconv.Quote(server.URL)
	if server.TLS != nil {
		authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		cluster += ", certificate-authority-data: " + base64.StdEncoding.EncodeToString(authority)
	}
	if user == "" {
		user = "{token: secret}"
	}
	file := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: prod,
clusters: [{name: c, cluster: {%s}}], users: [{name: u, user: %s}],
contexts: [{name: prod, context: {cluster: c, user: u, namespace: shop}}, {name: stage, context: {cluster: c, user: u}}]}`, cluster, user)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
