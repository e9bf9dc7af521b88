package alert

import (
	"maps"
	"slices"
)

// maxNamespaces bounds those that alerts can make us list, one request each.
const maxNamespaces = 50

// Namespaces are those that the alerts name, sorted: where pods are looked for if not all namespaces may be listed.
func Namespaces(alerts []Alert) []string {
	seen := map[string]bool{}
	for i := range alerts {
		if ns := alerts[i].Namespace; ns != "" && len(seen) < maxNamespaces {
			seen[ns] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
