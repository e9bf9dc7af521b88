package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/registry"
)

// maxAlertsInCase bounds the alerts that one case takes in.
const maxAlertsInCase = 1000

// alertsOf gives the alerts that belong to a pod as events, each with its lines as they were received, the worst first
// where they are too many.
func (s *session) alertsOf(pod *corev1.Pod) []inspect.Event {
	index := alert.NewIndex()
	index.Add(pod)
	var mine []alert.Alert
	s.alarms.book.Each(func(a *alert.Alert) bool {
		m := index.Match(a)
		if containers, ok := m.Of(pod.Namespace, pod.Name); ok {
			a.Apply(m)
			a.Subject = containers[0]
			mine = append(mine, *a)
		}
		return true
	})
	return s.eventsOf(mine)
}

// eventsOf are alerts as events, with the requests that were made for them.
func (s *session) eventsOf(mine []alert.Alert) []inspect.Event {
	if len(mine) == 0 {
		return nil
	}
	var events []inspect.Event
	s.alarms.mu.Lock()
	for _, r := range s.alarms.requests {
		events = append(events, inspect.Event{Request: &r})
	}
	s.alarms.mu.Unlock()
	if len(mine) > maxAlertsInCase {
		rarity := s.alarms.book.Rarity()
		slices.SortStableFunc(mine, func(a, b alert.Alert) int { return moreUrgent(&a.Alert, &b.Alert, rarity) })
		events = append(events, inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: fmt.Sprintf("%d different alerts fit this pod: the %d that matter most are in the case", len(mine), maxAlertsInCase)}})
		mine = mine[:maxAlertsInCase]
	}
	for i := range mine {
		s.alarms.book.Fill(&mine[i])
		events = append(events, s.alertEvents(mine[i])...)
	}
	return events
}

// alertEvents are an alert, the time of it, and its lines as exhibits.
func (s *session) alertEvents(a alert.Alert) []inspect.Event {
	kept := a.Alert
	// A command line may hold a password; what is matched by was read before.
	kept.Output, _ = cluster.Redact(kept.Output)
	kept.Also = slices.Clone(kept.Also)
	for i := range kept.Also {
		kept.Also[i], _ = cluster.Redact(kept.Also[i])
	}
	x, line := s.alertExhibit(a, a.ID, a.Line)
	if len(x.Redacted) > 0 {
		kept.Raw = x.Digest // what was received is not kept
	}
	events := []inspect.Event{{Alert: &kept}}
	for _, t := range []inspect.Time{a.Time, a.Last} {
		if !t.IsZero() && !a.Imprecise && (len(events) == 1 || t.After(a.Time.Time)) {
			events = append(events, inspect.Event{Moment: &inspect.Moment{Time: t, What: momentOf(kept, t), Source: a.Source, Trust: inspect.ByAlert}})
		}
	}
	if a.Line == "" {
		return append(events, inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: "the line of alert " + a.ID + " is not kept"}})
	}
	events = append(events, s.keepExhibit(x, line))
	for _, other := range a.AlsoLines {
		sum := sha256.Sum256([]byte(other))
		x, line := s.alertExhibit(a, hex.EncodeToString(sum[:16]), other)
		events = append(events, s.keepExhibit(x, line))
	}
	return events
}

// momentOf says what happened: the first of several, or the last.
func momentOf(a inspect.Alert, t inspect.Time) string {
	what := a.Name()
	if what == "" {
		what = a.Output
	}
	what = a.Priority + " alert: " + what
	if a.Count > 1 && t.After(a.Time.Time) {
		what += fmt.Sprintf(", the last of %d", a.Count)
	}
	return what
}

// alertExhibit is a line as it is kept, without secrets.
func (s *session) alertExhibit(a alert.Alert, id, received string) (x inspect.Exhibit, line string) {
	line, redacted := cluster.Redact(received)
	sum := sha256.Sum256([]byte(line))
	return inspect.Exhibit{
		Path: "alerts/" + id + ".json", Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(line)), Source: a.From, Redacted: redacted,
	}, line
}

func (s *session) keepExhibit(x inspect.Exhibit, line string) inspect.Event {
	if err := keepBytes(s.client.Store(), x.Digest, line); err != nil {
		return inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: "the alert's line is not kept: " + err.Error()}}
	}
	return inspect.Event{Exhibit: &x}
}

func keepBytes(store *registry.Store, digest, data string) error {
	if store.Has(digest) {
		return nil
	}
	return store.Put(digest, []byte(data))
}
