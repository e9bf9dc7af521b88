package harness

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Drop is Falco's alert for a program that was started although its file lies in the upper layer of the container's
// filesystem, and Lower the same file in the image's own layers (Falco's fields evt.arg.flags, EXE_UPPER_LAYER and EXE_LOWER_LAYER).
const (
	Upper = "EXE_WRITABLE|EXE_UPPER_LAYER"
	Lower = "EXE_WRITABLE|EXE_LOWER_LAYER"
)

// FalcoAlert is one line of Falco's JSON output about a program that ran in the pod's first container, at a time.
func FalcoAlert(pod *corev1.Pod, path, flags string, at time.Time) (string, error) {
	return FalcoAlertOf(pod, pod.Spec.Containers[0].Name, path, flags, at)
}

// FalcoAlertOf is the same of any container.
func FalcoAlertOf(pod *corev1.Pod, container, path, flags string, at time.Time) (string, error) {
	id := shortID(ContainerID(pod, container))
	const rule = "Drop and execute new binary in container"
	output := fmt.Sprintf("%s: Critical Executing binary not part of base image (proc_exe=%s proc_exepath=%s container_id=%s k8s_ns_name=%s k8s_pod_name=%s)",
		at.UTC().Format("15:04:05.000000000"), path, path, id, pod.Namespace, pod.Name)
	line, err := json.Marshal(map[string]any{
		"hostname": "stack", "priority": "Critical", "rule": rule, "source": "syscall", "output": output,
		"time": at.UTC().Format(time.RFC3339Nano), "tags": []string{"maturity_stable", "container", "process"},
		"output_fields": map[string]any{
			"container.id": id, "container.name": container, "k8s.ns.name": pod.Namespace, "k8s.pod.name": pod.Name,
			"container.image.repository": nil, "container.image.tag": nil, "evt.time.iso8601": at.UnixNano(), "evt.type": "execve",
			"evt.arg.flags": flags, "proc.exe": path, "proc.exepath": path, "proc.cmdline": path, "proc.name": "x", "proc.pname": "sh", "user.uid": 0,
		},
	})
	if err != nil {
		return "", fmt.Errorf("encoding an alert: %w", err)
	}
	return string(line) + "\n", nil
}

// ContainerID is the id of a container of the pod, 64 hex digits; "" where it has not started.
func ContainerID(pod *corev1.Pod, container string) string {
	for _, status := range slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses, pod.Status.EphemeralContainerStatuses) {
		if status.Name == container {
			_, id, _ := strings.Cut(status.ContainerID, "://")
			return id
		}
	}
	return ""
}

// shortID is an id as an IDS on the node writes it: 12 hex digits.
func shortID(id string) string { return id[:min(12, len(id))] }
