package binary

import (
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/registry"
)

// bench is a store, a client and a cache of their own.
type bench struct {
	client *registry.Client
	cache  *layer.Cache
	owners *owner.Cache
}

func newBench(t testing.TB) bench {
	t.Helper()
	return openBench(t, t.TempDir())
}

func openBench(t testing.TB, dir string) bench {
	t.Helper()
	store, err := registry.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return bench{client, layer.NewCache(store), owner.NewCache()}
}

// examine runs the checks of this package on an image, with alerts matched to it, against a known-good where one is
// named.
func (b bench) examine(t testing.TB, target string, knownGood *inspect.KnownGood, alerts ...inspect.Alert) inspect.Case {
	t.Helper()
	return b.examineWith(t, target, knownGood, nil, alerts...)
}

// examineWith is examine with further checks.
func (b bench) examineWith(t testing.TB, target string, knownGood *inspect.KnownGood, more []engine.Check, alerts ...inspect.Alert) inspect.Case {
	t.Helper()
	return b.run(t, target, knownGood, append([]engine.Check{layer.Base(b.cache)}, more...), alerts)
}

func (b bench) run(t testing.TB, target string, knownGood *inspect.KnownGood, more []engine.Check, alerts []inspect.Alert) inspect.Case {
	t.Helper()
	return layertest.Run(t, b.client, target, knownGood, append([]engine.Check{
		layer.Layers(b.client, b.cache), Binaries(b.client, b.cache, b.owners), Diff(b.client, b.cache, b.owners),
	}, more...), alerts...)
}

// treeOfLayers merges layers that are made for a test.
func treeOfLayers(t testing.TB, layers ...[]member) *layer.Tree {
	t.Helper()
	b := newBench(t)
	var steps []layerSpec
	for _, members := range layers {
		steps = append(steps, step("RUN x", members...))
	}
	list, _, err := b.cache.ImageLayers(t.Context(), b.client, imageOf(t, v1.Config{}, steps...), v1.Platform{})
	must(t, err)
	tree, err := b.cache.Tree(t.Context(), list)
	must(t, err)
	return tree
}

func (b bench) readCheckpoint(t testing.TB, archive []byte) (*layer.Checkpoint, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "checkpoint.tar")
	must(t, os.WriteFile(name, archive, 0o600))
	return b.cache.ReadCheckpoint(t.Context(), name)
}
