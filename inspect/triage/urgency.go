package triage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// moreUrgent orders alerts: by priority, then the rarest rule, then the newest. A rule that fires everywhere is
// seldom the incident. The number of the alert decides last, so that the order is the same each time.
func moreUrgent(a, b *inspect.Alert, rarity map[string]int) int {
	return cmp.Or(
		cmp.Compare(inspect.PriorityRank(a.Priority), inspect.PriorityRank(b.Priority)),
		cmp.Compare(rarity[a.Name()], rarity[b.Name()]),
		-a.Newest().Compare(b.Newest().Time), cmp.Compare(a.Number, b.Number),
	)
}

// sortPods puts flagged pods first, the most urgent alert first; then by namespace and name. The alerts of each pod
// are in their order already.
func sortPods(pods []inspect.FlaggedPod, rarity map[string]int) {
	slices.SortFunc(pods, func(x, y inspect.FlaggedPod) int {
		switch {
		case len(x.Alerts) > 0 && len(y.Alerts) > 0:
			if c := moreUrgent(&x.Alerts[0], &y.Alerts[0], rarity); c != 0 {
				return c
			}
		case len(x.Alerts) > 0:
			return -1
		case len(y.Alerts) > 0:
			return 1
		}
		return cmp.Or(
			strings.Compare(x.Namespace, y.Namespace), strings.Compare(x.Name, y.Name), strings.Compare(x.UID, y.UID),
		)
	})
}
