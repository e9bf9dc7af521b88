package alert

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/backtrail/backtrail/kube"
	corev1 "k8s.io/api/core/v1"
)

// Lengths of a container ID, in hex digits: as Falco writes it, and whole.
const (
	shortID = 12
	fullID  = 64
)

// maxHits bounds the pods that one alert may fit; a DaemonSet's image is on every node.
const maxHits = 50

// Index finds pods by what alerts say of them. It keeps what it needs of a pod, not the pod. Pods that are gone are found
// by the IDs of their containers, and by name for what was said while they were there.
type Index struct {
	rows    map[string]*row    // by UID
	ids     map[string][]place // by the first twelve digits of the container ID
	digests map[string][]place
	names   map[string][]*row // by namespace/name, those that are gone first
	images  map[string][]place
	nodes   map[string]int // how many pods are on it
	spaces  map[string]int // how many pods are in it

	mu   sync.Mutex
	memo map[memoKey]Match // of container IDs
}

// memoKey is what a match by a container's ID depends on.
type memoKey struct{ id, namespace, pod string }

// row is a pod.
type row struct {
	namespace, name, uid, node string
	created                    time.Time
	gone                       bool
	containers                 []kube.Container
}

// place is a container of a pod.
type place struct {
	pod       *row
	container *kube.Container
	id        string // whole container ID, where found by it
	ended     bool   // the ID is that of an earlier run
}

// NewIndex is an empty index. It is filled and asked from one goroutine at a time, but Match may be called from several.
func NewIndex() *Index {
	return &Index{
		rows: map[string]*row{}, ids: map[string][]place{}, digests: map[string][]place{}, names: map[string][]*row{}, images: map[string][]place{},
		nodes: map[string]int{}, spaces: map[string]int{}, memo: map[memoKey]Match{},
	}
}

// Add takes a pod up, or what became of it. It reports whether alerts may fit otherwise than before.
func (x *Index) Add(pod *corev1.Pod) bool {
	r := &row{
		namespace: pod.Namespace, name: pod.Name, uid: string(pod.UID), node: pod.Spec.NodeName,
		created: pod.CreationTimestamp.Time, containers: kube.Containers(pod, nil),
	}
	id := r.id()
	if old := x.rows[id]; old != nil {
		if old.same(r) {
			return false
		}
		x.remove(old)
	}
	x.rows[id] = r
	x.nodes[r.node]++
	x.spaces[r.namespace]++
	x.names[podKey(r.namespace, r.name)] = append(x.names[podKey(r.namespace, r.name)], r)
	for i := range r.containers {
		x.addIDs(r, &r.containers[i])
		x.addImages(r, &r.containers[i])
	}
	clear(x.memo)
	return true
}

// Gone says that a pod runs no more. It stays in the index.
func (x *Index) Gone(namespace, name, uid string) {
	old := x.rows[(&row{namespace: namespace, name: name, uid: uid}).id()]
	if old == nil || old.gone {
		return
	}
	x.remove(old)
	r := *old
	r.gone = true
	x.rows[r.id()] = &r
	key := podKey(r.namespace, r.name)
	x.names[key] = slices.Insert(x.names[key], 0, &r)
	for i := range r.containers {
		x.addIDs(&r, &r.containers[i])
	}
}

// Forget drops a pod.
func (x *Index) Forget(namespace, name, uid string) {
	if old := x.rows[(&row{namespace: namespace, name: name, uid: uid}).id()]; old != nil {
		x.remove(old)
	}
}

func (r *row) id() string {
	if r.uid != "" {
		return r.uid
	}
	return podKey(r.namespace, r.name)
}

// same reports that alerts fit both alike.
func (r *row) same(o *row) bool {
	return !r.gone && r.node == o.node && r.created.Equal(o.created) && slices.EqualFunc(r.containers, o.containers, func(a, b kube.Container) bool {
		return a.Name == b.Name && a.Reference == b.Reference && a.StatusImage == b.StatusImage && a.ImageID == b.ImageID &&
			a.ContainerID == b.ContainerID && a.Started.Equal(b.Started) && slices.Equal(a.TerminatedIDs, b.TerminatedIDs)
	})
}

// remove takes a row out of all lists.
func (x *Index) remove(r *row) {
	delete(x.rows, r.id())
	clear(x.memo)
	if !r.gone {
		lessOne(x.nodes, r.node)
		lessOne(x.spaces, r.namespace)
	}
	of := func(p place) bool { return p.pod == r }
	without(x.names, podKey(r.namespace, r.name), func(o *row) bool { return o == r })
	for i := range r.containers {
		c := &r.containers[i]
		for _, id := range append([]string{c.ContainerID}, c.TerminatedIDs...) {
			if id = bareID(id); len(id) == fullID {
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

func lessOne(count map[string]int, key string) {
	if count[key]--; count[key] <= 0 {
		delete(count, key)
	}
}

// without drops some of a list, and the list where nothing is left.
func without[T any](lists map[string][]T, key string, drop func(T) bool) {
	left := slices.DeleteFunc(lists[key], drop)
	if len(left) == 0 {
		delete(lists, key)
		return
	}
	lists[key] = left
}

func (x *Index) addIDs(r *row, c *kube.Container) {
	x.addID(place{pod: r, container: c}, c.ContainerID)
	for _, id := range c.TerminatedIDs {
		x.addID(place{pod: r, container: c, ended: true}, id)
	}
}

func (x *Index) addImages(r *row, c *kube.Container) {
	for _, digest := range digestsOf(c) {
		x.digests[digest] = append(x.digests[digest], place{pod: r, container: c})
	}
	for _, name := range namesOf(c) {
		x.images[name] = append(x.images[name], place{pod: r, container: c})
	}
}

// digestsOf are the one that runs, and the one that was asked for where the node names another of it.
func digestsOf(c *kube.Container) []string {
	var all []string
	for _, digest := range []string{c.Image().Digest, digestOf(c.Reference)} {
		if digest != "" && !slices.Contains(all, digest) {
			all = append(all, digest)
		}
	}
	return all
}

// namesOf are those of the specification and of the status.
func namesOf(c *kube.Container) []string {
	var all []string
	for _, name := range []string{c.Reference, c.StatusImage} {
		if name = imageKey(name); name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func (x *Index) addID(p place, id string) {
	p.id = bareID(id)
	if len(p.id) != fullID {
		return
	}
	x.ids[p.id[:shortID]] = append(x.ids[p.id[:shortID]], p)
}

func podKey(namespace, name string) string { return namespace + "/" + name }

// imageKey is REPOSITORY:TAG without the parts that are understood: docker.io/library/nginx is
// nginx, and no tag is latest. "" for what is no name or is pinned to a digest alone.
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
