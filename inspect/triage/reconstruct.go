package triage

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

// PhaseGone is the phase of a pod that no longer runs and was reconstructed.
const PhaseGone corev1.PodPhase = "Gone"

// PodTraces are what is known of a pod that is gone.
type PodTraces struct {
	// Namespace, Name and Node are as the alert has them; each may be "".
	Namespace, Name, Node string
	// Workload and WorkloadKind are the owner, where the alert names it.
	Workload, WorkloadKind string

	// Container and ContainerID are those of the container of interest; they may be "".
	Container, ContainerID string
	// Reference is that of its image.
	Reference string
	// ImageID is as a node would report it: REPO@sha256:…, or sha256:… of the config; "" if it is
	// not known.
	ImageID string

	// Listed is the pod as it was on the list; nil: it never was.
	Listed *inspect.Pod
}

// ReconstructedPod is a pod that is gone, put together from what is left of it.
type ReconstructedPod struct {
	// Pod never existed in this form: only its parts did. Its phase is PhaseGone.
	Pod *corev1.Pod
	// Container is the container of interest; "" if it is not known.
	Container string
	// Basis has one sentence for each part: where it is from.
	Basis []string
	// Objects are those of the cluster that were read for it, as exhibits.
	Objects []kube.Object
}

// Reconstruct puts a pod that is gone together: from its traces, from the owner that its name leads
// to, and from other pods of the same owner. The result has no container where nothing shows what
// ran.
func Reconstruct(ctx context.Context, cluster kube.Source, traces PodTraces) ReconstructedPod {
	r := ReconstructedPod{Pod: &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: traces.Namespace, Name: traces.Name},
		Status:     corev1.PodStatus{Phase: PhaseGone},
	}}
	ctx = kube.WithTrace(ctx, kube.Trace{Object: func(o kube.Object) { r.Objects = append(r.Objects, o) }})
	w, how := owner(ctx, cluster, traces)
	switch {
	case w != nil:
		r.Basis = append(r.Basis, how)
		yes := true
		r.Pod.OwnerReferences = []metav1.OwnerReference{
			{APIVersion: w.APIVersion, Kind: w.Kind, Name: w.Name, UID: types.UID(w.UID), Controller: &yes},
		}
		r.Pod.Labels, r.Pod.Annotations = w.Template.Labels, w.Template.Annotations
		w.Template.Spec.DeepCopyInto(&r.Pod.Spec)
	case !r.fromNamesake(ctx, cluster, traces):
		r.Basis = append(
			r.Basis,
			"its owner is not known: no ReplicaSet, StatefulSet, DaemonSet or Job has a name that leads to it",
		)
	}
	r.Pod.Spec.NodeName = traces.Node
	r.addListed(traces)
	r.addContainer(traces, w)
	if w != nil {
		r.addSiblings(ctx, cluster, w)
	}
	return r
}

// fromNamesake takes over what the current pod of the same name runs.
func (r *ReconstructedPod) fromNamesake(ctx context.Context, cluster kube.Source, t PodTraces) bool {
	if t.Namespace == "" || t.Name == "" {
		return false
	}
	now, err := cluster.Pod(ctx, t.Namespace, t.Name)
	if err != nil {
		return false
	}
	r.Basis = append(
		r.Basis, "its containers are those of the pod that has its name now; the earlier one may have differed",
	)
	r.Pod.OwnerReferences, r.Pod.Labels, r.Pod.Annotations = now.OwnerReferences, now.Labels, now.Annotations
	now.Spec.DeepCopyInto(&r.Pod.Spec)
	for _, c := range now.Status.ContainerStatuses {
		r.status(c.Name).ImageID = c.ImageID
	}
	return true
}

// The suffixes that controllers append to their name: for a pod, for a ReplicaSet of a Deployment,
// for a pod of a StatefulSet.
var (
	randomSuffix = regexp.MustCompile(`^[a-z0-9]{5}$`)
	hashSuffix   = regexp.MustCompile(`^[a-z0-9]{6,10}$`)
	ordinal      = regexp.MustCompile(`^[0-9]{1,6}$`)
)

// owner finds the workload that created the pod, by its name or by what the alert names, and
// returns how it was found.
func owner(ctx context.Context, cluster kube.Source, t PodTraces) (*kube.Workload, string) {
	at := strings.LastIndexByte(t.Name, '-')
	if at <= 0 {
		return named(ctx, cluster, t)
	}
	base, last := t.Name[:at], t.Name[at+1:]
	if randomSuffix.MatchString(last) {
		for _, kind := range []string{"rs", "ds", "job"} {
			if w, err := cluster.Workload(ctx, kind, t.Namespace, base); err == nil {
				return w, fmt.Sprintf("its owner is derived from its name: %s %s exists", w.Kind, w.Name)
			}
		}
	}
	if ordinal.MatchString(last) {
		if w, err := cluster.Workload(ctx, "sts", t.Namespace, base); err == nil {
			return w, fmt.Sprintf(
				"its owner is derived from its name: StatefulSet %s exists; its current template may be newer",
				w.Name,
			)
		}
	}
	if w, how := named(ctx, cluster, t); w != nil {
		return w, how
	}
	if at := strings.LastIndexByte(base, '-'); at > 0 && randomSuffix.MatchString(last) &&
		hashSuffix.MatchString(base[at+1:]) {
		if w, err := cluster.Workload(ctx, "deploy", t.Namespace, base[:at]); err == nil {
			return w, fmt.Sprintf(
				"its owner is derived from its name: ReplicaSet %s is gone too, Deployment %s exists; "+
					"its current template may be newer",
				base, w.Name,
			)
		}
	}
	return nil, ""
}

// named returns the owner that the alert names.
func named(ctx context.Context, cluster kube.Source, t PodTraces) (*kube.Workload, string) {
	if t.Workload == "" {
		return nil, ""
	}
	kinds := []string{"deploy", "sts", "ds", "job"}
	if t.WorkloadKind != "" {
		kinds = []string{strings.ToLower(t.WorkloadKind)}
	}
	for _, kind := range kinds {
		if w, err := cluster.Workload(ctx, kind, t.Namespace, t.Workload); err == nil {
			return w, fmt.Sprintf(
				"its owner is %s %s, which the alert names; its current template may be newer", w.Kind, w.Name,
			)
		}
	}
	return nil, ""
}

// addListed adds what the list showed of the pod while it ran.
func (r *ReconstructedPod) addListed(t PodTraces) {
	if t.Listed == nil {
		return
	}
	r.Basis = append(r.Basis, "its images are those that the node reported while it was on the list")
	r.Pod.UID = types.UID(t.Listed.UID)
	r.Pod.CreationTimestamp = metav1.NewTime(t.Listed.Created.Time)
	r.Pod.Spec.NodeName = cmp.Or(t.Listed.Node, t.Node)
	for _, c := range t.Listed.Containers {
		if c.Type != inspect.ContainerMain {
			continue // the others are in the owner's template, with their kinds
		}
		r.container(c.Name).Image = c.Reference
		*r.status(c.Name) = corev1.ContainerStatus{
			Name: c.Name, Image: c.Reference, ImageID: c.ImageID, ContainerID: c.ContainerID,
		}
	}
}

// addContainer adds the container that the alert is about.
func (r *ReconstructedPod) addContainer(t PodTraces, w *kube.Workload) {
	r.Container = r.which(t)
	if r.Container == "" {
		return
	}
	c := r.container(r.Container)
	switch {
	case c.Image == "":
		c.Image = t.Reference
	case t.Reference != "" && !sameName(c.Image, t.Reference) && t.Listed == nil:
		source := "the pod of its name"
		if w != nil {
			source = w.Kind + " " + w.Name
		}
		r.Basis = append(
			r.Basis,
			fmt.Sprintf("%s now specifies %s; the alert names %s, which is inspected", source, c.Image, t.Reference),
		)
		c.Image = t.Reference
	}
	s := r.status(r.Container)
	s.Image, s.ContainerID = cmp.Or(s.Image, t.Reference), cmp.Or(s.ContainerID, t.ContainerID)
	if s.ImageID == "" && t.ImageID != "" {
		s.ImageID = t.ImageID
		r.Basis = append(r.Basis, "the digest of its image is the one that the alert names")
	}
}

// which returns the container of interest: by name, by image, or the only one.
func (r *ReconstructedPod) which(t PodTraces) string {
	if t.Container != "" {
		return t.Container
	}
	for _, c := range r.Pod.Spec.Containers {
		if t.Reference != "" && sameName(c.Image, t.Reference) {
			return c.Name
		}
	}
	switch {
	case len(r.Pod.Spec.Containers) == 1:
		return r.Pod.Spec.Containers[0].Name
	case t.Reference != "":
		return inspect.ImageContainer
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

// addSiblings adds the digest that other pods of the same owner run, for containers whose digest is
// not known otherwise.
func (r *ReconstructedPod) addSiblings(ctx context.Context, cluster kube.Source, w *kube.Workload) {
	pods, err := cluster.PodsOf(ctx, w)
	if err != nil {
		r.Basis = append(r.Basis, "the other pods of "+w.Kind+" "+w.Name+" could not be listed: "+err.Error())
		return
	}
	for i := range r.Pod.Spec.Containers {
		c := &r.Pod.Spec.Containers[i]
		if s := r.status(c.Name); s.ImageID != "" {
			continue
		}
		r.addSibling(c, w, pods)
	}
}

// addSibling adds the digest of one container, if all other pods run the same one.
func (r *ReconstructedPod) addSibling(c *corev1.Container, w *kube.Workload, pods []corev1.Pod) {
	var ids []string
	count := 0
	for i := range pods {
		for _, other := range kube.Containers(&pods[i], nil) {
			if other.Name != c.Name || other.Reference != c.Image || other.ImageID == "" {
				continue
			}
			count++
			if !slices.Contains(ids, other.ImageID) {
				ids = append(ids, other.ImageID)
			}
		}
	}
	owner := w.Kind + " " + w.Name
	switch {
	case len(ids) == 1:
		r.status(c.Name).ImageID = ids[0]
		r.Basis = append(
			r.Basis,
			fmt.Sprintf("the digest of %s is derived: %s of %s %s it", c.Name, otherPods(count), owner, runs(count)),
		)
	case len(ids) > 1:
		r.Basis = append(r.Basis, fmt.Sprintf(
			"other pods of %s run %d different images of %s: which of them ran is not known", owner, len(ids), c.Name))
	default:
		r.Basis = append(r.Basis, fmt.Sprintf(
			"which image %s ran is not known", c.Name))
	}
}

// runs is the verb for so many pods.
func runs(n int) string {
	if n == 1 {
		return "runs"
	}
	return "run"
}

// otherPods counts pods in words.
func otherPods(n int) string {
	if n == 1 {
		return "1 other pod"
	}
	return fmt.Sprintf("%d other pods", n)
}

// container returns the container of the name in the specification, and adds it if there is none:
// alerts may name containers that were injected, or that a newer template no longer has.
func (r *ReconstructedPod) container(name string) *corev1.Container {
	list := &r.Pod.Spec.Containers
	for i := range *list {
		if (*list)[i].Name == name {
			return &(*list)[i]
		}
	}
	*list = append(*list, corev1.Container{Name: name})
	return &(*list)[len(*list)-1]
}

// status returns the status of the container of the name, and adds it if there is none.
func (r *ReconstructedPod) status(name string) *corev1.ContainerStatus {
	list := &r.Pod.Status.ContainerStatuses
	for i := range *list {
		if (*list)[i].Name == name {
			return &(*list)[i]
		}
	}
	*list = append(*list, corev1.ContainerStatus{Name: name})
	return &(*list)[len(*list)-1]
}
