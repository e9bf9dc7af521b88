package cluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// Limits of what events give to the timeline.
const (
	maxMoments = 200
	maxMessage = 200 // runes
)

// moments are the points of the timeline that the surroundings give: events, and who set the images.
func (s *scene) moments() []inspect.Moment {
	// Each author once, though it may have set the images of several containers: the time is that of its last change.
	all := momentsOf(s.happened.list)
	seen := map[author]bool{}
	for _, c := range s.containers {
		a, ok := s.authorOf(c)
		if !ok || a.time.IsZero() || c.Injected || c.Type == kube.TypeEphemeral || seen[a] {
			continue
		}
		// author has only comparable fields, so it is a key as it is
		seen[a] = true
		all = append(all, inspect.Moment{
			Time: inspect.At(a.time), What: fmt.Sprintf("last change of %s by %s, which set the image of %s",
				a.object(), a.manager, c.Name),
			Source: "managedFields of " + a.object(), Trust: inspect.ByCluster,
		})
	}
	return all
}

// momentsOf are the newest events as moments.
func momentsOf(list []corev1.Event) []inspect.Moment {
	var all []inspect.Moment
	for i := range list {
		if m, ok := momentOf(&list[i]); ok {
			all = append(all, m)
		}
	}
	// Events come oldest first: a flood of new ones, which a workload can cause, pushes out older ones. The exhibit has
	// all.
	return all[max(0, len(all)-maxMoments):]
}

// momentOf is an event as a point of the timeline, cut to maxMessage. One without a time is left out: it could stand
// anywhere.
func momentOf(e *corev1.Event) (inspect.Moment, bool) {
	when := kube.EventTime(e)
	if when.IsZero() {
		return inspect.Moment{}, false
	}
	what := e.Reason + ": " + e.Message
	if r := []rune(what); len(r) > maxMessage {
		what = string(r[:maxMessage-1]) + "…"
	}
	// events of events.k8s.io/v1 have a series in place of a count, and are one line
	if n := max(e.Count, 1); n > 1 {
		what += fmt.Sprintf(" (%d times)", n)
	}
	return inspect.Moment{
		Time: inspect.At(when), What: what, Source: "event of " + e.InvolvedObject.Kind + " " + e.InvolvedObject.Name,
		Trust: inspect.ByCluster,
	}, true
}

// openNetwork reports whether nothing bounds the pod's connections. That a policy exists does not prove that it is
// enforced.
func (s *scene) openNetwork() []inspect.Finding {
	// a pod on the host's network is not subject to policies
	if s.network.err != nil || len(s.network.list) > 0 || s.pod.Spec.HostNetwork {
		return nil
	}
	return []inspect.Finding{finding(inspect.CodeNoNetworkPolicy, SubjectPod,
		"no NetworkPolicy selects the pod: every connection is allowed", "",
		object("Pod", s.pod.Namespace, s.pod.Name, "its labels"))}
}
