package subject

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// FromPod turns a pod into the pod of a case. template is that of its owner, or nil where it is not known; then no
// container is called injected. It reads nothing from the cluster. Injected marks containers that the template does not
// have, as a webhook adds them at admission.
func FromPod(pod *corev1.Pod, template *corev1.PodTemplateSpec) inspect.Pod {
	p := inspect.Pod{
		Name: pod.Name, Namespace: pod.Namespace, UID: string(pod.UID), Node: pod.Spec.NodeName,
		Phase: string(pod.Status.Phase), Created: inspect.At(pod.CreationTimestamp.Time), Reach: reach(pod),
	}
	for _, o := range pod.OwnerReferences {
		p.Owner = append(p.Owner, inspect.Owner{Kind: o.Kind, Name: o.Name, UID: string(o.UID)})
	}
	for _, c := range kube.Containers(pod, template) {
		p.Containers = append(p.Containers, inspect.Container{
			Name: c.Name, Type: inspect.ContainerType(c.Type), Injected: c.Injected, Reference: c.Reference,
			ImageID:     c.ImageID,
			ContainerID: c.ContainerID, Started: inspect.At(c.Started), State: c.State, Restarts: int(c.Restarts),
			Last: c.Last, Mounts: mounts(pod, c.Name),
		})
	}
	return p
}
