package binary

import (
	"context"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/destination"
	"github.com/backtrail/backtrail/inspect/engine"
)

// Place emits which files are on a volume, before any layer is read: neither the image nor its layers
// have anything to do with them. Links in the image are not known yet, and are followed once they are. It runs once
// for a case, and its answer is provisional: the binaries check emits the alert again when the tree is known.
func Place() engine.Check {
	return engine.Check{Name: inspect.CheckAlertLocation, Scope: engine.PerCase, Run: func(_ context.Context,
		on engine.On,
		emit func(inspect.Event),
	) error {
		c := on.Case()
		if c.Pod == nil || len(c.Alerts) == 0 {
			return engine.Nothing("there is no alert about a pod")
		}
		for _, a := range c.Alerts {
			if a.Match == inspect.MatchNone || a.File.Origin != inspect.OriginUnknown || !strings.HasPrefix(a.Path,
				"/") {
				continue
			}
			if m, ok := mountOf(a, nil, mountsOf(c.Pod, a.Subject)); ok {
				a.File = inspect.AlertFile{Path: a.Path, Layer: -1, Origin: inspect.OriginVolume, Detail: onVolume(m)}
				emit(inspect.Event{Fact: a})
			}
		}
		return nil
	}}
}

// destinations looks up where the connections of network alerts lead, in what the image brings.
func destinations(ctx context.Context, h *scanner, alerts []inspect.Alert, emit func(inspect.Event)) error {
	s := destination.Search{Image: &h.image, Tree: h.tree, Own: h.own, Check: inspect.CheckBinaries}
	return s.Alerts(ctx, alerts, emit)
}
