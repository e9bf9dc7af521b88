package subject

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
)

// maxVolumeNotices bounds how many volumes are named; of the others only the number is given. A pod may have hundreds,
// and the notices stand above the findings.
const maxVolumeNotices = 20

// imageVolumes reports of each volume that is an image (KEP-4639) that its content was not inspected, and how to do
// that. Such a volume runs nothing by itself, but what a container loads from it is as much a part of the pod as the
// layers of its own image: a case that is silent about it would vouch for what it did not see. container limits it to
// the volumes of one container; volumes that no container mounts are named then too, as an ephemeral container may
// mount them.
func imageVolumes(pod *corev1.Pod, container string) []inspect.Notice {
	var all []inspect.Notice
	containers, more := everyContainer(pod), 0
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		if v.Image == nil {
			continue
		}
		in := mountsOf(containers, v.Name)
		if mine := slices.ContainsFunc(in, func(m mounted) bool { return m.container == container }); container != "" &&
			len(in) > 0 && !mine {
			continue
		}
		if len(all) == maxVolumeNotices {
			more++
			continue
		}
		all = append(all, inspect.Notice{Level: "warning", Text: volumeNotice(v, in)})
	}
	if more > 0 {
		all = append(all, inspect.Notice{
			Level: "warning",
			Text:  fmt.Sprintf("%d further volumes of the pod are images too; none of them was inspected", more),
		})
	}
	return all
}

// volumeNotice words what a volume is, where it is, and what was not done with it. Mounts are named in the order of the
// containers, as many as maxVolumeNotices.
func volumeNotice(v *corev1.Volume, in []mounted) string {
	where := "which no container mounts"
	if len(in) > 0 {
		var at []string
		for _, m := range in[:min(len(in), maxVolumeNotices)] {
			at = append(at, path.Clean("/"+m.MountPath)+" of "+m.container)
		}
		where = "mounted at " + strings.Join(at, ", ")
		if n := len(in) - len(at); n > 0 {
			where += fmt.Sprintf(" and %d more", n)
		}
	}
	text := fmt.Sprintf("volume %s is the image %s, %s; its content was not inspected", v.Name,
		cmp.Or(v.Image.Reference, "of no reference"), where)
	if v.Image.Reference == "" {
		return text
	}
	return text + ": that is a case of its own, for what the reference means now"
}
