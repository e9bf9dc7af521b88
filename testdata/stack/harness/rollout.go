package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// rolloutTimeout is for a pull, a start and the end of the old pods.
const rolloutTimeout = 2 * time.Minute

// Namespace makes a namespace with labels.
func (s *Stack) Namespace(ctx context.Context, name string, labels map[string]string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := s.Admin.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil &&
		!apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating namespace %s: %w", name, err)
	}
	return nil
}

// Deployment is a Deployment of one replica whose container, named like it, runs image. The tag is resolved at each
// start. A test may change it before Roll creates it.
func (s *Stack) Deployment(namespace, name, image string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	one := int32(1)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &one,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       s.PodSpec(corev1.Container{Name: name, Image: image, ImagePullPolicy: corev1.PullAlways}),
			},
		},
	}
}

// PodSpec places containers on the stack's node the way they run without scheduler, CNI and service accounts.
func (s *Stack) PodSpec(containers ...corev1.Container) corev1.PodSpec {
	grace, mount := int64(1), false
	return corev1.PodSpec{
		NodeName:                      s.Node,
		HostNetwork:                   true,
		AutomountServiceAccountToken:  &mount,
		TerminationGracePeriodSeconds: &grace,
		Containers:                    containers,
	}
}

// Roll creates the Deployment and waits until its pod runs the digest.
func (s *Stack) Roll(ctx context.Context, d *appsv1.Deployment, digest string) (*corev1.Pod, error) {
	if _, err := s.Admin.AppsV1().Deployments(d.Namespace).Create(ctx, d,
		metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		return nil, fmt.Errorf("creating deployment %s: %w", d.Name, err)
	}
	return s.AwaitDigest(ctx, d.Namespace, d.Name, digest)
}

// RollByGitOps creates the Deployment as a GitOps controller does, by applying it under that controller's name.
func (s *Stack) RollByGitOps(ctx context.Context, d *appsv1.Deployment, manager, digest string) (*corev1.Pod, error) {
	d = d.DeepCopy()
	d.APIVersion, d.Kind = "apps/v1", "Deployment"
	body, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encoding deployment %s: %w", d.Name, err)
	}
	_, err = s.Admin.AppsV1().Deployments(d.Namespace).Patch(ctx, d.Name, types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: manager})
	if err != nil {
		return nil, fmt.Errorf("applying deployment %s: %w", d.Name, err)
	}
	return s.AwaitDigest(ctx, d.Namespace, d.Name, digest)
}

// SetImage does what "kubectl set image" does, and waits until the new pod runs the digest and the old one is gone.
func (s *Stack) SetImage(ctx context.Context, namespace, name, image, digest string) (*corev1.Pod, error) {
	patch := map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []map[string]string{{"name": name, "image": image}},
	}}}}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("encoding the image of %s: %w", name, err)
	}
	_, err = s.Admin.AppsV1().Deployments(namespace).Patch(ctx, name, types.StrategicMergePatchType, body,
		metav1.PatchOptions{FieldManager: "kubectl-set"})
	if err != nil {
		return nil, fmt.Errorf("setting the image of deployment %s: %w", name, err)
	}
	return s.AwaitDigest(ctx, namespace, name, digest)
}

// Restart does what "kubectl rollout restart" does, and waits until the new pod runs the digest and the old one is
// gone.
func (s *Stack) Restart(ctx context.Context, namespace, name, digest string) (*corev1.Pod, error) {
	patch := map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]string{"kubectl.kubernetes.io/restartedAt": time.Now().UTC().Format(time.RFC3339Nano)},
	}}}}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("encoding the restart of %s: %w", name, err)
	}
	_, err = s.Admin.AppsV1().Deployments(namespace).Patch(ctx, name, types.StrategicMergePatchType, body,
		metav1.PatchOptions{FieldManager: "kubectl-rollout"})
	if err != nil {
		return nil, fmt.Errorf("restarting deployment %s: %w", name, err)
	}
	return s.AwaitDigest(ctx, namespace, name, digest)
}

// Debug does what "kubectl debug" does: it attaches a container to a running pod, and waits until that runs. It needs
// the real kubelet.
func (s *Stack) Debug(ctx context.Context, pod *corev1.Pod, name, image string) (*corev1.Pod, error) {
	patch := map[string]any{"spec": map[string]any{"ephemeralContainers": []map[string]any{{"name": name,
		"image": image, "imagePullPolicy": corev1.PullAlways}}}}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("encoding the debug container of %s: %w", pod.Name, err)
	}
	pods := s.Admin.CoreV1().Pods(pod.Namespace)
	if _, err := pods.Patch(ctx, pod.Name, types.StrategicMergePatchType, body,
		metav1.PatchOptions{FieldManager: "kubectl-debug"}, "ephemeralcontainers"); err != nil {
		return nil, fmt.Errorf("attaching a debug container to %s: %w", pod.Name, err)
	}
	var found *corev1.Pod
	err = wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, rolloutTimeout, true,
		func(ctx context.Context) (bool, error) {
			found, err = pods.Get(ctx, pod.Name, metav1.GetOptions{})
			return err == nil && len(found.Status.EphemeralContainerStatuses) == 1 &&
				found.Status.EphemeralContainerStatuses[0].State.Running != nil, err
		})
	if err != nil {
		return nil, fmt.Errorf("waiting for the debug container of %s: %w", pod.Name, err)
	}
	return found, nil
}

// AwaitDigest waits until the app's only pod runs, and its first container has an imageID with that digest.
func (s *Stack) AwaitDigest(ctx context.Context, namespace, app, digest string) (*corev1.Pod, error) {
	var found *corev1.Pod
	var seen string
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, rolloutTimeout, true,
		func(ctx context.Context) (bool, error) {
			pods, err := s.Admin.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
			if err != nil {
				return false, err
			}
			seen = describe(pods.Items)
			if len(pods.Items) != 1 || !runs(&pods.Items[0], digest) {
				return false, nil
			}
			found = &pods.Items[0]
			return true, nil
		})
	if err != nil {
		return nil, fmt.Errorf("waiting for %s/%s to run %s: %w; seen: %s", namespace, app, digest, err, seen)
	}
	return found, nil
}

// HasDigest reports whether a name as nodes and pods report it, as host/repository@sha256:…, has that digest.
func HasDigest(name, digest string) bool { return strings.HasSuffix(name, digest) }

// runs reports whether every container of the pod runs and one of them the digest.
func runs(pod *corev1.Pod, digest string) bool {
	if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning {
		return false
	}
	var has bool
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Running == nil {
			return false
		}
		has = has || HasDigest(status.ImageID, digest)
	}
	return has
}

// describe is for the message when a pod does not come up.
func describe(pods []corev1.Pod) string {
	var lines []string
	for _, pod := range pods {
		line := fmt.Sprintf("%s %s", pod.Name, pod.Status.Phase)
		for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			line += fmt.Sprintf(" %s=%s", status.Name, status.ImageID)
			if status.State.Waiting != nil {
				line += fmt.Sprintf(" (%s: %s)", status.State.Waiting.Reason, status.State.Waiting.Message)
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}
