package layer

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/registry"
)

// bench is a store, a client and a cache of their own.
type bench struct {
	client *registry.Client
	cache  *Cache
}

func newBench(t testing.TB) bench {
	t.Helper()
	return openBench(t, t.TempDir())
}

func openBench(t testing.TB, dir string) bench {
	t.Helper()
	store, err := registry.OpenStore(dir)
	must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return bench{client, NewCache(store)}
}

// examine runs the checks of this package on an image.
func (b bench) examine(t testing.TB, target string) inspect.Case {
	t.Helper()
	return layertest.Run(t, b.client, target, nil, []engine.Check{Layers(b.client, b.cache), Base(b.cache)})
}

// examineAfter is examine with a check that the search for the base image waits for.
func (b bench) examineAfter(t testing.TB, target string, first engine.Check) inspect.Case {
	t.Helper()
	return layertest.Run(
		t,
		b.client,
		target,
		nil,
		[]engine.Check{Layers(b.client, b.cache), first, Base(b.cache, first.Name)},
	)
}

func mustTree(t *testing.T, b bench, c inspect.Case) *Tree {
	t.Helper()
	tree, err := b.cache.Tree(t.Context(), c.Images[0].Layers)
	must(t, err)
	return tree
}

func defaultPlatform() v1.Platform { return v1.Platform{} }
