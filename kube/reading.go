package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// reading answers all of Source from two reads, which a cluster and a snapshot each have.
type reading struct{ from objects }

// read gets one object into v and reports to the trace.
func (r *reading) read(ctx context.Context, res resource, namespace, name string, v any) error {
	doing := "reading " + res.named(namespace, name)
	if err := checkNames(namespace, name); err != nil {
		return &Error{Doing: doing, Err: err}
	}
	obj, err := r.from.get(ctx, res, namespace, name)
	if err != nil {
		return err
	}
	if tell := traceOf(ctx).Object; tell != nil {
		tell(obj)
	}
	if err := json.Unmarshal(obj.Raw, v); err != nil {
		return &Error{Doing: doing, Err: fmt.Errorf("understanding the answer: %w", err)}
	}
	return nil
}

// Pod reads one pod.
func (r *reading) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	if err := r.read(ctx, pods(), namespace, name, pod); err != nil {
		return nil, err
	}
	return pod, nil
}

// Pods streams the pods of scope. Where listing all namespaces is forbidden it lists the
// source's own and those of the fallback, and notes it.
func (r *reading) Pods(ctx context.Context, scope Scope, each func([]corev1.Pod) error) (Listing, error) {
	l := Listing{Namespaces: slices.Clone(scope.Namespaces)}
	if len(l.Namespaces) == 0 {
		err := r.podsIn(ctx, "", labels.SelectorFromSet(scope.Labels), &l, each)
		// a refusal in the middle of a list is not answered by another list: pods would be given twice
		if !errors.Is(err, ErrForbidden) || l.Pods > 0 {
			return l, err
		}
		l.Namespaces = append([]string{r.from.home()}, scope.Fallback...)
		l.Notes = append(l.Notes, "not permitted to list the pods of all namespaces")
	}
	slices.Sort(l.Namespaces)
	l.Namespaces = slices.Compact(l.Namespaces)

	var seen []string
	var first error
	for _, ns := range l.Namespaces {
		err := r.podsIn(ctx, ns, labels.SelectorFromSet(scope.Labels), &l, each)
		if err == nil {
			seen = append(seen, ns)
			continue
		}
		if !isRefusal(err) {
			return l, err
		}
		if first == nil {
			first = err
		}
		l.Notes = append(l.Notes, err.Error())
	}
	// all were refused: the first reason is the error, the others are the same
	if len(seen) == 0 {
		return l, first
	}
	if len(scope.Namespaces) == 0 {
		l.Notes = append(l.Notes, fmt.Sprintf("only these namespaces were listed: %v", seen))
	}
	l.Namespaces = seen
	return l, nil
}

// isRefusal reports an error that concerns one namespace only, so that the next may be tried.
func isRefusal(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrNotFound)
}

// podsIn lists one namespace ("" for all) and decodes page by page.
func (r *reading) podsIn(ctx context.Context, namespace string, selector labels.Selector, l *Listing,
	each func([]corev1.Pod) error,
) error {
	if namespace != "" {
		if err := checkNames(namespace, "any"); err != nil {
			return &Error{Doing: "listing pods", Err: err}
		}
	}
	version, err := r.from.list(ctx, pods(), namespace, selector, func(page []found) error {
		decoded, notes := decodePods(page)
		l.Notes = append(l.Notes, notes...)
		l.Pods += len(decoded)
		return each(decoded)
	})
	if version != "" && err == nil {
		if l.Versions == nil {
			l.Versions = map[string]string{}
		}
		l.Versions[namespace] = version
	}
	return err
}

// decodePods decodes a page on all cores. A pod with a field that is not understood is kept as
// far as it was read, so that no pod can hide behind a strange field.
func decodePods(page []found) ([]corev1.Pod, []string) {
	decoded := make([]corev1.Pod, len(page))
	failed := make([]error, len(page))
	var wg sync.WaitGroup
	// decoding pods is most of the time until the first screen of a large cluster
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(page); i += workers {
				failed[i] = decodePod(page[i].raw, &decoded[i])
			}
		})
	}
	wg.Wait()

	var notes []string
	kept := decoded[:0]
	for i := range decoded {
		if err := failed[i]; err != nil {
			notes = append(notes, fmt.Sprintf("pod %s/%s is only read in part: %v", decoded[i].Namespace,
				decoded[i].Name, err))
		}
		if decoded[i].Name != "" {
			kept = append(kept, decoded[i])
		}
	}
	return kept, notes
}

// decodePod decodes one pod; after an error it still fills in its names.
func decodePod(raw []byte, pod *corev1.Pod) (err error) {
	defer recovered(&err)
	err = json.Unmarshal(raw, pod)
	if err == nil {
		return nil
	}
	var h header
	if json.Unmarshal(raw, &h) == nil {
		pod.Namespace, pod.Name, pod.Labels = h.Metadata.Namespace, h.Metadata.Name, h.Metadata.Labels
	}
	return err
}

// header is what identifies the object.
type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
}

// Node reads a node.
func (r *reading) Node(ctx context.Context, name string) (*Node, error) {
	var n corev1.Node
	if err := r.read(ctx, nodes(), "", name, &n); err != nil {
		return nil, err
	}
	info := n.Status.NodeInfo
	node := &Node{
		Name: n.Name, OS: info.OperatingSystem, Architecture: info.Architecture,
		Kernel: info.KernelVersion, Runtime: info.ContainerRuntimeVersion, Kubelet: info.KubeletVersion,
	}
	for _, image := range n.Status.Images {
		node.Images = append(node.Images, NodeImage{Names: image.Names, Size: image.SizeBytes})
	}
	return node, nil
}

var (
	_ Source = (*Cluster)(nil)
	_ Source = (*Snapshot)(nil)
)
