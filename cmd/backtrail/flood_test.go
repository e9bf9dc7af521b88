package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A large cluster on a bad day.
const (
	floodPods   = 5000
	floodAlerts = 20_000
)

// floodPod is a pod as large as those of a real cluster.
func floodPod(n int) corev1.Pod {
	workload := fmt.Sprintf("svc-%03d", n/10)
	hash := fmt.Sprintf("%010x", 7919*(n/10+1))
	yes, when := true, metav1.NewTime(opened)
	p := corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: fmt.Sprintf("team-%02d", n/100), Name: fmt.Sprintf("%s-%s-%05d", workload, hash, n), UID: types.UID(fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n)),
			CreationTimestamp: when, Labels: map[string]string{"app": workload, "pod-template-hash": hash},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: workload + "-" + hash, UID: "rs", Controller: &yes}},
		},
		Spec: corev1.PodSpec{
			NodeName: fmt.Sprintf("node-%03d", n%100), ServiceAccountName: "default",
			Volumes:     []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: workload}}}}},
			Tolerations: []corev1.Toleration{{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute"}, {Key: "node.kubernetes.io/unreachable", Operator: "Exists", Effect: "NoExecute"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
	for _, name := range []string{"app", "proxy"} {
		image := "registry.example/" + workload + "/" + name
		c := corev1.Container{
			Name: name, Image: image + ":1", ImagePullPolicy: "IfNotPresent", TerminationMessagePath: "/dev/termination-log",
			Env:          []corev1.EnvVar{{Name: "DB_HOST", Value: "db.svc"}, {Name: "DB_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "db"}, Key: "password"}}}},
			VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/config"}, {Name: "token", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true}},
			Resources:    corev1.ResourceRequirements{Limits: corev1.ResourceList{"cpu": resource.MustParse("500m"), "memory": resource.MustParse("512Mi")}},
		}
		c.LivenessProbe = &corev1.Probe{PeriodSeconds: 10, FailureThreshold: 3}
		c.ReadinessProbe = c.LivenessProbe
		p.Spec.Containers = append(p.Spec.Containers, c)
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: name, Image: c.Image, ImageID: fmt.Sprintf("%s@sha256:%064x", image, n/10), ContainerID: "containerd://" + floodID(n, name), Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: when}},
		})
	}
	for _, kind := range []corev1.PodConditionType{"Initialized", "Ready", "ContainersReady", "PodScheduled", "PodReadyToStartContainers"} {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: "True", LastTransitionTime: when})
	}
	return p
}

func floodID(n int, container string) string {
	return fmt.Sprintf("%08x%048x%08x", n*16+len(container), n, n)
}

// writeFloodDump writes what kubectl get pods -A -o json prints, some 50 MB.
func writeFloodDump(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n")
	for n := range floodPods {
		b, err := json.MarshalIndent(floodPod(n), "        ", "    ")
		if err != nil {
			return err
		}
		end := ",\n"
		if n == floodPods-1 {
			end = "\n"
		}
		fmt.Fprintf(out, "        %s%s", b, end)
	}
	fmt.Fprint(out, "    ],\n    \"kind\": \"List\"\n}\n")
	return out.Flush()
}

// writeFloodAlerts writes lines of Falco as it writes them: some rules fire often and some seldom, and no two command
// lines are the same.
func writeFloodAlerts(w io.Writer) error {
	out := bufio.NewWriter(w)
	rules := []struct{ name, priority string }{
		{"Contact K8S API Server From Container", "Notice"},
		{"Read sensitive file untrusted", "Warning"},
		{"Terminal shell in container", "Notice"},
		{"Redirect STDOUT/STDIN to Network Connection in Container", "Notice"},
		{"Launch Suspicious Network Tool in Container", "Warning"},
		{"Drop and execute new binary in container", "Critical"},
	}
	chance := rand.New(rand.NewPCG(1, 2))
	for i := range floodAlerts {
		n := chance.IntN(floodPods)
		rule := rules[min(len(rules)-1, int(chance.ExpFloat64()*1.4))]
		path := []string{"/usr/bin/cat", "/bin/sh", "/usr/bin/curl", "/tmp/.x/kd"}[chance.IntN(4)]
		p := floodPod0(n)
		at := opened.Add(time.Duration(i)*time.Second/2 + time.Duration(chance.IntN(1e9)))
		command := fmt.Sprintf("%s --seed %d --pool %016x", path, chance.IntN(1e9), chance.Uint64())
		line, err := json.Marshal(map[string]any{
			"hostname": p.node, "priority": rule.priority, "rule": rule.name, "source": "syscall", "tags": []string{"TA0003", "container", "maturity_stable", "process"}, "time": at.Format(time.RFC3339Nano),
			"output": fmt.Sprintf("%s: %s %s | proc_exe=%s proc_sname=sh gparent=containerd-shim proc_exepath=%s command=%s terminal=0 exe_flags=EXE_WRITABLE|EXE_UPPER_LAYER container_id=%s container_name=app container_image_repository=%s container_image_tag=1 k8s_pod_name=%s k8s_ns_name=%s evt_type=execve user=root user_uid=0 user_loginuid=-1 process=kd parent=sh",
				at.Format("15:04:05.000000000"), rule.priority, rule.name, path, path, command, p.id, p.image, p.name, p.namespace),
			"output_fields": map[string]any{
				"container.id": p.id, "container.image.repository": p.image, "container.image.tag": "1", "container.name": "app", "evt.arg.flags": "EXE_WRITABLE|EXE_UPPER_LAYER", "evt.time.iso8601": at.UnixNano(), "evt.type": "execve",
				"k8s.ns.name": p.namespace, "k8s.pod.name": p.name, "proc.cmdline": command, "proc.exe": path, "proc.exepath": path, "proc.name": "kd", "proc.pname": "sh", "user.uid": 0, "user.name": "root", "user.loginuid": -1,
			},
		})
		if err != nil {
			return err
		}
		_, _ = out.Write(append(line, '\n'))
	}
	return out.Flush()
}

// floodPod0 is what an alert says of floodPod(n).
func floodPod0(n int) (p struct{ namespace, name, node, id, image string }) {
	workload := fmt.Sprintf("svc-%03d", n/10)
	p.namespace, p.node, p.id, p.image = fmt.Sprintf("team-%02d", n/100), fmt.Sprintf("node-%03d", n%100), floodID(n, "app")[:12], "registry.example/"+workload+"/app"
	p.name = fmt.Sprintf("%s-%010x-%05d", workload, 7919*(n/10+1), n)
	return p
}

// Every pod is listed, and every alert counts, from a dump and from a server.
func TestALargeClusterOnABadDay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	dir := t.TempDir()
	dump, alerts := filepath.Join(dir, "dump.json"), filepath.Join(dir, "falco.jsonl")
	for name, write := range map[string]func(io.Writer) error{dump: writeFloodDump, alerts: writeFloodAlerts} {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(write(f), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_DATA_HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", dir)
	config := floodServer(t)
	for _, from := range [][]string{{"--snapshot", dump}, {"--kubeconfig", config}} {
		args := append([]string{"pods", "--alerts", alerts, "--cache", filepath.Join(dir, "cache")}, from...)
		var plain, json, errs bytes.Buffer
		for form, out := range map[string]*bytes.Buffer{"plain": &plain, "json": &json} {
			if code := run(t.Context(), append(args, "-o", form), streams{in: strings.NewReader(""), out: out, err: &errs}); code != 0 {
				t.Fatalf("%s: exit %d: %s", from[0], code, errs.String())
			}
		}
		if n := bytes.Count(plain.Bytes(), []byte("  team-")); n < floodPods {
			t.Errorf("%s: %d rows", from[0], n)
		}
		checkFlood(t, json.Bytes())
	}
}

// checkFlood compares the list with what was written.
func checkFlood(t *testing.T, text []byte) {
	t.Helper()
	var list struct {
		Said int
		Pods []struct{ Alerts []struct{ Count int } }
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, p := range list.Pods {
		for _, a := range p.Alerts {
			count += a.Count
		}
	}
	if len(list.Pods) != floodPods || count != floodAlerts || list.Said != floodAlerts {
		t.Errorf("%d pods, %d alerts, %d received", len(list.Pods), count, list.Said)
	}
}

// floodServer serves the pods as an API server does, in pages.
func floodServer(t *testing.T) (kubeconfig string) {
	t.Helper()
	server := newAPIServer(t)
	const page = 500
	var pages [][]byte
	for begin := 0; begin < floodPods; begin += page {
		meta := map[string]any{"resourceVersion": "10"}
		if begin+page < floodPods {
			meta["continue"] = strconv.Itoa(len(pages) + 1)
		}
		var items []corev1.Pod
		for n := range page {
			items = append(items, floodPod(begin+n))
		}
		b, err := json.Marshal(map[string]any{"kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": items})
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, b)
	}
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v1/pods" {
			return false
		}
		at, _ := strconv.Atoi(r.URL.Query().Get("continue"))
		_, _ = w.Write(pages[at])
		return true
	}
	return server.kubeconfig(t)
}
