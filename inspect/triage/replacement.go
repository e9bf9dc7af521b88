package triage

import (
	"github.com/backtrail/backtrail/inspect"
)

// replacements sets which pod replaced one that is gone: the newest of its workload, if it is
// younger. Creation times are in seconds; within one second the pod that was listed later is the
// younger one.
func (t *PodTracker) replacements(l *inspect.PodList) {
	type place struct{ namespace, workload string }
	newest := map[place]*inspect.FlaggedPod{}
	for i := range l.Pods {
		p := &l.Pods[i]
		at := place{p.Namespace, p.Workload()}
		if p.Gone == nil && (newest[at] == nil || t.younger(p, newest[at])) {
			newest[at] = p
		}
	}
	for i := range l.Pods {
		p := &l.Pods[i]
		if p.Gone == nil {
			continue
		}
		gone := *p.Gone
		if after := newest[place{p.Namespace, p.Workload()}]; after != nil && t.younger(after, p) {
			gone.ReplacedBy = after.Name
			gone.Digest = compareDigests(&p.Pod, &after.Pod, flaggedContainer(p))
		}
		p.Gone = &gone
	}
}

// younger reports whether a was created after b. Creation times have whole seconds, in which a
// controller can replace a pod.
func (t *PodTracker) younger(a, b *inspect.FlaggedPod) bool {
	if !a.Created.Equal(b.Created.Time) {
		return a.Created.After(b.Created.Time)
	}
	return t.arrival[idOf(&a.Pod)] > t.arrival[idOf(&b.Pod)]
}

// flaggedContainer returns the container that the pod's alerts name, else its first.
func flaggedContainer(p *inspect.FlaggedPod) string {
	for _, a := range p.Alerts {
		for _, c := range p.Containers {
			if a.Subject == c.Name || a.Subject == "" && a.Container == c.Name {
				return c.Name
			}
		}
	}
	if len(p.Containers) == 0 {
		return ""
	}
	return p.Containers[0].Name
}

// compareDigests reports whether two pods run the same image in a container; the later one may not
// have pulled it yet.
func compareDigests(before, after *inspect.Pod, container string) string {
	was, is := digestOfContainer(before, container), digestOfContainer(after, container)
	switch {
	case was == "" || is == "":
		return ""
	case was == is:
		return inspect.SameDigest
	default:
		return inspect.AnotherDigest
	}
}

// digestOfContainer returns the digest that the node reports; "" if there is no such container, or
// no image was pulled yet.
func digestOfContainer(p *inspect.Pod, name string) string {
	for _, c := range p.Containers {
		if c.Name == name {
			return c.Digest()
		}
	}
	return ""
}
