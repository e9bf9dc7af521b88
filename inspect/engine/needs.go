package engine

import (
	"slices"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// await waits until the needs of a check have ended, and yields to those that it comes after. Checks that come late
// need not be interrupted: a cancelled check ends by itself. A check of an image waits for that of the same image, one
// of the case for those of all images.
func (r *runner) await(c Check, container string) {
	for _, need := range c.Needs {
		n := r.named(need)
		switch {
		case n.Scope == PerCase:
			r.wait(inspect.Key{Check: need})
		case c.Scope == PerImage:
			r.wait(inspect.Key{Check: need, Container: container})
		default:
			r.waitResolved()
			for _, each := range r.ledger.Containers() {
				r.wait(inspect.Key{Check: need, Container: each})
			}
		}
	}
	if len(c.YieldsTo) > 0 {
		r.yield(c, container)
	}
}

// yield waits for those that go first, as long as their head start lasts.
func (r *runner) yield(c Check, container string) {
	late := time.NewTimer(HeadStart)
	defer late.Stop()
	for _, name := range c.YieldsTo {
		r.mu.Lock()
		ended, ok := r.done[inspect.Key{Check: name, Container: container}]
		if !ok {
			ended, ok = r.done[inspect.Key{Check: name}] // one of the case
		}
		r.mu.Unlock()
		if !ok {
			continue
		}
		select {
		case <-ended:
		case <-late.C:
			return
		case <-r.ctx.Done():
			return
		}
	}
}

// waitResolved waits until all images are known.
func (r *runner) waitResolved() {
	for _, c := range r.plan.Checks {
		if c.Resolves {
			r.wait(inspect.Key{Check: c.Name})
		}
	}
}

// wait waits for the end of a check. One that was never launched, as for an image that came to nothing, has ended.
func (r *runner) wait(k inspect.Key) {
	r.mu.Lock()
	ended, ok := r.done[k]
	r.mu.Unlock()
	if ok {
		<-ended
	}
}

func (r *runner) named(name string) Check {
	i := slices.IndexFunc(r.plan.Checks, func(c Check) bool { return c.Name == name })
	return r.plan.Checks[i]
}

// closure adds to the keys those of the checks that need them, and so on: all that a retry makes out of date. Keys are
// few, so that a list is searched and no set is kept.
func (r *runner) closure(keys []inspect.Key) []inspect.Key {
	all := slices.Clone(keys)
	for i := 0; i < len(all); i++ {
		for _, k := range r.dependents(all[i]) {
			if !slices.Contains(all, k) {
				all = append(all, k)
			}
		}
	}
	return all
}

// dependents are the keys whose work rests directly on that of k. All that is known of the images rests on the check
// that finds them.
func (r *runner) dependents(k inspect.Key) []inspect.Key {
	var keys []inspect.Key
	resolves := r.named(k.Check).Resolves
	for _, c := range r.plan.Checks {
		if slices.Contains(c.Needs, k.Check) || resolves && c.Scope == PerImage {
			keys = append(keys, r.keysOf(c, k.Container)...)
		}
	}
	if resolves {
		for _, container := range r.images() {
			keys = append(keys, inspect.Key{Check: k.Check, Container: container})
		}
	}
	return keys
}

// keysOf are the keys of a check for a container, or for each image where that is empty.
func (r *runner) keysOf(c Check, container string) []inspect.Key {
	if c.Scope == PerCase {
		return []inspect.Key{{Check: c.Name}}
	}
	if container != "" {
		return []inspect.Key{{Check: c.Name, Container: container}}
	}
	var keys []inspect.Key
	for _, each := range r.images() {
		keys = append(keys, inspect.Key{Check: c.Name, Container: each})
	}
	return keys
}

// images are the containers of all images of the case, named or not.
func (r *runner) images() []string {
	known := r.ledger.Case()
	var all []string
	for _, i := range known.Images {
		all = append(all, i.Container)
	}
	return all
}
