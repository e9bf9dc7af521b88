package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

const (
	spdxDoc      = `{"spdxVersion":"SPDX-2.3","packages":[{"name":"a"},{"name":"b"}]}`
	cyclonedxDoc = `{"bomFormat":"CycloneDX","components":[{"name":"a"}]}`
)

// carrier is a manifest whose one layer is a document.
func carrier(t *testing.T, mediaType, predicate, text string) v1.Image {
	t.Helper()
	a := mutate.Addendum{Layer: static.NewLayer([]byte(text), types.MediaType(mediaType))}
	if predicate != "" {
		a.Annotations = map[string]string{registry.AnnotationPredicateType: predicate}
	}
	img, err := mutate.Append(empty.Image, a)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func hash(t *testing.T, of interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	h, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

func TestAttached(t *testing.T) {
	img := imageOf(t, makeLayer(t, textFile("a", "b")))
	digest := hash(t, img)
	about := func(d, doc string) string {
		return `{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"sha256":"` + d[7:] + `"}}],"predicate":` + doc + `}`
	}
	kit := func(statement string) v1.ImageIndex {
		return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img},
			mutate.IndexAddendum{
				Add: carrier(t, "application/vnd.in-toto+json", "https://spdx.dev/Document", statement),
				Descriptor: v1.Descriptor{
					Annotations: map[string]string{
						"vnd.docker.reference.type":   "attestation-manifest",
						"vnd.docker.reference.digest": digest,
					},
				},
			})
	}
	for _, c := range []struct {
		name  string
		store func(p layout.Path) (index string, err error)
		want  []inspect.SBOM
	}{
		{"none", func(layout.Path) (string, error) { return "", nil }, nil},
		{"marked by cosign's save", func(p layout.Path) (string, error) {
			return "", p.AppendImage(carrier(t, "text/spdx+json", "", spdxDoc), layout.WithAnnotations(map[string]string{registry.AnnotationKind: registry.KindSBOMs}))
		}, []inspect.SBOM{{Origin: "attached", Format: formatSPDX, Packages: 2, Status: inspect.Unknown, Reason: "unsigned"}}},
		{"under cosign's tag", func(p layout.Path) (string, error) {
			return "", p.AppendImage(carrier(t, "application/vnd.cyclonedx+json", "", cyclonedxDoc),
				layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "sha256-" + digest[7:] + ".sbom"}))
		}, []inspect.SBOM{{Origin: "attached", Format: formatCycloneDX, Packages: 1, Status: inspect.Unknown, Reason: "unsigned"}}},
		{"unreadable", func(p layout.Path) (string, error) {
			return "", p.AppendImage(carrier(t, "text/spdx+json", "", "hello"), layout.WithAnnotations(map[string]string{registry.AnnotationKind: registry.KindSBOMs}))
		}, []inspect.SBOM{{Origin: "attached", Format: formatSPDX, Status: inspect.Unknown, Reason: "unreadable"}}},
		{"by BuildKit", func(p layout.Path) (string, error) {
			i := kit(about(digest, spdxDoc))
			return hash(t, i), p.AppendIndex(i)
		}, []inspect.SBOM{{Origin: "attached", Format: formatSPDX, Packages: 2, Status: inspect.Unknown, Reason: "unsigned"}}},
		{"by BuildKit, of another image", func(p layout.Path) (string, error) {
			i := kit(about("sha256:"+"00", spdxDoc))
			return hash(t, i), p.AppendIndex(i)
		}, []inspect.SBOM{{Origin: "attached", Format: formatSPDX, Packages: 2, Status: inspect.Unknown, Reason: "subject-mismatch"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := save(t, img)
			index, err := c.store(layout.Path(d))
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			said := inspect.Event{
				Fact: inspect.ImageHead{
					Container: "web",
					Location:  "oci:" + d + "@" + digest,
					Digest:    digest,
					Index:     index,
				},
			}
			got := walk(t, []inspect.Event{said}, nil, Attached(b.client))
			rows := slices.Clone(got.Images[0].SBOMs)
			for i := range rows {
				if !b.client.Store().Has(rows[i].Digest) {
					t.Errorf("the document %s is not kept", rows[i].Digest)
				}
				rows[i].Digest = ""
			}
			if !slices.Equal(rows, c.want) {
				t.Errorf("rows are %+v, want %+v", rows, c.want)
			}
			state, _ := got.Check(inspect.CheckAttachedSBOM, "web")
			if want := map[bool]inspect.Status{true: inspect.Verified, false: inspect.Absent}[len(c.want) > 0]; state.Status.Tone() != want {
				t.Errorf("ended %s: %s", state.Status, state.Reason)
			}
		})
	}
}

// An attested SBOM is worth what its signature is worth.
func TestAttested(t *testing.T) {
	b := newBench(t)
	put := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		d := "sha256:" + hex.EncodeToString(sum[:])
		if err := b.client.Store().Put(d, []byte(text)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	good, broken := put(`{"predicate":`+spdxDoc+`}`), put(`{"predicate":{}}`)
	sig := func(kind, digest string, status inspect.Status, reason string) inspect.Signature {
		return inspect.Signature{
			PredicateType: kind,
			Status:        status,
			Reason:        reason,
			Raw:           []inspect.RawPart{{Name: "statement", Digest: digest}},
		}
	}
	rows := attested(b.client.Store(), []inspect.Signature{
		sig("https://spdx.dev/Document", good, inspect.Verified, ""),
		sig("https://cyclonedx.org/bom/v1.6", broken, inspect.Verified, ""),
		sig("https://spdx.dev/Document/v2.3", good, inspect.Failed, "subject-mismatch"),
		sig("https://slsa.dev/provenance/v1", good, inspect.Verified, ""),
	})
	want := []inspect.SBOM{
		{Origin: "attested", Format: formatSPDX, Packages: 2, Status: inspect.Verified, Digest: good},
		{Origin: "attested", Format: formatCycloneDX, Status: inspect.Unknown, Reason: "unreadable", Digest: broken},
		{
			Origin: "attested", Format: formatSPDX, Packages: 2, Status: inspect.Failed, Reason: "subject-mismatch",
			Digest: good,
		},
	}
	if !slices.Equal(rows, want) {
		t.Errorf("rows are\n%+v, want\n%+v", rows, want)
	}
}
