package kube

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// About names an object that events may be about.
type About struct{ Kind, Namespace, Name, UID string }

// eventsAbout is the list of events about one object, picked by the server.
func eventsAbout(o About) resource {
	// The name picks on the server, or else the events of a whole namespace would come. The kubelet gives a node's name
	// in place of its UID.
	return resource{version: "v1", plural: "events", kind: "Event", fields: "involvedObject.name=" + o.Name}
}

// Events lists the events of some objects, oldest first; the API server drops them after an hour by default. The
// objects are asked about side by side. What could not be listed is in the error; the other events are there.
func (r *reading) Events(ctx context.Context, objects ...About) ([]corev1.Event, error) {
	lists, errs := make([][]corev1.Event, len(objects)), make([]error, len(objects))
	var work sync.WaitGroup
	// each list is one request for one name; together they are fewer bytes than the events of the namespace
	for i, o := range objects {
		work.Go(func() {
			defer recovered(&errs[i])
			lists[i], errs[i] = r.eventsOf(ctx, o)
		})
	}
	work.Wait()
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b corev1.Event) int {
		return cmp.Or(EventTime(&a).Compare(EventTime(&b)), cmp.Compare(a.Name, b.Name))
	})
	return all, errors.Join(errs...)
}

// eventsOf lists the events about one object. Events of a node lie in namespace default.
func (r *reading) eventsOf(ctx context.Context, o About) ([]corev1.Event, error) {
	namespace := cmp.Or(o.Namespace, metav1.NamespaceDefault) // where those of nodes are
	if err := checkNames(namespace, o.Name); err != nil {
		return nil, &Error{Doing: "listing events", Err: err}
	}
	return collect(ctx, r, eventsAbout(o), namespace, func(e *corev1.Event) bool { return o.is(e.InvolvedObject) })
}

// is compares by UID where both have one: a name is used again.
func (o About) is(ref corev1.ObjectReference) bool {
	if ref.Kind != o.Kind || ref.Name != o.Name {
		return false
	}
	return o.UID == "" || ref.UID == "" || string(ref.UID) == o.UID || o.Kind == nodes().kind
}

// EventTime is when the event was last seen. Of its four times a cluster fills in some.
func EventTime(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	default:
		return e.CreationTimestamp.Time
	}
}
