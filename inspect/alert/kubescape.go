package alert

import (
	"cmp"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/inspect"
)

// isKubescape reports an alert of Kubescape's node agent.
func isKubescape(v *fastjson.Value) bool { return textAt(v, "BaseRuntimeMetadata", "alertName") != "" }

// kubescapeAlert reads an alert of the node agent's exporters (stdout, HTTP, Alertmanager).
func kubescapeAlert(v *fastjson.Value, seen moment) (Alert, error) {
	base, pod := v.Get("BaseRuntimeMetadata"), v.Get("RuntimeK8sDetails")
	process := v.Get("RuntimeProcessDetails", "processTree")
	a := Alert{Alert: inspect.Alert{
		Source: SourceKubescape, Rule: textAt(base, "alertName"), Priority: traceePriorities[textAt(base, "severity")],
		Output:    cmp.Or(textAt(v, "message"), textAt(v, "msg")),
		Namespace: cmp.Or(textAt(pod, "podNamespace"), textAt(pod, "namespace")), Pod: textAt(pod, "podName"),
		Container: textAt(pod, "containerName"), ContainerID: BareID(textAt(pod, "containerID")),
		Image: textAt(pod, "image"),
		Path:  textAt(process, "path"), CommandLine: textAt(process, "cmdline"),
	}, Digest: DigestOf(textAt(pod, "imageDigest")), Node: textAt(pod, "nodeName")}
	a.Workload, a.WorkloadKind = textAt(pod, "workloadName"), textAt(pod, "workloadKind")
	for _, stamp := range []string{textAt(base, "timestamp"), textAt(v, "time")} {
		if t, ok := instant(stamp); ok {
			a.Time = inspect.At(t)
			return a, nil
		}
	}
	if seen.near {
		a.Time = inspect.At(seen.at)
	}
	return a, nil
}
