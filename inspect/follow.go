package inspect

import "slices"

// follow runs a check again and again, until nothing of what it needs is open. While it runs more may end: it looks again
// once for all of that. It begins, for those who watch, when it looks for the last time: until then it waits.
func (r *runner) follow(c Check) {
	emit := r.emitter(c, "")
	for {
		r.mu.Lock()
		news := r.news
		r.mu.Unlock()
		waiting := r.waiting(c)
		if len(waiting) == 0 {
			emit(Event{Begin: &Begin{}})
		}
		err := guard(r.ctx, c, On{Waiting: waiting, board: r.board}, emit)
		if len(waiting) == 0 {
			end := outcome(r.ctx, err)
			emit(Event{End: &end})
			return
		}
		<-news
	}
}

// waiting lists the needs of a check of the case that have not ended, in the order of the plan; without a subject where
// the images are not known yet.
func (r *runner) waiting(c Check) []Key {
	var open []Key
	resolved := r.resolved()
	for _, n := range r.plan.Checks {
		if !slices.Contains(c.Needs, n.Name) {
			continue
		}
		if n.Scope == PerCase {
			open = append(open, r.unended(Key{n.Name, ""})...)
			continue
		}
		if !resolved {
			open = append(open, Key{n.Name, ""})
			continue
		}
		for _, s := range r.subjects() {
			open = append(open, r.unended(Key{n.Name, s})...)
		}
	}
	return open
}

// resolved says that all images are known.
func (r *runner) resolved() bool {
	for _, c := range r.plan.Checks {
		if c.Resolves && len(r.unended(Key{c.Name, ""})) > 0 {
			return false
		}
	}
	return true
}

// unended is the key itself while its check has not ended.
func (r *runner) unended(k Key) []Key {
	r.mu.Lock()
	ended, launched := r.done[k]
	r.mu.Unlock()
	if !launched {
		return []Key{k}
	}
	select {
	case <-ended:
		return nil
	default:
		return []Key{k}
	}
}
