package alert

import (
	"strings"
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

// Index finds pods by what alerts say of them. It keeps what it needs of a pod, not the pod.
type Index struct {
	ids     map[string][]place // by the first twelve digits of the container ID
	digests map[string][]place
	names   map[string][]*row // by namespace/name
	images  map[string][]place
}

// row is a pod.
type row struct {
	namespace, name, uid string
	created              time.Time
	containers           []kube.Container
}

// place is a container of a pod.
type place struct {
	pod       *row
	container *kube.Container
	id        string // whole container ID, where found by it
	ended     bool   // the ID is that of an earlier run
}

// NewIndex is an empty index. Add fills it; Match may be called from several goroutines after that.
func NewIndex() *Index {
	return &Index{
		ids: map[string][]place{}, digests: map[string][]place{}, names: map[string][]*row{}, images: map[string][]place{},
	}
}

// Add takes a pod up.
func (x *Index) Add(pod *corev1.Pod) {
	r := &row{
		namespace: pod.Namespace, name: pod.Name, uid: string(pod.UID),
		created: pod.CreationTimestamp.Time, containers: kube.Containers(pod, nil),
	}
	x.names[podKey(r.namespace, r.name)] = append(x.names[podKey(r.namespace, r.name)], r)
	for i := range r.containers {
		x.addContainer(r, &r.containers[i])
	}
}

func (x *Index) addContainer(r *row, c *kube.Container) {
	x.addID(place{pod: r, container: c}, c.ContainerID)
	for _, id := range c.TerminatedIDs {
		x.addID(place{pod: r, container: c, ended: true}, id)
	}
	if digest := c.Image().Digest; digest != "" {
		x.digests[digest] = append(x.digests[digest], place{pod: r, container: c})
	}
	pinned := digestOf(c.Reference) // what was asked for, where the node names another digest of it
	if pinned != "" && pinned != c.Image().Digest {
		x.digests[pinned] = append(x.digests[pinned], place{pod: r, container: c})
	}
	seen := ""
	for _, name := range []string{c.Reference, c.StatusImage} {
		if name = imageKey(name); name != "" && name != seen {
			x.images[name] = append(x.images[name], place{pod: r, container: c})
			seen = name
		}
	}
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
