package inspect

import (
	"cmp"
	"maps"
	"slices"
)

// Begin reports whether a check has started on a subject.
type Begin struct{}

// End is the end of a check on a container: done, skipped where it does not apply, blocked with a reason where it could
// not run. Without a check it ends the case, and blocked means that the case was interrupted.
type End struct {
	Status CheckStatus `json:"status"`
	Reason string      `json:"reason"`
	// Interrupted reports whether the run ended under the check: it was left or stopped, and may run again.
	Interrupted bool `json:"interrupted,omitempty"`
}

// Progress describes how far a check has come. It may be dropped.
type Progress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total"` // 0: not known
	Unit  string `json:"unit"`  // bytes, files, stores
	Text  string `json:"text"`
}

// Reset begins a retry: all facts of these checks about these subjects are dropped.
type Reset struct {
	Drop []Key `json:"drop"`
}

// Key names a check's work on a subject.
type Key struct {
	Check     string `json:"check"`
	Container string `json:"subject"`
}

// FactKind is the fact's JSON name.
func (Begin) FactKind() string { return "begin" }

// FactKind is the fact's JSON name.
func (End) FactKind() string { return "end" }

// FactKind is the fact's JSON name.
func (Progress) FactKind() string { return "progress" }

// FactKind is the fact's JSON name.
func (Reset) FactKind() string { return "reset" }

func (Begin) fold(c *Case, e Event) {
	upsert(&c.Checks, CheckState{
		Name: e.Check, Container: e.Container, Status: CheckBlocked, Reason: Running,
		Started: e.Time,
	}, compareChecks)
}

func (x End) fold(c *Case, e Event) {
	if e.Check == "" {
		c.End, c.Finished = &x, e.Time
		return
	}
	state, _ := c.Check(e.Check, e.Container)
	state.Name, state.Container, state.Ended = e.Check, e.Container, e.Time
	state.Status, state.Reason, state.Interrupted = x.Status, x.Reason, x.Interrupted
	upsert(&c.Checks, state, compareChecks)
	delete(c.progress, Key{e.Check, e.Container})
}

func (p Progress) fold(c *Case, e Event) {
	if c.progress == nil {
		c.progress = map[Key]Progress{}
	}
	c.progress[Key{e.Check, e.Container}] = p
}

// fold folds the log again without what the dropped checks recorded, and without the end of the case: it goes on.
// Requests that were made stay counted, and the progress of the other checks stays.
func (r Reset) fold(c *Case, _ Event) {
	drop := map[Key]bool{}
	for _, k := range r.Drop {
		drop[k] = true
	}
	kept := slices.DeleteFunc(slices.Clone(c.log), func(e Event) bool {
		_, end := e.Fact.(End)
		return drop[Key{e.Check, e.Container}] || e.Check == "" && end
	})
	progress := maps.Clone(c.progress)
	maps.DeleteFunc(progress, func(k Key, _ Progress) bool { return drop[k] })
	*c = Case{Requests: c.Requests, Hosts: c.Hosts, progress: progress} // what the log does not have
	for _, e := range kept {
		c.Apply(e)
	}
}

func compareChecks(a, b CheckState) int {
	return cmp.Or(cmp.Compare(a.Container, b.Container), cmp.Compare(a.Name, b.Name))
}
