package sbom

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// run folds a run of checks over an image. The checks before ours are stood in for by one that says what they would.
func walk(t *testing.T, said []inspect.Event, ended error, check engine.Check) inspect.Case {
	t.Helper()
	start := engine.Check{
		Name:     "start",
		Scope:    engine.PerCase,
		Resolves: true,
		Run: func(_ context.Context, _ engine.On, emit func(inspect.Event)) error {
			for _, e := range said {
				e.Container = "web"
				emit(e)
			}
			return nil
		},
	}
	checks := []engine.Check{start}
	for _, need := range check.Needs {
		checks = append(
			checks,
			engine.Check{Name: need, Run: func(context.Context, engine.On, func(inspect.Event)) error { return ended }},
		)
	}
	source, err := engine.NewSource(
		engine.Plan{Header: inspect.Header{Schema: inspect.Schema}, Checks: append(checks, check)},
	)
	if err != nil {
		t.Fatal(err)
	}
	var c inspect.Case
	if err := source(context.Background(), c.Apply); err != nil {
		t.Fatal(err)
	}
	return c
}

// events are what finding the image and reading its layers say.
func events(img *registry.Image, layers []inspect.Layer, status inspect.Status) []inspect.Event {
	list := []inspect.Event{
		{
			Fact: inspect.ImageHead{
				Container: "web",
				Location:  img.Location.String(),
				Digest:    img.Digest(),
				Config:    img.Config.Digest,
				Status:    status,
			},
		},
	}
	for i := range layers {
		list = append(list, inspect.Event{Fact: layers[i]})
	}
	return list
}

func names(list []inspect.Package) []string {
	var n []string
	for _, p := range list {
		n = append(n, p.Name+" "+p.Version)
	}
	return n
}

func small(t *testing.T, status string) v1.Image {
	return imageOf(t, makeLayer(t, textFile("etc/os-release", osRelease), textFile("var/lib/dpkg/status", status)),
		makeLayer(t, textFile("opt/readme", "nothing to see")))
}

func TestPackages(t *testing.T) {
	b := newBench(t)
	layers, img, _ := b.read(t, "oci:"+save(t, small(t, dpkgStatus("curl", "7.88.1-10", "base-files", "12.4"))))
	c := walk(t, events(img, layers, inspect.Verified), nil, Packages(NewCataloguer(b.cache)))
	if got, want := names(c.Images[0].Packages), []string{"base-files 12.4", "curl 7.88.1-10"}; !slices.Equal(
		got,
		want,
	) {
		t.Errorf("packages are %q, want %q", got, want)
	}
	if p := c.Images[0].Packages[0]; p.Type != "deb" || p.Layer != 0 ||
		!slices.Equal(p.Locations, []string{"/var/lib/dpkg/status"}) {
		t.Errorf("package is %+v", p)
	}
	want := inspect.SBOM{Origin: "generated", Format: "syft", Packages: 2, Status: inspect.Verified}
	if got := c.Images[0].SBOMs; len(got) != 1 || got[0] != want {
		t.Errorf("SBOMs are %+v, want %+v", got, want)
	}
	kept, err := b.cache.Catalogue(context.Background(), img.Digest())
	if err != nil || len(kept) != 2 {
		t.Errorf("kept catalogue is %v, %v", kept, err)
	}
}

// What is kept is taken as it is: the second time, syft is not asked.
func TestPackagesAreCataloguedOnce(t *testing.T) {
	b := newBench(t)
	layers, img, _ := b.read(t, "oci:"+save(t, small(t, dpkgStatus("curl", "1"))))
	if err := b.cache.PutCatalogue(context.Background(), img.Digest(), []inspect.Package{{Name: "from the cache"}}); err != nil {
		t.Fatal(err)
	}
	c := walk(t, events(img, layers, inspect.Verified), nil, Packages(NewCataloguer(b.cache)))
	if got := names(c.Images[0].Packages); !slices.Equal(got, []string{"from the cache "}) {
		t.Errorf("packages are %q", got)
	}
}

// With a layer missing there may be more packages: the rest is shown, the check is unknown, nothing is kept.
func TestPackagesOfAnImageWithAMissingLayer(t *testing.T) {
	b := newBench(t)
	layers, img, _ := b.read(t, "oci:"+save(t, small(t, dpkgStatus("curl", "1"))))
	layers = slices.Clone(layers)
	layers[1].Status, layers[1].Reason, layers[1].DiffID = inspect.Unknown, "missing-blob", ""
	c := walk(t, events(img, layers, inspect.Unknown), nil, Packages(NewCataloguer(b.cache)))
	if got := names(c.Images[0].Packages); !slices.Equal(got, []string{"curl 1"}) {
		t.Errorf("packages are %q", got)
	}
	state, _ := c.Check(inspect.CheckPackages, "web")
	if state.Status != inspect.CheckBlocked || !strings.Contains(state.Reason, "layer 1 (missing-blob)") {
		t.Errorf("check ended %s: %s", state.Status, state.Reason)
	}
	if got := c.Images[0].SBOMs[0]; got.Status != inspect.Unknown || got.Reason != "unreadable" {
		t.Errorf("SBOM is %+v", got)
	}
	if _, err := b.cache.Catalogue(context.Background(), img.Digest()); !errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("a part of the packages was kept: %v", err)
	}
}

func TestPackagesWithoutAnyLayer(t *testing.T) {
	b := newBench(t)
	c := walk(
		t,
		[]inspect.Event{
			{
				Fact: inspect.ImageHead{
					Container: "web",
					Reference: "registry.example/app:1",
					Status:    inspect.Unknown,
					Reason:    "missing-blob",
				},
			},
		},
		nil,
		Packages(NewCataloguer(b.cache)),
	)
	if state, _ := c.Check(inspect.CheckPackages, "web"); state.Status != inspect.CheckBlocked {
		t.Errorf("check ended %s: %s", state.Status, state.Reason)
	}
}

func TestPackageDiff(t *testing.T) {
	b := newBench(t)
	good := "oci:" + save(t, small(t, dpkgStatus("base-files", "12.4", "libfoo", "2.0", "old", "1")))
	layers, img, _ := b.read(t, "oci:"+save(t, small(t, dpkgStatus("base-files", "12.4", "libfoo", "1.0", "new", "1"))))
	goodLayers, goodImage, _ := b.read(t, good)
	said := events(img, layers, inspect.Verified)
	found, err := NewCataloguer(b.cache).load(context.Background(), img.Digest(), layers, true)
	if err != nil || len(goodLayers) != 2 {
		t.Fatal(err, goodLayers)
	}
	said = append(
		said,
		inspect.Event{Fact: inspect.Packages{List: found.packages}},
		inspect.Event{
			Fact: inspect.Diff{
				KnownGood: &inspect.KnownGood{
					Reference: "shop:1",
					Location:  good,
					Digest:    goodImage.Digest(),
					Confirmed: true,
				},
			},
		},
	)
	c := walk(t, said, nil, Diff(b.client, NewCataloguer(b.cache)))
	d := c.Images[0].Diff.Packages
	if d == nil {
		state, _ := c.Check(inspect.CheckPackageDiff, "web")
		t.Fatalf("no comparison: %s %s", state.Status, state.Reason)
	}
	if len(d.Changed) != 1 || d.Changed[0].Name != "libfoo" || d.Changed[0].Change != downgrade {
		t.Errorf("changed: %+v", d.Changed)
	}
	if !slices.Equal(names(d.Added), []string{"new 1"}) || !slices.Equal(names(d.Removed), []string{"old 1"}) {
		t.Errorf("added %q, removed %q", names(d.Added), names(d.Removed))
	}
	if f := c.Findings[0]; f.Code != "package-changed" || f.Severity != inspect.Medium ||
		!strings.Contains(f.Title, "libfoo went back to 1.0, was 2.0 in the known-good image") {
		t.Errorf("first finding is %+v", f)
	}
}

func TestPackageDiffNeedsBothSides(t *testing.T) {
	b := newBench(t)
	image := inspect.Event{
		Fact: inspect.ImageHead{Container: "web", Reference: "registry.example/app:1", Status: inspect.Verified},
	}
	c := walk(t, []inspect.Event{image}, nil, Diff(b.client, NewCataloguer(b.cache)))
	if state, _ := c.Check(inspect.CheckPackageDiff, "web"); state.Status != inspect.CheckSkipped {
		t.Errorf("without a known-good the check ended %s: %s", state.Status, state.Reason)
	}
	good := inspect.Event{Fact: inspect.Diff{KnownGood: &inspect.KnownGood{Location: "oci:/nowhere"}}}
	c = walk(
		t,
		[]inspect.Event{image, good},
		engine.Unchecked("a layer is missing"),
		Diff(b.client, NewCataloguer(b.cache)),
	)
	if state, _ := c.Check(inspect.CheckPackageDiff, "web"); state.Status != inspect.CheckBlocked ||
		!strings.Contains(state.Reason, "a layer is missing") {
		t.Errorf("without packages the check ended %s: %s", state.Status, state.Reason)
	}
	c = walk(t, []inspect.Event{image, good}, nil, Diff(b.client, NewCataloguer(b.cache)))
	if state, _ := c.Check(inspect.CheckPackageDiff, "web"); state.Status != inspect.CheckBlocked || c.Images[0].Diff.Packages != nil {
		t.Errorf("with a known-good that is gone the check ended %s: %s", state.Status, state.Reason)
	}
}

// The layer of a package is the one with its files, not the one that wrote the database last.
func TestLayerOfAPackage(t *testing.T) {
	owned := func(n string) []member {
		return []member{
			textFile("var/lib/dpkg/info/"+n+".list", "/.\n/usr/bin/"+n+"\n"),
			textFile("var/lib/dpkg/info/"+n+".md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/bin/"+n+"\n"),
			program("usr/bin/"+n, nil),
		}
	}
	base := append(
		owned("first"),
		textFile("var/lib/dpkg/status", dpkgStatus("first", "1")),
		textFile("etc/os-release", osRelease),
	)
	upper := append(owned("second"), textFile("var/lib/dpkg/status", dpkgStatus("first", "1", "second", "1")))
	b := newBench(t)
	layers, img, _ := b.read(t, "oci:"+save(t, imageOf(t, makeLayer(t, base...), makeLayer(t, upper...))))
	found, err := NewCataloguer(b.cache).load(context.Background(), img.Digest(), layers, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{0, 1} {
		if p := found.packages[i]; p.Layer != want {
			t.Errorf("%s is of layer %d, want %d", p.Name, p.Layer, want)
		}
	}
}
