package layer

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// A layer of a registry that an earlier run read and verified comes from the cache, and the case names that; one of a
// layout is read again each time.
func TestTheSourceOfALayerIsNamed(t *testing.T) {
	target := imageOf(t, v1.Config{}, step("COPY a /", file("a", "one")))
	r := newSlowRegistry(t)
	ref, dir := r.push(t, target, "shop/web"), t.TempDir()
	for _, tt := range []struct{ name, target, want string }{
		{"a registry, for the first time", ref, ""},
		{"a registry, again", ref, inspect.SourceCache},
		{"a layout with the same layer", target, ""},
	} {
		c := openBench(t, dir).examine(t, tt.target)
		if got := c.Images[0].Layers[0]; got.Status != inspect.Verified || got.Source != tt.want {
			t.Errorf("%s: the layer is %s, from %q", tt.name, got.Status, got.Source)
		}
		for _, b := range c.Blobs {
			if b.Role != "layer" {
				continue
			}
			line, kept := inspect.Custody(inspect.Event{Fact: b})
			if b.Source != tt.want || !kept || (line.Detail == "layer, from cache") != (tt.want != "") {
				t.Errorf("%s: the blob is from %q, custody %q", tt.name, b.Source, line.Detail)
			}
		}
	}
}
