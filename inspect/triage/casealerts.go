package triage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/redact"
)

// maxAlertsInCase bounds the alerts that one case contains: a rule that fires on every request would fill it with one
// thing. Past it the most urgent stay, and a notice gives the number of all.
const maxAlertsInCase = 1000

// CaseAlerts turns alerts into the events of a case, with the lines as received as exhibits.
type CaseAlerts struct {
	Sources *AlertSources
	// Keep stores the bytes of an exhibit under their digest.
	Keep func(digest, data string) error
}

// Of returns the alerts about a pod, the most urgent first if there are too many. An alert that fits several containers
// of the pod stands at the first of them.
func (c *CaseAlerts) Of(pod *corev1.Pod) []inspect.Event {
	index := NewIndex()
	index.Add(pod)
	var mine []alert.Alert
	c.Sources.Store.Each(func(a *alert.Alert) bool {
		m := index.Match(a)
		if containers, ok := m.Of(pod.Namespace, pod.Name); ok {
			kept := *a
			Apply(m, &kept.Alert)
			kept.Subject = containers[0]
			mine = append(mine, kept)
		}
		return true
	})
	return c.events(mine)
}

// OfGone returns the alerts about the pod of the alert, which no longer exists. They belong to the
// container of which there is an image; why explains that.
func (c *CaseAlerts) OfGone(a alert.Alert, container, why string) []inspect.Event {
	var mine []alert.Alert
	c.Sources.Store.Each(func(other *alert.Alert) bool {
		if other.Number == a.Number || samePod(&a, other) {
			o := *other
			o.Match, o.Why, o.Subject = inspect.MatchImage, why, container
			if o.Digest != "" {
				o.Match = inspect.MatchDigest
			}
			mine = append(mine, o)
		}
		return true
	})
	return c.events(mine)
}

// samePod reports that two alerts name the same container, or the same pod where one of them names
// no container.
func samePod(a, b *alert.Alert) bool {
	if a.ContainerID != "" && b.ContainerID != "" {
		return strings.HasPrefix(a.ContainerID, b.ContainerID) || strings.HasPrefix(b.ContainerID, a.ContainerID)
	}
	if a.PodUID != "" && a.PodUID == b.PodUID {
		return true
	}
	return b.ContainerID == "" && a.Pod != "" && b.Pod == a.Pod && b.Namespace == a.Namespace
}

// events returns alerts as events, with the requests that were made for them.
func (c *CaseAlerts) events(mine []alert.Alert) []inspect.Event {
	if len(mine) == 0 {
		return nil
	}
	var events []inspect.Event
	c.Sources.mu.Lock()
	for _, r := range c.Sources.requests {
		events = append(events, inspect.Event{Fact: r})
	}
	c.Sources.mu.Unlock()
	if len(mine) > maxAlertsInCase {
		rarity := c.Sources.Store.Rarity()
		slices.SortStableFunc(mine, func(a, b alert.Alert) int { return moreUrgent(&a.Alert, &b.Alert, rarity) })
		n := warning(
			fmt.Sprintf(
				"%d distinct alerts match this pod; the case contains the %d most urgent", len(mine), maxAlertsInCase,
			),
		)
		events = append(events, inspect.Event{Fact: n})
		mine = mine[:maxAlertsInCase]
	}
	for i := range mine {
		events = append(events, c.event(mine[i])...)
	}
	return events
}

// event returns an alert, its times, and its lines as exhibits.
func (c *CaseAlerts) event(a alert.Alert) []inspect.Event {
	kept := a.Alert
	// A command line may contain a password; what is matched by was read before.
	kept.Output, _ = redact.Text(kept.Output)
	kept.CommandLine, _ = redact.Text(kept.CommandLine)
	kept.Title, _ = redact.Text(kept.Title)
	kept.Also = slices.Clone(kept.Also)
	for i := range kept.Also {
		kept.Also[i], _ = redact.Text(kept.Also[i])
	}
	x, line := exhibit(a, a.ID, a.Line)
	if len(x.Redacted) > 0 {
		// The bytes as received are not kept, nor is their digest: all of the line but the secret is known.
		kept.Raw, kept.ID = x.Digest, lineID(line)
	}
	events := []inspect.Event{{Fact: kept}}
	for _, t := range []inspect.Time{a.Time, a.Last} {
		if !t.IsZero() && !a.Imprecise && (len(events) == 1 || t.After(a.Time.Time)) {
			events = append(
				events,
				inspect.Event{
					Fact: inspect.Moment{Time: t, What: momentOf(kept, t), Source: a.Source, Trust: inspect.ByAlert},
				},
			)
		}
	}
	if a.Line == "" {
		n := warning("the line of alert " + a.ID + " was not kept: there were too many alerts")
		return append(events, inspect.Event{Fact: n})
	}
	events = append(events, c.keep(x, line))
	for _, other := range a.AlsoLines {
		x, line := exhibit(a, lineID(other), other)
		events = append(events, c.keep(x, line))
	}
	return events
}

// momentOf describes an alert in the timeline: the first of several, or the last, by its rule, and by its message where
// it names none.
func momentOf(a inspect.Alert, t inspect.Time) string {
	what := a.Name()
	if what == "" {
		what = a.Output
	}
	what = strings.TrimSpace(a.Priority+" alert: ") + " " + what
	if a.Count > 1 && t.After(a.Time.Time) {
		what += fmt.Sprintf(", the last of %d", a.Count)
	}
	return what
}

// exhibit describes a line as it is kept, without secrets. Where something was removed, its name follows from what is
// left: a name from the line as received would let a short secret be guessed, since all else of the line is known.
func exhibit(a alert.Alert, id, received string) (x inspect.Exhibit, line string) {
	line, redacted := redact.Line(received)
	sum := sha256.Sum256([]byte(line))
	x = inspect.Exhibit{
		Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(line)), Source: a.From, Redacted: redacted,
	}
	if len(redacted) > 0 {
		original := sha256.Sum256([]byte(received))
		id, x.Original = lineID(line), "sha256:"+hex.EncodeToString(original[:])
	}
	x.Path = "alerts/" + id + ".json"
	return x, line
}

// lineID names a line by a part of its digest, as package alert does.
func lineID(line string) string {
	sum := sha256.Sum256([]byte(line))
	return hex.EncodeToString(sum[:16])
}

// keep stores the bytes of an exhibit. If that fails the case continues with a notice: a full disk
// must not hide the alert itself.
func (c *CaseAlerts) keep(x inspect.Exhibit, line string) inspect.Event {
	if err := c.Keep(x.Digest, line); err != nil {
		n := warning("the line of an alert could not be kept: " + err.Error())
		return inspect.Event{Fact: n}
	}
	return inspect.Event{Fact: x}
}
