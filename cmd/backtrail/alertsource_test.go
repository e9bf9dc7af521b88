package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
)

// ran runs the program on the server's cluster.
func ran(t *testing.T, server *apiServer, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("XDG_DATA_HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	var out, errs bytes.Buffer
	args = append(args, "--kubeconfig", server.kubeconfig(t), "--cache", filepath.Join(home, "cache"), "--offline")
	if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errs}); code != want {
		t.Fatalf("exit %d, want %d\n%s\n%s", code, want, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

func file(t *testing.T, lines ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "falco.log")
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// falcoPod is a pod that calls itself Falco.
func falcoPod() corev1.Pod {
	p := webPod("falco-x", "f", 0)
	p.Namespace, p.Labels, p.Spec.Containers[0].Name = "security", map[string]string{"app.kubernetes.io/name": "falco"}, "falco"
	return p
}

const policyReports = "/apis/wgpolicyk8s.io/v1alpha2/policyreports"

// With nothing but a kubeconfig: reports and logs are read, what is no alert is counted, and the requests are part of the
// case that is opened of one.
func TestAlertsFromTheCluster(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0), falcoPod())
	server.objects["/api/v1/namespaces/security/pods/falco-x/log"] = "2026-03-01T08:05:00Z " + falcoLine("Shell", "Warning", "a", "web-7d9c5b6f48-aaaaa", 5) + "\n"
	server.objects[policyReports] = map[string]any{"items": []any{map[string]any{
		"metadata": map[string]any{"name": "falco", "namespace": "shop"},
		"results": []any{
			map[string]any{"source": "Falco", "rule": "Drop", "severity": "critical", "result": "fail", "message": "dropped", "properties": map[string]any{
				"k8s.ns.name": "shop", "k8s.pod.name": "web-7d9c5b6f48-aaaaa", "evt.time": opened.UnixNano() + 300_000_000_001,
			}},
			map[string]any{"source": "kyverno", "result": "fail"},
		},
	}}}
	out, errs := ran(t, server, exitPassed, "pods", "-o", "json", "--alerts-from-cluster")
	var list inspect.PodList
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	if got := rows(list); got != "web-7d9c5b6f48-aaaaa!Drop!Shell, falco-x" || list.Said != 2 || len(list.Sources) != 2 {
		t.Errorf("%s, %d said, sources %+v", got, list.Said, list.Sources)
	}
	if list.Pods[0].Alerts[1].Output != "Shell" || list.Pods[0].Alerts[0].Output != "dropped" {
		t.Errorf("what they say: %+v", list.Pods[0].Alerts)
	}
	if !strings.Contains(out, "left out: 1 of kyverno") || errs != "" {
		t.Errorf("it does not say what it left out, or too much: %s", errs)
	}
	_, errs = ran(t, server, exitPassed, "pods", "--alerts-from-cluster")
	if !strings.Contains(errs, "left out: 1 of kyverno") {
		t.Errorf("on stderr: %s", errs)
	}

	events, _ := ran(t, server, exitIncomplete, "inspect", "pod/web-7d9c5b6f48-aaaaa", "-n", "shop", "--alerts-from-cluster", "-o", "events")
	sent, exhibits := 0, 0
	for line := range strings.Lines(events) {
		var e inspect.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if r, ok := e.Fact.(inspect.Request); ok && !r.Sent.IsZero() && (strings.Contains(r.URL, "/log?") || strings.Contains(r.URL, "policyreports")) {
			sent++
		}
		if x, ok := e.Fact.(inspect.Exhibit); ok && strings.HasPrefix(x.Path, "alerts/") {
			exhibits++
			if !strings.HasPrefix(x.Source, "/api") {
				t.Errorf("the line came from %q", x.Source)
			}
		}
	}
	if sent < 2 || exhibits != 2 {
		t.Errorf("%d requests for alerts and %d lines are in the case", sent, exhibits)
	}
}

func TestNothingOfTheAlertsIsInThisCluster(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0))
	elsewhere := strings.ReplaceAll(strings.ReplaceAll(falcoLine("Shell", "Warning", "b", "teller", 5), `"shop"`, `"bank"`), `"node1"`, `"node9"`)
	out, errs := ran(t, server, exitPassed, "pods", "--alerts", file(t, elsewhere))
	if !strings.Contains(strings.Join(strings.Fields(out), " "), "wrong context? No node, container, pod or namespace that the alerts name exists in prod; the kubeconfig also has: stage (--context NAME)") {
		t.Errorf("it says %s\n%s", out, errs)
	}
	out, _ = ran(t, server, exitPassed, "pods", "-o", "json", "--alerts", file(t, elsewhere))
	var list inspect.PodList
	if err := json.Unmarshal([]byte(out), &list); err != nil || list.Wrong == nil || len(list.Wrong.Contexts) != 1 || list.Wrong.Contexts[0] != "stage" {
		t.Errorf("%v, %+v", err, list.Wrong)
	}
	host := `{"rule":"R","hostname":"node9","output_fields":{"container.id":"host"},"time":"2026-03-01T08:00:00Z"}`
	for name, alerts := range map[string]string{"a host alert": file(t, host), "one that is known": file(t, elsewhere, falcoLine("Shell", "Warning", "a", "", 5)), "none": file(t)} {
		if out, errs := ran(t, server, exitPassed, "pods", "--alerts", alerts); strings.Contains(out+errs, "wrong context") {
			t.Errorf("%s: %s", name, out)
		}
	}
	if out, errs := ran(t, server, exitPassed, "pods", "-n", "shop", "--alerts", file(t, elsewhere)); strings.Contains(out+errs, "wrong context") {
		t.Errorf("of one namespace only nothing can be said: %s", out)
	}
}

// A pod that is gone is a case: of its owner, of what other pods of it run, and of what the registry has (here: nothing).
func TestACaseOfAPodThatIsGone(t *testing.T) {
	server := newAPIServer(t, webPod("web-7d9c5b6f48-aaaaa", "a", 0))
	selector := map[string]any{"matchLabels": map[string]string{"app": "web"}}
	server.pods[0].Labels = map[string]string{"app": "web"}
	server.objects["/apis/apps/v1/namespaces/shop/replicasets/web-7d9c5b6f48"] = map[string]any{
		"kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": map[string]any{"name": "web-7d9c5b6f48", "namespace": "shop", "uid": "rs"},
		"spec": map[string]any{"selector": selector, "template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "web", "image": "127.0.0.1:1/web:1"}}}}},
	}
	alerts := file(t, falcoLine("Shell", "Warning", "b", "web-7d9c5b6f48-zzzzz", 5), falcoLine("Drop", "Critical", "b", "web-7d9c5b6f48-zzzzz", 6))
	out, _ := ran(t, server, exitIncomplete, "inspect", "alert:2", "--alerts", alerts, "-o", "json")
	var c inspect.Case
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatal(err)
	}
	if c.Target.Kind != inspect.TargetAlert || c.Pod == nil || c.Pod.Name != "web-7d9c5b6f48-zzzzz" || c.Pod.Phase != "Gone" || c.Pod.Owner[0].Name != "web-7d9c5b6f48" {
		t.Errorf("target %+v, pod %+v", c.Target, c.Pod)
	}
	if len(c.Images) != 1 || c.Images[0].Digest != "sha256:"+strings.Repeat("a", 64) || c.Images[0].Status != inspect.Unknown {
		t.Errorf("images %+v", c.Images)
	}
	if len(c.Alerts) != 2 || c.Alerts[0].Subject != "web" || !strings.Contains(c.Alerts[0].Why, "the digest of web is derived: 1 other pod of ReplicaSet web-7d9c5b6f48 runs it") {
		t.Errorf("alerts %+v", c.Alerts)
	}
	server.forbid["/api/v1/namespaces/shop/pods/web-7d9c5b6f48-zzzzz"] = true
	if _, errs := ran(t, server, exitIncomplete, "inspect", "alert:2", "--alerts", alerts); !strings.Contains(errs, "whether its pod still exists is not known") || strings.Contains(errs, "is gone") {
		t.Errorf("what may not be read is not gone: %s", errs)
	}
	_, errs := ran(t, server, exitUsage, "inspect", "alert:9", "--alerts", alerts)
	if !strings.Contains(errs, "there is no alert:9") || !strings.Contains(errs, "2 alerts") {
		t.Errorf("it says %s", errs)
	}
	if _, errs := ran(t, server, exitUsage, "inspect", "alert:1"); !strings.Contains(errs, "there are no alerts") {
		t.Errorf("it says %s", errs)
	}
	// Its ID is as good as its number, and a pod that is there is opened.
	present := file(t, falcoLine("Shell", "Warning", "a", "", 5))
	out, _ = ran(t, server, exitPassed, "pods", "-o", "json", "--alerts", present)
	var list inspect.PodList
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	out, _ = ran(t, server, exitIncomplete, "inspect", "alert:"+list.Pods[0].Alerts[0].ID[:10], "--alerts", present, "-o", "json")
	if err := json.Unmarshal([]byte(out), &c); err != nil || c.Target.Kind != inspect.TargetPod || c.Target.Name != "pod/web-7d9c5b6f48-aaaaa" {
		t.Errorf("%v, target %+v", err, c.Target)
	}
}
