package pods

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// sparkWidth is how many columns the alerts over time have.
const sparkWidth = 16

// board is a list with what is drawn of it: made once for each list, outside of Update, since there may be 100,000
// alerts. Nothing of it changes after that. It is shared between the goroutine that made it and the screen, one after
// the other.
type board struct {
	list      inspect.PodList
	groups    []*alertGroup
	unmatched []*alertGroup
	// alerts: each as often as it was raised
	alerts int
	// newest: alert
	newest inspect.Time
	spark  string
	// spaceWidth: of the column of namespaces
	spaceWidth int
}

// newBoard prepares a list for drawing: groups, counts, the sparkline. It takes long for 60,000 alerts. The column of
// namespaces is as wide as the longest of them, from 9 to 16 bytes.
func newBoard(list inspect.PodList) *board {
	b := &board{list: list, groups: groupPods(list.Pods), unmatched: groupUnmatched(list.Unmatched), spaceWidth: 9}
	var first inspect.Time
	each := func(a *inspect.Alert) {
		b.alerts += max(1, a.Count)
		if newest := a.Newest(); newest.After(b.newest.Time) {
			b.newest = newest
		}
		if !a.Time.IsZero() && (first.IsZero() || a.Time.Before(first.Time)) {
			first = a.Time
		}
	}
	b.each(each)
	// an alert may fit several pods
	if list.Said > 0 {
		b.alerts = list.Said
	}
	for i := range list.Pods {
		b.spaceWidth = min(16, max(b.spaceWidth, len(list.Pods[i].Namespace)))
	}
	b.spark = b.sparkline(first)
	return b
}

// each gives all alerts of the list. The pointers are into the list, which must not be changed.
func (b *board) each(do func(a *inspect.Alert)) {
	for i := range b.list.Pods {
		for n := range b.list.Pods[i].Alerts {
			do(&b.list.Pods[i].Alerts[n])
		}
	}
	for n := range b.list.Unmatched {
		do(&b.list.Unmatched[n])
	}
}

// sparkline draws the alerts of the list over time, oldest left; nothing where they are too few for a picture. The
// counts are in 16 spans of equal length, from the first alert to the newest. A clock far off makes one column of all
// the others: then the picture is poor, and the list is not.
func (b *board) sparkline(first inspect.Time) string {
	counts, n := make([]int, sparkWidth), 0
	span := max(1, b.newest.Sub(first.Time).Seconds())
	b.each(func(a *inspect.Alert) {
		if !a.Time.IsZero() {
			counts[int(a.Time.Sub(first.Time).Seconds()/span*(sparkWidth-1))] += max(1, a.Count)
			n++
		}
	})
	if n < 3 {
		return ""
	}
	return widget.Sparkline(counts)
}
