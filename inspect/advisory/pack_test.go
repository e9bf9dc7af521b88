package advisory

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/backtrail/backtrail/inspect"
)

const goodPack = `id: example-2026-01
title: releases of example that call home
severity: critical
published: 2026-01-02
sources: [https://example.com/post]
packages:
  - {purl: pkg:npm/example, versions: [1.2.3]}
window: {from: 2026-01-01T00:00:00Z, to: 2026-01-02T00:00:00Z}
`

// Every pack that comes with the program can be read, has a source, and stands in the file that its ID names.
func TestEmbeddedPacks(t *testing.T) {
	packs, err := EmbeddedPacks()
	if err != nil {
		t.Fatal(err)
	}
	if len(packs) < 15 {
		t.Errorf("%d packs, at least 15", len(packs))
	}
	for _, p := range packs {
		data, err := embedded.ReadFile("packs/" + p.ID + ".yaml")
		if err != nil {
			t.Errorf("%s: %v", p.ID, err)
			continue
		}
		if n := bytes.Count(data, []byte("\n")); n > maxPackLines {
			t.Errorf("%s has %d lines, at most %d", p.ID, n, maxPackLines)
		}
		for _, s := range p.Sources {
			if !strings.HasPrefix(s, "https://") {
				t.Errorf("%s: source %q is no address", p.ID, s)
			}
		}
		if len(p.Packages)+len(p.References)+len(p.Repositories)+len(p.Images)+len(p.Files)+len(p.Paths)+len(p.Commits) == 0 {
			t.Errorf("%s: nothing can match it", p.ID)
		}
		for _, r := range append(append([]string{}, p.References...), p.Repositories...) {
			if repository, _ := repositoryOf(r); repository == "" {
				t.Errorf("%s: %q is no reference", p.ID, r)
			}
		}
	}
}

func TestReadPackRefuses(t *testing.T) {
	if _, err := ReadPack([]byte(goodPack)); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"unknown field":      goodPack + "colour: red\n",
		"no source":          strings.Replace(goodPack, "sources: [https://example.com/post]\n", "", 1),
		"no title":           strings.Replace(goodPack, "title: releases of example that call home\n", "", 1),
		"unknown severity":   strings.Replace(goodPack, "critical", "terrible", 1),
		"ID of a terminal":   strings.Replace(goodPack, "example-2026-01", `"a\e[2Jb"`, 1),
		"version in a purl":  strings.Replace(goodPack, "pkg:npm/example", "pkg:npm/example@1.2.3", 1),
		"empty string":       goodPack + "strings: ['']\n",
		"blank host":         goodPack + "hosts: [' ']\n",
		"empty identity":     goodPack + "identities: ['']\n",
		"empty commit":       goodPack + "commits: ['']\n",
		"empty path":         goodPack + "paths: ['']\n",
		"ID with a slash":    strings.Replace(goodPack, "example-2026-01", "../x", 1),
		"broken date":        strings.Replace(goodPack, "published: 2026-01-02", "published: soon", 1),
		"no date":            strings.Replace(goodPack, "published: 2026-01-02\n", "", 1),
		"no package URL":     strings.Replace(goodPack, "pkg:npm/example", "npm example", 1),
		"broken constraint":  strings.Replace(goodPack, "versions: [1.2.3]", `range: "about 3"`, 1),
		"short digest":       goodPack + "images: [sha256:abcd]\n",
		"sha256 with prefix": goodPack + "files: ['sha256:" + strings.Repeat("a", 64) + "']\n",
		"too many lines":     goodPack + strings.Repeat("#\n", maxPackLines),
		"window of all time": goodPack + "window: {}\n",
		"window backwards":   goodPack + "window: {from: 2026-01-03T00:00:00Z, to: 2026-01-02T00:00:00Z}\n",
		"no YAML":            "{",
	} {
		if _, err := ReadPack([]byte(text)); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

// One broken pack is named and hides no other; an imported pack takes the place of an embedded one.
func TestPacksOfAFolder(t *testing.T) {
	packs, err := packsOf(fstest.MapFS{
		"a.yaml": {Data: []byte(goodPack)}, "b.yml": {Data: []byte("id: [")}, "notes.txt": {Data: []byte("no pack")},
	})
	if len(packs) != 1 || err == nil || !strings.Contains(err.Error(), "b.yml") {
		t.Errorf("%d packs, error %v", len(packs), err)
	}
	newer, err := ReadPack([]byte(strings.Replace(goodPack, "1.2.3", "1.2.4", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if all := merged(packs, []*Pack{newer}); len(all) != 1 || all[0].Packages[0].Versions[0] != "1.2.4" {
		t.Errorf("merged: %+v", all)
	}
	none, err := importedPacks(t.TempDir())
	if len(none) != 0 || err != nil {
		t.Errorf("without a folder: %v, %v", none, err)
	}
}

// A withdrawn pack still matches, and is only information.
func TestWithdrawn(t *testing.T) {
	p, err := ReadPack([]byte(goodPack + "withdrawn: 2026-02-01\n"))
	if err != nil {
		t.Fatal(err)
	}
	a := p.row(inspect.AdvisoryPackage, "example 1.2.3")
	if !a.Withdrawn || a.Severity != inspect.Info || a.Status == inspect.RowFailed {
		t.Errorf("%+v", a)
	}
	f := findings(inspect.Image{ImageHead: inspect.ImageHead{Container: "web"}}, []inspect.Advisory{a})
	if len(f) != 1 || f[0].Severity != inspect.Info || !strings.Contains(f[0].Title, "withdrawn") {
		t.Errorf("%+v", f)
	}
}

func FuzzReadPack(f *testing.F) {
	f.Add([]byte(goodPack))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := ReadPack(data); err == nil && (p.ID == "" || len(p.Sources) == 0) {
			t.Errorf("a pack without ID or source: %q", data)
		}
	})
}

// The release of ctx from before it was taken over keeps its version, and is no release of the incident.
func TestPackCtx(t *testing.T) {
	packs, err := EmbeddedPacks()
	if err != nil {
		t.Fatal(err)
	}
	x := newIndex(packs, nil)
	for version, want := range map[string]bool{
		"0.1.2": false, "0.1.2.post1": true, "0.1.2-1": true, "0.1.4": true, "0.2.2.1": true, "0.2.6": true, "1.0": false,
	} {
		p := inspect.Package{Type: "python", Name: "ctx", Version: version, PURL: "pkg:pypi/ctx@" + version}
		m := newMatches(x, inspect.Image{Packages: []inspect.Package{p}})
		m.packages()
		if got := len(m.rows) == 1; got != want {
			t.Errorf("ctx %s: matched %t", version, got)
		}
	}
}
