package layer

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// baseRows lists the build steps that are said to be the base image's.
func baseRows(layers []inspect.Layer) []string {
	var list []string
	for _, l := range layers {
		if l.Base {
			list = append(list, l.CreatedBy)
		}
	}
	return list
}

func TestBaseByHistory(t *testing.T) {
	entry := func(by, comment string, empty bool) v1.History {
		return v1.History{CreatedBy: by, Comment: comment, EmptyLayer: empty}
	}
	const buildkit = "buildkit.dockerfile.v0"
	for name, test := range map[string]struct {
		history []v1.History
		want    []string
	}{
		"the last command that layers follow": {
			[]v1.History{
				entry("ADD", "", false), entry("CMD bash", "", true), entry("RUN", "", false),
				entry("CMD app", "", true),
			},
			[]string{"ADD", "CMD bash"},
		},
		"another builder's steps": {
			[]v1.History{
				entry("# debian.sh", "debuerreotype 0.15", false), entry("ENV A=1", buildkit, true),
				entry("RUN", buildkit, false),
			},
			[]string{"# debian.sh"},
		},
		"both: the command is further on": {
			[]v1.History{
				entry("# debian.sh", "debuerreotype 0.15", false), entry("RUN python", buildkit, false),
				entry("CMD python", buildkit, true), entry("COPY app", buildkit, false),
			},
			[]string{"# debian.sh", "RUN python", "CMD python"},
		},
		"one builder": {
			[]v1.History{entry("COPY a", buildkit, false), entry("COPY b", buildkit, false)}, nil,
		},
		"nothing before it":      {[]v1.History{entry("ARG X", "", true), entry("COPY b", buildkit, false)}, nil},
		"no history of anything": {nil, nil},
	} {
		img := &registry.Image{ConfigFile: &v1.ConfigFile{History: test.history}}
		for i := range test.history {
			if !test.history[i].EmptyLayer {
				img.Layers = append(img.Layers, registry.Layer{Number: len(img.Layers)})
			}
		}
		if got := baseRows(history(img)); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestBaseByLabel(t *testing.T) {
	_, debian := debian()
	own := step("COPY app /", exe("app", program("app")))
	extra := step("RUN more", file("more", "x"))
	baseTarget := imageOf(t, v1.Config{}, debian, extra)
	for name, test := range map[string]struct {
		known  bool // the base was read before
		layers []layerSpec
		want   []string
		words  string
	}{
		"known: its layers are certain": {
			true,
			[]layerSpec{debian, extra, own},
			[]string{debian.Step, extra.Step},
			"its lowest 2 layers are those of that image",
		},
		"known, and a lie": {
			true, []layerSpec{debian, own}, nil, "its lowest layers are not those of that image",
		},
		"not known": {false, []layerSpec{debian, extra, own}, nil, "that image was not compared"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			loc, err := registry.Parse(baseTarget)
			must(t, err)
			base, err := b.client.Resolve(t.Context(), loc, v1.Platform{})
			must(t, err)
			if test.known {
				must(t, b.cache.store.Put(base.Manifest.Digest, base.Manifest.Bytes))
			}
			config := v1.Config{
				Labels: map[string]string{
					annotationBaseName:   "docker.io/library/debian:13",
					annotationBaseDigest: base.Digest(),
				},
			}
			i := b.examine(t, imageOf(t, config, test.layers...)).Images[0]
			if got := baseRows(i.Layers); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if !slices.ContainsFunc(i.Notable, func(s inspect.Setting) bool {
				return strings.HasPrefix(s.Code, "base-") && strings.Contains(s.Detail, test.words) &&
					strings.Contains(s.Detail, "docker.io/library/debian:13 as its base image (sha256:")
			}) {
				t.Errorf("settings %+v", i.Notable)
			}
		})
	}
}

// provenanceOf is a check that says statements, in the place of package provenance.
func provenanceOf(statements ...inspect.Provenance) engine.Check {
	return engine.Check{Name: "provenance", Run: func(_ context.Context, _ engine.On, emit func(inspect.Event)) error {
		for _, p := range statements {
			emit(inspect.Event{Fact: p})
		}
		return nil
	}}
}

func TestBaseByProvenanceAndByThePast(t *testing.T) {
	_, debian := debian()
	extra, own, more := step(
		"RUN more",
		file("more", "x"),
	), step(
		"COPY app /",
		exe("app", program("app")),
	), step(
		"COPY more /",
		file("b", "c"),
	)
	base := imageOf(t, v1.Config{}, debian, extra)
	target := imageOf(t, v1.Config{}, debian, extra, own, more)
	b := newBench(t)
	found := resolved(t, b, base)
	other := resolved(t, b, imageOf(t, v1.Config{}, debian, more))
	golang := inspect.Material{
		URI:    "pkg:docker/golang@1.26?platform=linux%2Famd64",
		Digest: "sha256:" + strings.Repeat("ab", 32),
	}
	debianOf := inspect.Material{URI: "pkg:docker/debian@13?platform=linux%2Famd64", Digest: found.Digest()}
	source := inspect.Material{URI: "git+https://github.com/org/app", Digest: "sha1:" + strings.Repeat("ab", 20)}
	for _, test := range []struct {
		name       string
		known      bool // the manifest of the base is in the store
		read       bool // the base was looked at here before
		statements []inspect.Provenance
		want       []string
		words      []string
	}{
		{"nothing is known", false, false, nil, nil, nil},
		{
			"a claim about an image that is not known", false, false,
			[]inspect.Provenance{{ID: "1", Materials: []inspect.Material{source, golang, debianOf}}},
			nil,
			[]string{
				"its provenance, which is a claim, names debian:13 among what it was built from (sha256:",
				"; that image was not compared",
			},
		},
		{
			"a signed statement, and a builder beside the base", true, false,
			[]inspect.Provenance{
				{
					ID: "1", Signed: true, Status: inspect.Verified,
					Materials: []inspect.Material{source, golang, debianOf},
				},
			},
			[]string{debian.Step, extra.Step},
			[]string{
				"its signed provenance names debian:13 among what it was built from (sha256:",
				"and its lowest 2 layers are those of that image",
			},
		},
		{
			"a known image that was only used on the way", true, false,
			[]inspect.Provenance{
				{
					ID: "1", Signed: true, Status: inspect.Verified,
					Materials: []inspect.Material{{URI: "pkg:docker/other@1", Digest: other.Digest()}},
				},
			},
			nil,
			[]string{
				"its signed provenance names other:1 among what it was built from (" + other.Digest() + "); its layers are not the lowest ones: it was used on the way",
			},
		},
		{
			"the past alone", false, true, nil,
			[]string{debian.Step, extra.Step},
			[]string{
				"its lowest 2 layers are those of " + base + " (" + found.Digest() + "), which was read here before",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			if test.known {
				must(t, b.cache.store.Put(found.Manifest.Digest, found.Manifest.Bytes))
				must(t, b.cache.store.Put(other.Manifest.Digest, other.Manifest.Bytes))
			}
			if test.read {
				b.examine(t, base)
			}
			c := b.examineAfter(t, target, provenanceOf(test.statements...))
			i := c.Images[0]
			if got := baseRows(i.Layers); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			var said []string
			for _, s := range i.Notable {
				if s.Code == "built-from" || s.Code == "base-image" {
					said = append(said, s.Detail)
				}
			}
			for _, words := range test.words {
				if !strings.Contains(strings.Join(said, " | "), words) {
					t.Errorf("settings %q do not say %q", said, words)
				}
			}
			for _, l := range i.Layers {
				if l.Status != inspect.Verified || l.Added == 0 {
					t.Errorf("layer %+v", l)
				}
			}
		})
	}
}

// An image that was seen with the same layers is no base, nor is one whose layers are only like some of them.
func TestNoBaseOfItself(t *testing.T) {
	_, debian := debian()
	b := newBench(t)
	first := imageOf(t, v1.Config{}, debian, step("COPY a", file("a", "1")))
	b.examine(t, first)
	for _, target := range []string{first, imageOf(t, v1.Config{}, debian, step("COPY b", file("b", "2")))} {
		if got := baseRows(b.examine(t, target).Images[0].Layers); len(got) > 0 {
			t.Errorf("got %q", got)
		}
	}
}

func TestNamesOfMaterials(t *testing.T) {
	for uri, want := range map[string]string{
		"pkg:docker/debian@13?platform=linux%2Famd64":            "debian:13",
		"pkg:docker/ghcr.io%2Forg/app@1.0":                       "ghcr.io/org/app:1.0",
		"pkg:docker/alpine@sha256%3Aab":                          "alpine",
		"docker-image://docker.io/library/golang:1.26@sha256:ab": "docker.io/library/golang:1.26",
		"oci://ghcr.io/org/app@sha256:ab":                        "ghcr.io/org/app",
		"git+https://github.com/org/app":                         "",
		"pkg:npm/left-pad@1":                                     "",
		"":                                                       "",
	} {
		if got := imageName(uri); got != want {
			t.Errorf("%s is %q, want %q", uri, got, want)
		}
	}
}
