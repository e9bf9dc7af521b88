package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// maxOwners bounds the chain; Kubernetes' own has two.
const maxOwners = 8

// controller is what the kinds that own pods have in common.
type controller struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata"`
	Spec       struct {
		Replicas *int32                  `json:"replicas"`
		Selector json.RawMessage         `json:"selector"`
		Template *corev1.PodTemplateSpec `json:"template"`
	} `json:"spec"`
	Status struct {
		DesiredNumberScheduled int32 `json:"desiredNumberScheduled"`
	} `json:"status"`
}

// Lineage follows the owner that controls, from the pod upwards.
func (r *reading) Lineage(ctx context.Context, pod *corev1.Pod) (Lineage, error) {
	var l Lineage
	ref := metav1.GetControllerOf(pod)
	for ref != nil && len(l.Owners) < maxOwners {
		owner, c, err := r.owner(ctx, pod.Namespace, ref)
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return l, err
		}
		l.Owners = append(l.Owners, owner)
		if owner.Unread != "" {
			l.Notes = append(l.Notes, owner.Unread)
			break
		}
		// the nearest owner made the pod: a Deployment may have a newer template by now
		if len(l.Owners) == 1 {
			l.Template = c.Spec.Template
			l.Selector = c.selector(owner.Kind)
		}
		if w := c.workload(owner); w != nil {
			l.Workload = w
		}
		ref = metav1.GetControllerOf(&c.Metadata)
	}
	if l.Workload != nil && hasControllerRevisions(l.Workload.Kind) {
		r.templateOfRevision(ctx, pod, &l)
	}
	return l, nil
}

// owner reads what ref points at. Why it could not be read is in the Owner; the error is for
// a caller that was canceled.
func (r *reading) owner(ctx context.Context, namespace string, ref *metav1.OwnerReference) (Owner, controller, error) {
	o := Owner{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: namespace, Name: ref.Name, UID: string(ref.UID)}
	if ref.Kind == "Node" { // a static pod: its file lies on the node
		o.Namespace = ""
		o.Unread = fmt.Sprintf("a static pod of node %s: no object has its template", ref.Name)
		return o, controller{}, nil
	}
	res, ok := resourceOf(ref.APIVersion, ref.Kind)
	if !ok {
		o.Unread = fmt.Sprintf("owner %s %s of %s is of a kind that is not read", ref.Kind, ref.Name, ref.APIVersion)
		return o, controller{}, nil
	}
	var c controller
	if err := r.read(ctx, res, namespace, ref.Name, &c); err != nil {
		o.Unread = err.Error()
		return o, c, err
	}
	// A Deployment that was deleted and made again under its name did not make this pod.
	if c.Metadata.UID != ref.UID {
		o.Unread = fmt.Sprintf("%s is another one than the owner: that was deleted since",
			res.named(namespace, ref.Name))
		return o, c, nil
	}
	return c.owner(res), c, nil
}

// resourceOf finds a kind that owns pods; apiVersion is GROUP/VERSION, of which the group counts.
func resourceOf(apiVersion, kind string) (resource, bool) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return resource{}, false
	}
	for _, res := range owners() {
		if res.kind == kind && res.group == gv.Group {
			return res, true
		}
	}
	return resource{}, false
}

// owner is the controller as a link of the chain.
func (c *controller) owner(res resource) Owner {
	m := &c.Metadata
	version := schema.GroupVersion{Group: res.group, Version: res.version}.String()
	return Owner{
		APIVersion: version, Kind: res.kind, Namespace: m.Namespace, Name: m.Name, UID: string(m.UID),
		Created: m.CreationTimestamp.Time, Labels: m.Labels, Annotations: m.Annotations, Managers: m.ManagedFields,
	}
}

// workload is the controller as a maker of pods, nil if it makes none itself (a CronJob).
func (c *controller) workload(o Owner) *Workload {
	if c.Spec.Template == nil {
		return nil
	}
	w := &Workload{Owner: o, Template: *c.Spec.Template, Selector: c.selector(o.Kind), Replicas: 1}
	if c.Spec.Replicas != nil {
		w.Replicas = *c.Spec.Replicas
	}
	if o.Kind == daemonSets().kind {
		w.Replicas = c.Status.DesiredNumberScheduled
	}
	return w
}

// selector reads the selector in its two forms; nil if there is none that can be read.
func (c *controller) selector(kind string) *metav1.LabelSelector {
	s := &metav1.LabelSelector{}
	if kind == replicationControllers().kind { // the old form is a map of labels
		if json.Unmarshal(c.Spec.Selector, &s.MatchLabels) != nil {
			return nil
		}
		return s
	}
	if json.Unmarshal(c.Spec.Selector, s) != nil {
		return nil
	}
	return s
}

// templateOfRevision replaces the template by that of the pod's own ControllerRevision: that of
// the StatefulSet or DaemonSet may be newer than the pod.
func (r *reading) templateOfRevision(ctx context.Context, pod *corev1.Pod, l *Lineage) {
	found, err := r.controllerRevisions(ctx, l.Workload)
	if err != nil {
		l.Notes = append(l.Notes, "the template may be newer than the pod: "+err.Error())
		return
	}
	for _, rev := range found {
		if rev.Holds(pod) && rev.template != nil {
			l.Template = rev.template
			return
		}
	}
}

// Owner is one object in the chain above a pod.
type Owner struct {
	APIVersion, Kind, Namespace, Name, UID string

	Created     time.Time // zero if it could not be read
	Labels      map[string]string
	Annotations map[string]string
	Managers    []metav1.ManagedFieldsEntry // which field manager wrote what, and when
	Unread      string                      // why it could not be read; "" if it was
}

// Lineage is a pod's chain of owners, from the nearest upwards.
type Lineage struct {
	Owners []Owner // none for a bare pod
	// Template is the pod template that this pod was made from, nil if it is not known.
	Template *corev1.PodTemplateSpec
	// Selector is that by which the nearest owner picks its pods, nil if it is not known or picks none.
	Selector *metav1.LabelSelector
	// Workload is the highest owner that was read and has a template, nil if there is none.
	Workload *Workload
	Notes    []string // what could not be read, in words
}

// Workload is what makes pods of a template.
type Workload struct {
	Owner
	Template corev1.PodTemplateSpec
	Selector *metav1.LabelSelector
	Replicas int32 // asked for; for a DaemonSet the nodes it should run on
}
