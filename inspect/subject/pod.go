package subject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// FromPod turns a pod into the pod of a case. template is that of its owner, or nil where it is not known; then no
// container is called injected.
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
			Name: c.Name, Type: inspect.ContainerType(c.Type), Injected: c.Injected, Reference: c.Reference, ImageID: c.ImageID,
			ContainerID: c.ContainerID, Started: inspect.At(c.Started), State: c.State, Restarts: int(c.Restarts), Mounts: mounts(pod, c.Name),
		})
	}
	return p
}

// reach lists what the pod's specification lets it touch, by name: no Secret is read.
func reach(pod *corev1.Pod) inspect.Reach {
	r := inspect.Reach{ServiceAccount: pod.Spec.ServiceAccountName}
	names := references{}
	for _, v := range pod.Spec.Volumes {
		names.volume(v)
	}
	for _, c := range everyContainer(pod) {
		names.environment(c)
		r.Privileges = append(r.Privileges, privileges(c)...)
	}
	for _, s := range pod.Spec.ImagePullSecrets {
		names.add("secret", s.Name)
	}
	r.Secrets, r.ConfigMaps, r.Volumes = names["secret"], names["configmap"], names["volume"]
	for name, on := range map[string]bool{"host network": pod.Spec.HostNetwork, "host PID namespace": pod.Spec.HostPID, "host IPC namespace": pod.Spec.HostIPC} {
		if on {
			r.Privileges = append(r.Privileges, name)
		}
	}
	if auto := pod.Spec.AutomountServiceAccountToken; auto == nil || *auto {
		r.Privileges = append(r.Privileges, "service account token may be mounted")
	}
	slices.Sort(r.Privileges)
	return r
}

// references collects names by what they name, sorted and once each.
type references map[string][]string

func (r references) add(kind, name string) {
	if name == "" {
		return
	}
	if i, found := slices.BinarySearch(r[kind], name); !found {
		r[kind] = slices.Insert(r[kind], i, name)
	}
}

func (r references) volume(v corev1.Volume) {
	switch {
	case v.Secret != nil:
		r.add("secret", v.Secret.SecretName)
	case v.ConfigMap != nil:
		r.add("configmap", v.ConfigMap.Name)
	case v.HostPath != nil:
		r.add("volume", "host path "+v.HostPath.Path)
	case v.PersistentVolumeClaim != nil:
		r.add("volume", "claim "+v.PersistentVolumeClaim.ClaimName)
	case v.Projected != nil:
		for _, s := range v.Projected.Sources {
			if s.Secret != nil {
				r.add("secret", s.Secret.Name)
			}
			if s.ConfigMap != nil {
				r.add("configmap", s.ConfigMap.Name)
			}
		}
	}
}

func (r references) environment(c corev1.Container) {
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}
		if e.ValueFrom.SecretKeyRef != nil {
			r.add("secret", e.ValueFrom.SecretKeyRef.Name)
		}
		if e.ValueFrom.ConfigMapKeyRef != nil {
			r.add("configmap", e.ValueFrom.ConfigMapKeyRef.Name)
		}
	}
	for _, e := range c.EnvFrom {
		if e.SecretRef != nil {
			r.add("secret", e.SecretRef.Name)
		}
		if e.ConfigMapRef != nil {
			r.add("configmap", e.ConfigMapRef.Name)
		}
	}
}

func everyContainer(pod *corev1.Pod) []corev1.Container {
	all := slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers)
	for _, e := range pod.Spec.EphemeralContainers {
		all = append(all, corev1.Container(e.EphemeralContainerCommon))
	}
	return all
}

// privileges says what a container may do beyond an ordinary one.
func privileges(c corev1.Container) []string {
	s := c.SecurityContext
	if s == nil {
		return nil
	}
	var all []string
	if s.Privileged != nil && *s.Privileged {
		all = append(all, c.Name+": privileged")
	}
	if s.Capabilities != nil && len(s.Capabilities.Add) > 0 {
		names := make([]string, len(s.Capabilities.Add))
		for i, n := range s.Capabilities.Add {
			names[i] = string(n)
		}
		all = append(all, fmt.Sprintf("%s: capabilities %s", c.Name, strings.Join(names, ", ")))
	}
	if s.RunAsUser != nil && *s.RunAsUser == 0 {
		all = append(all, c.Name+": runs as root")
	}
	return all
}
