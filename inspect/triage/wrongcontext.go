package triage

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// wrongContext explains what it may mean that nothing of what the alerts name exists in the
// cluster.
func wrongContext(context string, others []string) *inspect.WrongContext {
	w := &inspect.WrongContext{
		Text: fmt.Sprintf(
			"wrong context? No node, container, pod or namespace that the alerts name exists in %s", context,
		),
	}
	for _, name := range others {
		if name != context {
			w.Contexts = append(w.Contexts, name)
		}
	}
	switch {
	case strings.HasPrefix(context, "snapshot "):
		w.Text += "; it may be the dump of another cluster"
	case len(w.Contexts) > 0:
		w.Text += "; the kubeconfig also has: " + strings.Join(w.Contexts, ", ") + " (--context NAME)"
	default:
		w.Text += "; the kubeconfig has no other"
	}
	return w
}
