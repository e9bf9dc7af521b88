package files

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
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
		"the last command that layers follow": {[]v1.History{entry("ADD", "", false), entry("CMD bash", "", true), entry("RUN", "", false), entry("CMD app", "", true)}, []string{"ADD", "CMD bash"}},
		"another builder's steps":             {[]v1.History{entry("# debian.sh", "debuerreotype 0.15", false), entry("ENV A=1", buildkit, true), entry("RUN", buildkit, false)}, []string{"# debian.sh"}},
		"both: the command is further on": {
			[]v1.History{entry("# debian.sh", "debuerreotype 0.15", false), entry("RUN python", buildkit, false), entry("CMD python", buildkit, true), entry("COPY app", buildkit, false)},
			[]string{"# debian.sh", "RUN python", "CMD python"},
		},
		"one builder":            {[]v1.History{entry("COPY a", buildkit, false), entry("COPY b", buildkit, false)}, nil},
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
		"known: its layers are certain": {true, []layerSpec{debian, extra, own}, []string{debian.step, extra.step}, "its lowest 2 layers are those of that image"},
		"known, and a lie":              {true, []layerSpec{debian, own}, nil, "its lowest layers are not those of that image"},
		"not known":                     {false, []layerSpec{debian, extra, own}, nil, "that image was not compared"},
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
			config := v1.Config{Labels: map[string]string{annotationBaseName: "docker.io/library/debian:13", annotationBaseDigest: base.Digest()}}
			i := b.examine(t, imageOf(t, config, test.layers...), nil).Images[0]
			if got := baseRows(i.Layers); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if !slices.ContainsFunc(i.Notable, func(s inspect.Setting) bool {
				return strings.HasPrefix(s.Code, "base-") && strings.Contains(s.Detail, test.words) && strings.Contains(s.Detail, "docker.io/library/debian:13 as its base image (sha256:")
			}) {
				t.Errorf("settings %+v", i.Notable)
			}
		})
	}
}
