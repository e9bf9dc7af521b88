package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Workload reads a workload by its kind, as the command line or the API writes it, and its name.
func (r *reading) Workload(ctx context.Context, kind, namespace, name string) (*Workload, error) {
	res, ok := workloadKind(kind)
	if !ok {
		return nil, &Error{
			Doing: fmt.Sprintf("reading %s/%s", kind, name), Err: errors.New("no workload kind of this name"),
			Hint: []string{"deploy, sts, ds, rs and job are known"},
		}
	}
	var c controller
	if err := r.read(ctx, res, namespace, name, &c); err != nil {
		return nil, err
	}
	w := c.workload(c.owner(res))
	if w == nil {
		return nil, &Error{Doing: "reading " + res.named(namespace, name), Err: errors.New("it has no pod template")}
	}
	return w, nil
}

// workloadKind recognizes kubectl's short, singular and plural names.
func workloadKind(kind string) (resource, bool) {
	switch kind := strings.ToLower(kind); kind {
	case "deploy":
		return deployments(), true
	case "sts":
		return statefulSets(), true
	case "ds":
		return daemonSets(), true
	case "rs":
		return replicaSets(), true
	case "rc":
		return replicationControllers(), true
	default:
		for _, res := range owners() {
			if res.kind != cronJobs().kind && (kind == res.words() || kind == res.plural) {
				return res, true
			}
		}
		return resource{}, false
	}
}

// PodsOf lists the pods that the workload's selector picks, without those that another
// controller of the same labels owns.
func (r *reading) PodsOf(ctx context.Context, w *Workload) ([]corev1.Pod, error) {
	selector, err := selectorOf(w)
	if err != nil {
		return nil, err
	}
	makers := map[string]bool{w.UID: true}
	if w.Kind == deployments().kind {
		sets, err := r.replicaSetsOf(ctx, w)
		if err != nil {
			return nil, err
		}
		for _, set := range sets {
			makers[set.UID] = true
		}
	}
	return r.podsMadeBy(ctx, w.Namespace, selector, makers)
}

// podsMadeBy lists the pods whose controller is one of the makers.
func (r *reading) podsMadeBy(ctx context.Context, namespace string, selector labels.Selector,
	makers map[string]bool,
) ([]corev1.Pod, error) {
	var mine []corev1.Pod
	var l Listing
	err := r.podsIn(ctx, namespace, selector, &l, func(page []corev1.Pod) error {
		for i := range page {
			if ref := metav1.GetControllerOf(&page[i]); ref != nil && makers[string(ref.UID)] {
				mine = append(mine, page[i])
			}
		}
		return nil
	})
	return mine, err
}

// selectorOf refuses a selector that would pick every pod.
func selectorOf(w *Workload) (labels.Selector, error) {
	doing := fmt.Sprintf("listing the pods of %s %s/%s", strings.ToLower(w.Kind), w.Namespace, w.Name)
	if w.Selector == nil {
		return nil, &Error{Doing: doing, Err: errors.New("it has no selector")}
	}
	selector, err := metav1.LabelSelectorAsSelector(w.Selector)
	if err != nil {
		return nil, &Error{Doing: doing, Err: fmt.Errorf("reading its selector: %w", err)}
	}
	if selector.Empty() {
		return nil, &Error{Doing: doing, Err: errors.New("its selector is empty")}
	}
	return selector, nil
}

// Newest is the pod to look at where only a workload is named: of those that run, else of all,
// the one created last. nil if there is none.
func Newest(pods []corev1.Pod) *corev1.Pod {
	var best *corev1.Pod
	for i := range pods {
		p := &pods[i]
		if best == nil || newer(p, best) {
			best = p
		}
	}
	return best
}

// newer orders pods: running before others, then the one created last, then by name so that the choice is stable.
func newer(a, b *corev1.Pod) bool {
	aRuns, bRuns := a.Status.Phase == corev1.PodRunning, b.Status.Phase == corev1.PodRunning
	if aRuns != bRuns {
		return aRuns
	}
	at, bt := a.CreationTimestamp.Time, b.CreationTimestamp.Time
	if !at.Equal(bt) {
		return at.After(bt)
	}
	return a.Name < b.Name
}
