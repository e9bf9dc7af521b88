package signature

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/inspect"
)

// push puts images under tags of the shop's repository, and a signature's tag beside the first signed ones.
func (s *shop) push(images, signed int) {
	s.t.Helper()
	for n := range images {
		img, err := random.Image(10, 1)
		if err != nil {
			s.t.Fatal(err)
		}
		if err := remote.Write(s.repo.Tag(fmt.Sprintf("v2.%d", n)), img); err != nil {
			s.t.Fatal(err)
		}
		if n >= signed {
			continue
		}
		tag := strings.Replace(digestText(s.t, img), ":", "-", 1) + ".sig"
		if err := remote.Write(s.repo.Tag(tag), img); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestUsualSaysWhatIsUsualInTheRepository(t *testing.T) {
	tests := map[string]struct {
		images, signed int
		detail         string
		findings       int
	}{
		// The shop's manifest is the image, its index one more digest.
		"nearly all are signed": {9, 9, "9 of 10 other digests", 1},
		"half of them":          {9, 5, "5 of 10 other digests", 0},
		"too few to say":        {3, 3, "3 of 4 other digests", 0},
		"nobody signs here":     {6, 0, "0 of 7 other digests", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil)
			s.push(tt.images, tt.signed)
			image := inspect.Image{
				ImageHead: inspect.ImageHead{
					Reference: "x", Digest: s.digest,
					Location: s.repo.String() + "@" + s.digest,
				},
			}
			c := &inspect.Case{}
			source, err := engine.NewSource(engine.Plan{Checks: []engine.Check{
				{Name: "subject", Scope: engine.PerCase, Resolves: true, Run: func(_ context.Context, _ engine.On,
					emit func(inspect.Event),
				) error {
					emit(inspect.Event{Container: "web", Fact: image.ImageHead})
					return nil
				}},
				{Name: inspect.CheckSignatures, Run: func(_ context.Context, _ engine.On, emit func(inspect.Event)) error {
					emit(inspect.Event{Fact: inspect.Gate{
						Name: inspect.GateSignature, Status: inspect.GateAbsent,
						Detail: "no signature found",
					}})
					return nil
				}},
				Usual(s.client, nil),
			}})
			if err != nil {
				t.Fatal(err)
			}
			if err := source(t.Context(), c.Apply); err != nil {
				t.Fatal(err)
			}
			if gates := c.Images[0].Gates; len(gates) != 1 || gates[0].Status != inspect.GateAbsent ||
				!strings.Contains(gates[0].Detail, tt.detail) {
				t.Errorf("gates %+v, want %q", gates, tt.detail)
			}
			if len(c.Findings) != tt.findings {
				t.Errorf("findings %+v, want %d", c.Findings, tt.findings)
			}
		})
	}
}
