package harness

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// standInInterval is how often the stand-in looks at the pods.
const standInInterval = 300 * time.Millisecond

// startStandIn takes the kubelet's place where none can run: it registers the node, reports of each pod that it runs the
// digest its tag has at that moment, and lets go of pods that are deleted. Nothing is executed.
func (s *Stack) startStandIn() error {
	ctx, cancel := context.WithCancel(context.Background())
	s.standIn = cancel
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.Node}}
	node, err := s.Admin.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("registering the stand-in's node: %w", err)
	}
	node.Status.NodeInfo.OperatingSystem, node.Status.NodeInfo.Architecture = "linux", "amd64"
	if _, err := s.Admin.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("describing the stand-in's node: %w", err)
	}
	s.waiting.Go(func() {
		wait.UntilWithContext(ctx, s.standInOnce, standInInterval)
	})
	return nil
}

// standInOnce looks at every pod once; what fails is tried again the next time.
func (s *Stack) standInOnce(ctx context.Context) {
	pods, err := s.Admin.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + s.Node})
	if err != nil {
		return
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		now := int64(0)
		switch {
		case pod.DeletionTimestamp != nil:
			_ = s.Admin.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		case pod.Status.Phase == corev1.PodPending:
			if setRunning(pod) == nil {
				_, _ = s.Admin.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
				s.reportImages(ctx, pod)
			}
		}
	}
}

// reportImages adds the pod's images to those that the node has, as a kubelet does.
func (s *Stack) reportImages(ctx context.Context, pod *corev1.Pod) {
	node, err := s.Admin.CoreV1().Nodes().Get(ctx, s.Node, metav1.GetOptions{})
	if err != nil {
		return
	}
	for _, status := range append(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses...) {
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{status.ImageID}})
	}
	_, _ = s.Admin.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
}

// setRunning writes the status that a kubelet would write, with digests from the registry.
func setRunning(pod *corev1.Pod) error {
	var err error
	if pod.Status.ContainerStatuses, err = statuses(pod, pod.Spec.Containers); err != nil {
		return err
	}
	if pod.Status.InitContainerStatuses, err = statuses(pod, pod.Spec.InitContainers); err != nil {
		return err
	}
	started := metav1.Now()
	pod.Status.Phase, pod.Status.StartTime = corev1.PodRunning, &started
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: started}}
	return nil
}

func statuses(pod *corev1.Pod, containers []corev1.Container) ([]corev1.ContainerStatus, error) {
	var all []corev1.ContainerStatus
	for _, c := range containers {
		ref, err := name.ParseReference(c.Image)
		if err != nil {
			return nil, fmt.Errorf("reading the reference %q: %w", c.Image, err)
		}
		head, err := remote.Head(ref)
		if err != nil {
			return nil, fmt.Errorf("resolving %s: %w", c.Image, err)
		}
		started := true
		all = append(all, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, Ready: true, Started: &started,
			ImageID:     ref.Context().Name() + "@" + head.Digest.String(),
			ContainerID: fmt.Sprintf("containerd://%x", sha256.Sum256([]byte(string(pod.UID)+c.Name))),
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
		})
	}
	return all, nil
}
