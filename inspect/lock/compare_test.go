package lock

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/registry"
)

// npm is a package of a test.
type npm struct {
	name, version string
	locked        string // version in the lock; "-": not in it
	hidden        string // version in the hidden lock; empty: as installed
	host          string
	script        string
	flag          string // of the lock's row: dev, optional, inBundle …
	absent        bool
	content       string // decides the integrity
}

// app makes the files of an application with npm's locks.
func app(packages ...npm) []layertest.Member {
	root, hidden := map[string]any{"": map[string]any{"name": "app"}}, map[string]any{}
	files := []layertest.Member{layertest.File("app/package.json", `{"name":"app","version":"1.0.0"}`)}
	for _, p := range packages {
		host := first(p.host, "registry.npmjs.org")
		row := func(version string) map[string]any {
			m := map[string]any{
				"version":   version,
				"resolved":  "https://" + host + "/" + p.name + ".tgz",
				"integrity": "sha512-" + p.name + version + p.content,
			}
			if strings.HasPrefix(host, "git+") {
				m["resolved"] = host
			}
			if p.flag != "" {
				m[p.flag] = true
			}
			return m
		}
		place := modules + p.name
		if p.locked != "-" {
			root[place] = row(first(p.locked, p.version))
		}
		if p.absent {
			continue
		}
		if p.hidden != "-" {
			hidden[place] = row(first(p.hidden, p.version))
		}
		manifest := map[string]any{"name": p.name, "version": p.version}
		if p.script != "" {
			manifest["scripts"] = map[string]string{"postinstall": p.script}
		}
		text, _ := json.Marshal(manifest)
		files = append(files, layertest.File("app/"+place+"/package.json", string(text)))
	}
	for path, packages := range map[string]any{"app/package-lock.json": root, "app/node_modules/.package-lock.json": hidden} {
		text, _ := json.Marshal(map[string]any{"lockfileVersion": 3, "packages": packages})
		files = append(files, layertest.File(path, string(text)))
	}
	slices.SortFunc(files, func(a, b layertest.Member) int { return strings.Compare(a.Header.Name, b.Header.Name) })
	return files
}

// usual are packages that make the lock one of this tree.
func usual(more ...npm) []npm {
	var all []npm
	for n := range 6 {
		all = append(all, npm{name: fmt.Sprintf("usual-%d", n), version: "1.0.0"})
	}
	return append(all, more...)
}

// check runs the check over an image, compared with another one where there is one.
func check(t *testing.T, now, before []layertest.Member) inspect.Case {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	layertest.Must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	layertest.Must(t, err)
	cache := layer.NewCache(store)
	var good *inspect.KnownGood
	if before != nil {
		location := layertest.Image(t, v1.Config{}, layertest.Step("npm ci", before...))
		loc, err := registry.Parse(location)
		layertest.Must(t, err)
		img, err := client.Resolve(t.Context(), loc, v1.Platform{})
		layertest.Must(t, err)
		good = &inspect.KnownGood{Location: location, Digest: img.Digest(), Config: img.Config.Digest}
	}
	return layertest.Run(
		t,
		client,
		layertest.Image(t, v1.Config{}, layertest.Step("npm ci", now...)),
		good,
		[]engine.Check{
			layer.Layers(client, cache), Files(client, cache, "known-good"),
		},
	)
}

// rows are the rows of a case in short, those of a severity or worse.
func rows(c inspect.Case, worst inspect.Severity) []string {
	var list []string
	for _, r := range c.Images[0].Lock {
		if r.Severity.Rank() <= worst.Rank() {
			list = append(list, fmt.Sprintf("%s %s %s", r.Severity, r.Change, r.Name))
		}
	}
	return list
}

func TestNPM(t *testing.T) {
	for what, test := range map[string]struct {
		now, before []npm
		want        []string // of medium or worse
	}{
		"as locked": {now: usual()},
		"rewrote its version": {
			now:  usual(npm{name: "ghost", version: "4.2.0", locked: "4.2.1", hidden: "4.2.1"}),
			want: []string{"high version-spoof ghost"},
		},
		"stale lock": {now: usual(npm{name: "debug", version: "4.4.1", locked: "4.4.0"})},
		"other version, script": {
			now:  usual(npm{name: "ghost", version: "1.0.1", locked: "1.0.0", hidden: "-", script: "node x.js"}),
			want: []string{"high version-spoof ghost"},
		},
		"phantom with a script": {
			now:  usual(npm{name: "ghost", version: "1.0.0", locked: "-", hidden: "-", script: "node setup.js"}),
			want: []string{"high phantom ghost"},
		},
		"phantom":               {now: usual(npm{name: "ghost", version: "1.0.0", locked: "-", hidden: "-"})},
		"npm install --no-save": {now: usual(npm{name: "pm2", version: "5.0.0", locked: "-", script: "node x.js"})},
		"for development, optional, bundled": {now: usual(npm{name: "husky", version: "9.0.0", flag: "dev", absent: true}, npm{name: "fsevents", version: "2.0.0", flag: "optional", absent: true},
			npm{name: "inner", version: "1.0.0", flag: "inBundle", absent: true})},
		"foreign host": {
			now:  usual(npm{name: "follow-redirects", version: "1.15.9", host: "npm.cdn.example"}),
			want: []string{"medium foreign-source follow-redirects"},
		},
		"foreign host, as before": {
			now:    usual(npm{name: "mine", version: "1.1.0", host: "npm.corp.example"}),
			before: usual(npm{name: "mine", version: "1.0.0", host: "npm.corp.example"}),
		},
		"look-alike host": {
			now:  usual(npm{name: "debug", version: "4.4.1", host: "registry.npmjs.orq"}),
			want: []string{"high foreign-source debug"},
		},
		"scope of its own registry": {
			now: usual(npm{name: "@corp/a", version: "1.0.0", host: "npm.corp.example"}, npm{name: "@corp/b", version: "1.0.0", host: "npm.corp.example"}),
		},
		"all from a proxy": {
			now: []npm{
				{name: "a", version: "1.0.0", host: "proxy.corp.example"},
				{name: "b", version: "1.0.0", host: "proxy.corp.example"},
			},
		},
		"repository": {
			now: usual(npm{name: "fork", version: "1.0.0", host: "git+ssh://git@github.com/corp/fork.git#abc"}),
		},
		"repository in place of a registry": {
			now: usual(npm{name: "fork", version: "1.0.0", host: "git+https://github.com/x/fork.git#abc"}), before: usual(npm{name: "fork", version: "1.0.0"}),
			want: []string{"medium foreign-source fork"},
		},
		"rewritten release": {
			now:    usual(npm{name: "debug", version: "4.4.1", content: "new"}),
			before: usual(npm{name: "debug", version: "4.4.1"}), want: []string{"high rewritten debug"},
		},
		"next release": {
			now:    usual(npm{name: "debug", version: "4.4.2", content: "new"}),
			before: usual(npm{name: "debug", version: "4.4.1"}),
		},
	} {
		var before []layertest.Member
		if test.before != nil {
			before = app(test.before...)
		}
		c := check(t, app(test.now...), before)
		got := rows(c, inspect.Medium)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", what, got, test.want)
		}
		if (len(c.Findings) > 0) != (len(test.want) > 0) {
			t.Errorf("%s: findings %+v", what, c.Findings)
		}
	}
}

// A lock that is not that of the tree accuses nobody.
func TestForeignLock(t *testing.T) {
	var all []npm
	for n := range 12 {
		all = append(
			all,
			npm{name: fmt.Sprintf("other-%d", n), version: "1.0.0", locked: "-", hidden: "-", script: "node x.js"},
		)
	}
	if got := rows(check(t, app(usual(all...)...), nil), inspect.Medium); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// A lock that cannot be read is a row that says so, and no failure.
func TestUnreadable(t *testing.T) {
	c := check(
		t,
		[]layertest.Member{
			layertest.File("app/package-lock.json", "{"),
			layertest.File("app/yarn.lock", "<<<<<<< HEAD\n"),
		},
		nil,
	)
	l := c.Images[0].Lock
	if len(l) != 2 || l[0].Status != inspect.RowUnknown || l[0].Change != inspect.LockUnreadable || l[0].Detail == "" ||
		len(c.Findings) > 0 {
		t.Errorf("%+v %+v", l, c.Findings)
	}
	if c := check(t, []layertest.Member{layertest.File("etc/motd", "hi")}, nil); len(c.Images[0].Lock) != 0 {
		t.Errorf("%+v", c.Images[0].Lock)
	}
}

func TestScriptGone(t *testing.T) {
	c := check(t, app(usual(npm{name: "ghost", version: "1.0.0", flag: "hasInstallScript"})...), nil)
	if got := rows(c, inspect.Low); !slices.Equal(got, []string{"low script-gone ghost"}) {
		t.Errorf("%q", got)
	}
}

// Workspaces are links to folders of the application: they are neither missing nor phantoms.
func TestWorkspaces(t *testing.T) {
	lock := `{"lockfileVersion":3,"packages":{"":{"workspaces":["packages/*"]},"packages/ui":{"name":"@app/ui","version":"1.0.0"},"node_modules/@app/ui":{"resolved":"packages/ui","link":true},
	"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a.tgz"}}}`
	c := check(t, []layertest.Member{
		layertest.Symlink(
			"app/node_modules/@app/ui",
			"../../packages/ui",
		), layertest.File("app/node_modules/a/package.json", `{"name":"a","version":"1.0.0"}`),
		layertest.File(
			"app/package-lock.json",
			lock,
		), layertest.File("app/packages/ui/package.json", `{"name":"@app/ui","version":"1.0.0","scripts":{"postinstall":"x"}}`),
	}, nil)
	if got := rows(c, inspect.Info); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestPNPM(t *testing.T) {
	lock := "lockfileVersion: '9.0'\npackages:\n  '@a/b@1.0.0': {resolution: {integrity: sha512-x}}\n  c@2.0.0: {resolution: {integrity: sha512-y}}\n"
	at := func(store, name, version, script string) layertest.Member {
		return layertest.File(
			"app/node_modules/.pnpm/"+store+"/node_modules/"+name+"/package.json",
			fmt.Sprintf(`{"name":%q,"version":%q,"scripts":{%s}}`, name, version, script),
		)
	}
	c := check(t, []layertest.Member{
		at(
			"@a+b@1.0.0",
			"@a/b",
			"1.0.0",
			"",
		), at("c@2.0.0_p@1.0.0", "c", "2.0.1", ""), at("ghost@1.0.0", "ghost", "1.0.0", `"preinstall":"node x"`), layertest.File("app/pnpm-lock.yaml", lock),
	}, nil)
	if got := rows(c, inspect.Low); !slices.Equal(got, []string{"high version-spoof c", "high phantom ghost"}) {
		t.Errorf("%q", got)
	}
}

func TestYarn(t *testing.T) {
	lock := "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/a/-/a-1.0.0.tgz\"\n\nb@^2:\n  version \"2.0.0\"\n  resolved \"https://evil.example/b.tgz\"\n"
	c := check(t, []layertest.Member{
		layertest.File(
			"app/node_modules/a/package.json",
			`{"name":"a","version":"1.0.0"}`,
		), layertest.File("app/node_modules/b/package.json", `{"name":"b","version":"2.0.1"}`),
		layertest.File(
			"app/node_modules/ghost/package.json",
			`{"name":"ghost","version":"1.0.0","scripts":{"install":"node x"}}`,
		), layertest.File("app/yarn.lock", lock),
	}, nil)
	want := []string{"low version-spoof b", "medium foreign-source b", "high phantom ghost"}
	if got := rows(c, inspect.Low); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestComposer(t *testing.T) {
	pkg := func(name, version, commit string) string {
		return fmt.Sprintf(
			`{"name":%q,"version":%q,"dist":{"type":"zip","url":"https://api.github.com/repos/%s/zipball/x","reference":%q}}`,
			name,
			version,
			name,
			commit,
		)
	}
	doc := func(packages ...string) string { return `{"packages":[` + strings.Join(packages, ",") + `]}` }
	good, bad := strings.Repeat("a", 40), strings.Repeat("b", 40)
	tree := func(lock, installed string) []layertest.Member {
		return []layertest.Member{
			layertest.File("srv/composer.lock", lock),
			layertest.File("srv/vendor/composer/installed.json", installed),
		}
	}
	before := tree(doc(pkg("a/b", "1.0.0", good), pkg("c/d", "dev-main", good)), doc(pkg("a/b", "1.0.0", good)))
	moved := tree(
		doc(pkg("a/b", "1.0.0", bad), pkg("c/d", "dev-main", bad)),
		doc(pkg("a/b", "1.0.0", bad), pkg("x/y", "1", good)),
	)
	if got := rows(check(t, moved, before), inspect.Low); !slices.Equal(
		got,
		[]string{"high rewritten a/b", "low phantom x/y"},
	) {
		t.Errorf("%q", got)
	}
	other := tree(doc(pkg("a/b", "1.0.0", good)), doc(pkg("a/b", "1.0.0", bad)))
	if got := rows(check(t, other, nil), inspect.Low); !slices.Equal(got, []string{"medium version-spoof a/b"}) {
		t.Errorf("%q", got)
	}
}

// Locks without places are compared by name: another version is worth a row, and what is beside it is nobody's business.
func TestNamed(t *testing.T) {
	tree := &tree{byName: map[string][]installed{
		"python requests": {{name: "requests", version: "2.32.0", path: "/a"}}, "python idna": {
			{name: "idna", version: "3.10", path: "/b"},
		},
		"python pip": {{name: "pip", version: "24"}}, "python torch": {{name: "torch", version: "2.0.0+cpu"}},
	}}
	c := &comparison{tree: tree, file: file{path: "/app/uv.lock", kind: "uv", eco: "python", entries: []entry{
		{
			name:    "requests",
			version: "2.32.3",
		}, {name: "idna", version: "3.10"}, {name: "gone", version: "1"}, {name: "dev", version: "1", spare: true}, {name: "app", link: true}, {
			name: "torch", version: "2.0",
		},
	}}}
	c.run()
	var got []string
	for _, r := range c.rows {
		got = append(got, fmt.Sprintf("%s %s %s", r.Severity, r.Change, r.Name))
	}
	if !slices.Equal(got, []string{"low version-spoof requests", "info not-installed gone"}) {
		t.Errorf("%q", got)
	}
}

func TestOriginOf(t *testing.T) {
	for address, want := range map[string]origin{
		"https://registry.npmjs.org/a/-/a-1.tgz": {"registry.npmjs.org", false}, "git+ssh://git@github.com/x/y.git#abc": {
			"github.com", true,
		},
		"git@github.com:x/y.git": {"github.com", true}, "github:x/y#abc": {"github", true}, "https://codeload.github.com/x/y/tar.gz/abc": {
			"codeload.github.com", true,
		},
		"": {}, "packages/ui": {}, "HTTPS://EVIL.example:8443/a.tgz": {"evil.example", false},
	} {
		if got := originOf(address); got != want {
			t.Errorf("%q: %+v", address, got)
		}
	}
}

func TestFindingsOfOneHostAreOne(t *testing.T) {
	var list []inspect.LockRow
	for n := range 5 {
		list = append(
			list,
			inspect.LockRow{
				File:     "/app/yarn.lock",
				Path:     "/app/yarn.lock",
				Name:     fmt.Sprintf("p%d", n),
				Locked:   "1",
				Resolved: "https://evil.example/x",
				Change:   inspect.LockForeignSource,
				Severity: inspect.Medium,
			},
		)
	}
	f := findings("web", list)
	if len(f) != 1 || !strings.Contains(f[0].Title, "and 2 more") || !strings.Contains(f[0].Title, "evil.example") ||
		len(f[0].Evidence) != 5 {
		t.Errorf("%+v", f)
	}
}

// What a program has that go.sum does not name is listed in one order, and what is past the bound is counted.
func TestGoRowsInOrder(t *testing.T) {
	newComparison := func() *comparison {
		c := &comparison{
			tree: &tree{byName: map[string][]installed{}},
			file: file{path: "/src/go.sum", kind: "go", eco: "go"},
		}
		for n := range maxRows + 100 {
			c.byName[fmt.Sprintf("go example.com/m%04d", n)] = []installed{{version: "v1.0.0", path: "/app"}}
		}
		return c
	}
	c := newComparison()
	c.programs("example.com/m0000")
	if len(c.rows) != maxRows || c.missed != 99 || !slices.IsSortedFunc(c.rows, func(a, b inspect.LockRow) int {
		return strings.Compare(a.Name, b.Name)
	}) {
		t.Errorf("%d rows, %d missed", len(c.rows), c.missed)
	}
}

// Differences past the bound are not passed over in silence.
func TestRowsPastTheBound(t *testing.T) {
	f := file{path: "/app/composer.lock", kind: "composer", eco: "composer"}
	before := map[string]map[string][]entry{f.path: {}}
	for n := range maxRows + 7 {
		name := fmt.Sprintf("a/p%d", n)
		f.entries = append(f.entries, entry{name: name, version: "1", integrity: strings.Repeat("a", 40), spare: true})
		before[f.path][name] = []entry{{name: name, version: "1", integrity: strings.Repeat("b", 40)}}
	}
	rows := compareAll(newTree(t.Context(), &layer.Tree{}, nil), []file{f}, before)
	last := rows[len(rows)-1]
	if len(rows) != maxRows+1 || last.Status != inspect.RowUnknown || !strings.HasPrefix(last.Detail, "7 more") {
		t.Errorf("%d rows, the last %+v", len(rows), last)
	}
}

// A lock whose decoder would need gigabytes is a row, and is not read.
func TestCostlyLock(t *testing.T) {
	text := "lockfileVersion: '9.0'\nx:\n" + strings.Repeat("- a\n", maxCostly/4)
	l := check(t, []layertest.Member{layertest.File("app/pnpm-lock.yaml", text)}, nil).Images[0].Lock
	if len(l) != 1 || l[0].Status != inspect.RowUnknown || l[0].Change != inspect.LockUnreadable {
		t.Errorf("%+v", l)
	}
}

// mergedTree is the merged tree of an image with these files.
func mergedTree(t *testing.T, members []layertest.Member) *layer.Tree {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	layertest.Must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	layertest.Must(t, err)
	cache := layer.NewCache(store)
	c := layertest.Run(
		t,
		client,
		layertest.Image(t, v1.Config{}, layertest.Step("COPY", members...)),
		nil,
		[]engine.Check{layer.Layers(client, cache)},
	)
	tree, err := cache.Tree(t.Context(), c.Images[0].Layers)
	layertest.Must(t, err)
	return tree
}
