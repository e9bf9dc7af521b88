package provenance

import (
	"context"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// The journal and the record beside the cache are two memories of one repository: the newer one is compared.
func TestTheNewestSightingIsThatOfJournalOrRecord(t *testing.T) {
	store, err := registry.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	day := func(n int) inspect.Time { return inspect.At(time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC)) }
	if err := keepSighting(store, "reg.example/app", sighting{Digest: "sha256:record", Time: day(5)}); err != nil {
		t.Fatal(err)
	}
	image := func(digest string, signed bool) inspect.Image {
		i := inspect.Image{ImageHead: inspect.ImageHead{Digest: digest}}
		if signed {
			i.Signatures = []inspect.Signature{{Identity: "ci@shop.example", Status: inspect.Verified}}
		}
		return i
	}
	for name, tt := range map[string]struct {
		past inspect.PastImages
		want string
	}{
		"no journal":             {nil, "sha256:record"},
		"an empty one":           {pastOf(), "sha256:record"},
		"an older look":          {pastOf(inspect.PastImage{Image: image("sha256:old", true), Seen: day(2)}), "sha256:record"},
		"a newer look":           {pastOf(inspect.PastImage{Image: image("sha256:new", true), Seen: day(9)}), "sha256:new"},
		"a newer one, unsigned":  {pastOf(inspect.PastImage{Image: image("sha256:plain", false), Seen: day(9)}), "sha256:record"},
		"behind an unsigned one": {pastOf(inspect.PastImage{Image: image("sha256:plain", false), Seen: day(9)}, inspect.PastImage{Image: image("sha256:new", true), Seen: day(8)}), "sha256:new"},
	} {
		last, err := lastSighting(t.Context(), store, tt.past, "reg.example/app")
		if err != nil || last == nil || last.Digest != tt.want {
			t.Errorf("%s: %+v, %v, want %s", name, last, err, tt.want)
		}
	}
}

// pastOf gives images for every repository.
func pastOf(images ...inspect.PastImage) inspect.PastImages {
	return func(context.Context, string) ([]inspect.PastImage, error) { return images, nil }
}
