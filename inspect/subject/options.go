package subject

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Options are what the case is about. Either Pod or Image is set. Nothing here is changed by a check, so that one value
// serves all checks of a case at once; Choice alone is written to, under its own lock.
type Options struct {
	Client   *registry.Client
	Platform v1.Platform // of the flag; zero: the node's

	Pod       *corev1.Pod
	Cluster   kube.Source  // that the pod was read from
	Container string       // only this container of the pod
	Roster    *kube.Roster // of the pods that run beside it; nil: one of its own

	Image     *registry.Image // of a target that is no pod
	Reference string          // as it was given

	Objects []kube.Object // read while the pod was found

	Choice *Choice // of the known-good

	// History gives what is remembered of the images that ran before in the container of an image, the best first; nil
	// where nothing is remembered.
	History func(ctx context.Context, pod *inspect.Pod, i inspect.Image) ([]inspect.Candidate, error)

	Now func() time.Time // nil: what a tag means today is not put on the timeline
}

// Opening returns the events that the case starts with: the pod as it was first read, and kept before anything else is
// asked. A pod may be deleted while the case is being read: what is kept first survives it. It is empty for a target
// that is no pod.
func (o Options) Opening() []inspect.Event {
	if o.Pod == nil {
		return nil
	}
	p := FromPod(o.Pod, nil)
	events := append(o.kept(), inspect.Event{Fact: p})
	for _, m := range podMoments(o.Pod) {
		events = append(events, inspect.Event{Fact: m})
	}
	return events
}

// kept keeps the objects that were read before the case began, the pod first. They are evidence as they were read: a
// second reading may already see what an attacker changed since. One that cannot be kept is reported, and the case goes
// on without it. Secrets are removed as by Keep.
func (o Options) kept() []inspect.Event {
	objects := slices.Clone(o.Objects)
	slices.SortStableFunc(objects, func(a, b kube.Object) int { return cmp.Compare(rankOf(a), rankOf(b)) })
	var events []inspect.Event
	for _, obj := range objects {
		x, err := Keep(o.Client.Store(), obj)
		if err != nil {
			events = append(events, inspect.Event{Fact: inspect.Notice{Level: "warning", Text: "not kept: " +
				err.Error()}})
			continue
		}
		events = append(events, inspect.Event{Fact: x})
	}
	return events
}

// rankOf orders objects by how directly they own the pod.
func rankOf(o kube.Object) int {
	if o.Kind == "Pod" {
		return 0
	}
	return 1
}

// podMoments are the times that the pod itself has: when it was created, and when its containers started. Times are
// those of the API server and the kubelet, not of the container.
func podMoments(pod *corev1.Pod) []inspect.Moment {
	all := []inspect.Moment{{
		Time: inspect.At(pod.CreationTimestamp.Time), What: "pod " + pod.Name + " created",
		Source: "pod", Trust: inspect.ByCluster,
	}}
	for _, c := range kube.Containers(pod, nil) {
		if !c.Started.IsZero() {
			all = append(all, inspect.Moment{
				Time: inspect.At(c.Started), What: "container " + c.Name + " started",
				Source: "pod status", Trust: inspect.ByCluster,
			})
		}
	}
	return all
}

// Trace makes what is read of the cluster a part of the case: each object an exhibit, as it was received but for what
// must not leave the cluster, and each request a line of the custody log. An object that cannot be kept is a notice,
// and the read goes on. The functions may be called from several goroutines, and emit has to permit that.
func (o Options) Trace(ctx context.Context, emit func(inspect.Event)) context.Context {
	var measured atomic.Bool // one measurement for each part of a case: there is one server
	first := func() bool { return !measured.Swap(true) }
	return kube.WithTrace(ctx, kube.Trace{
		Object: func(obj kube.Object) {
			x, err := Keep(o.Client.Store(), obj)
			if err != nil {
				emit(inspect.Event{Fact: inspect.Notice{Level: "warning", Text: "not kept: " + err.Error()}})
				return
			}
			emit(inspect.Event{Fact: x})
		},
		Request: func(r kube.Request) {
			q := inspect.Request{Method: r.Method, URL: r.Path, Status: r.Status, Bytes: r.Bytes}
			if r.Err != nil {
				q.Error = r.Err.Error()
			}
			emit(inspect.Event{Fact: q})
			if offset, is := inspect.OffsetOf(r.Host, r.Date, r.Time, r.Waited); is && first() {
				emit(inspect.Event{Fact: offset})
			}
		},
	})
}
