package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/testdata/stack/image"
)

// The stack itself: the same tag rolled out twice gives two ReplicaSets, two revisions and two imageIDs, from the real controllers.
func TestRolloutTwice(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	const namespace, app = "rollout", "shop"
	tag := stack.Registry.Host + "/rollout/shop:1"
	must(t, stack.Namespace(ctx, namespace, nil))

	good := push(t, tag, image.Good)
	pod, err := stack.Roll(ctx, stack.Deployment(namespace, app, tag), good)
	must(t, err)
	t.Logf("pod %s runs %s", pod.Name, pod.Status.ContainerStatuses[0].ImageID)

	bad := push(t, tag, image.Bad)
	if good == bad {
		t.Fatalf("both images are %s", good)
	}
	pod, err = stack.Restart(ctx, namespace, app, bad)
	must(t, err)
	t.Logf("pod %s runs %s", pod.Name, pod.Status.ContainerStatuses[0].ImageID)

	sets, err := stack.Admin.AppsV1().ReplicaSets(namespace).List(ctx, metav1.ListOptions{})
	must(t, err)
	revisions := map[string]bool{}
	for _, set := range sets.Items {
		revisions[set.Annotations["deployment.kubernetes.io/revision"]] = true
	}
	if len(sets.Items) != 2 || !revisions["1"] || !revisions["2"] {
		t.Fatalf("%d ReplicaSets with revisions %v, want two, 1 and 2", len(sets.Items), revisions)
	}
	if !stack.Kubelet {
		return
	}
	log, err := stack.Admin.CoreV1().Pods(namespace).GetLogs(pod.Name, logOptions).DoRaw(ctx)
	must(t, err)
	if !strings.Contains(string(log), "the shop is open") {
		t.Fatalf("the pod's log is %q", log)
	}
}
