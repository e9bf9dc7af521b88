package kube

import (
	"context"
	"errors"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
)

// What a watch allows itself.
const (
	watchTime  = 5 * time.Minute // the server is asked to end a request then; the watch goes on with the next
	minBackoff = time.Second     // before the first new try; doubled with each
	maxBackoff = 30 * time.Second
)

// PodWatch describes which pods to watch.
// It goes on from a version that a list gave: between list and watch nothing is lost.
type PodWatch struct {
	Namespace string // "" means all
	Name      string // one pod of the namespace; "" means all of them
	// Version is the resource version to go on from, as Listing.Versions gives it for a namespace. "" lists first.
	Version string
}

// PodChangeType is the kind of a PodChange.
type PodChangeType string

// The kinds of change. Listed comes first where no version was given, and after a gap that the server cannot fill.
const (
	PodAdded    PodChangeType = "added"
	PodModified PodChangeType = "modified"
	PodDeleted  PodChangeType = "deleted" // Pod is as it was last
	// the pages hold all that there are: what is not among them is gone, nobody saw when
	PodsListed PodChangeType = "listed"
	WatchLost  PodChangeType = "lost" // Err says why; it is tried again
	WatchLive  PodChangeType = "live" // the server answers: what comes from now on is seen as it happens
)

// PodChange is one change that a watch reports.
type PodChange struct {
	Type   PodChangeType
	Time   time.Time    // when it was heard of, not when it happened
	Pod    *corev1.Pod  // of added, modified, deleted
	Object Object       // the same as received; also of listed, if one pod is watched and is there
	Pods   []corev1.Pod // of listed: a page of them
	Page   int          // of listed: how many pages came before this one
	More   bool         // of listed: another page follows, unless the watch is lost first
	Err    error        // of lost; with a Pod: why it is only read in part
}

// WatchPods passes each change of the pods of w to each, in order and from one goroutine, until ctx ends, each returns
// an error or the server refuses it. It lists again where the server no longer has the version,
// and connects again after a loss, waiting longer each time. The error is never nil.
func (c *Cluster) WatchPods(ctx context.Context, w PodWatch, each func(PodChange) error) error {
	doing := "watching " + w.words()
	if w.Name != "" || w.Namespace != "" {
		name := w.Name
		if name == "" {
			name = "any"
		}
		if err := checkNames(w.Namespace, name); err != nil {
			return &Error{Doing: doing, Err: err}
		}
	}
	l := &podWatcher{cluster: c, doing: doing, PodWatch: w, each: each}
	for {
		began := time.Now()
		err := l.once(ctx)
		switch {
		case ctx.Err() != nil:
			return &Error{Doing: doing, Err: ctx.Err()}
		case l.stopped != nil:
			return l.stopped
		case errors.Is(err, ErrForbidden), errors.Is(err, ErrRefused):
			return err
		}
		if err := l.rest(ctx, err, time.Since(began)); err != nil {
			return err
		}
	}
}

// words is what is watched, for errors.
func (w PodWatch) words() string {
	switch {
	case w.Name != "":
		return pods().named(w.Namespace, w.Name)
	case w.Namespace != "":
		return "the pods of namespace " + w.Namespace
	default:
		return "the pods of all namespaces"
	}
}

// resource is pods, narrowed to one name where there is one.
func (w PodWatch) resource() resource {
	res := pods()
	if w.Name != "" {
		res.fields = "metadata.name=" + w.Name
	}
	return res
}

// podWatcher is a watch that goes on: Version moves with each event.
type podWatcher struct {
	PodWatch
	cluster *Cluster
	doing   string
	each    func(PodChange) error
	stopped error // what each said
	heard   bool  // an event came in this request
	lost    bool  // the last word was WatchLost
	backoff time.Duration
}

// tell passes a change on and remembers if that is to be the last.
func (l *podWatcher) tell(change PodChange) error {
	change.Time = time.Now()
	l.stopped = l.each(change)
	return l.stopped
}

// once lists if it must, and follows one request to its end. nil means that the server ended it in order.
func (l *podWatcher) once(ctx context.Context) error {
	l.heard = false
	if l.Version == "" {
		if err := l.list(ctx); err != nil {
			return err
		}
	}
	res := l.resource()
	req := l.cluster.client.Get().AbsPath(res.path(l.Namespace, "")).
		Param("watch", "true").Param("allowWatchBookmarks", "true").Param("resourceVersion", l.Version).
		Param("timeoutSeconds", strconv.Itoa(int(watchTime.Seconds())))
	if res.fields != "" {
		req = req.Param("fieldSelector", res.fields)
	}
	body, err := req.Stream(ctx)
	if err != nil {
		l.forget(err)
		return l.cluster.explain(l.doing, err)
	}
	defer body.Close()
	if err := l.live(); err != nil {
		return err
	}
	if err := decodeWatch(body, l.event); err != nil {
		l.forget(err)
		return l.cluster.explain(l.doing, err)
	}
	return nil
}

// live reports whether the watch stands again, if it was lost.
func (l *podWatcher) live() error {
	if !l.lost {
		return nil
	}
	l.lost = false
	return l.tell(PodChange{Type: WatchLive})
}

// list passes on all that there is, page by page, and returns where to go on.
func (l *podWatcher) list(ctx context.Context) error {
	last := PodChange{Type: PodsListed, Pods: []corev1.Pod{}, Page: -1}
	version, err := l.cluster.list(ctx, l.resource(), l.Namespace, labels.Everything(), func(page []found) error {
		if last.Page >= 0 {
			last.More = true
			if err := l.tell(last); err != nil {
				return err
			}
		}
		decoded, _ := decodePods(page)
		last = PodChange{Type: PodsListed, Pods: decoded, Page: last.Page + 1}
		if l.Name != "" && len(decoded) == 1 && decoded[0].Name == l.Name && len(page) == 1 {
			last.Object = pods().object(decoded[0].Namespace, l.Name, page[0].raw)
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.Version = version
	if err := l.live(); err != nil {
		return err
	}
	last.Page = max(last.Page, 0)
	return l.tell(last)
}

// event takes one event of the stream.
func (l *podWatcher) event(e watchEvent) error {
	l.heard = true
	if e.Type == "ERROR" {
		return e.failure()
	}
	version, err := e.version()
	if err != nil {
		return err
	}
	types := map[string]PodChangeType{"ADDED": PodAdded, "MODIFIED": PodModified, "DELETED": PodDeleted}
	if t, ok := types[e.Type]; ok {
		change := PodChange{Type: t, Pod: &corev1.Pod{}}
		change.Err = decodePod(e.Object, change.Pod)
		// whatever a server makes of the field selector
		if change.Pod.Name != "" && (l.Name == "" || change.Pod.Name == l.Name) {
			change.Object = pods().object(change.Pod.Namespace, change.Pod.Name, e.Object)
			if err := l.tell(change); err != nil {
				return err
			}
		}
	}
	l.Version = version // after it was told: what was not is asked for again
	return nil
}

// forget drops the version where it leads nowhere: the server has forgotten it, or sends from there what is not
// understood.
func (l *podWatcher) forget(err error) {
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || errors.Is(err, errWatchEvent) {
		l.Version = ""
	}
}

// rest waits before the next request. One that the server ended in order, after a while or with something in it, is
// followed by the next at once.
func (l *podWatcher) rest(ctx context.Context, err error, took time.Duration) error {
	if l.heard || took > maxBackoff {
		l.backoff = 0
	}
	if l.Version == "" && l.backoff == 0 { // forgotten: list now, and wait if that does not help
		l.backoff = minBackoff
		return nil
	}
	if err == nil && l.heard {
		return nil
	}
	if err != nil && !l.lost {
		l.lost = true
		if err := l.tell(PodChange{Type: WatchLost, Err: err}); err != nil {
			return err
		}
	}
	l.backoff = min(max(2*l.backoff, minBackoff), maxBackoff)
	select {
	case <-time.After(l.backoff):
		return nil
	case <-ctx.Done():
		return &Error{Doing: l.doing, Err: ctx.Err()}
	}
}
