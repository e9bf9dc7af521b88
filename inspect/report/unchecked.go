package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// unchecked lists what could not be checked and why, each once.
//
// It is what keeps a calm report honest. The order is: the case, its checks, then layers, stores and owners of each
// image.
func unchecked(c inspect.Case) []string {
	var list []string
	// A store that is silent for three images is named for each, and once for each.
	add := func(text string) {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	switch {
	case c.End == nil:
		add("the case is partial: it has not ended")
	case c.End.Status != inspect.CheckDone:
		add("the case is partial: " + c.End.Reason)
	}
	for _, s := range c.Checks {
		if s.Status == inspect.CheckBlocked || s.Running() {
			add(strings.TrimSpace(s.Container+" "+s.Name) + ": " + orRunning(s))
		}
	}
	for _, i := range c.Images {
		for _, l := range i.Layers {
			if l.Status == inspect.Unknown && !l.Empty {
				add(fmt.Sprintf("%s layer %d: %s", i.Container, l.Number, cmp.Or(l.Detail, l.Reason)))
			}
		}
		for _, r := range i.Stores {
			if r.Status == inspect.StoreUnreachable {
				add(fmt.Sprintf("%s %s: %s", i.Container, r.Store, r.Detail))
			}
		}
		if o := i.Files.Ownership; o == "unknown" || o == "partial" {
			add(fmt.Sprintf("%s file ownership is %s: %s", i.Container, o, i.Files.Detail))
		}
	}
	return list
}
