package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/fleet"
)

// liveView is the backend of the pods of a cluster and of the case that is open. Only one is open at a time; mu guards
// which one, since the screens call from goroutines of their own.
type liveView struct {
	view
	mu      sync.Mutex
	current *open
	// ids are the cases of this session, by what makes two openings one case
	ids map[string]string
	// precedence has an audit wait for cases
	precedence precedence
	// saved are the IDs of the cases that were opened, oldest first
	saved []string
}

// ReadOnly is empty: a live case takes notes and runs checks.
func (v *liveView) ReadOnly() string { return "" }

// Pods lists what runs, and follows it.
func (v *liveView) Pods(ctx context.Context, allNamespaces bool, emit func(inspect.PodList)) error {
	return v.session.lister.Watch(ctx, allNamespaces, emit)
}

// PasteAlerts takes alert lines that a person pasted, in any of the forms that a file may have.
func (v *liveView) PasteAlerts(ctx context.Context, text string) error {
	return v.session.alerts.Paste(ctx, text)
}

// Blob opens a blob of the cache.
func (v *liveView) Blob(ctx context.Context, digest string) (io.ReadCloser, error) {
	return v.session.cache.Blob(ctx, digest)
}

// Open gives the content of a file of a layer in the cache.
func (v *liveView) Open(ctx context.Context, diffID string, e inspect.Entry) (inspect.Content, error) {
	return v.session.cache.Open(ctx, diffID, e)
}

// Tree lists the files of an image.
func (v *liveView) Tree(ctx context.Context, i inspect.Image, layer int) ([]inspect.Node, error) {
	return treeOf(ctx, v.session.cache, i, layer)
}

// OpenPlace opens the case of a pod of a workload.
func (v *liveView) OpenPlace(ctx context.Context, place fleet.Place) (inspect.Source, error) {
	cluster, err := v.session.openCluster()
	if err != nil {
		return nil, err
	}
	pod, err := targetOpener{v.session}.podAt(ctx, place, func(pod *inspect.Pod) bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.ids[podKey(cluster.Context(), "", pod)] != ""
	})
	if err != nil {
		return nil, err
	}
	return v.OpenCase(ctx, pod)
}

// OpenCase opens the case of a pod, and closes the one that was open. A pod that has a case, of this session or of an
// earlier one, goes on with it. Where it cannot be opened the other one stays open.
func (v *liveView) OpenCase(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error) {
	p, err := targetOpener{v.session}.prepareFlagged(ctx, pod)
	if err != nil {
		return nil, err
	}
	key := caseKey(p)
	if o, err := v.opened(); err == nil && key != "" && o.key == key {
		return v.precedence.source(goOn(ctx, v.session, o, p)), nil
	}
	v.mu.Lock()
	id := v.ids[key]
	v.mu.Unlock()
	if id == "" && key != "" && !v.session.passing {
		id = earlierCase(ctx, p)
	}
	if id != "" {
		if o := resume(ctx, v.session, &p, id); o != nil {
			v.inform("goes on with case " + id + "; :all checks again looks at everything anew")
			v.replace(o)
			return v.precedence.source(o.source), nil
		}
	}
	o, err := v.session.start(p)
	if err != nil {
		return nil, err
	}
	v.replace(o)
	return v.precedence.source(o.source), nil
}

// inform shows a notice that belongs to no case.
func (v *liveView) inform(text string) {
	select {
	case v.session.notices <- inspect.Notice{Level: "info", Text: text}:
	default: // nothing waits for a screen
	}
}

// replace closes the case that was open. Its recording stays on disk. Checks of it that still run notice that their
// ledger is closed, and end.
func (v *liveView) replace(o *open) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.current != nil {
		_ = v.current.ledger.Close()
	}
	v.current = o
	if o == nil || o.ledger.ID() == "" {
		return
	}
	if v.ids == nil {
		v.ids = map[string]string{}
	}
	v.ids[o.key] = o.ledger.ID()
	if !slices.Contains(v.saved, o.ledger.ID()) {
		v.saved = append(v.saved, o.ledger.ID())
	}
}

// close closes the case that is open, at the end of the session.
func (v *liveView) close() { v.replace(nil) }

// opened is the case that is open, an error where there is none.
func (v *liveView) opened() (*open, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.current == nil {
		return nil, errors.New("no live case is open")
	}
	return v.current, nil
}

// Retry runs checks of the open case once more, and those that need them; keys name at least one.
func (v *liveView) Retry(_ context.Context, _ *inspect.Case, keys []inspect.Key) (inspect.Source, error) {
	o, err := v.opened()
	if err != nil {
		return nil, err
	}
	source, err := o.again(keys)
	if err != nil {
		return nil, err
	}
	return v.precedence.source(source), nil
}

// Watch follows the pod of the open case; nil where nothing can be watched.
func (v *liveView) Watch() inspect.Source {
	o, err := v.opened()
	if err != nil {
		return nil
	}
	return o.watch
}

// ConfirmKnownGood compares with a candidate that a person has confirmed. Until then a candidate is called the previous
// image, and can raise a finding but never lower one.
func (v *liveView) ConfirmKnownGood(ctx context.Context, c *inspect.Case, subj string,
	candidate inspect.Candidate,
) (inspect.Source, error) {
	v.session.choice.Pick(subj, candidate)
	return v.Retry(ctx, c, []inspect.Key{{Check: inspect.CheckKnownGood, Container: subj}})
}

// SkipLayer leaves out a layer, by its digest, or takes that back: a layer that is being read is given up at once.
func (v *liveView) SkipLayer(digest string, skip bool) {
	if skip {
		v.session.cache.Skips().Skip(digest)
		return
	}
	v.session.cache.Skips().Want(digest)
}

// AddNote adds a person's note to the case, with the time and the operator of this session: a screen cannot write a
// note in another name.
func (v *liveView) AddNote(_ context.Context, _ *inspect.Case, n inspect.Note) (inspect.Event, error) {
	o, err := v.opened()
	if err != nil {
		return inspect.Event{}, err
	}
	n.Time, n.Author = inspect.At(v.session.now()), v.session.operator.String()
	return o.ledger.Append("", "", n)
}

// SetClock adds a reporting deadline that a person started or withdrew, by the rules of the verb aware. Withdrawn
// selects which of both it is.
func (v *liveView) SetClock(_ context.Context, c *inspect.Case, k inspect.Clock) (inspect.Event, error) {
	o, err := v.opened()
	if err != nil {
		return inspect.Event{}, err
	}
	now, by := v.session.now(), v.session.operator.String()
	if k.Withdrawn != nil {
		k, err = respond.WithdrawClock(c, k.Regime, now, by, k.Withdrawn.Reason)
	} else {
		k, err = respond.StartClock(c, k.Regime, k.Aware.Time, now, by, k.Reason)
	}
	if err != nil {
		return inspect.Event{}, err
	}
	return o.ledger.Append("", "", k)
}

// Export writes the evidence bundle of the open case.
func (v *liveView) Export(ctx context.Context, _ *inspect.Case, to string,
	progress func(inspect.Progress),
) (caseview.ExportResult, error) {
	o, err := v.opened()
	if err != nil {
		return caseview.ExportResult{}, err
	}
	return v.exportOf(ctx, o.ledger, v.session.cache, to, progress)
}
