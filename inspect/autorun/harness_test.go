package autorun

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/registry"
)

// The short names of what tests are made of.
type (
	member    = layertest.Member
	layerSpec = layertest.Layer
)

var (
	file, exe, dir, symlink  = layertest.File, layertest.Exe, layertest.Dir, layertest.Symlink
	step, imageOf, program   = layertest.Step, layertest.Image, layertest.Program
	dpkgOf, debian, must     = layertest.Dpkg, layertest.Debian, layertest.Must
	tarOf, packed, recordRow = layertest.Tar, layertest.Gzip, layertest.Record
)

const site = "usr/local/lib/python3.13/site-packages"

// image is an image of a test: Debian's base, and the layers of a case over it.
type image struct {
	config  v1.Config
	members []member
}

func (i image) target(t testing.TB) string {
	_, base := debian()
	if len(i.members) == 0 {
		return imageOf(t, i.config, base)
	}
	return imageOf(t, i.config, base, step("RUN x", i.members...))
}

// inspected runs the check on an image, against a confirmed known-good where one is given.
func inspected(t testing.TB, now image, good *image, alerts ...inspect.Alert) inspect.Case {
	t.Helper()
	return inspectedAt(t, now.target(t), good, alerts...)
}

func inspectedAt(t testing.TB, target string, good *image, alerts ...inspect.Alert) inspect.Case {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	cache := layer.NewCache(store)
	var known *inspect.KnownGood
	if good != nil {
		at := good.target(t)
		known = &inspect.KnownGood{Reference: at, Location: at, Confirmed: true}
	}
	return layertest.Run(t, client, target, known, []engine.Check{
		layer.Layers(client, cache), Check(client, cache, owner.NewCache(), "known-good"),
	}, alerts...)
}

// short says a row as "severity kind path".
func short(a inspect.Autorun) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Severity, a.Kind, a.Path))
}

// listed are the rows of an image in short, without those of the base.
func listed(c inspect.Case) []string {
	var all []string
	for _, a := range c.Images[0].Autoruns {
		if a.Layer != 0 {
			all = append(all, short(a))
		}
	}
	slices.Sort(all)
	return all
}

// rowOf finds the row of a kind.
func rowOf(t testing.TB, c inspect.Case, kind string) inspect.Autorun {
	t.Helper()
	for _, a := range c.Images[0].Autoruns {
		if a.Kind == kind {
			return a
		}
	}
	t.Fatalf("no row of kind %s among %q", kind, listed(c))
	return inspect.Autorun{}
}
