package triage

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/kube"
)

// Lengths of a container ID in hex digits: as Falco writes it, and in full. Twelve digits may fit two containers, and
// an alert that fits both is called ambiguous.
const (
	shortID = 12
	fullID  = 64
)

// Bounds of an Index.
const (
	// pods that one alert may match; the image of a DaemonSet is on every node
	maxHits = 50
	// matches remembered
	maxMemo = 1 << 16
	skew    = 2 * time.Minute
	// addresses of one pod; dual stack has two
	podAddresses = 4
)

// Index finds pods by what alerts contain. It keeps what it needs of a pod, not the pod. Pods that
// are gone are found by the IDs of their containers, and by UID, name and address for alerts of the
// time in which they ran. Its methods may be called from several goroutines.
type Index struct {
	mu sync.RWMutex
	// by UID
	rows map[string]*row
	// by the first twelve digits of the container ID
	ids map[string][]place
	// by sha256:…
	digests map[string][]place
	// by namespace/name, those that are gone first
	names map[string][]*row
	// by imageKey
	images map[string][]place
	// pods of the host network are not in it: their address is the node's
	addresses map[netip.Addr][]*row
	// pods on the node
	nodes map[string]int
	// pods in the namespace
	spaces map[string]int

	memoMu sync.Mutex
	// by container ID
	memo map[memoKey]Match
}

// memoKey is what a match by container ID depends on: the names that the alert gives narrow it, since twelve digits may
// fit two containers.
type memoKey struct{ id, namespace, pod string }

// row is a pod.
type row struct {
	namespace, name, uid, node string
	created                    time.Time
	// when its last container ended, or it was found to be gone; zero: it runs
	ended      time.Time
	gone       bool
	addresses  []netip.Addr
	containers []kube.Container
}

// place is a container of a pod.
type place struct {
	pod       *row
	container *kube.Container
	// full container ID, where it was found by that
	id string
	// the ID is that of an earlier run
	ended bool
}

// NewIndex returns an empty Index.
func NewIndex() *Index {
	return &Index{
		rows: map[string]*row{}, ids: map[string][]place{}, digests: map[string][]place{}, names: map[string][]*row{},
		images:    map[string][]place{},
		addresses: map[netip.Addr][]*row{}, nodes: map[string]int{}, spaces: map[string]int{},
		memo: map[memoKey]Match{},
	}
}

// Add adds a pod or its new state. It reports whether alerts may match otherwise than before.
func (x *Index) Add(pod *corev1.Pod) bool {
	r := &row{
		namespace: pod.Namespace, name: pod.Name, uid: string(pod.UID), node: pod.Spec.NodeName,
		created: pod.CreationTimestamp.Time, ended: endOf(pod), addresses: addressesOf(pod),
		containers: kube.Containers(pod, nil),
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if old := x.rows[r.id()]; old != nil {
		if old.same(r) {
			return false
		}
		if len(r.addresses) == 0 { // a pod that has ended loses its address, and had it until then
			r.addresses = old.addresses
		}
		x.remove(old)
	}
	x.rows[r.id()] = r
	x.nodes[r.node]++
	x.spaces[r.namespace]++
	x.names[podKey(r.namespace, r.name)] = append(x.names[podKey(r.namespace, r.name)], r)
	x.addAddresses(r)
	for i := range r.containers {
		x.addIDs(r, &r.containers[i])
		x.addImages(r, &r.containers[i])
	}
	x.forgetMatches()
	return true
}

// endOf returns when the last container of a pod that has ended did so.
func endOf(pod *corev1.Pod) time.Time {
	if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
		return time.Time{}
	}
	var last time.Time
	for _, s := range pod.Status.ContainerStatuses {
		if t := s.State.Terminated; t != nil && t.FinishedAt.After(last) {
			last = t.FinishedAt.Time
		}
	}
	return last
}

// addressesOf returns the addresses that belong to the pod alone.
func addressesOf(pod *corev1.Pod) []netip.Addr {
	if pod.Spec.HostNetwork {
		return nil
	}
	var all []netip.Addr
	add := func(text string) {
		if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(all, a.Unmap()) && len(all) < podAddresses {
			all = append(all, a.Unmap())
		}
	}
	add(pod.Status.PodIP)
	for _, ip := range pod.Status.PodIPs {
		add(ip.IP)
	}
	return all
}

// Gone marks a pod as one that no longer runs. It stays in the index.
func (x *Index) Gone(namespace, name, uid string, at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	old := x.rows[(&row{namespace: namespace, name: name, uid: uid}).id()]
	if old == nil || old.gone {
		return
	}
	x.remove(old)
	r := *old
	r.gone = true
	if r.ended.IsZero() {
		r.ended = at
	}
	x.rows[r.id()] = &r
	key := podKey(r.namespace, r.name)
	x.names[key] = slices.Insert(x.names[key], 0, &r)
	x.addAddresses(&r)
	for i := range r.containers {
		x.addIDs(&r, &r.containers[i])
	}
}

// Forget removes a pod.
func (x *Index) Forget(namespace, name, uid string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if old := x.rows[(&row{namespace: namespace, name: name, uid: uid}).id()]; old != nil {
		x.remove(old)
	}
}

// id is unique; dumps that were written by hand may have no UIDs.
func (r *row) id() string {
	if r.uid != "" {
		return r.uid
	}
	return podKey(r.namespace, r.name)
}

// same reports that alerts match both alike.
func (r *row) same(o *row) bool {
	return !r.gone && r.node == o.node && r.created.Equal(o.created) && r.ended.Equal(o.ended) &&
		(slices.Equal(r.addresses, o.addresses) || len(o.addresses) == 0) &&
		slices.EqualFunc(r.containers, o.containers, func(a, b kube.Container) bool {
			return a.Name == b.Name && a.Reference == b.Reference && a.StatusImage == b.StatusImage &&
				a.ImageID == b.ImageID && a.ContainerID == b.ContainerID && a.Started.Equal(b.Started) &&
				slices.Equal(a.TerminatedIDs, b.TerminatedIDs)
		})
}

// remove takes a row out of all lists.
func (x *Index) remove(r *row) {
	delete(x.rows, r.id())
	x.forgetMatches()
	if !r.gone {
		lessOne(x.nodes, r.node)
		lessOne(x.spaces, r.namespace)
	}
	of := func(p place) bool { return p.pod == r }
	without(x.names, podKey(r.namespace, r.name), func(o *row) bool { return o == r })
	for _, a := range r.addresses {
		without(x.addresses, a, func(o *row) bool { return o == r })
	}
	for i := range r.containers {
		c := &r.containers[i]
		for _, id := range append([]string{c.ContainerID}, c.TerminatedIDs...) {
			if id = alert.BareID(id); len(id) == fullID {
				without(x.ids, id[:shortID], of)
			}
		}
		for _, digest := range digestsOf(c) {
			without(x.digests, digest, of)
		}
		for _, name := range namesOf(c) {
			without(x.images, name, of)
		}
	}
}

// lessOne decrements a count, and removes it at zero, so that a name that is no longer used is no
// longer known.
func lessOne(count map[string]int, key string) {
	if count[key]--; count[key] <= 0 {
		delete(count, key)
	}
}

// without drops some elements of a list, and the list if nothing is left.
func without[K comparable, T any](lists map[K][]T, key K, drop func(T) bool) {
	left := slices.DeleteFunc(lists[key], drop)
	if len(left) == 0 {
		delete(lists, key)
		return
	}
	lists[key] = left
}

// addAddresses adds a pod to the list of each of its addresses. A list may hold several pods: each
// had the address at another time.
func (x *Index) addAddresses(r *row) {
	for _, a := range r.addresses {
		x.addresses[a] = append(x.addresses[a], r)
	}
}

// addIDs adds a container by its current ID and by those of its earlier runs, which alerts may
// still name after a restart.
func (x *Index) addIDs(r *row, c *kube.Container) {
	x.addID(place{pod: r, container: c}, c.ContainerID)
	for _, id := range c.TerminatedIDs {
		x.addID(place{pod: r, container: c, ended: true}, id)
	}
}

// addImages adds a container by its digests and by its image names.
func (x *Index) addImages(r *row, c *kube.Container) {
	for _, digest := range digestsOf(c) {
		x.digests[digest] = append(x.digests[digest], place{pod: r, container: c})
	}
	for _, name := range namesOf(c) {
		x.images[name] = append(x.images[name], place{pod: r, container: c})
	}
}

// digestsOf returns the digest that runs, and the one of the specification if the node reports
// another.
func digestsOf(c *kube.Container) []string {
	var all []string
	for _, digest := range []string{c.Image().Digest, alert.DigestOf(c.Reference)} {
		if digest != "" && !slices.Contains(all, digest) {
			all = append(all, digest)
		}
	}
	return all
}

// namesOf returns the image names of the specification and of the status.
func namesOf(c *kube.Container) []string {
	var all []string
	for _, name := range []string{c.Reference, c.StatusImage} {
		if name = imageKey(name); name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// addID adds a container by one ID. IDs that are not complete are left out: they could be those of
// another container.
func (x *Index) addID(p place, id string) {
	p.id = alert.BareID(id)
	if len(p.id) != fullID {
		return
	}
	x.ids[p.id[:shortID]] = append(x.ids[p.id[:shortID]], p)
}

// podKey is the name of a pod that is unique in a cluster at any one time.
func podKey(namespace, name string) string { return namespace + "/" + name }

// imageKey is REPOSITORY:TAG without the parts that Docker implies: docker.io/library/nginx is
// nginx, and no tag is latest. It is "" for what is not a name or is pinned to a digest alone.
func imageKey(name string) string {
	name, _, pinned := strings.Cut(name, "@")
	if name == "" || strings.HasPrefix(name, "sha256:") {
		return ""
	}
	for _, prefix := range []string{"docker.io/", "index.docker.io/", "registry-1.docker.io/"} {
		name = strings.TrimPrefix(name, prefix)
	}
	name = strings.TrimPrefix(name, "library/")
	if strings.LastIndexByte(name, ':') > strings.LastIndexByte(name, '/') {
		return name
	}
	if pinned {
		return ""
	}
	return name + ":latest"
}
