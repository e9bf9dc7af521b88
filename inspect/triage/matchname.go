package triage

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
)

// byName finds the pod of the name. Names are used again: an alert that is older than the pod, or
// than its container, is about an earlier one.
func (x *Index) byName(a *alert.Alert) (Match, string) {
	if a.Namespace == "" || a.Pod == "" {
		return Match{}, ""
	}
	key := podKey(a.Namespace, a.Pod)
	rows := x.names[key]
	if len(rows) == 0 {
		return Match{}, "there is no pod " + key
	}
	r := rows[len(rows)-1]
	for i := len(rows) - 1; i >= 0 && older(a, r.created) && !older(a, rows[0].created); i-- {
		r = rows[i] // one that was listed, and is gone
	}
	if older(a, r.created) {
		return Match{Earlier: true}, fmt.Sprintf(
			"it is of an earlier pod of the name %s: the current one was created at %s",
			key, r.created.UTC().Format(time.RFC3339),
		)
	}
	hit := Hit{Namespace: r.namespace, Pod: r.name, UID: r.uid}
	why := "its namespace and name are those of the alert"
	if p, ok := r.containerOf(a); ok {
		if older(a, p.container.Started) {
			return Match{}, fmt.Sprintf("it is of an earlier container %s of pod %s: the current one started at %s",
				p.container.Name, key, p.container.Started.UTC().Format(time.RFC3339))
		}
		hit.Container = p.container.Name
	}
	if a.Imprecise || a.Time.IsZero() {
		why += "; the alert's time is not known well enough to tell it from an earlier pod of this name"
	}
	return Match{How: inspect.MatchPod, Why: why, Hits: []Hit{hit}}, ""
}

// byAddress finds the pod that had one of the addresses at the time of the alert. The order of the
// addresses is that of the alert: the end that opened the connection first. Addresses are used
// again within seconds, so the time must be known.
func (x *Index) byAddress(a *alert.Alert) (Match, string) {
	if len(a.Addresses) == 0 {
		return Match{}, ""
	}
	if a.Imprecise || a.Time.IsZero() {
		return Match{}, "its time is not known well enough to tell which pod had the address"
	}
	for _, address := range a.Addresses {
		// Of the pods that had the address those are left that ran at the time.
		var found []*row
		for _, r := range x.addresses[address] {
			if r.ranAt(a.Time.Time) {
				found = append(found, r)
			}
		}
		if r := closest(found, a.Time.Time); r != nil {
			why := fmt.Sprintf("%s was the address of this pod at that time", address)
			if len(found) > 1 {
				why += "; another pod had it within two minutes"
			}
			return Match{How: inspect.MatchPod, Why: why, Hits: []Hit{r.hit(a)}}, ""
		}
	}
	return Match{}, "no pod had an address of the connection at that time: " + joinAddresses(a.Addresses)
}

// ranAt reports whether the pod ran at the time, give or take the skew of clocks.
func (r *row) ranAt(t time.Time) bool {
	return !t.Add(skew).Before(r.created) && (r.ended.IsZero() || !t.Add(-skew).After(r.ended))
}

// closest returns the pod that ran at the time exactly, else the last of those that ran within the
// skew of clocks.
func closest(found []*row, t time.Time) *row {
	var last *row
	for _, r := range found {
		if !t.Before(r.created) && (r.ended.IsZero() || !t.After(r.ended)) {
			return r
		}
		last = r
	}
	return last
}

// joinAddresses lists addresses for a sentence.
func joinAddresses(all []netip.Addr) string {
	text := ""
	for i, a := range all {
		if i > 0 {
			text += ", "
		}
		text += a.String()
	}
	return text
}

// containerOf picks the container that the alert names, by name or image, or the only one.
func (r *row) containerOf(a *alert.Alert) (place, bool) {
	var byImage []place
	for i := range r.containers {
		c := &r.containers[i]
		if a.Container != "" && c.Name == a.Container {
			return place{pod: r, container: c}, true
		}
		if hasImage(c, imageKey(a.Image)) {
			byImage = append(byImage, place{pod: r, container: c})
		}
	}
	if len(byImage) == 1 {
		return byImage[0], true
	}
	if len(r.containers) == 1 && a.Container == "" {
		return place{pod: r, container: &r.containers[0]}, true
	}
	return place{}, false
}

// older reports an alert that is certainly from before the time.
func older(a *alert.Alert, than time.Time) bool {
	return !a.Imprecise && !a.Time.IsZero() && !than.IsZero() && a.Time.Add(skew).Before(than)
}
