package audit

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
)

// Runner audits what a cluster runs. Work is derived, not queued: it is what runs without facts that count.
type Runner struct {
	// Examine collects the facts of an image at a depth.
	Examine func(ctx context.Context, u Unit, d Depth) (Facts, error)
	Store   *Store
	Known   *Known
	Depth   Depth
	// Parallel bounds how many images are examined at once, and so the memory: each has its layers in hand.
	Parallel int
	// Fresh is since when facts count that may change: who signed an image, what its tag means. Packages and files of a
	// digest do not change and are never collected twice.
	Fresh time.Time
	// Recheck takes facts of any age and asks no registry.
	Recheck  bool
	Progress func(Progress)
	// Keep is given the facts of every unit with its rows, from several goroutines; nil: nobody keeps them.
	Keep func(f *Facts, rows []Row) error
	// Collect is given the same with what the facts were compared with, from several goroutines, for a bundle; nil:
	// there is none.
	Collect func(j *Joined) error
}

// Progress is how far an audit is.
type Progress struct {
	Done, Total int // images
	Reused      int // of those done, whose facts were there
	Now         time.Time
	Began       time.Time
}

// Left estimates how long the rest takes, from those that were examined; 0 where nothing is known yet.
func (p Progress) Left() time.Duration {
	examined := p.Done - p.Reused
	if examined <= 0 || p.Done >= p.Total {
		return 0
	}
	return time.Duration(float64(p.Now.Sub(p.Began)) / float64(examined) * float64(p.Total-p.Done))
}

// Run examines every image of a listing and returns the rows of all places. Interrupted, it returns what there is, in
// which the rest is not checked, with the error of the context. Other errors are those of the disk that facts are kept
// on: then the rows are there, and the next audit begins anew.
func (r *Runner) Run(ctx context.Context, l Listing) (Report, error) {
	report := Report{
		Scope:       Scope{Contexts: []string{l.Context}, Namespaces: l.Namespaces, Depth: r.Depth},
		NotLookedAt: slices.Clone(l.Gaps),
	}
	b := &builder{places: map[string][]Place{}, known: r.Known, gaps: map[Gap]bool{}}
	for _, p := range l.Places {
		if p.Unit == "" {
			b.rows = append(b.rows, unexamined(p, ""))
			continue
		}
		b.places[p.Unit] = append(b.places[p.Unit], p)
	}
	// b.places shrinks as units end; what is left in it after each was not reached.
	err := r.each(ctx, Units(l.Places), b)
	for _, left := range b.places {
		for _, p := range left {
			b.rows = append(b.rows, unexamined(p, "interrupted before it was examined"))
		}
	}
	report.Rows = b.rows
	for g := range b.gaps {
		report.NotLookedAt = append(report.NotLookedAt, g)
	}
	report.settle(l.Listed(), l.Skipped, l.Over)
	return report, cmp.Or(ctx.Err(), err)
}

// each examines the units side by side.
func (r *Runner) each(ctx context.Context, units []Unit, b *builder) error {
	var mu sync.Mutex
	progress := Progress{Total: len(units), Began: time.Now()}
	work := engine.NewGroup(max(1, r.Parallel))
	for _, u := range units {
		if ctx.Err() != nil {
			break
		}
		work.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			f, reused, err := r.facts(ctx, u)
			if ctx.Err() != nil {
				return nil
			}
			// without the lock: comparing packages with a database is the larger part of a recheck
			joined := r.Known.Join(&f)
			mu.Lock()
			rows := b.add(u, joined)
			mu.Unlock()
			if r.Keep != nil {
				err = errors.Join(err, r.Keep(&f, rows))
			}
			if r.Collect != nil {
				err = errors.Join(err, r.Collect(joined))
			}
			mu.Lock()
			defer mu.Unlock()
			progress.Done++
			if reused {
				progress.Reused++
			}
			if r.Progress != nil {
				progress.Now = time.Now()
				r.Progress(progress)
			}
			return err
		})
	}
	return work.Wait()
}

// facts returns the facts of a unit: those that are kept, as far as they count, and the rest collected now. The facts
// are there whatever the error, which is that of the store.
func (r *Runner) facts(ctx context.Context, u Unit) (f Facts, reused bool, err error) {
	old, ok, err := r.Store.Facts(u.Key, r.Depth)
	if ok && r.Recheck {
		return old, true, err
	}
	if r.Recheck {
		why := "nothing is stored about it at depth " + string(r.Depth) + ": run the audit without --recheck"
		return Facts{Unit: u.Key, Depth: r.Depth, State: NotChecked, Reason: why}, true, err
	}
	// An audit that was killed has left facts that are newer than its beginning: this is how the next one goes on.
	if ok && !old.Collected.Before(r.Fresh) {
		return old, true, err
	}
	depth := r.Depth
	if ok {
		depth = Identity
	}
	f, errExamine := r.Examine(ctx, u, depth)
	if errExamine == nil && ok {
		if f = f.deepened(old); f.State == Done && !f.Depth.Covers(r.Depth) { // other bytes than those of the old facts
			f, errExamine = r.Examine(ctx, u, r.Depth)
		}
	}
	if errExamine != nil {
		return Facts{Unit: u.Key, Depth: r.Depth, State: Failed, Reason: cut(errExamine.Error())}, false, err
	}
	if f.State == Done {
		err = errors.Join(err, r.Store.Put(f))
	}
	return f, false, err
}

// deepened adds to facts of depth identity what an earlier, deeper look found in the same bytes. Facts of other bytes,
// as where a tag was moved below a config digest, are returned as they are: of depth identity.
func (f Facts) deepened(old Facts) Facts {
	if f.State != Done || f.Image.Key() != old.Image.Key() {
		return f
	}
	f.Depth = old.Depth
	f.Image.Layers, f.Image.Packages = old.Image.Layers, old.Image.Packages
	f.Image.Advisories, f.Image.Status, f.Image.Reason = old.Image.Advisories, old.Image.Status, old.Image.Reason
	f.Base, f.BaseLayer = old.Base, old.BaseLayer
	for _, s := range old.Image.SBOMs {
		if s.Origin == "generated" {
			f.Image.SBOMs = append(f.Image.SBOMs, s)
		}
	}
	for _, one := range old.Findings {
		if !ofIdentity(one) {
			f.Findings = append(f.Findings, one)
		}
	}
	return f
}

// ofIdentity reports a finding of a check that depth identity runs: it is found again.
func ofIdentity(f inspect.Finding) bool {
	return slices.Contains([]string{
		inspect.CheckSubject, inspect.CheckSignatures, inspect.CheckProvenance,
		inspect.CheckAttachedSBOM,
	}, f.Check)
}

// builder makes rows of units as they come.
type builder struct {
	places map[string][]Place // that have no row yet, by unit
	known  *Known
	rows   []Row
	gaps   map[Gap]bool
}

// add makes the rows of all places that run a unit, and returns them.
func (b *builder) add(u Unit, j *Joined) []Row {
	var made []Row
	for _, p := range b.places[u.Key] {
		made = append(made, j.Row(p))
	}
	b.rows = append(b.rows, made...)
	delete(b.places, u.Key)
	for _, g := range j.gaps {
		b.gaps[g] = true
	}
	return made
}
