package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/kube"
)

// maxDifferences bounds the sentences on one change; the exhibit has all of it.
// a person reads these on one line of a terminal
const maxDifferences = 20

// differences words what a person should know of a change of a pod. None: only details of its status changed.
func differences(before, now *corev1.Pod) []string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if before.DeletionTimestamp == nil && now.DeletionTimestamp != nil {
		say("deletion requested, to end by %s", stamp(now.DeletionTimestamp.Time))
	}
	if before.Status.Phase != now.Status.Phase {
		say("%s, was %s%s", now.Status.Phase, before.Status.Phase, behind(now.Status.Reason))
	}
	all = append(all, containerDifferences(before, now)...)
	// Taking labels off is how a pod is quarantined: its ReplicaSet lets go of it and makes another.
	if a, b := ownerName(before), ownerName(now); a != b {
		say("its owner is %s, was %s", b, a)
	}
	all = append(all, keyDifferences("label", before.Labels, now.Labels, true)...)
	all = append(all, keyDifferences("annotation", before.Annotations, now.Annotations, false)...)
	return all[:min(len(all), maxDifferences)]
}

// behind puts the reason of a phase in brackets behind it; Kubernetes leaves it out for most phases.
func behind(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// containerDifferences compares containers by name: what was attached, and whose image, digest, run or state is
// another. A new container ID under the same name is a restart; the digest may be another one then, where a tag was
// moved.
// Names identify containers within a pod; they cannot change while it lives (ephemeral containers can be added).
func containerDifferences(before, now *corev1.Pod) []string {
	old := map[string]kube.Container{}
	for _, c := range kube.Containers(before, nil) {
		old[c.Name] = c
	}
	var all []string
	for _, c := range kube.Containers(now, nil) {
		o, known := old[c.Name]
		switch {
		case !known:
			all = append(all, fmt.Sprintf("container %s (%s) was attached, with image %s", c.Name, c.Type, c.Reference))
			continue
		case o.Reference != c.Reference:
			all = append(all, fmt.Sprintf("the image of container %s was set to %s", c.Name, c.Reference))
		}
		// either may be empty while a container is being created; that is no change of the image
		if o.Image().Digest != "" && c.Image().Digest != "" && o.Image().Digest != c.Image().Digest {
			all = append(all, fmt.Sprintf("container %s runs %s, was %s", c.Name, c.Image().Digest, o.Image().Digest))
		}
		switch {
		case o.ContainerID != "" && c.ContainerID != "" && o.ContainerID != c.ContainerID:
			text := fmt.Sprintf("container %s restarted (%d restarts)", c.Name, c.Restarts)
			if c.Last != "" {
				text += ", its run before is " + c.Last
			}
			all = append(all, text)
		case o.State != c.State && c.State != "":
			all = append(all, fmt.Sprintf("container %s is %s", c.Name, c.State))
		}
	}
	return all
}

// ownerName names the controller of a pod. A pod whose labels were changed during an incident has none any more.
func ownerName(pod *corev1.Pod) string {
	if ref := metav1.GetControllerOf(pod); ref != nil {
		return ref.Kind + " " + ref.Name
	}
	return "none"
}

// keyDifferences names what was set and taken away; values are shown of labels only, since annotations may hold
// anything.
func keyDifferences(what string, before, now map[string]string, values bool) []string {
	var set, gone []string
	for _, key := range slices.Sorted(maps.Keys(now)) {
		if old, was := before[key]; was && old == now[key] {
			continue
		}
		if values {
			key += "=" + now[key]
		}
		set = append(set, key)
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, is := now[key]; !is {
			gone = append(gone, key)
		}
	}
	var all []string
	if len(set) > 0 {
		all = append(all, what+" set: "+strings.Join(set, ", "))
	}
	if len(gone) > 0 {
		all = append(all, what+" removed: "+strings.Join(gone, ", "))
	}
	return all
}
