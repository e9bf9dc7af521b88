package subject

import (
	"path"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
)

// mounts lists the volumes of a container by where they are mounted. A mount whose volume the pod does not have is of
// the kind volume. A path is cleaned below "/", so that "../etc" of a specification stays within the container.
func mounts(pod *corev1.Pod, container string) []inspect.Mount {
	volumes := map[string]corev1.Volume{}
	for _, v := range pod.Spec.Volumes {
		volumes[v.Name] = v
	}
	var all []inspect.Mount
	for _, c := range everyContainer(pod) {
		if c.Name != container {
			continue
		}
		for _, m := range c.VolumeMounts {
			kind, source := volumeKind(volumes[m.Name])
			all = append(all, inspect.Mount{
				Path: path.Clean("/" + m.MountPath), Volume: m.Name, Kind: kind,
				Source: source, ReadOnly: m.ReadOnly,
			})
		}
	}
	return all
}

// volumeKind names the source of a volume in Kubernetes' words, and what it refers to. The words are the field names of
// the API's Volume. A volume has one source by the API; of several, which no API server admits, the first case counts.
func volumeKind(v corev1.Volume) (kind, source string) {
	switch {
	case v.EmptyDir != nil:
		return "emptyDir", ""
	case v.PersistentVolumeClaim != nil:
		return "persistentVolumeClaim", v.PersistentVolumeClaim.ClaimName
	case v.HostPath != nil:
		return "hostPath", v.HostPath.Path
	case v.ConfigMap != nil:
		return "configMap", v.ConfigMap.Name
	case v.Secret != nil:
		return "secret", v.Secret.SecretName
	case v.Projected != nil:
		return "projected", ""
	case v.DownwardAPI != nil:
		return "downwardAPI", ""
	case v.CSI != nil:
		return "csi", v.CSI.Driver
	case v.Ephemeral != nil:
		return "ephemeral", ""
	case v.NFS != nil:
		return "nfs", v.NFS.Server + ":" + v.NFS.Path
	case v.Image != nil:
		return "image", v.Image.Reference
	default:
		return "volume", ""
	}
}
