package signature

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	layers "github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// saved is a directory as `cosign save` writes it: an image, and its signatures beside it, told apart by an annotation.
type saved struct {
	t      *testing.T
	dir    string
	path   layout.Path
	digest string
	client *registry.Client
	store  *registry.Store
}

func newSaved(t *testing.T) *saved {
	t.Helper()
	s := &saved{t: t, dir: t.TempDir()}
	var err error
	if s.path, err = layout.Write(s.dir, empty.Index); err != nil {
		t.Fatal(err)
	}
	s.digest = s.image()
	if s.store, err = registry.OpenStore(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if s.client, err = registry.New(registry.Options{Store: s.store}); err != nil {
		t.Fatal(err)
	}
	return s
}

// image adds an image to the layout.
func (s *saved) image() string {
	s.t.Helper()
	image, err := random.Image(100, 1)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.path.AppendImage(image,
		layout.WithAnnotations(map[string]string{registry.AnnotationKind: registry.KindImage})); err != nil {
		s.t.Fatal(err)
	}
	return digestText(s.t, image)
}

// sign adds a manifest with one signature and gives it.
func (s *saved) sign(studio *studio, c credential, payload []byte) v1.Image {
	s.t.Helper()
	image, err := mutate.Append(empty.Image, mutate.Addendum{
		Layer: layers.NewLayer(payload, mediaSimple), Annotations: studio.annotations(c, payload, false, true),
		MediaType: mediaSimple,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	image = mutate.MediaType(image, types.OCIManifestSchema1)
	if err := s.path.AppendImage(image,
		layout.WithAnnotations(map[string]string{registry.AnnotationKind: registry.KindSignatures})); err != nil {
		s.t.Fatal(err)
	}
	return image
}

func (s *saved) look(trust *Trust, expected inspect.Expected) inspect.Case {
	s.t.Helper()
	return run(s.t, Options{Client: s.client, Store: s.store, Trust: trust}, expected, inspect.Image{
		ImageHead: inspect.ImageHead{
			Container: "image", Reference: "oci:" + s.dir,
			Location: "oci:" + s.dir + "@" + s.digest, Digest: s.digest, Config: digestOf(nil),
		},
	})
}

func (s *saved) blob(digest string) string {
	return filepath.Join(s.dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

func TestSavedSignature(t *testing.T) {
	studio := newStudio(t)
	s := newSaved(t)
	s.sign(studio, studio.keyless(alice), simplePayload(t, s.digest))
	got := s.look(studio.trust(), inspect.Expected{Identities: []string{alice}})
	rows := got.Images[0].Signatures
	if len(rows) != 1 || rows[0].Status != inspect.Verified || rows[0].Store != StoreLayout || rows[0].LogIndex != 7 {
		t.Fatalf("rows: %+v", rows)
	}
	if len(got.Blobs) != 1 || got.Blobs[0].Role != "signature" || !s.store.Has(got.Blobs[0].Digest) ||
		!s.store.Has(rows[0].Digest) {
		t.Errorf("blobs: %+v", got.Blobs)
	}
}

// A layout may hold several images: a signature of another one is not this one's.
func TestSavedSignatureOfTheOtherImage(t *testing.T) {
	studio := newStudio(t)
	s := newSaved(t)
	s.sign(studio, studio.keyless(alice), simplePayload(t, s.image()))
	if got := s.look(studio.trust(), inspect.Expected{}); len(got.Images[0].Signatures) != 0 || gateOf(t,
		got).Status != inspect.GateAbsent {
		t.Errorf("rows: %+v", got.Images[0].Signatures)
	}
}

func TestSavedAndDamaged(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(s *saved, manifest, payload string) error
		want   inspect.Status // of the gate, where the signature was expected
		rows   int
	}{
		{"manifest altered", func(s *saved, manifest, _ string) error {
			return os.WriteFile(s.blob(manifest),
				[]byte("{}"), 0o600)
		}, inspect.Failed, 1},
		{"payload altered", func(s *saved, _, payload string) error {
			return os.WriteFile(s.blob(payload),
				[]byte("{}"), 0o600)
		}, inspect.Failed, 1},
		{
			"payload missing", func(s *saved, _, payload string) error { return os.Remove(s.blob(payload)) },
			inspect.Unknown, 0,
		},
		{
			"manifest missing", func(s *saved, manifest, _ string) error { return os.Remove(s.blob(manifest)) },
			inspect.Unknown, 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			studio := newStudio(t)
			s := newSaved(t)
			payload := simplePayload(t, s.digest)
			manifest := digestText(t, s.sign(studio, studio.keyless(alice), payload))
			if err := c.damage(s, manifest, digestOf(payload)); err != nil {
				t.Fatal(err)
			}
			got := s.look(studio.trust(), inspect.Expected{Identities: []string{alice}})
			if g := gateOf(t, got); g.Status.Tone() != c.want {
				t.Errorf("gate is %+v", g)
			}
			rows := got.Images[0].Signatures
			if len(rows) != c.rows {
				t.Fatalf("rows: %+v", rows)
			}
			for _, r := range rows {
				if r.Status != inspect.Failed || r.Reason != inspect.ReasonMalformed {
					t.Errorf("row is %s %s", r.Status, r.Reason)
				}
				if c.name == "payload altered" && r.Digest != digestOf(payload) {
					t.Errorf("row is of %s, not of what the manifest names", r.Digest)
				}
			}
		})
	}
}
