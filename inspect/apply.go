package inspect

import (
	"cmp"
	"slices"
)

// Apply folds one event into the case. Foreign strings are taken as they are: whoever draws them cleans them.
func (c *Case) Apply(e Event) {
	switch {
	case e.Progress != nil:
		if c.progress == nil {
			c.progress = map[Key]Progress{}
		}
		c.progress[Key{e.Check, e.Subject}] = *e.Progress
		return
	case e.Request != nil:
		c.Requests++
		return
	case e.Reset != nil:
		c.reset(*e.Reset)
		return
	}
	c.log = append(c.log, e)
	if e.Time.After(c.last.Time) {
		c.last = e.Time
	}
	c.fold(e)
}

func (c *Case) fold(e Event) {
	switch {
	case e.Header != nil:
		h := *e.Header
		c.Schema, c.Tool, c.Target, c.Started = h.Schema, h.Tool, h.Target, h.Started
	case e.Begin != nil:
		upsert(&c.Checks, CheckState{Name: e.Check, Subject: e.Subject, Status: Unknown, Reason: Running, Started: e.Time}, compareChecks)
	case e.End != nil:
		c.end(e)
	case e.Expected != nil:
		c.Expected = *e.Expected
	case e.Trust != nil:
		upsert(&c.Trust, *e.Trust, func(a, b Trust) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Digest, b.Digest)) })
	case e.Pod != nil:
		c.Pod = e.Pod
	case e.Alert != nil:
		upsert(&c.Alerts, *e.Alert, func(a, b Alert) int { return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.ID, b.ID)) })
	case e.Answer != nil:
		upsert(&c.Answers, *e.Answer, func(a, b Answer) int { return cmp.Compare(questionRank(a.Question), questionRank(b.Question)) })
	case e.Finding != nil:
		c.finding(*e.Finding)
	case e.Moment != nil:
		upsert(&c.Timeline, *e.Moment, compareMoments)
	case e.PodChange != nil:
		upsert(&c.Changes, *e.PodChange, func(a, b PodChange) int { return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.State, b.State)) })
	case e.Clock != nil:
		upsert(&c.Clocks, *e.Clock, compareClocks)
	case e.Note != nil:
		upsert(&c.Notes, *e.Note, compareNotes)
	case e.Notice != nil:
		upsert(&c.Notices, *e.Notice, func(a, b Notice) int { return cmp.Compare(a.Text, b.Text) })
	case e.Blob != nil:
		c.keepBlob(*e.Blob)
	case e.Exhibit != nil:
		c.keepExhibit(*e.Exhibit)
	default:
		c.foldImage(e)
	}
}

func (c *Case) end(e Event) {
	if e.Check == "" {
		c.End, c.Finished = e.End, e.Time
		return
	}
	state, _ := c.Check(e.Check, e.Subject)
	state.Name, state.Subject, state.Ended = e.Check, e.Subject, e.Time
	state.Status, state.Reason = e.End.Status, e.End.Reason
	upsert(&c.Checks, state, compareChecks)
	delete(c.progress, Key{e.Check, e.Subject})
}

// finding keeps the findings worst first. A finding's severity may change, so that its old place is found by its ID.
func (c *Case) finding(f Finding) {
	c.Findings = slices.DeleteFunc(c.Findings, func(o Finding) bool { return o.ID == f.ID })
	upsert(&c.Findings, f, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID))
	})
}

// keepBlob remembers since when the bytes are kept.
func (c *Case) keepBlob(b Blob) {
	key := func(a, b Blob) int { return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.Digest, b.Digest)) }
	if n, found := slices.BinarySearchFunc(c.Blobs, b, key); found && c.Blobs[n].State == b.State {
		b.Kept = earlier(c.Blobs[n].Kept, b.Kept)
	}
	upsert(&c.Blobs, b, key)
}

// keepExhibit remembers since when the bytes are kept. That a later try failed takes nothing away.
func (c *Case) keepExhibit(x Exhibit) {
	key := func(a, b Exhibit) int { return cmp.Compare(a.Path, b.Path) }
	if n, found := slices.BinarySearchFunc(c.Exhibits, x, key); found {
		old := c.Exhibits[n]
		if x.Missing != "" && old.Missing == "" {
			return
		}
		if old.Digest == x.Digest {
			x.Kept = earlier(old.Kept, x.Kept)
		}
	}
	upsert(&c.Exhibits, x, key)
}

// earlier is the earlier of two times that are known.
func earlier(a, b Time) Time {
	if a.IsZero() || !b.IsZero() && b.Before(a.Time) {
		return b
	}
	return a
}

// reset folds the log again without what the dropped checks said.
func (c *Case) reset(r Reset) {
	drop := map[Key]bool{}
	for _, k := range r.Drop {
		drop[k] = true
	}
	kept := slices.DeleteFunc(slices.Clone(c.log), func(e Event) bool {
		return drop[Key{e.Check, e.Subject}] || e.Check == "" && e.End != nil
	})
	requests := c.Requests
	*c = Case{Requests: requests}
	for _, e := range kept {
		c.Apply(e)
	}
}

func compareChecks(a, b CheckState) int {
	return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Name, b.Name))
}

func compareMoments(a, b Moment) int {
	return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.What, b.What), cmp.Compare(a.Source, b.Source))
}

func compareNotes(a, b Note) int {
	return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.Author, b.Author), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Text, b.Text))
}

func questionRank(q string) int { return slices.Index(Questions(), q) }

// upsert puts an item at its place in a sorted list, in the stead of one with the same key.
func upsert[T any](list *[]T, item T, compare func(a, b T) int) {
	i, found := slices.BinarySearchFunc(*list, item, compare)
	if found {
		(*list)[i] = item
		return
	}
	*list = slices.Insert(*list, i, item)
}
