package caseview

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/verdict"
	"github.com/backtrail/backtrail/tui/caseview/pane"
)

// openCase is the case behind the screen: what has come so far, and whose image is looked at. It draws nothing.
type openCase struct {
	c       inspect.Case
	steps   []respond.NextStep
	outcome verdict.Verdict // derived anew with each change of the case
	// running: sources that still emit
	running int
	// began: an event came
	began bool
	// broken: the case could not be opened, or its source ended badly
	broken error
	// since: when the newest event came in, by this machine's clock; before the first one, when the case was opened
	since time.Time
	pace  engine.ETA
	// container: whose image is on screen
	container string
	// chosen: by the person
	chosen bool
}

// image is the image on screen, empty where none is known yet.
func (o *openCase) image() inspect.Image {
	i, _ := o.c.Image(o.container)
	return i
}

// containers are those with an image, in the order of the pod. Images of containers that the pod does not list come
// last, by name.
func (o *openCase) containers() []string {
	var names []string
	known := map[string]bool{}
	add := func(name string) {
		if !known[name] {
			names, known[name] = append(names, name), true
		}
	}
	if o.c.Pod != nil {
		for _, c := range o.c.Pod.Containers {
			if _, ok := o.c.Image(c.Name); ok {
				add(c.Name)
			}
		}
	}
	for i := range o.c.Images {
		add(imageContainer(o.c.Images[i]))
	}
	return names
}

// settleContainer chooses the image on screen: the one that an alert was matched to, else that of the pod's first
// container. It is called after each batch: an alert may be matched late.
func (o *openCase) settleContainer() {
	if _, ok := o.c.Image(o.container); ok && o.chosen || len(o.c.Images) == 0 {
		return
	}
	for _, a := range o.c.Alerts {
		if _, ok := o.c.Image(alertContainer(a)); ok {
			o.container = alertContainer(a)
			return
		}
	}
	o.container = o.containers()[0]
}

// lost reports whether the case could not be opened at all.
func (o *openCase) lost() bool { return o.broken != nil && !o.began }

// snapshot gives a function that folds a copy of the case, for work outside of Update: events are only ever added.
// The slice is capped, so that appending to the log of the case never writes into the part that the copy reads.
func (o *openCase) snapshot() func() *inspect.Case {
	log := o.c.Events()
	log = log[:len(log):len(log)]
	return func() *inspect.Case {
		c := &inspect.Case{}
		for _, e := range log {
			c.Apply(e)
		}
		return c
	}
}

// blockedChecks are all checks that could not run.
func (o *openCase) blockedChecks() []inspect.Key {
	var keys []inspect.Key
	for _, c := range o.c.Checks {
		if pane.Blocked(c) {
			keys = append(keys, pane.KeyOf(c))
		}
	}
	return keys
}

// clocks are the deadlines that were not withdrawn.
func (o *openCase) clocks() []inspect.Clock {
	var all []inspect.Clock
	for _, k := range o.c.Clocks {
		if k.Withdrawn == nil {
			all = append(all, k)
		}
	}
	return all
}

// unlisted names the layers whose files are missing in the merged tree, empty for none. Empty steps of the build have
// no files and are none of them.
func (o *openCase) unlisted() string {
	var numbers []string
	for _, l := range o.image().Layers {
		if !l.Empty && !pane.Listed(l) {
			numbers = append(numbers, fmt.Sprint(l.Number))
		}
	}
	if len(numbers) == 0 {
		return ""
	}
	return "without layer " + strings.Join(numbers, ", ")
}
