package lock

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// Where an entry of a lock is taken from, in the spellings of all package managers. Credentials in an address are no
// host, and a name before @ is none either.
func TestWhereAnEntryComesFrom(t *testing.T) {
	for resolved, want := range map[string]origin{
		"": {},
		"https://registry.npmjs.org/a/-/a-1.0.0.tgz":    {"registry.npmjs.org", false},
		"https://REGISTRY.npmjs.org:443/a.tgz":          {"registry.npmjs.org", false},
		"https://user:secret@npm.corp.example/a.tgz":    {"npm.corp.example", false},
		"https://registry.npmjs.org@evil.example/a.tgz": {"evil.example", false},
		"https://registry.npmjs.org.evil.example/a.tgz": {"registry.npmjs.org.evil.example", false},
		"git+https://github.com/x/y.git#abc":            {"github.com", true},
		"git+ssh://git@github.com/x/y.git#abc":          {"github.com", true},
		"git@github.com:x/y.git":                        {"github.com", true},
		"https://github.com/x/y.git#abc":                {"github.com", true},
		"https://codeload.github.com/x/y/tar.gz/abc":    {"codeload.github.com", true},
		"github:x/y#abc":                                {"github", true},
		"gitlab:x/y":                                    {"gitlab", true},
		"file:../y":                                     {},
		"../y":                                          {},
		"https://":                                      {},
		"http://[::1]:4873/a.tgz":                       {"::1", false},
		"%zz":                                           {},
	} {
		if got := originOf(resolved); got != want {
			t.Errorf("%q: %+v, want %+v", resolved, got, want)
		}
	}
}

// A host that is made to be taken for a registry: one slip, the registry's name in front of another domain, or behind a
// dash. Hosts of their own are none.
func TestHostsThatPoseAsARegistry(t *testing.T) {
	known := registries["npm"]
	for host, want := range map[string]string{
		"registry.npmjs.orq":              "registry.npmjs.org",
		"registry.npmjs.og":               "registry.npmjs.org",
		"registry.npmjss.org":             "registry.npmjs.org",
		"registry.npmsj.org":              "registry.npmjs.org", // two neighbors changed places
		"registry.npmjs.org.evil.example": "registry.npmjs.org",
		"my-registry.npmjs.org":           "registry.npmjs.org",
		"registry.npmjs.org":              "",
		"registry.yarnpkg.com":            "",
		"npm.corp.example":                "",
		"registry.corp.example":           "",
		"":                                "",
	} {
		if got := posesAs(host, known); got != want {
			t.Errorf("%s poses as %q, want %q", host, got, want)
		}
	}
	for pair, want := range map[[2]string]bool{
		{"abc", "abd"}: true, {"abc", "ab"}: true, {"abc", "abcd"}: true, {"abcd", "acbd"}: true,
		{"abc", "abc"}: false, {"abcd", "badc"}: false, {"abc", "xyz"}: false, {"", "a"}: true, {"", ""}: false,
	} {
		if oneSlip(pair[0], pair[1]) != want || oneSlip(pair[1], pair[0]) != want {
			t.Errorf("%q differ by one slip: %v", pair, !want)
		}
	}
}

// What the spelling of a version leaves open (PEP 440: zeros at the end, a local version) is no other version.
func TestSpellingsOfAVersion(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"1.0", "1.0.0"}: true, {"1.0.0", "1"}: true, {"v1.2", "1.2"}: true, {"2.5.1+cu124", "2.5.1"}: true, {"1.0.RC1", "1.0.rc1"}: true,
		{"1.0.1", "1.0.0"}: false, {"10", "1"}: false, {"1.0.10", "1.0.1"}: false, {"", "1"}: false,
	} {
		if sameVersion(pair[0], pair[1]) != want || sameVersion(pair[1], pair[0]) != want {
			t.Errorf("%q are the same version: %v", pair, !want)
		}
	}
}

// Folders of pnpm's store are named after package and version, with its peers behind.
func TestFoldersOfPnpm(t *testing.T) {
	for base, want := range map[string][2]string{
		"debug@4.4.1":                       {"debug", "4.4.1"},
		"@scope+name@1.0.0":                 {"@scope/name", "1.0.0"},
		"@scope+name@1.0.0_peer@2.0.0":      {"@scope/name", "1.0.0"},
		"name@1.0.0(peer@2.0.0)":            {"name", "1.0.0"},
		"name@1.0.0+build.5":                {"name", ""}, // the sign also stands for a slash
		"g@https+++codeload.github.com+x+y": {"g", ""},
		"name@file+packages+a":              {"name", ""},
		"lock.yaml":                         {"", ""},
		"node_modules":                      {"", ""},
		"@":                                 {"", ""},
		"":                                  {"", ""},
	} {
		if name, version := storeName(base); name != want[0] || version != want[1] {
			t.Errorf("%q: %q %q, want %q", base, name, version, want)
		}
	}
}

// Two digests can be compared where they are of one algorithm. Yarn's own checksums and texts of unknown form cannot:
// their difference says nothing about the content.
func TestWhichIntegritiesCompare(t *testing.T) {
	commit := strings.Repeat("a", 40)
	for pair, want := range map[[2]string]bool{
		{"sha512-x", "sha512-y"}: true, {"sha256:x", "sha256:y"}: true, {commit, strings.Repeat("b", 40)}: true,
		{"sha512-x", "sha1-x"}: false, {"10c0/x", "10c0/y"}: false, {"", ""}: false, {commit, "sha512-x"}: false,
		{"abc", "abd"}: false, {"averylongword-x", "averylongword-y"}: false,
	} {
		if comparable(pair[0], pair[1]) != want {
			t.Errorf("%q can be compared: %v", pair, !want)
		}
	}
	for version, want := range map[string]bool{"dev-main": true, "1.x-dev": true, "1.0.0": false, "": false} {
		if movingVersion(version) != want {
			t.Errorf("%q is a branch: %v", version, !want)
		}
	}
}

// A release that has other content than before at the same version is a finding; a new release, a repository and a
// checksum of another form are none.
func TestRewrittenReleases(t *testing.T) {
	for name, tt := range map[string]struct {
		now, before entry
		want        bool
	}{
		"other content":     {entry{integrity: "sha512-new"}, entry{integrity: "sha512-old"}, true},
		"the same":          {entry{integrity: "sha512-old"}, entry{integrity: "sha512-old"}, false},
		"the next version":  {entry{version: "1.0.1", integrity: "sha512-new"}, entry{integrity: "sha512-old"}, false},
		"another algorithm": {entry{integrity: "sha512-new"}, entry{integrity: "sha1-old"}, false},
		"none before":       {entry{integrity: "sha512-new"}, entry{}, false},
		"a link":            {entry{integrity: "sha512-new", link: true}, entry{integrity: "sha512-old"}, false},
		"a repository": {
			entry{integrity: "sha512-new", resolved: "git+https://github.com/x/y.git"}, entry{integrity: "sha512-old"}, false,
		},
	} {
		for _, e := range []*entry{&tt.now, &tt.before} {
			e.name = "a"
			if e.version == "" {
				e.version = "1.0.0"
			}
		}
		c := &comparison{file: file{path: "/l", kind: "npm", entries: []entry{tt.now}}}
		c.rewritten(map[string][]entry{"a": {tt.before}})
		if got := len(c.rows) == 1; got != tt.want {
			t.Errorf("%s: %+v", name, c.rows)
		}
		for _, r := range c.rows {
			if r.Severity != inspect.High || r.Status != inspect.RowFailed ||
				!strings.Contains(r.Detail, "sha512-old and is sha512-new") {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

// Where packages come from is judged against the others of the lock: a whole lock from a proxy is the rule of that
// place, one package from elsewhere is the exception.
func TestPackagesFromElsewhere(t *testing.T) {
	from := func(host string) string { return "https://" + host + "/x.tgz" }
	lockOf := func(more ...entry) file {
		f := file{path: "/app/package-lock.json", kind: "npm", eco: "npm"}
		for n := range 6 {
			f.entries = append(
				f.entries,
				entry{name: fmt.Sprint("p", n), version: "1.0.0", resolved: from("npm.corp.example")},
			)
		}
		f.entries = append(f.entries, more...)
		return f
	}
	for name, tt := range map[string]struct {
		entry  entry
		before []entry
		want   inspect.Severity // "" for no row
	}{
		"the proxy of all":    {entry{name: "a", resolved: from("npm.corp.example")}, nil, ""},
		"the public registry": {entry{name: "a", resolved: from("registry.npmjs.org")}, nil, ""},
		"no address":          {entry{name: "a"}, nil, ""},
		"another host":        {entry{name: "a", resolved: from("files.example")}, nil, inspect.Medium},
		"another host, as before": {
			entry{name: "a", resolved: from("files.example")}, []entry{{resolved: from("files.example")}}, inspect.Info,
		},
		"another host, of another then": {
			entry{name: "a", resolved: from("files.example")},
			[]entry{{resolved: from("npm.corp.example")}},
			inspect.Medium,
		},
		"all of a scope": {entry{name: "@x/a", resolved: from("x.example")}, nil, inspect.Info},
		"a look-alike":   {entry{name: "a", resolved: from("registry.npmjs.orq")}, nil, inspect.High},
		"a look-alike, as before": {
			entry{name: "a", resolved: from("registry.npmjs.orq")},
			[]entry{{resolved: from("registry.npmjs.orq")}},
			inspect.Info,
		},
		"a repository": {
			entry{name: "a", resolved: "git+https://github.com/x/a.git"}, nil, inspect.Info,
		},
		"a repository, a registry before": {
			entry{name: "a", resolved: "git+https://github.com/x/a.git"}, []entry{{resolved: from("registry.npmjs.org")}}, inspect.Medium,
		},
		"a link": {entry{name: "a", resolved: from("files.example"), link: true}, nil, ""},
	} {
		c := &comparison{file: lockOf(tt.entry)}
		c.foreign(map[string][]entry{tt.entry.name: tt.before})
		var got inspect.Severity
		if len(c.rows) > 0 {
			got = c.rows[0].Severity
		}
		if got != tt.want || len(c.rows) > 1 {
			t.Errorf("%s: %+v, want %q", name, c.rows, tt.want)
		}
	}
	c := &comparison{file: file{eco: "go", entries: []entry{{name: "a", resolved: from("evil.example")}}}}
	if c.foreign(nil); len(c.rows) > 0 {
		t.Errorf("an ecosystem without registries: %+v", c.rows)
	}
}

// The modules of a program are compared with the go.sum of its own module; those of other programs in the image are not.
func TestModulesOfPrograms(t *testing.T) {
	for name, tt := range map[string]struct {
		module string
		want   []string
	}{
		"its own module":           {"shop.example/app", []string{"low phantom evil.example/x"}},
		"the module of no program": {"shop.example/lib", nil},
		"no go.mod":                {"", nil},
	} {
		members := []layertest.Member{
			layertest.File("src/go.sum", "good.example/y v1.0.0 h1:x=\ngood.example/y v1.0.0/go.mod h1:x=\n"),
		}
		if tt.module != "" {
			members = append(members, layertest.File("src/go.mod", "module \""+tt.module+"\"\n\ngo 1.26\n"))
		}
		got := goRows(t, members, map[string]string{
			"/bin/app":   "shop.example/app v0.0.0 good.example/y v1.0.0 evil.example/x v0.1.0 stdlib v1.26.0",
			"/bin/other": "other.example/app v0.0.0 else.example/z v2.0.0",
		})
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// goRows compares a tree with Go programs, each with its module and those that it is built of.
func goRows(t *testing.T, members []layertest.Member, programs map[string]string) []string {
	t.Helper()
	packages := []inspect.Package{}
	for at, list := range programs {
		words := strings.Fields(list)
		for n := 0; n < len(words); n += 2 {
			packages = append(
				packages,
				inspect.Package{Type: "go-module", Name: words[n], Version: words[n+1], Locations: []string{at}},
			)
		}
	}
	merged := mergedTree(t, members)
	files, _, err := find(t.Context(), merged)
	layertest.Must(t, err)
	var all []string
	for _, r := range compareAll(newTree(t.Context(), merged, packages), files, nil) {
		all = append(all, fmt.Sprintf("%s %s %s", r.Severity, r.Change, r.Name))
	}
	return all
}

// Rows past the bound are counted in one row that could not be looked at, so that nobody takes the list for whole.
func TestRowsAreBoundedAndCounted(t *testing.T) {
	f := file{path: "/app/package-lock.json", kind: "npm", eco: "npm"}
	before := map[string][]entry{}
	for n := range maxRows + 7 {
		name := fmt.Sprintf("p%04d", n)
		f.entries = append(f.entries, entry{name: name, version: "1", integrity: "sha512-new", spare: true})
		before[name] = []entry{{name: name, version: "1", integrity: "sha512-old"}}
	}
	rows := compareAll(
		newTree(t.Context(), mergedTree(t, []layertest.Member{layertest.File("etc/motd", "x")}), nil),
		[]file{f},
		map[string]map[string][]entry{f.path: before},
	)
	last := rows[len(rows)-1]
	if len(rows) != maxRows+1 || last.Status != inspect.RowUnknown ||
		!strings.Contains(last.Detail, "7 more differences are left out") {
		t.Errorf("%d rows, the last %+v", len(rows), last)
	}
}

// A finding names the packages of one foreign host together, and each other difference by itself; its cause is the
// package as it is installed.
func TestFindingsOfLocks(t *testing.T) {
	row := func(change inspect.LockChange, name string, s inspect.Severity) inspect.LockRow {
		return inspect.LockRow{
			File: "/app/package-lock.json", Path: "/app/node_modules/" + name + "/package.json", Name: name, Locked: "1.0.0",
			Installed: "1.0.1", Change: change, Severity: s, Resolved: "https://files.example/" + name + ".tgz",
		}
	}
	rows := []inspect.LockRow{
		row(inspect.LockForeignSource, "a", inspect.Medium), row(inspect.LockForeignSource, "b", inspect.Medium),
		row(inspect.LockForeignSource, "c", inspect.Medium), row(inspect.LockForeignSource, "d", inspect.Medium),
		row(inspect.LockVersionSpoof, "ghost", inspect.High), row(inspect.LockPhantom, "ghost2", inspect.High),
		row(inspect.LockRewritten, "debug", inspect.High), row(inspect.LockScriptGone, "gone", inspect.Medium),
		row(inspect.LockVersionSpoof, "stale", inspect.Low), row(inspect.LockUnreadable, "x", inspect.High),
	}
	want := []string{
		"package a 1.0.0, b 1.0.0, c 1.0.0 and 1 more is taken from files.example, unlike the others",
		"package ghost is 1.0.1 by its own manifest, and 1.0.0 by the lock",
		"package ghost2 1.0.1 is installed, and no lock names it",
		"package debug 1.0.0 has other content than in the image compared with, at the same version",
		"package gone 1.0.1 had an install script that is no longer there",
	}
	var titles []string
	ids := map[string]bool{}
	for _, f := range findings("web", rows) {
		titles = append(titles, f.Title)
		ids[f.ID] = true
		if !strings.HasPrefix(f.Subject, "web:/app/") || f.Code == "" || len(f.Evidence) == 0 ||
			!strings.HasPrefix(f.Cause, "package:") {
			t.Errorf("%+v", f)
		}
	}
	if !slices.Equal(titles, want) || len(ids) != len(want) {
		t.Errorf("%q\nwant %q", titles, want)
	}
}

// Bun's lock is JSON with commas before closing brackets; those inside of strings stay.
func TestCommasOfBun(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": [1, 2,], }`:         `{"a": [1, 2] }`,
		`{"a": ",]", "b": "\",}"}`: `{"a": ",]", "b": "\",}"}`,
		"[1,\n\t]":                 "[1\n\t]",
		`[1,2]`:                    `[1,2]`,
		`,`:                        `,`,
		``:                         ``,
	} {
		got := string(plainJSON([]byte(text)))
		if got != want || text != "," && text != "" && !json.Valid([]byte(got)) {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
