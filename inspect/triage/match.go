package triage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/kube"
)

// Match is where an alert belongs.
type Match struct {
	// inspect.MatchContainer and so on; inspect.MatchNone if there are no hits
	How string
	// the reason of the match, or why there is none
	Why string
	// one for container-id and pod; up to 50 where pods share a digest or image
	Hits []Hit
	// Earlier reports that a pod of the alert's name exists, and that the alert is about one before
	// it.
	Earlier bool
}

// Hit is a container that an alert matches.
type Hit struct {
	Namespace, Pod, UID string
	// Container is "" where the pod is known and the container is not.
	Container string
}

// Of reports whether the pod is among the hits, and with which containers.
func (m Match) Of(namespace, pod string) (containers []string, ok bool) {
	for _, h := range m.Hits {
		if h.Namespace == namespace && h.Pod == pod {
			containers, ok = append(containers, h.Container), true
		}
	}
	return containers, ok
}

// Match finds the container that the alert is about: by container ID, by the UID of the pod, by
// digest, by namespace and pod name if the alert is not older than the pod of that name, by address
// within the life of the pod that had it, and by repository and tag.
func (x *Index) Match(a *alert.Alert) Match {
	if a.ContainerID == inspect.HostID {
		return none("it is about a process of the node, outside of all containers")
	}
	key := memoKey{a.ContainerID, a.Namespace, a.Pod}
	if m, ok := x.remembered(key); ok && len(a.Doubtful) == 0 {
		return m
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	var tried []string
	earlier := false
	for _, way := range []func(*alert.Alert) (Match, string){
		x.byID, x.byUID, x.byDigest, x.byName, x.byAddress, x.byImage,
	} {
		m, why := way(a)
		earlier = earlier || m.Earlier
		if len(m.Hits) > 0 {
			m.Why = strings.Join(append([]string{m.Why}, tried...), "; ") + doubts(a)
			if m.How == inspect.MatchContainer && len(a.Doubtful) == 0 {
				x.remember(key, m)
			}
			return m
		}
		if why != "" {
			tried = append(tried, why)
		}
	}
	if len(tried) == 0 {
		tried = []string{"it names no container, image or pod"}
	}
	m := none(strings.Join(tried, "; ") + doubts(a))
	m.Earlier = earlier // no other way found it elsewhere
	return m
}

// Apply writes the match into the alert, with the names of the container if it is a single one.
func Apply(m Match, a *inspect.Alert) {
	a.Match, a.Why, a.Earlier = m.How, m.Why, m.Earlier
	if len(m.Hits) != 1 {
		return
	}
	h := m.Hits[0]
	a.Namespace, a.Pod = h.Namespace, h.Pod
	if h.Container != "" {
		a.Container = h.Container
	}
}

// remembered returns the match of a container ID: thousands of alerts may be about one container.
func (x *Index) remembered(key memoKey) (Match, bool) {
	x.memoMu.Lock()
	defer x.memoMu.Unlock()
	m, ok := x.memo[key]
	return m, ok
}

// remember keeps the match of a container ID, until the bound is reached or the pods change.
func (x *Index) remember(key memoKey, m Match) {
	x.memoMu.Lock()
	defer x.memoMu.Unlock()
	if len(x.memo) < maxMemo {
		x.memo[key] = m
	}
}

// forgetMatches is called whenever a pod changes: any match could be another one now.
func (x *Index) forgetMatches() {
	x.memoMu.Lock()
	defer x.memoMu.Unlock()
	clear(x.memo)
}

// none is the match of an alert that matches no pod; why is the reason.
func none(why string) Match { return Match{How: inspect.MatchNone, Why: why} }

// doubts names the fields that were not used, in brackets; "" if all were.
func doubts(a *alert.Alert) string {
	if len(a.Doubtful) == 0 {
		return ""
	}
	return fmt.Sprintf(
		" (not used, since the line has them twice with different values: %s)", strings.Join(a.Doubtful, ", "),
	)
}

// byID finds the container whose ID begins like the alert's.
func (x *Index) byID(a *alert.Alert) (Match, string) {
	if len(a.ContainerID) < shortID {
		return Match{}, ""
	}
	var found []place
	for _, p := range x.ids[a.ContainerID[:shortID]] {
		if strings.HasPrefix(p.id, a.ContainerID) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return Match{}, fmt.Sprintf("no pod has a container of ID %.12s", a.ContainerID)
	}
	if different(found) {
		return Match{}, fmt.Sprintf("several containers have an ID that begins with %s", a.ContainerID)
	}
	p := found[0]
	why := fmt.Sprintf("%.12s is the ID of container %s", p.id, p.container.Name)
	switch {
	case p.pod.gone:
		why = fmt.Sprintf("%.12s was the ID of container %s, whose pod is gone", p.id, p.container.Name)
	case p.ended:
		why = fmt.Sprintf("%.12s is the ID of an earlier run of container %s, which has ended", p.id, p.container.Name)
	}
	if a.Pod != "" && (a.Pod != p.pod.name || a.Namespace != "" && a.Namespace != p.pod.namespace) {
		why += fmt.Sprintf(", though the alert names pod %s", podKey(a.Namespace, a.Pod))
	}
	return Match{How: inspect.MatchContainer, Why: why, Hits: hits(found[:1])}, ""
}

// different reports whether the places are not all of one container. Runs of one container before
// and after a restart are not different.
func different(found []place) bool {
	return slices.ContainsFunc(found, func(p place) bool {
		return p.pod.uid != found[0].pod.uid || p.container.Name != found[0].container.Name
	})
}

// byUID finds the pod of the UID, which no two pods share.
func (x *Index) byUID(a *alert.Alert) (Match, string) {
	if a.PodUID == "" {
		return Match{}, ""
	}
	r := x.rows[a.PodUID]
	if r == nil {
		return Match{}, "there is no pod of UID " + a.PodUID
	}
	return Match{How: inspect.MatchPod, Why: "its pod UID is that of the alert", Hits: []Hit{r.hit(a)}}, ""
}

// hit is the pod as a hit, with the container if that is known.
func (r *row) hit(a *alert.Alert) Hit {
	h := Hit{Namespace: r.namespace, Pod: r.name, UID: r.uid}
	if p, ok := r.containerOf(a); ok {
		h.Container = p.container.Name
	}
	return h
}

// byDigest finds the containers that run the digest, in the pod that the alert names if it does.
func (x *Index) byDigest(a *alert.Alert) (Match, string) {
	if a.Digest == "" {
		return Match{}, ""
	}
	found := x.candidates(a, x.digests[a.Digest], func(c *kube.Container) bool {
		return c.Image().Digest == a.Digest || alert.DigestOf(c.Reference) == a.Digest
	})
	if len(found) == 0 {
		return Match{}, fmt.Sprintf("no such container runs %.19s…", a.Digest)
	}
	return Match{How: inspect.MatchDigest, Why: running(found, fmt.Sprintf("%.19s…", a.Digest)), Hits: hits(found)}, ""
}

// byImage finds the containers of the repository and tag. A tag can be moved: the weakest match.
func (x *Index) byImage(a *alert.Alert) (Match, string) {
	if a.Image == "" || !strings.Contains(a.Image[strings.LastIndexByte(a.Image, '/')+1:], ":") {
		return Match{}, ""
	}
	key := imageKey(a.Image)
	found := x.candidates(a, x.images[key], func(c *kube.Container) bool { return hasImage(c, key) })
	if len(found) == 0 {
		return Match{}, "no such container has image " + a.Image
	}
	return Match{
		How: inspect.MatchImage, Why: running(found, a.Image) + "; a tag may have been moved", Hits: hits(found),
	}, ""
}

// running describes how many containers fit.
func running(found []place, what string) string {
	if len(found) == 1 {
		return fmt.Sprintf(
			"only container %s of %s runs %s", found[0].container.Name,
			podKey(found[0].pod.namespace, found[0].pod.name), what,
		)
	}
	if len(found) > maxHits {
		return fmt.Sprintf("more than %d containers run %s and the alert does not name one", maxHits, what)
	}
	return fmt.Sprintf("%d containers run %s and the alert does not name one", len(found), what)
}

// hits returns the places as hits, at most maxHits.
func hits(found []place) []Hit {
	found = found[:min(len(found), maxHits)]
	all := make([]Hit, len(found))
	for i, p := range found {
		all[i] = Hit{Namespace: p.pod.namespace, Pod: p.pod.name, UID: p.pod.uid, Container: p.container.Name}
	}
	return all
}
