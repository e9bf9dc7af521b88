package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A large cluster on a bad day.
const (
	floodPods   = 5000
	floodAlerts = 20_000
	maxList     = 400 << 20 // bytes
)

// flood prints the list of many pods with many alerts, from a saved dump and a file.
func (b *bench) flood(ctx context.Context) error {
	dump, alerts, dir := filepath.Join(b.work, "flood.json"), filepath.Join(b.work, "falco.jsonl"), filepath.Join(b.work, "flood")
	for name, write := range map[string]func(*bufio.Writer) error{dump: writeFloodDump, alerts: writeFloodAlerts} {
		if err := writeTo(name, write); err != nil {
			return err
		}
	}
	for range b.rounds {
		args := []string{"pods", "--snapshot", dump, "--alerts", alerts, "--offline", "--cache", filepath.Join(dir, "cache")}
		if err := b.step(ctx, stepFlood, home(dir), nil, b.backtrail, args...); err != nil {
			return err
		}
		if err := b.step(ctx, stepFloodJSON, home(dir), nil, b.backtrail, append(args, "-o", "json")...); err != nil {
			return err
		}
	}
	return nil
}

func writeTo(name string, write func(*bufio.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("making a flood: %w", err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return fmt.Errorf("making a flood: %w", err)
	}
	return w.Flush()
}

// floodPod names pod n, its container and its image.
func floodPod(n int) (namespace, name, id, image string) {
	return fmt.Sprintf("team-%02d", n/100), fmt.Sprintf("svc-%03d-%010x-%05d", n/10, 7919*(n/10+1), n), fmt.Sprintf("%012x%052x", n, n), fmt.Sprintf("registry.example/svc-%03d", n/10)
}

// writeFloodDump writes what kubectl get pods -A -o json prints, 12 KB a pod.
func writeFloodDump(w *bufio.Writer) error {
	if _, err := io.WriteString(w, "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n"); err != nil {
		return err
	}
	for n := range floodPods {
		namespace, name, id, image := floodPod(n)
		var env, conditions []object
		for i := range 40 {
			env = append(env, object{"name": fmt.Sprint("SETTING_", i), "value": strings.Repeat("x", 40)})
		}
		for _, kind := range []string{"Initialized", "Ready", "ContainersReady", "PodScheduled"} {
			conditions = append(conditions, object{"type": kind, "status": "True", "lastTransitionTime": "2026-03-01T08:00:00Z"})
		}
		var containers, statuses []object
		for _, c := range []string{"app", "proxy"} {
			containers = append(containers, object{"name": c, "image": image + "/" + c + ":1", "env": env, "volumeMounts": []object{{"name": "config", "mountPath": "/config"}}})
			statuses = append(statuses, object{
				"name": c, "image": image + "/" + c + ":1", "imageID": fmt.Sprintf("%s/%s@sha256:%064x", image, c, n/10), "containerID": "containerd://" + id[:63] + c[:1],
				"state": object{"running": object{"startedAt": "2026-03-01T08:00:00Z"}},
			})
		}
		statuses[0]["containerID"] = "containerd://" + id
		b, err := json.MarshalIndent(object{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": object{"name": name, "namespace": namespace, "uid": name, "creationTimestamp": "2026-03-01T08:00:00Z", "labels": object{"app": image}},
			"spec":     object{"nodeName": fmt.Sprintf("node-%03d", n%100), "containers": containers, "volumes": []object{{"name": "config", "configMap": object{"name": "config"}}}},
			"status":   object{"phase": "Running", "containerStatuses": statuses, "conditions": conditions},
		}, "        ", "    ")
		if err != nil {
			return err
		}
		if n > 0 {
			b = append([]byte(",\n"), b...)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "]}\n")
	return err
}

// writeFloodAlerts writes Falco's lines: some rules speak often and some seldom, and command lines are never the same.
func writeFloodAlerts(w *bufio.Writer) error {
	rules := []string{"Contact K8S API Server From Container", "Read sensitive file untrusted", "Terminal shell in container", "Launch Suspicious Network Tool in Container", "Drop and execute new binary in container"}
	chance := rand.New(rand.NewPCG(1, 2))
	begun := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	lines := json.NewEncoder(w)
	for i := range floodAlerts {
		namespace, name, id, image := floodPod(chance.IntN(floodPods))
		rule := rules[min(len(rules)-1, int(chance.ExpFloat64()*1.4))]
		path := []string{"/usr/bin/cat", "/bin/sh", "/usr/bin/curl", "/tmp/.x/kd"}[chance.IntN(4)]
		command := fmt.Sprintf("%s --seed %d --pool %016x", path, chance.IntN(1e9), chance.Uint64())
		at := begun.Add(time.Duration(i)*time.Second/2 + time.Duration(chance.IntN(1e9)))
		output := fmt.Sprintf("%s: Warning %s | proc_exe=%s proc_exepath=%s command=%s exe_flags=EXE_WRITABLE|EXE_UPPER_LAYER container_id=%s container_name=app container_image_repository=%s container_image_tag=1 k8s_pod_name=%s k8s_ns_name=%s evt_type=execve user=root user_uid=0 process=kd parent=sh",
			at.Format("15:04:05.000000000"), rule, path, path, command, id[:12], image, name, namespace)
		if err := lines.Encode(map[string]any{
			"hostname": "node", "priority": "Warning", "rule": rule, "source": "syscall", "time": at.Format(time.RFC3339Nano), "output": output, "tags": []string{"container", "maturity_stable", "process"},
			"output_fields": map[string]any{
				"container.id": id[:12], "container.image.repository": image, "container.image.tag": "1", "container.name": "app", "evt.arg.flags": "EXE_WRITABLE|EXE_UPPER_LAYER", "evt.time.iso8601": at.UnixNano(),
				"k8s.ns.name": namespace, "k8s.pod.name": name, "proc.cmdline": command, "proc.exe": path, "proc.exepath": path, "proc.name": "kd", "proc.pname": "sh", "user.uid": 0, "user.name": "root",
			},
		}); err != nil {
			return err
		}
	}
	return nil
}
