package layer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// imageWith is an image of some layers whose config has a history; what is in the layers does not matter.
func imageWith(layers int, history ...v1.History) *registry.Image {
	img := &registry.Image{ConfigFile: &v1.ConfigFile{History: history}}
	for n := range layers {
		img.Layers = append(img.Layers, registry.Layer{Number: n, DiffID: fmt.Sprint("diff", n)})
	}
	return img
}

// The history is a claim that need not fit the layers: each layer has exactly one row, whatever is claimed.
func TestEveryLayerHasItsRow(t *testing.T) {
	step := v1.History{CreatedBy: "RUN step"}
	empty := v1.History{CreatedBy: "ENV A=1", EmptyLayer: true}
	for name, test := range map[string]struct {
		img  *registry.Image
		want string // the number of the layer of each row, - for a step without one
	}{
		"as many steps as layers": {imageWith(2, step, step), "0 1"},
		"steps without layers":    {imageWith(2, empty, step, empty, step, empty), "- 0 - 1 -"},
		"more layers than steps":  {imageWith(3, step), "0 1 2"},
		"no history":              {imageWith(2), "0 1"},
		"more steps than layers":  {imageWith(1, step, step, step), "0"},
		"only empty steps":        {imageWith(1, empty, empty), "- - 0"},
		"no layers":               {imageWith(0, step, empty), "-"},
	} {
		var got []string
		for at, row := range history(test.img) {
			if row.Position != at {
				t.Errorf("%s: row %d has the position %d", name, at, row.Position)
			}
			if row.Empty {
				got = append(got, "-")
				if row.Status != inspect.Absent || row.DiffID != "" {
					t.Errorf("%s: a step without a layer: %+v", name, row)
				}
				continue
			}
			got = append(got, fmt.Sprint(row.Number))
			if row.Status != inspect.Unknown || row.Reason != inspect.Running {
				t.Errorf("%s: a layer that waits: %+v", name, row)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: rows %q, want %q", name, got, test.want)
		}
	}
}

func TestBuildStepsAreShownAsTheyWereWritten(t *testing.T) {
	for _, test := range []struct{ by, comment, want string }{
		{"/bin/sh -c #(nop)  CMD [\"bash\"]", "", `CMD ["bash"]`},
		{"/bin/sh -c #(nop) ADD file:a in / ", "", "ADD file:a in /"},
		{"/bin/sh -c apt-get update", "", "/bin/sh -c apt-get update"},
		{"RUN /bin/sh -c make # buildkit", "buildkit.dockerfile.v0", "RUN /bin/sh -c make # buildkit"},
		{"", "Imported from -", "Imported from -"},
		{"", "", ""},
	} {
		if got := buildStep(test.by, test.comment); got != test.want {
			t.Errorf("%q (%q) is shown as %q, want %q", test.by, test.comment, got, test.want)
		}
	}
	if got := buildStep("RUN |1 TOKEN=ghp_0123456789abcdefghijklmnopqrstuvwxyz /bin/sh -c build", ""); strings.Contains(
		got,
		"ghp_0123456789",
	) {
		t.Errorf("a secret that was given to a step is shown: %s", got)
	}
}

// What an image is built upon is said by its builder, and only said: names, then labels, then the history.
func TestOriginOfAnImage(t *testing.T) {
	day := func(n int) v1.Time { return v1.Time{Time: time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)} }
	base := []v1.History{
		{CreatedBy: "ADD rootfs", Created: day(3)},
		{CreatedBy: "CMD bash", Created: day(2), EmptyLayer: true},
		{CreatedBy: "COPY app", Created: day(9)},
	}
	labels := func(img *registry.Image, l map[string]string) *registry.Image {
		img.ConfigFile.Config.Labels = l
		return img
	}
	annotated := func(img *registry.Image, a map[string]string) *registry.Image {
		img.ManifestFile = &v1.Manifest{Annotations: a}
		return img
	}
	name := map[string]string{annotationBaseName: "debian:13", annotationBaseDigest: "sha256:aa"}
	digest := map[string]string{annotationBaseDigest: "sha256:aa"}
	other := map[string]string{annotationBaseName: "alpine:3"}
	for title, test := range map[string]struct {
		img  *registry.Image
		want Origin
	}{
		"nothing":                  {&registry.Image{}, Origin{}},
		"the history alone":        {imageWith(2, base...), Origin{Created: day(3).Time, Lowest: "diff0"}},
		"a history without an end": {imageWith(1, base[0]), Origin{Lowest: "diff0"}},
		"an annotation":            {annotated(imageWith(1), name), Origin{Name: "debian:13", Lowest: "diff0"}},
		"the digest alone":         {annotated(imageWith(1), digest), Origin{Name: "sha256:aa", Lowest: "diff0"}},
		"a label":                  {labels(imageWith(1), digest), Origin{Name: "sha256:aa", Lowest: "diff0"}},
		"the annotation goes first": {
			annotated(labels(imageWith(1), other), name), Origin{Name: "debian:13", Lowest: "diff0"},
		},
	} {
		if got := OriginOf(test.img); got != test.want {
			t.Errorf("%s: %+v, want %+v", title, got, test.want)
		}
	}
}

func TestSettingsOfABase(t *testing.T) {
	for want, b := range map[string]baseImage{
		"low base-mismatch: a label names debian:13 as its base image, but its lowest layers are not those of that " +
			"image": {
			name: "debian:13", source: "a label", layers: -1, mismatch: true,
		},
		"info base-image: a label names sha256:aa as its base image, and its lowest 3 layers are those of that image": {
			digest: "sha256:aa", source: "a label", layers: 3,
		},
		"info base-image: a label names debian:13 as its base image (sha256:aa); that image was not compared, since " +
			"it was not read before": {name: "debian:13", digest: "sha256:aa", source: "a label", layers: -1},
		"info built-from: its provenance names golang:1 among what it was built from; its layers are not the lowest " +
			"ones: it was used on the way": {name: "golang:1", source: "its provenance", material: true},
		"info base-image: its lowest 2 layers are those of shop:1 (sha256:aa), which was read here before": {
			name: "shop:1", digest: "sha256:aa", source: seenHere, layers: 2,
		},
	} {
		s := b.setting()
		if got := fmt.Sprintf("%s %s: %s", s.Severity, s.Code, s.Detail); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A base that is proven takes the place of one that was guessed; where nothing was compared the guess stays.
func TestMarkingABase(t *testing.T) {
	rows := func() []inspect.Layer {
		return []inspect.Layer{
			{Number: 0, Base: true},
			{Number: -1, Empty: true, Base: true},
			{Number: 1, Base: true},
			{Number: 2},
		}
	}
	for layers, want := range map[int][]bool{
		-1: {true, true, true, false},
		0:  {false, false, false, false},
		1:  {true, false, false, false},
		2:  {true, true, true, false},
		3:  {true, true, true, true},
	} {
		marked := rows()
		baseImage{layers: layers}.mark(marked)
		var got []bool
		for _, r := range marked {
			got = append(got, r.Base)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d layers: %v, want %v", layers, got, want)
		}
	}
}

// Statements may name any number of materials; a signed one goes first, and the same image counts once.
func TestMaterialsAreBounded(t *testing.T) {
	many := make([]inspect.Material, 3*MaxMaterials)
	for i := range many {
		many[i] = inspect.Material{URI: fmt.Sprintf("pkg:docker/x%d", i), Digest: fmt.Sprintf("sha256:%064x", i)}
	}
	signed := inspect.Provenance{Signed: true, Status: inspect.Verified, Materials: many[5:6]}
	failed := inspect.Provenance{Signed: true, Status: inspect.Failed, Materials: many}
	got := imageMaterials([]inspect.Provenance{failed, signed})
	if len(got) != MaxMaterials || got[0].name != "x5" || got[0].source != "its signed provenance" ||
		got[1].name != "x0" {
		t.Errorf("%d materials, first %+v, %+v", len(got), got[0], got[1])
	}
	for _, m := range got[1:] {
		if m.digest == got[0].digest || !strings.Contains(m.source, "a claim") {
			t.Errorf("%+v", m)
		}
	}
	bad := []inspect.Material{{URI: "pkg:docker/x", Digest: "sha1:aa"}, {URI: "pkg:npm/x", Digest: many[0].Digest}, {}}
	if got := imageMaterials([]inspect.Provenance{{Materials: bad}}); len(got) > 0 {
		t.Errorf("what names no image by its digest: %+v", got)
	}
}
