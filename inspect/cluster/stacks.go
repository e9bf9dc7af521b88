package cluster

import (
	"context"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect/engine"
)

// readers is how many manifests are read at once.
// with the other checks of a case some ten requests are under way at a registry
const readers = 4

// read takes the layers of the other images: of those that the store has without asking anybody, then of the first ones
// that a registry of the case has.
func (s *sharers) read(ctx context.Context, all []*group) error {
	ctx, stop := context.WithTimeout(ctx, sharingPatience)
	defer stop()
	platform, err := v1.ParsePlatform(s.platform)
	if err != nil || platform == nil {
		platform = &v1.Platform{}
	}
	s.all = all
	var ask []*group
	for _, g := range all {
		if s.client == nil {
			s.left++
			continue
		}
		if g.layers, err = s.client.Stack(ctx, g.location, *platform, true); err == nil {
			g.read = true
			continue
		}
		if len(ask) == maxStacks || !s.hosts[g.location.Host] {
			s.left++
			continue
		}
		ask = append(ask, g)
	}
	return s.askFor(ctx, ask, *platform)
}

// askFor reads manifests from registries, a few at once. One that limits its rate is left alone after that.
// One request for each image, of its manifest: neither a config nor a layer is read.
func (s *sharers) askFor(ctx context.Context, ask []*group, platform v1.Platform) error {
	var mu sync.Mutex
	alone := map[string]bool{}
	work := engine.NewGroup(readers)
	for _, g := range ask {
		work.Go(func() error {
			mu.Lock()
			skip := alone[g.location.Host]
			mu.Unlock()
			if skip {
				return nil
			}
			layers, err := s.client.Stack(ctx, g.location, platform, false)
			mu.Lock()
			defer mu.Unlock()
			g.layers, g.read = layers, err == nil
			alone[g.location.Host] = alone[g.location.Host] || refused(err)
			return nil // a manifest that cannot be read is counted
		})
	}
	// those that a limit of the registry left out have no layers, and count as unread
	defect := work.Wait()
	for _, g := range ask {
		if !g.read {
			s.unread++
		}
	}
	return defect
}
