package subject_test

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/subject"
)

// pushEntries puts an index of different images with these descriptors under a tag.
func (w *world) pushEntries(ref string, entries ...v1.Descriptor) (index string, manifests []string) {
	w.t.Helper()
	var list v1.ImageIndex = empty.Index
	for _, d := range entries {
		img, err := random.Image(100, 1)
		if err != nil {
			w.t.Fatal(err)
		}
		manifests = append(manifests, hashOf(w.t, img.Digest))
		list = mutate.AppendManifests(list, mutate.IndexAddendum{Add: img, Descriptor: d})
	}
	if err := remote.WriteIndex(w.tag(ref), list); err != nil {
		w.t.Fatal(err)
	}
	return hashOf(w.t, list.Digest), manifests
}

// What runs is chosen by platform alone; where other readers of the index end at another image, there is a finding that
// names both.
func TestAnIndexThatMisleads(t *testing.T) {
	amd := &v1.Platform{OS: "linux", Architecture: "amd64"}
	mark := map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	for name, tt := range map[string]struct {
		first, second v1.Descriptor
		code          string
		severity      inspect.Severity
	}{
		"marked as an attestation": {
			v1.Descriptor{Platform: amd, Annotations: mark},
			v1.Descriptor{Platform: amd},
			inspect.CodeMarkedManifest,
			inspect.High,
		},
		"another name of amd64": {
			v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "x86_64"}},
			v1.Descriptor{Platform: amd},
			inspect.CodeRivalManifests, inspect.High,
		},
		"twice the same platform": {
			v1.Descriptor{Platform: amd}, v1.Descriptor{Platform: amd}, inspect.CodeRivalManifests, inspect.Medium,
		},
		"an ordinary index": {
			v1.Descriptor{Platform: amd},
			v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}},
			"",
			"",
		},
		"an attestation behind it": {
			v1.Descriptor{Platform: amd},
			v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}, Annotations: mark},
			"", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			index, manifests := w.pushEntries("app:1", tt.first, tt.second)
			c := w.run(w.cluster(pod(w.host+"/app:1", w.host+"/app@"+index), node("amd64")), subject.Options{})
			if i, _ := c.Image("app"); i.Digest != manifests[0] {
				t.Errorf("the case is about %s, not about the first", i.Digest)
			}
			if tt.code == "" {
				if len(c.Findings) > 0 {
					t.Errorf("findings %+v", c.Findings)
				}
				return
			}
			if len(c.Findings) != 1 {
				t.Fatalf("findings %+v", c.Findings)
			}
			f := c.Findings[0]
			if f.Code != tt.code || f.Severity != tt.severity || !strings.Contains(f.Detail, manifests[0]) ||
				!strings.Contains(f.Detail, manifests[1]) {
				t.Errorf("%s %s: %s", f.Severity, f.Code, f.Detail)
			}
		})
	}
}
