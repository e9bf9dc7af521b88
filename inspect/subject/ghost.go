package subject

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// PhaseGone is the phase of a pod that runs no more and was put together from what is left of it.
const PhaseGone corev1.PodPhase = "Gone"

// Remains are what is known of a pod that is gone.
type Remains struct {
	Namespace, Name, Node  string
	Workload, WorkloadKind string // its owner, where somebody says so

	Container, ContainerID string // that is of interest; may be empty
	Reference              string // of its image
	ImageID                string // as a node would report it: REPO@sha256:…, or sha256:… of the config; empty: not known
	By                     string // who says so, in words

	Seen *inspect.Pod // as it was on the list; nil: it never was
}

// Ghost is a pod that is gone, put together.
type Ghost struct {
	Pod       *corev1.Pod
	Container string   // that is of interest
	Basis     []string // what stands on what, in words
	Objects   []kube.Object
}

// Raise puts a pod that is gone together: from what is said of it, from the owner that its name leads to, and from other
// pods that the same owner made. Each part says what it rests on. The result has no container where nothing says what ran.
func Raise(ctx context.Context, cluster kube.Source, r Remains) Ghost {
	g := Ghost{Pod: &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: r.Name},
		Status:     corev1.PodStatus{Phase: PhaseGone},
	}}
	ctx = kube.WithTrace(ctx, kube.Trace{Object: func(o kube.Object) { g.Objects = append(g.Objects, o) }})
	w, how := owner(ctx, cluster, r)
	switch {
	case w != nil:
		g.Basis = append(g.Basis, how)
		yes := true
		g.Pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: w.APIVersion, Kind: w.Kind, Name: w.Name, UID: types.UID(w.UID), Controller: &yes}}
		g.Pod.Labels, g.Pod.Annotations = w.Template.Labels, w.Template.Annotations
		w.Template.Spec.DeepCopyInto(&g.Pod.Spec)
	case !g.namesake(ctx, cluster, r):
		g.Basis = append(g.Basis, "its owner is not known: no ReplicaSet, StatefulSet, DaemonSet or Job has a name that leads to it")
	}
	g.Pod.Spec.NodeName = r.Node
	g.seen(r)
	g.contain(r, w)
	if w != nil {
		g.siblings(ctx, cluster, w)
	}
	return g
}

// namesake takes what the pod runs that has the name now.
func (g *Ghost) namesake(ctx context.Context, cluster kube.Source, r Remains) bool {
	if r.Namespace == "" || r.Name == "" {
		return false
	}
	now, err := cluster.Pod(ctx, r.Namespace, r.Name)
	if err != nil {
		return false
	}
	g.Basis = append(g.Basis, "the pod that has its name now says what it may have run: the earlier one may have been another")
	g.Pod.OwnerReferences, g.Pod.Labels, g.Pod.Annotations = now.OwnerReferences, now.Labels, now.Annotations
	now.Spec.DeepCopyInto(&g.Pod.Spec)
	for _, c := range now.Status.ContainerStatuses {
		g.status(c.Name).ImageID = c.ImageID
	}
	return true
}

// suffix is what a controller puts behind its name for a pod, and a Deployment's ReplicaSet behind the Deployment's.
var (
	randomSuffix = regexp.MustCompile(`^[a-z0-9]{5}$`)
	hashSuffix   = regexp.MustCompile(`^[a-z0-9]{6,10}$`)
	ordinal      = regexp.MustCompile(`^[0-9]{1,6}$`)
)

// owner finds the workload that made the pod, by its name or by what is said, and tells which it was.
func owner(ctx context.Context, cluster kube.Source, r Remains) (*kube.Workload, string) {
	at := strings.LastIndexByte(r.Name, '-')
	if at <= 0 {
		return said(ctx, cluster, r)
	}
	base, last := r.Name[:at], r.Name[at+1:]
	if randomSuffix.MatchString(last) {
		for _, kind := range []string{"rs", "ds", "job"} {
			if w, err := cluster.Workload(ctx, kind, r.Namespace, base); err == nil {
				return w, fmt.Sprintf("its owner is derived from its name: %s %s is there", w.Kind, w.Name)
			}
		}
	}
	if ordinal.MatchString(last) {
		if w, err := cluster.Workload(ctx, "sts", r.Namespace, base); err == nil {
			return w, fmt.Sprintf("its owner is derived from its name: StatefulSet %s is there; what it asks for now may be newer", w.Name)
		}
	}
	if w, how := said(ctx, cluster, r); w != nil {
		return w, how
	}
	if at := strings.LastIndexByte(base, '-'); at > 0 && randomSuffix.MatchString(last) && hashSuffix.MatchString(base[at+1:]) {
		if w, err := cluster.Workload(ctx, "deploy", r.Namespace, base[:at]); err == nil {
			return w, fmt.Sprintf("its owner is derived from its name: ReplicaSet %s is gone too, and Deployment %s is there; what it asks for now may be newer", base, w.Name)
		}
	}
	return nil, ""
}

// said is the owner that the alert names.
func said(ctx context.Context, cluster kube.Source, r Remains) (*kube.Workload, string) {
	if r.Workload == "" {
		return nil, ""
	}
	kinds := []string{"deploy", "sts", "ds", "job"}
	if r.WorkloadKind != "" {
		kinds = []string{strings.ToLower(r.WorkloadKind)}
	}
	for _, kind := range kinds {
		if w, err := cluster.Workload(ctx, kind, r.Namespace, r.Workload); err == nil {
			return w, fmt.Sprintf("its owner is %s %s, as the alert says; what it asks for now may be newer", w.Kind, w.Name)
		}
	}
	return nil, ""
}

// seen adds what the list showed of the pod while it was there.
func (g *Ghost) seen(r Remains) {
	if r.Seen == nil {
		return
	}
	g.Basis = append(g.Basis, "its images are those that the node reported while it was on the list")
	g.Pod.UID = types.UID(r.Seen.UID)
	g.Pod.CreationTimestamp = metav1.NewTime(r.Seen.Created.Time)
	g.Pod.Spec.NodeName = cmp.Or(r.Seen.Node, r.Node)
	for _, c := range r.Seen.Containers {
		if c.Type != inspect.ContainerMain {
			continue // the owner's template tells the others apart better
		}
		g.container(c.Name).Image = c.Reference
		*g.status(c.Name) = corev1.ContainerStatus{Name: c.Name, Image: c.Reference, ImageID: c.ImageID, ContainerID: c.ContainerID}
	}
}

// contain adds the container that the alert is about.
func (g *Ghost) contain(r Remains, w *kube.Workload) {
	g.Container = g.which(r)
	if g.Container == "" {
		return
	}
	c := g.container(g.Container)
	switch {
	case c.Image == "":
		c.Image = r.Reference
	case r.Reference != "" && !sameName(c.Image, r.Reference) && r.Seen == nil:
		g.Basis = append(g.Basis, fmt.Sprintf("%s asks for %s now; the alert names %s, and that is what is looked at", w.Kind+" "+w.Name, c.Image, r.Reference))
		c.Image = r.Reference
	}
	s := g.status(g.Container)
	s.Image, s.ContainerID = cmp.Or(s.Image, r.Reference), cmp.Or(s.ContainerID, r.ContainerID)
	if s.ImageID == "" && r.ImageID != "" {
		s.ImageID = r.ImageID
		g.Basis = append(g.Basis, "the digest of its image is the one that "+cmp.Or(r.By, "the alert")+" names")
	}
}

// which is the container of interest: by name, by image, or the only one.
func (g *Ghost) which(r Remains) string {
	if r.Container != "" {
		return r.Container
	}
	for _, c := range g.Pod.Spec.Containers {
		if r.Reference != "" && sameName(c.Image, r.Reference) {
			return c.Name
		}
	}
	switch {
	case len(g.Pod.Spec.Containers) == 1:
		return g.Pod.Spec.Containers[0].Name
	case r.Reference != "":
		return inspect.ImageSubject
	default:
		return ""
	}
}

// sameName compares references as far as they are written the same way.
func sameName(a, b string) bool {
	trim := func(s string) string {
		s, _, _ = strings.Cut(s, "@")
		return strings.TrimPrefix(strings.TrimPrefix(s, "docker.io/"), "library/")
	}
	return trim(a) == trim(b)
}

// siblings looks which digests other pods of the same owner run, for containers of which nothing else says it.
func (g *Ghost) siblings(ctx context.Context, cluster kube.Source, w *kube.Workload) {
	pods, err := cluster.PodsOf(ctx, w)
	if err != nil {
		g.Basis = append(g.Basis, "what other pods of "+w.Kind+" "+w.Name+" run is not known: "+err.Error())
		return
	}
	for i := range g.Pod.Spec.Containers {
		c := &g.Pod.Spec.Containers[i]
		if s := g.status(c.Name); s.ImageID != "" {
			continue
		}
		var ids []string
		count := 0
		for j := range pods {
			for _, other := range kube.Containers(&pods[j], nil) {
				if other.Name != c.Name || other.Reference != c.Image || other.ImageID == "" {
					continue
				}
				count++
				if !slices.Contains(ids, other.ImageID) {
					ids = append(ids, other.ImageID)
				}
			}
		}
		switch {
		case len(ids) == 1:
			g.status(c.Name).ImageID = ids[0]
			g.Basis = append(g.Basis, fmt.Sprintf("the digest of %s is derived: %d other pods of %s %s run it", c.Name, count, w.Kind, w.Name))
		case len(ids) > 1:
			g.Basis = append(g.Basis, fmt.Sprintf("other pods of %s %s run %d different images of %s: which of them ran is not known", w.Kind, w.Name, len(ids), c.Name))
		default:
			g.Basis = append(g.Basis, fmt.Sprintf("which image %s ran is not known: it is looked for as its tag points today", c.Name))
		}
	}
}

func (g *Ghost) container(name string) *corev1.Container {
	list := &g.Pod.Spec.Containers
	for i := range *list {
		if (*list)[i].Name == name {
			return &(*list)[i]
		}
	}
	*list = append(*list, corev1.Container{Name: name})
	return &(*list)[len(*list)-1]
}

func (g *Ghost) status(name string) *corev1.ContainerStatus {
	list := &g.Pod.Status.ContainerStatuses
	for i := range *list {
		if (*list)[i].Name == name {
			return &(*list)[i]
		}
	}
	*list = append(*list, corev1.ContainerStatus{Name: name})
	return &(*list)[len(*list)-1]
}
