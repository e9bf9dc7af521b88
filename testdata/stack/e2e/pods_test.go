package e2e

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// The list of pods has the flagged one first, with its alert; what fits no pod and what cannot be read is counted.
func TestPods(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	line, err := os.ReadFile(in.alerts)
	must(t, err)
	alerts := r.file("alerts.jsonl")
	stranger := `{"rule":"Terminal shell in container","priority":"Notice","time":"2026-03-02T08:00:00Z","output":"a shell","output_fields":{"container.id":"0123456789ab","k8s.ns.name":"other","k8s.pod.name":"gone"}}`
	must(t, os.WriteFile(alerts, []byte(string(line)+stranger+"\n{\"rule\": broken\n"), 0o600))

	result := r.run(exitPassed, "pods", "-o", "json", "-n", in.namespace, "--alerts", alerts)
	var list podsJSON
	decode(t, result, &list)
	if list.Schema != "backtrail.dev/pods/v1" || len(list.Pods) != 2 {
		t.Fatalf("schema %q, %d pods; want the two of the namespace", list.Schema, len(list.Pods))
	}
	first := list.Pods[0]
	if first.Name != in.shop.Name || len(first.Alerts) != 1 || first.Alerts[0].Match != "container-id" || first.Alerts[0].File.Path != image.Dropped {
		t.Errorf("the first row is %s with %+v; want the flagged pod", first.Name, first.Alerts)
	}
	if len(list.Pods[1].Alerts) != 0 {
		t.Errorf("%s has alerts: %+v", list.Pods[1].Name, list.Pods[1].Alerts)
	}
	if len(list.Unmatched) != 1 || list.Broken != 1 {
		t.Errorf("%d unmatched alerts, %d broken lines; want one of each", len(list.Unmatched), list.Broken)
	}
}

// Containers of all types are told apart: init, native sidecar, main.
func TestPodsTellContainerTypes(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	const namespace = "types"
	must(t, stack.Namespace(ctx, namespace, nil))
	tag := stack.Registry.Host + "/types/shop:1"
	digest := push(t, tag, image.Good)
	always := corev1.ContainerRestartPolicyAlways
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "mixed", Labels: map[string]string{"app": "mixed"}}, Spec: stack.PodSpec(
		corev1.Container{Name: "main", Image: tag, ImagePullPolicy: corev1.PullAlways})}
	pod.Spec.InitContainers = []corev1.Container{{Name: "sidecar", Image: tag, ImagePullPolicy: corev1.PullAlways, RestartPolicy: &always}}
	_, err := stack.Admin.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
	must(t, err)
	_, err = stack.AwaitDigest(ctx, namespace, "mixed", digest)
	must(t, err)

	var list podsJSON
	decode(t, newResponder(t, env.Reader).run(exitPassed, "pods", "-o", "json", "-n", namespace), &list)
	if len(list.Pods) != 1 {
		t.Fatalf("%d pods, want one", len(list.Pods))
	}
	var types []string
	for _, c := range list.Pods[0].Containers {
		types = append(types, c.Name+" is "+c.Type)
	}
	slices.Sort(types)
	if !slices.Equal(types, []string{"main is container", "sidecar is sidecar"}) {
		t.Errorf("containers: %q", types)
	}
}
