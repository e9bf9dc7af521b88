package sbom

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

func TestCount(t *testing.T) {
	for _, c := range []struct {
		name, text, format string
		packages           int
		broken             bool
	}{
		{
			name: "SPDX", text: `{"spdxVersion":"SPDX-2.3","packages":[{"name":"a"},{"name":"b"}]}`, format: formatSPDX,
			packages: 2,
		},
		{
			name:   "SPDX 3",
			text:   `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"software_Package"},{"type":"Agent"}]}`,
			format: formatSPDX, packages: 1,
		},
		{
			name: "SPDX as text", text: "SPDXVersion: SPDX-2.2\nPackageName: a\nFileName: x\nPackageName: b\n",
			format: formatSPDXText, packages: 2,
		},
		{
			name:   "CycloneDX",
			text:   `{"bomFormat":"CycloneDX","components":[{"name":"a","components":[{"name":"b"}]}]}`,
			format: formatCycloneDX, packages: 2,
		},
		{
			name: "CycloneDX as XML", text: `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4"><metadata><component/></metadata><components><component><name>a</name></component><component/></components></bom>`,
			format: formatCycloneDXXML, packages: 2,
		},
		{name: "syft", text: `{"artifacts":[{}],"schema":{}}`, format: formatSyft, packages: 1},
		{name: "something else", text: `{"hello":1}`, broken: true},
		{name: "other XML", text: `<html></html>`, broken: true},
		{name: "cut off", text: `{"spdxVersion":"SPDX-2.3","packages":[`, broken: true},
		{name: "nothing", text: "", broken: true},
		{
			name: "too deep",
			text: `{"bomFormat":"CycloneDX","components":` + strings.Repeat(`[{"components":`, 20_000), broken: true,
		},
	} {
		format, n, err := Count([]byte(c.text))
		if (err != nil) != c.broken || format != c.format || n != c.packages {
			t.Errorf("%s: %s with %d packages, %v", c.name, format, n, err)
		}
	}
}

func TestCountPredicate(t *testing.T) {
	for _, text := range []string{
		`{"predicate":{"spdxVersion":"SPDX-2.3","packages":[{}]}}`,
		`{"predicate":"SPDXVersion: SPDX-2.2\nPackageName: a\n"}`,
		`{"predicate":{"Data":"SPDXVersion: SPDX-2.2\nPackageName: a\n","Timestamp":"x"}}`,
		`{"predicate":{"Data":{"bomFormat":"CycloneDX","components":[{}]}}}`,
	} {
		if _, n, err := countPredicate([]byte(text)); err != nil || n != 1 {
			t.Errorf("%s: %d packages, %v", text, n, err)
		}
	}
}

func FuzzCount(f *testing.F) {
	f.Add([]byte(`{"spdxVersion":"SPDX-2.3","packages":[{}]}`))
	f.Add([]byte(`{"bomFormat":"CycloneDX","components":[{"components":[{}]}]}`))
	f.Add([]byte(`<bom><components><component/></components></bom>`))
	f.Add([]byte("SPDXVersion: SPDX-2.2\nPackageName: a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, n, err := Count(data); n < 0 || err == nil && n > len(data) {
			t.Errorf("%d packages in %d bytes", n, len(data))
		}
	})
}

func FuzzCountPredicate(f *testing.F) {
	f.Add([]byte(`{"subject":[{"digest":{"sha256":"aa"}}],"predicate":{"spdxVersion":"SPDX-2.3","packages":[{}]}}`))
	f.Add([]byte(`{"predicate":{"Data":"SPDXVersion: SPDX-2.2"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = countPredicate(data)
		_ = about(data, "sha256:aa")
	})
}

// Both documents read back, and are the same bytes each time.
func TestDocuments(t *testing.T) {
	image := inspect.Image{
		ImageHead: inspect.ImageHead{
			Reference: "registry.example/shop:2", Digest: "sha256:" + strings.Repeat("ab", 32),
			Created: inspect.At(time.Unix(1_700_000_000, 0)),
		},
		Packages: []inspect.Package{
			{
				Type: "deb", Name: "curl", Version: "7.88.1-10", PURL: "pkg:deb/debian/curl@7.88.1-10?arch=amd64",
				Layer: 1, Locations: []string{"/var/lib/dpkg/status"},
			},
			{Type: "binary", Name: "odd <name>\x1b", Version: ""},
		},
	}
	tool := inspect.Tool{Name: "backtrail", Version: "1.2.3"}
	spdx, cyclonedx, err := Documents(image, tool)
	if err != nil {
		t.Fatal(err)
	}
	for name, doc := range map[string][]byte{formatSPDX: spdx, formatCycloneDX: cyclonedx} {
		format, n, err := Count(doc)
		if err != nil || format != name || n != map[string]int{formatSPDX: 3, formatCycloneDX: 2}[name] {
			t.Errorf("%s reads as %s with %d packages, %v", name, format, n, err)
		}
		if !json.Valid(doc) || !bytes.Contains(doc, []byte("2023-11-14T22:13:20Z")) ||
			!bytes.Contains(doc, []byte("pkg:deb/debian/curl@7.88.1-10")) {
			t.Errorf("%s:\n%s", name, doc)
		}
	}
	again, cyclonedxAgain, err := Documents(image, tool)
	if err != nil || !bytes.Equal(spdx, again) || !bytes.Equal(cyclonedx, cyclonedxAgain) {
		t.Errorf("the second time the bytes differ: %v", err)
	}
}
