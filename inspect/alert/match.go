package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// skew is how far the clocks of a node and of the API server may be apart.
const skew = 2 * time.Minute

// Match is where an alert belongs.
type Match struct {
	How  string // inspect.MatchContainer and so on; inspect.MatchNone if there are no hits
	Why  string // the match, or why there is none, in words
	Hits []Hit  // one for container-id and pod; up to 50 where pods share a digest or image
	// Earlier says that there is a pod of the alert's name now, and that the alert is of one before it.
	Earlier bool
}

// Hit is a container that the alert fits.
type Hit struct {
	Namespace, Pod, UID string
	Container           string // "" where the pod is known and the container is not
}

// Of reports whether the pod is among the hits, and by which containers.
func (m Match) Of(namespace, pod string) (containers []string, ok bool) {
	for _, h := range m.Hits {
		if h.Namespace == namespace && h.Pod == pod {
			containers, ok = append(containers, h.Container), true
		}
	}
	return containers, ok
}

// Match finds the container that the alert was said of: by container ID, then by digest, then by
// namespace and pod name if the alert is not older than what has the name now, then by repository
// and tag.
func (x *Index) Match(a *Alert) Match {
	if a.ContainerID == inspect.HostID {
		return none("it is about a process of the node, outside of all containers")
	}
	key := memoKey{a.ContainerID, a.Namespace, a.Pod}
	if m, ok := x.remembered(key); ok && len(a.Doubtful) == 0 {
		return m
	}
	var tried []string
	earlier := false
	for _, way := range []func(*Alert) (Match, string){x.byID, x.byDigest, x.byName, x.byImage} {
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
	m.Earlier = earlier // of all of the ways, none found it elsewhere
	return m
}

// Apply writes the match into the alert, with the names of the container if it is a single one.
func (a *Alert) Apply(m Match) {
	a.Alert.Match, a.Why, a.Earlier = m.How, m.Why, m.Earlier
	if len(m.Hits) != 1 {
		return
	}
	h := m.Hits[0]
	a.Namespace, a.Pod = h.Namespace, h.Pod
	if h.Container != "" {
		a.Container = h.Container
	}
}

// remembered is the match of a container's ID: thousands of alerts may be of one container, and share it.
func (x *Index) remembered(key memoKey) (Match, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	m, ok := x.memo[key]
	return m, ok
}

func (x *Index) remember(key memoKey, m Match) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.memo) < maxShared {
		x.memo[key] = m
	}
}

func none(why string) Match { return Match{How: inspect.MatchNone, Why: why} }

func doubts(a *Alert) string {
	if len(a.Doubtful) == 0 {
		return ""
	}
	return fmt.Sprintf(" (not used, since the line says them twice and differently: %s)", strings.Join(a.Doubtful, ", "))
}

// byID finds the container whose ID begins as the alert's.
func (x *Index) byID(a *Alert) (Match, string) {
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

func different(found []place) bool {
	return slices.ContainsFunc(found, func(p place) bool {
		return p.pod.uid != found[0].pod.uid || p.container.Name != found[0].container.Name
	})
}

// byDigest finds the containers that run the digest, in the pod that the alert names if it does.
func (x *Index) byDigest(a *Alert) (Match, string) {
	if a.Digest == "" {
		return Match{}, ""
	}
	found := x.candidates(a, x.digests[a.Digest], func(c *kube.Container) bool {
		return c.Image().Digest == a.Digest || digestOf(c.Reference) == a.Digest
	})
	if len(found) == 0 {
		return Match{}, fmt.Sprintf("no such container runs %.19s…", a.Digest)
	}
	return Match{How: inspect.MatchDigest, Why: running(found, fmt.Sprintf("%.19s…", a.Digest)), Hits: hits(found)}, ""
}

// byImage finds the containers of the repository and tag. A tag can be moved: the weakest match.
func (x *Index) byImage(a *Alert) (Match, string) {
	if a.Image == "" || !strings.Contains(a.Image[strings.LastIndexByte(a.Image, '/')+1:], ":") {
		return Match{}, ""
	}
	key := imageKey(a.Image)
	found := x.candidates(a, x.images[key], func(c *kube.Container) bool { return hasImage(c, key) })
	if len(found) == 0 {
		return Match{}, "no such container has image " + a.Image
	}
	return Match{How: inspect.MatchImage, Why: running(found, a.Image) + "; a tag may have been moved", Hits: hits(found)}, ""
}

// running says how many containers fit.
func running(found []place, what string) string {
	if len(found) == 1 {
		return fmt.Sprintf("only container %s of %s runs %s", found[0].container.Name, podKey(found[0].pod.namespace, found[0].pod.name), what)
	}
	if len(found) > maxHits {
		return fmt.Sprintf("more than %d containers run %s and the alert does not say which it was", maxHits, what)
	}
	return fmt.Sprintf("%d containers run %s and the alert does not say which it was", len(found), what)
}

// byName finds the pod of that name. Names are used again: an alert that is older than the pod, or than
// its container, is of an earlier one.
func (x *Index) byName(a *Alert) (Match, string) {
	if a.Namespace == "" || a.Pod == "" {
		return Match{}, ""
	}
	key := podKey(a.Namespace, a.Pod)
	rows := x.names[key]
	if len(rows) == 0 {
		return Match{}, "there is no pod " + key
	}
	r := rows[len(rows)-1]
	for i := len(rows) - 1; i >= 0 && older(a, r.created) && !older(a, rows[0].created); i-- {
		r = rows[i] // one that was seen, and is gone
	}
	if older(a, r.created) {
		return Match{Earlier: true}, fmt.Sprintf("it is of an earlier pod of the name %s: the one there now was created at %s", key, r.created.UTC().Format(time.RFC3339))
	}
	hit := Hit{Namespace: r.namespace, Pod: r.name, UID: r.uid}
	why := "its namespace and name are those of the alert"
	if p, ok := r.containerOf(a); ok {
		if older(a, p.container.Started) {
			return Match{}, fmt.Sprintf("it is of an earlier container %s of pod %s: the one there now began at %s",
				p.container.Name, key, p.container.Started.UTC().Format(time.RFC3339))
		}
		hit.Container = p.container.Name
	}
	if a.Imprecise || a.Time.IsZero() {
		why += "; the alert's time is not known well enough to tell it from an earlier pod of this name"
	}
	return Match{How: inspect.MatchPod, Why: why, Hits: []Hit{hit}}, ""
}

// containerOf picks the container that the alert names, by name or image, or the only one.
func (r *row) containerOf(a *Alert) (place, bool) {
	var byImage []place
	for i := range r.containers {
		c := &r.containers[i]
		if a.Container != "" && c.Name == a.Container {
			return place{pod: r, container: c}, true
		}
		if hasImage(c, imageKey(a.Image)) {
			byImage = append(byImage, place{pod: r, container: c})
		}
	}
	if len(byImage) == 1 {
		return byImage[0], true
	}
	if len(r.containers) == 1 && a.Container == "" {
		return place{pod: r, container: &r.containers[0]}, true
	}
	return place{}, false
}

// older reports an alert that is certainly of before that time.
func older(a *Alert, than time.Time) bool {
	return !a.Imprecise && !a.Time.IsZero() && !than.IsZero() && a.Time.Add(skew).Before(than)
}

func hits(found []place) []Hit {
	found = found[:min(len(found), maxHits)]
	all := make([]Hit, len(found))
	for i, p := range found {
		all[i] = Hit{Namespace: p.pod.namespace, Pod: p.pod.name, UID: p.pod.uid, Container: p.container.Name}
	}
	return all
}
