package engine

import (
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// follow runs a check again and again, until nothing of what it needs is open. While it runs more may end: it looks
// again once for all of that. Its Begin is emitted when it looks for the last time: until then it waits.
func (r *runner) follow(c Check) {
	emit := r.emitter(c, "")
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		waiting := r.waiting(c)
		if len(waiting) == 0 {
			emit(inspect.Event{Fact: inspect.Begin{}})
		}
		err := guard(r.ctx, c, On{Waiting: waiting, ledger: r.ledger}, emit)
		if len(waiting) == 0 {
			emit(inspect.Event{Fact: outcome(r.ctx, err)})
			return
		}
		<-changed
	}
}

// waiting lists the needs of a check of the case that have not ended, in the order of the plan; without a container
// where the images are not known yet. An image that is named later adds needs that had not been listed.
func (r *runner) waiting(c Check) []inspect.Key {
	var open []inspect.Key
	resolved := r.resolved()
	for _, n := range r.plan.Checks {
		if !slices.Contains(c.Needs, n.Name) {
			continue
		}
		if n.Scope == PerCase {
			open = append(open, r.unended(inspect.Key{Check: n.Name})...)
			continue
		}
		if !resolved {
			open = append(open, inspect.Key{Check: n.Name})
			continue
		}
		for _, container := range r.ledger.Containers() {
			open = append(open, r.unended(inspect.Key{Check: n.Name, Container: container})...)
		}
	}
	return open
}

// resolved reports whether all images are known: the check that finds them has ended, well or badly. A plan without
// such a check has no image that is still to come.
func (r *runner) resolved() bool {
	for _, c := range r.plan.Checks {
		if c.Resolves && len(r.unended(inspect.Key{Check: c.Name})) > 0 {
			return false
		}
	}
	return true
}

// unended is the key itself while its check has not ended.
func (r *runner) unended(k inspect.Key) []inspect.Key {
	r.mu.Lock()
	ended, launched := r.done[k]
	r.mu.Unlock()
	if !launched {
		return []inspect.Key{k}
	}
	select {
	case <-ended:
		return nil
	default:
		return []inspect.Key{k}
	}
}
