package owner

import (
	"bytes"
	"io"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
)

// treeOfLayers merges layers that are made for a test.
func treeOfLayers(t testing.TB, layers ...[]member) *layer.Tree {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	var steps []layerSpec
	for _, members := range layers {
		steps = append(steps, step("RUN x", members...))
	}
	cache := layer.NewCache(store)
	list, _, err := cache.ImageLayers(t.Context(), client, imageOf(t, v1.Config{}, steps...), v1.Platform{})
	must(t, err)
	tree, err := cache.Tree(t.Context(), list)
	must(t, err)
	return tree
}

func read(t testing.TB, tree *layer.Tree, n *inspect.Node) string {
	t.Helper()
	c, err := tree.Open(t.Context(), n)
	must(t, err)
	defer c.Close()
	data, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	must(t, err)
	return string(data)
}

// held is content in memory.
type held struct{ *bytes.Reader }

func (h held) Size() int64 { return h.Reader.Size() }
func (held) Close() error  { return nil }
