package triage

import (
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/kube"
)

// candidates returns the containers that fit. Where the alert names the pod only that one is
// searched: an image may run in thousands.
func (x *Index) candidates(a *alert.Alert, all []place, fits func(*kube.Container) bool) []place {
	if a.Namespace == "" || a.Pod == "" {
		return narrow(a, all)
	}
	var found []place
	for _, r := range x.names[podKey(a.Namespace, a.Pod)] {
		for i := range r.containers {
			if fits(&r.containers[i]) {
				found = append(found, place{pod: r, container: &r.containers[i]})
			}
		}
	}
	return narrow(a, found)
}

// narrow keeps the places that do not contradict the names in the alert, and that the alert is not
// older than.
func narrow(a *alert.Alert, found []place) []place {
	var kept []place
	for _, p := range found {
		if len(kept) > maxHits {
			break
		}
		if a.Pod != "" && a.Pod != p.pod.name || a.Namespace != "" && a.Namespace != p.pod.namespace {
			continue
		}
		if a.Container != "" && a.Container != p.container.Name {
			continue
		}
		if older(a, p.pod.created) {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// hasImage reports whether the container runs the image of that imageKey, by its specification or
// its status.
func hasImage(c *kube.Container, key string) bool {
	return key != "" && (key == imageKey(c.Reference) || key == imageKey(c.StatusImage))
}
