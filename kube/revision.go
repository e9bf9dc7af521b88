package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Revision is one rollout of a workload: a ReplicaSet of a Deployment, or a ControllerRevision
// of a StatefulSet or DaemonSet.
type Revision struct {
	Number  int64 // deployment.kubernetes.io/revision, or .revision
	Kind    string
	Name    string
	UID     string
	Hash    string // pod-template-hash or controller-revision-hash, which its pods carry
	Created time.Time
	Cause   string // kubernetes.io/change-cause, written by anybody
	// Images maps each container of its template to the reference asked for: often a tag.
	Images map[string]string
	// ImageIDs maps a container to the image IDs that pods of this revision still report, sorted.
	ImageIDs map[string][]string
	Pods     int    // of this revision, still there
	Unread   string // why its pods could not be listed; "" if they were

	template *corev1.PodTemplateSpec
}

// Labels and annotations in which controllers record the revision of something.
const (
	labelTemplateHash  = "pod-template-hash"
	labelRevisionHash  = "controller-revision-hash"
	annotationRevision = "deployment.kubernetes.io/revision"
	annotationCause    = "kubernetes.io/change-cause"
)

// maxRevisions bounds what is kept of a workload's history; Kubernetes keeps ten by default.
const maxRevisions = 1000

// Holds reports whether the pod was made by this revision.
func (r Revision) Holds(pod *corev1.Pod) bool {
	if r.Kind == revisions().kind {
		// A StatefulSet's pods carry the revision's name, a DaemonSet's its hash.
		hash := pod.Labels[labelRevisionHash]
		return hash != "" && (hash == r.Name || hash == r.Hash)
	}
	ref := metav1.GetControllerOf(pod)
	return ref != nil && r.UID != "" && string(ref.UID) == r.UID
}

// Revisions lists what the workload ran and runs, newest first, with the image IDs that its pods
// still report. Pods that cannot be listed are no error: each revision has the reason.
func (r *reading) Revisions(ctx context.Context, w *Workload) ([]Revision, error) {
	var found []Revision
	var err error
	switch {
	case w.Kind == deployments().kind:
		found, err = r.replicaSetsOf(ctx, w)
	case hasControllerRevisions(w.Kind):
		found, err = r.controllerRevisions(ctx, w)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b Revision) int {
		if a.Number != b.Number {
			// a rollback gets a new number, so the highest is what was rolled out last
			return int(min(max(b.Number-a.Number, -1), 1))
		}
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	r.addImageIDs(ctx, w, found)
	return found, nil
}

// addImageIDs asks the pods that are still there what they run.
func (r *reading) addImageIDs(ctx context.Context, w *Workload, found []Revision) {
	selector, err := selectorOf(w)
	var made []corev1.Pod
	if err == nil {
		makers := map[string]bool{w.UID: true}
		for _, rev := range found {
			makers[rev.UID] = true
		}
		made, err = r.podsMadeBy(ctx, w.Namespace, selector, makers)
	}
	for i := range found {
		if err != nil {
			found[i].Unread = err.Error()
			continue
		}
		for j := range made {
			if found[i].Holds(&made[j]) {
				found[i].add(&made[j])
			}
		}
	}
}

// add counts a pod of this revision and keeps its image IDs.
func (r *Revision) add(pod *corev1.Pod) {
	r.Pods++
	for _, c := range Containers(pod, r.template) {
		if c.ImageID == "" || c.Injected || slices.Contains(r.ImageIDs[c.Name], c.ImageID) {
			continue
		}
		r.ImageIDs[c.Name] = append(r.ImageIDs[c.Name], c.ImageID)
		slices.Sort(r.ImageIDs[c.Name])
	}
}

// replicaSetsOf lists the ReplicaSets that the deployment controls.
func (r *reading) replicaSetsOf(ctx context.Context, w *Workload) ([]Revision, error) {
	var found []Revision
	err := r.partsOf(ctx, replicaSets(), w, func(raw []byte) (bool, error) {
		var c controller
		if err := json.Unmarshal(raw, &c); err != nil {
			return false, err
		}
		if !controls(w, &c.Metadata) || c.Spec.Template == nil {
			return false, nil
		}
		rev := newRevision(replicaSets().kind, &c.Metadata, c.Spec.Template)
		rev.Hash = c.Metadata.Labels[labelTemplateHash]
		rev.Number, _ = strconv.ParseInt(c.Metadata.Annotations[annotationRevision], 10, 64) // 0: not said
		found = append(found, rev)
		return true, nil
	})
	return found, err
}

// controllerRevisions lists those of a StatefulSet or DaemonSet.
func (r *reading) controllerRevisions(ctx context.Context, w *Workload) ([]Revision, error) {
	var found []Revision
	err := r.partsOf(ctx, revisions(), w, func(raw []byte) (bool, error) {
		var c struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
			Revision int64             `json:"revision"`
			Data     controller        `json:"data"` // a patch that holds spec.template
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			return false, err
		}
		if !controls(w, &c.Metadata) || c.Data.Spec.Template == nil {
			return false, nil
		}
		rev := newRevision(revisions().kind, &c.Metadata, c.Data.Spec.Template)
		rev.Hash = c.Metadata.Labels[labelRevisionHash]
		if rev.Hash == "" {
			rev.Hash = strings.TrimPrefix(c.Metadata.Name, w.Name+"-")
		}
		rev.Number = c.Revision
		found = append(found, rev)
		return true, nil
	})
	return found, err
}

// partsOf lists objects of the workload's selector, gives them to each, and reports to the trace of
// those that each calls the workload's own.
func (r *reading) partsOf(ctx context.Context, res resource, w *Workload, each func(raw []byte) (bool, error)) error {
	selector, err := selectorOf(w)
	if err != nil {
		return err
	}
	tell := traceOf(ctx).Object
	count := 0
	_, err = r.from.list(ctx, res, w.Namespace, selector, func(page []found) error {
		if count += len(page); count > maxRevisions {
			return &Error{Doing: fmt.Sprintf("listing the %s of %s", res.plural, w.Name), Kind: ErrLimit}
		}
		for _, f := range page {
			raw := f.raw
			mine, err := each(raw)
			if err != nil {
				return &Error{Doing: fmt.Sprintf("understanding a %s of %s", res.words(), w.Name), Err: err}
			}
			var h header
			if mine && tell != nil && json.Unmarshal(raw, &h) == nil {
				tell(res.object(h.Metadata.Namespace, h.Metadata.Name, raw))
			}
		}
		return nil
	})
	return err
}

// controls reports whether a workload is the controller of an object, by UID: names are used again.
func controls(w *Workload, m *metav1.ObjectMeta) bool {
	ref := metav1.GetControllerOf(m)
	return ref != nil && string(ref.UID) == w.UID
}

// hasControllerRevisions reports the kinds whose history lies in ControllerRevisions.
func hasControllerRevisions(kind string) bool {
	return kind == statefulSets().kind || kind == daemonSets().kind
}

// newRevision reads the images and the cause, an annotation that anybody may write. The number is the caller's to find.
func newRevision(kind string, m *metav1.ObjectMeta, template *corev1.PodTemplateSpec) Revision {
	rev := Revision{
		Kind: kind, Name: m.Name, UID: string(m.UID), Created: m.CreationTimestamp.Time,
		Cause: m.Annotations[annotationCause], Images: map[string]string{}, ImageIDs: map[string][]string{},
		template: template,
	}
	for _, c := range slices.Concat(template.Spec.InitContainers, template.Spec.Containers) {
		rev.Images[c.Name] = c.Image
	}
	return rev
}
