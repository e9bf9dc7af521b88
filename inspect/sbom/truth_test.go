package sbom

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The packages are read alike from every form.
func TestReadListed(t *testing.T) {
	for what, text := range map[string]string{
		"spdx":           `{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","versionInfo":"1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]},{"name":"no purl"}]}`,
		"cyclonedx":      `{"bomFormat":"CycloneDX","components":[{"type":"application","name":"app","components":[{"type":"library","name":"a","version":"1","purl":"pkg:npm/a@1"}]}]}`,
		"cyclonedx xml":  `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="library"><name>a</name><version>1</version><purl>pkg:npm/a@1</purl></component></components></bom>`,
		"spdx tag-value": "SPDXVersion: SPDX-2.3\nPackageName: x\nPackageName: a\nPackageVersion: 1\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n",
		"syft":           `{"artifacts":[{"name":"a","version":"1","purl":"pkg:npm/a@1"}]}`,
	} {
		l, err := readListed([]byte(text))
		if err != nil || len(l.packages) != 1 || l.packages[0].purl != "pkg:npm/a@1" {
			t.Errorf("%s: %+v, %v", what, l, err)
		}
	}
	for _, bad := range []string{"", "hello", "{", "<a/>", "[1]"} {
		if l, err := readListed([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, l)
		}
	}
}

func TestTruth(t *testing.T) {
	there := []inspect.Package{
		{PURL: "pkg:deb/debian/zlib1g@1.2"}, {PURL: "pkg:deb/debian/evil@1"}, {PURL: "pkg:npm/%40a/b@2.0.0"}, {
			PURL: "pkg:gem/rack@3",
		},
	}
	doc := func(purls ...string) string {
		var all []string
		for _, p := range purls {
			all = append(all, fmt.Sprintf(`{"type":"library","name":"x","purl":%q}`, p))
		}
		return `{"bomFormat":"CycloneDX","components":[` + strings.Join(all, ",") + `]}`
	}
	var events []inspect.Event
	tr := truth{
		image: inspect.Image{Packages: there},
		there: byCoordinates(there),
		emit:  func(e inspect.Event) { events = append(events, e) },
	}
	row := inspect.SBOM{Origin: "attested", Status: inspect.Verified, Digest: "sha256:1"}
	tr.compare(
		row,
		[]byte(
			doc(
				"pkg:deb/ubuntu/zlib1g@1.2",
				"pkg:npm/@a/b@1.9.0",
				"pkg:deb/debian/gone@1",
				"pkg:oci/image@1",
				"pkg:deb/debian/gone@1",
			),
		),
	)
	got := *events[0].Fact.(inspect.SBOM).Truth
	if got.Confirmed != 1 || got.OtherVersion != 1 || got.Missing != 1 || got.Hidden != 1 {
		t.Errorf("%+v", got)
	}
	if text := strings.Join(got.Examples, "\n"); !strings.Contains(text, "hidden: deb/evil 1") ||
		!strings.Contains(text, "other version: npm/@a/b 1.9.0, installed 2.0.0") ||
		strings.Contains(text, "rack") {
		t.Errorf("%s", text)
	}
	if f := events[1].Fact.(inspect.Finding); f.Severity != inspect.Low || !strings.Contains(f.Title, "1 not listed") {
		t.Errorf("%+v", f)
	}
	// One that tells the truth is a row and no finding; one that lies inside describes a part.
	for _, origin := range []string{"attached", originInside} {
		events = nil
		purls := []string{"pkg:deb/debian/zlib1g@1.2"}
		if origin == "attached" {
			purls = append(purls, "pkg:deb/debian/evil@1")
		}
		tr.compare(inspect.SBOM{Origin: origin}, []byte(doc(purls...)))
		if len(events) != 1 {
			t.Errorf("%s: %+v", origin, events)
		}
	}
}

// An SBOM in the image is compared by its files too.
func TestTruthInside(t *testing.T) {
	store, err := registry.OpenStore(t.TempDir())
	layertest.Must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	layertest.Must(t, err)
	cache := layer.NewCache(store)
	sum := strings.TrimPrefix(layertest.SHA256([]byte("good")), "sha256:")
	doc := fmt.Sprintf(
		`{"spdxVersion":"SPDX-2.3","packages":[],"files":[{"fileName":"./opt/a","checksums":[{"algorithm":"SHA256","checksumValue":%q}]},
		{"fileName":"/opt/b","checksums":[{"algorithm":"SHA256","checksumValue":%q}]},{
			"fileName":"opt/c", "checksums":[{"algorithm":"SHA256","checksumValue":%q}]
		},
		{"fileName":"/opt","checksums":[{"algorithm":"SHA256","checksumValue":%q}]}]}`,
		sum,
		sum,
		sum,
		sum,
	)
	c := layertest.Run(t, client, layertest.Image(t, v1.Config{}, layertest.Step(
		"COPY",
		layertest.File(
			"opt/a",
			"good",
		),
		layertest.File("opt/b", "bad"),
		layertest.File("opt/x.spdx.json", doc),
		layertest.File("opt/y.cdx.json", "{"),
	)), nil, []engine.Check{
		layer.Layers(
			client,
			cache,
		), Packages(NewCataloguer(cache)), {Name: inspect.CheckAttachedSBOM, Run: func(context.Context, engine.On, func(inspect.Event)) error { return nil }}, Truth(client, cache),
	})
	var inside []inspect.SBOM
	for _, s := range c.Images[0].SBOMs {
		if s.Origin == originInside {
			inside = append(inside, s)
		}
	}
	if len(inside) != 2 {
		t.Fatalf("%+v", c.Images[0].SBOMs)
	}
	for _, s := range inside {
		switch {
		case s.Reason == "unreadable":
		case s.Truth == nil || s.Truth.FilesConfirmed != 1 || s.Truth.FilesAltered != 1 || s.Truth.FilesMissing != 2: // a directory is no file
			t.Errorf("%+v %+v", s, s.Truth)
		}
	}
	if len(c.Findings) != 1 || c.Findings[0].Severity != inspect.Low {
		t.Errorf("%+v", c.Findings)
	}
}

func FuzzReadListed(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","components":[{"purl":"pkg:npm/a@1","components":[]}]}`))
	f.Add([]byte("SPDXVersion: SPDX-2.3\nPackageName: a\n"))
	f.Add([]byte("<bom><components><component/></components></bom>"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		l, err := readListed(data)
		if err == nil {
			for _, c := range l.packages {
				coordinates(c.purl)
			}
		}
	})
}
