package cluster

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// maxVersions bounds how many versions of the pod one case keeps; changes after that are still reported.
// a pod in a crash loop changes every few seconds, for days
const maxVersions = 100

// watcher is a cluster that can be watched; a dump cannot.
type watcher interface {
	WatchPods(ctx context.Context, w kube.PodWatch, each func(kube.PodChange) error) error
}

// Watch follows the pod from the version that was first read, for as long as the case is open. A changed or deleted pod
// is a new exhibit; the old one stays. When a container has restarted, or the pod is asked to go, the logs are read
// once more before they vanish, unless off. It is nil where there is nothing that could be watched, which a pod is that
// was put together after it went: it has no version to go on from. Else it is a source that ends with its context, or
// once the pod is gone.
func Watch(o Options, store *registry.Store, off bool) inspect.Source {
	live, ok := o.Cluster.(watcher)
	if o.Pod == nil || o.Pod.ResourceVersion == "" || !ok {
		return nil
	}
	return func(ctx context.Context, emit func(inspect.Event)) error {
		var mu sync.Mutex // logs and requests are told from several goroutines
		stamped := func(e inspect.Event) {
			mu.Lock()
			defer mu.Unlock()
			e.Check = inspect.CheckWatch
			emit(e)
		}
		if o.Trace != nil {
			ctx = o.Trace(ctx, stamped)
		}
		f := &follower{o: o, emit: stamped, logs: logKeeper{o: o, store: store, emit: stamped}, off: off, last: o.Pod}
		err := live.WatchPods(ctx, kube.PodWatch{
			Namespace: o.Pod.Namespace, Name: o.Pod.Name,
			Version: o.Pod.ResourceVersion,
		}, func(c kube.PodChange) error {
			return f.take(ctx, c)
		})
		// the case was closed, or the pod is gone: both are the regular end
		if err == nil || errors.Is(err, errFollowed) || ctx.Err() != nil {
			return nil
		}
		stamped(inspect.Event{Fact: inspect.Notice{
			Level: "info", Text: "changes of the pod are not watched while the case is open: " + firstLine(err),
			Hint: "backtrail rbac prints the role that may watch pods",
		}})
		return nil
	}
}

// errFollowed ends the watch of a pod that is gone.
var errFollowed = errors.New("the pod is gone")

// follower compares each version of the pod with the one before.
type follower struct {
	o        Options
	emit     func(inspect.Event)
	logs     logKeeper
	off      bool
	last     *corev1.Pod
	versions int
}

// take handles one change that the watch delivers. An error ends the watch.
func (f *follower) take(ctx context.Context, c kube.PodChange) error {
	switch c.Type {
	// A watch that breaks off is the API server's regular way to shed load; what happened meanwhile is listed when it
	// resumes.
	case kube.WatchLost:
		f.notice("info", "the watch of the pod was lost and is retried: "+firstLine(c.Err))
	case kube.WatchLive:
		f.notice("info", "the watch of the pod resumed")
	case kube.PodsListed:
		return f.listed(ctx, c)
	case kube.PodAdded, kube.PodModified:
		return f.version(ctx, c)
	case kube.PodDeleted:
		if c.Pod.UID == f.last.UID {
			return f.gone(c, inspect.PodGone, "it was deleted")
		}
	}
	return nil
}

// listed is what there is after a gap that the server could not fill.
func (f *follower) listed(ctx context.Context, c kube.PodChange) error {
	for i := range c.Pods {
		if c.Pods[i].Name == f.last.Name {
			c.Pod = &c.Pods[i]
			return f.version(ctx, c)
		}
	}
	if c.More {
		return nil
	}
	return f.gone(c, inspect.PodGone, "it was gone when the watch resumed; when it went is not known")
}

// version takes another version of the pod, or a pod that got its name.
func (f *follower) version(ctx context.Context, c kube.PodChange) error {
	// the same name with another UID is another pod: StatefulSets make it at once
	if c.Pod.UID != f.last.UID {
		return f.gone(kube.PodChange{Time: c.Time}, inspect.PodReplaced, "it was replaced by another pod of its name")
	}
	before := f.last
	if same(before, c.Pod) {
		return nil
	}
	f.last = c.Pod
	what := differences(before, c.Pod)
	state := inspect.PodChanged
	if before.DeletionTimestamp == nil && c.Pod.DeletionTimestamp != nil {
		state = inspect.PodTerminating
	}
	f.say(c, state, what)
	if !f.off {
		f.keepLogs(ctx, before, c.Pod, state == inspect.PodTerminating)
	}
	return nil
}

// gone reports whether the pod went, and ends the watch.
func (f *follower) gone(c kube.PodChange, state, how string) error {
	f.say(c, state, []string{how})
	f.notice("warning", fmt.Sprintf("pod %s/%s is gone: %s; the evidence collected before stays in the case",
		f.last.Namespace,
		f.last.Name, how))
	return errFollowed
}

// say keeps the version and emits what is new in it.
func (f *follower) say(c kube.PodChange, state string, what []string) {
	change := inspect.PodChange{Time: inspect.At(c.Time), State: state, What: what, Exhibit: f.keep(c)}
	// only details of the status changed; the version is kept as an exhibit all the same
	if len(what) == 0 {
		return
	}
	f.emit(inspect.Event{Fact: change})
	f.emit(inspect.Event{Fact: inspect.Moment{
		Time: change.Time, What: "pod " + state + ": " + strings.Join(what, "; "), Source: "watch of the pod",
		Trust: inspect.ByCluster,
	}})
	if state == inspect.PodTerminating || state == inspect.PodChanged {
		f.notice("warning", "pod "+f.last.Name+": "+strings.Join(what, "; "))
	}
}

// keep makes the version an exhibit of its own, under its resource version.
func (f *follower) keep(c kube.PodChange) string {
	if len(c.Object.Raw) == 0 || f.o.Keep == nil {
		return ""
	}
	// counted also where nothing is kept any more, so that the notice about it is given once
	if f.versions++; f.versions > maxVersions {
		if f.versions == maxVersions+1 {
			f.notice("info", fmt.Sprintf("the pod changed more than %d times: later versions are listed but not "+
				"collected", maxVersions))
		}
		return ""
	}
	x, err := f.o.Keep(c.Object, c.Pod.ResourceVersion)
	if err != nil {
		f.notice("warning", "a version of the pod could not be collected: "+err.Error())
		return ""
	}
	f.emit(inspect.Event{Fact: x})
	return x.Path
}

// notice puts a line before the person at the terminal.
func (f *follower) notice(level, text string) {
	f.emit(inspect.Event{Fact: inspect.Notice{Level: level, Text: text}})
}

// keepLogs reads what is about to vanish: the log of a run that ended, before the next restart takes it; all logs of a
// pod that is asked to go.
func (f *follower) keepLogs(ctx context.Context, before, now *corev1.Pod, all bool) {
	f.logs.o.Pod = now
	old := map[string]string{}
	for _, c := range kube.Containers(before, nil) {
		old[c.Name] = c.ContainerID
	}
	var work engine.Group
	for _, c := range kube.Containers(now, nil) {
		if f.o.Container != "" && c.Name != f.o.Container {
			continue
		}
		// another container ID: the run before is still there as the previous one, until the next restart
		switch ended := old[c.Name]; {
		case ended != "" && c.ContainerID != "" && ended != c.ContainerID:
			work.Go(func() error {
				f.logs.keep(ctx, c, ended, true, "ended")
				return nil
			})
		case all && c.ContainerID != "":
			work.Go(func() error {
				f.logs.keep(ctx, c, c.ContainerID, false, "terminating")
				return nil
			})
		}
	}
	if err := work.Wait(); err != nil {
		f.notice("warning", "not all logs could be collected: "+err.Error())
	}
}

// same reports whether nothing but bookkeeping is new.
func same(a, b *corev1.Pod) bool {
	plain := func(p *corev1.Pod) *corev1.Pod {
		p = p.DeepCopy()
		p.ResourceVersion, p.Generation, p.ManagedFields = "", 0, nil
		for i := range p.Status.Conditions {
			p.Status.Conditions[i].LastProbeTime.Time = time.Time{}
		}
		return p
	}
	return reflect.DeepEqual(plain(a), plain(b))
}
