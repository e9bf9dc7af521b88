package subject

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
)

func TestMounts(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		Volumes: []corev1.Volume{
			{Name: "work", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: "logs", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log"}}},
			{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}},
		},
		Containers: []corev1.Container{
			{
				Name: "web",
				VolumeMounts: []corev1.VolumeMount{
					{Name: "work", MountPath: "/data/"},
					{Name: "keys", MountPath: "/tls", ReadOnly: true},
					{Name: "gone", MountPath: "x"},
				},
			},
			{Name: "other", VolumeMounts: []corev1.VolumeMount{{Name: "logs", MountPath: "/logs"}}},
		},
	}}
	want := []inspect.Mount{
		{
			Path:   "/data",
			Volume: "work",
			Kind:   "emptyDir",
		}, {Path: "/tls", Volume: "keys", Kind: "secret", Source: "tls", ReadOnly: true}, {
			Path: "/x", Volume: "gone", Kind: "volume",
		},
	}
	if got := FromPod(pod, nil).Containers[0].Mounts; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}
