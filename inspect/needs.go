package inspect

import (
	"slices"
	"time"
)

// await waits until the needs of a check have ended, and lets those go first that it comes after. Those that come late
// need not be interrupted: a cancelled check ends by itself.
func (r *runner) await(c Check, subject string) {
	for _, need := range c.Needs {
		n := r.named(need)
		switch {
		case n.Scope == PerCase:
			r.wait(Key{need, ""})
		case c.Scope == PerImage:
			r.wait(Key{need, subject})
		default:
			r.waitResolved()
			for _, s := range r.subjects() {
				r.wait(Key{need, s})
			}
		}
	}
	if len(c.After) > 0 {
		r.letFirst(c, subject)
	}
}

// letFirst waits for those that go first, as long as their head start lasts.
func (r *runner) letFirst(c Check, subject string) {
	late := time.NewTimer(HeadStart)
	defer late.Stop()
	for _, name := range c.After {
		r.mu.Lock()
		ended, ok := r.done[Key{name, subject}]
		if !ok {
			ended, ok = r.done[Key{name, ""}] // one of the case
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

func (r *runner) waitResolved() {
	for _, c := range r.plan.Checks {
		if c.Resolves {
			r.wait(Key{c.Name, ""})
		}
	}
}

func (r *runner) wait(k Key) {
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

// closure adds to the keys those of the checks that need them.
func (r *runner) closure(keys []Key) []Key {
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
func (r *runner) dependents(k Key) []Key {
	var keys []Key
	resolves := r.named(k.Check).Resolves
	for _, c := range r.plan.Checks {
		if slices.Contains(c.Needs, k.Check) || resolves && c.Scope == PerImage {
			keys = append(keys, r.keysOf(c, k.Subject)...)
		}
	}
	if resolves {
		for _, i := range r.board.known.Images {
			keys = append(keys, Key{k.Check, i.Subject})
		}
	}
	return keys
}

func (r *runner) keysOf(c Check, subject string) []Key {
	if c.Scope == PerCase {
		return []Key{{c.Name, ""}}
	}
	if subject != "" {
		return []Key{{c.Name, subject}}
	}
	var keys []Key
	for _, i := range r.board.known.Images {
		keys = append(keys, Key{c.Name, i.Subject})
	}
	return keys
}
