package lock

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// severities compares a lock as it is with one of before, and lists the worst row about where each package comes from.
func severities(f file, before []entry) map[string]inspect.Severity {
	was := map[string][]entry{}
	for _, e := range before {
		was[e.name] = append(was[e.name], e)
	}
	c := &comparison{file: f}
	c.foreign(was)
	worst := map[string]inspect.Severity{}
	for _, r := range c.rows {
		if old, ok := worst[r.Name]; !ok || r.Severity.Rank() < old.Rank() {
			worst[r.Name] = r.Severity
		}
	}
	return worst
}

// readLock reads a lock by its name.
func readLock(t *testing.T, name, text string) file {
	t.Helper()
	f := forms[name]
	entries, err := f.read([]byte(text))
	layertest.Must(t, err)
	return file{path: "/app/" + name, kind: f.kind, eco: f.eco, entries: entries}
}

// A foreign address is found wherever a package manager reads one, and the same lock from its registry is calm.
func TestForeignAddressesInEveryLock(t *testing.T) {
	uv := func(host string) string {
		text := "version = 1\n"
		for n := range 4 {
			text += fmt.Sprintf(
				"[[package]]\nname = \"p%d\"\nversion = \"1\"\nsource = { registry = \"https://pypi.org/simple\" }\n"+
					"sdist = { url = \"https://files.pythonhosted.org/p%d.tar.gz\", hash = \"sha256:aa\" }\n",
				n,
				n,
			)
		}
		return text + "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://pypi.org/simple\" }\nwheels = [\n" +
			"  { url = \"https://files.pythonhosted.org/a.whl\", hash = \"sha256:aa\" },\n  { url = \"https://" + host +
			"/a.whl\", hash = \"sha256:bb\" },\n]\n"
	}
	berry := func(parameters string) string {
		text := "__metadata:\n  version: 8\n\n"
		for n := range 4 {
			text += fmt.Sprintf(
				"\"p%d@npm:1\":\n  version: 1.0.0\n  resolution: \"p%d@npm:1.0.0%s\"\n  linkType: hard\n\n",
				n,
				n,
				"::__archiveUrl=https%3A%2F%2Fregistry.npmjs.org%2Fp.tgz",
			)
		}
		return text + "\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0" + parameters + "\"\n  linkType: hard\n"
	}
	bun := func(host string) string {
		return `{"lockfileVersion": 1, "packages": {"p": ["p@1.0.0", "https://registry.npmjs.org/p.tgz", {}, "sha512-x"], ` +
			`"a": ["a@1.0.0", "https://` + host + `/a.tgz", {}, "sha512-y"]}}`
	}
	pipfile := func(host string) string {
		return `{"_meta": {"sources": [{"name": "pypi", "url": "https://pypi.org/simple"}, {"name": "x", "url": "https://` + host +
			`/simple"}]}, "default": {"p": {"version": "==1", "index": "pypi"}, "a": {"version": "==1", "index": "x"}}}`
	}
	gems := func(host string) string {
		return "GEM\n  remote: https://rubygems.org/\n  specs:\n    p (1.0)\n    q (1.0)\n\nGEM\n  remote: https://" + host +
			"/\n  specs:\n    a (1.0)\n"
	}
	pnpm := func(host string) string {
		return "lockfileVersion: '9.0'\npackages:\n  p@1.0.0:\n    resolution: {tarball: https://registry.npmjs.org/p.tgz}\n" +
			"  a@1.0.0:\n    resolution: {integrity: sha512-x, tarball: https://" + host + "/a.tgz}\n"
	}
	for name, test := range map[string]struct {
		lock, text string
		want       inspect.Severity // of package a; empty for no row
	}{
		"uv, an archive from elsewhere": {"uv.lock", uv("files.example"), inspect.Medium},
		"uv, a look-alike":              {"uv.lock", uv("files.pythonhosted.orq"), inspect.High},
		"uv, all from PyPI":             {"uv.lock", uv("files.pythonhosted.org"), ""},
		"yarn, an escaped address": {
			"yarn.lock", berry("::__archiveUrl=https%3A%2F%2Fnpm.example%2Fa.tgz"), inspect.Medium,
		},
		"yarn, behind another parameter": {
			"yarn.lock", berry("::locator=x&__archiveUrl=https%3A%2F%2Fnpm.example%2Fa.tgz"), inspect.Medium,
		},
		"yarn, an address in plain": {
			"yarn.lock", berry("::__archiveUrl=https://npm.example/a.tgz"), inspect.Medium,
		},
		"yarn, its registry": {
			"yarn.lock", berry("::__archiveUrl=https%3A%2F%2Fregistry.npmjs.org%2Fa.tgz"), "",
		},
		"yarn, no address":                  {"yarn.lock", berry(""), ""},
		"bun, a tarball from elsewhere":     {"bun.lock", bun("npm.example"), inspect.Medium},
		"bun, its registry":                 {"bun.lock", bun("registry.npmjs.org"), ""},
		"Pipfile, a source of its own":      {"Pipfile.lock", pipfile("pypi.example"), inspect.Medium},
		"Pipfile, the same source":          {"Pipfile.lock", pipfile("pypi.org"), ""},
		"bundler, another remote":           {"Gemfile.lock", gems("gems.example"), inspect.Medium},
		"bundler, a look-alike":             {"Gemfile.lock", gems("rubygems.og"), inspect.High},
		"bundler, one remote":               {"Gemfile.lock", gems("rubygems.org"), ""},
		"pnpm, a tarball from elsewhere":    {"pnpm-lock.yaml", pnpm("npm.example"), inspect.Medium},
		"pnpm, its registry":                {"pnpm-lock.yaml", pnpm("registry.npmjs.org"), ""},
		"pnpm, credentials are no registry": {"pnpm-lock.yaml", pnpm("registry.npmjs.org@npm.example"), inspect.Medium},
	} {
		got := severities(readLock(t, test.lock, test.text), nil)
		if got["a"] != test.want {
			t.Errorf("%s: %q, want %q", name, got["a"], test.want)
		}
		if delete(got, "a"); len(got) > 0 {
			t.Errorf("%s: rows of other packages: %v", name, got)
		}
	}
}

// pip takes options for the whole file, wherever they stand: an index at the end is the index of all that is above it.
func TestAnIndexIsThatOfTheWholeFile(t *testing.T) {
	lines := "a==1 --hash=sha256:aa\nb==1 --hash=sha256:bb\n"
	for name, test := range map[string]struct{ text, want string }{
		"none":             {lines, ""},
		"at the beginning": {"--index-url https://pypi.example/simple\n" + lines, "https://pypi.example/simple"},
		"at the end":       {lines + "--index-url=https://pypi.example/simple\n", "https://pypi.example/simple"},
		"in short":         {lines + "-i https://pypi.example/simple\n", "https://pypi.example/simple"},
		"the last one": {
			"-i https://pypi.org/simple\n" + lines + "-i https://pypi.example/simple\n", "https://pypi.example/simple",
		},
		"in a comment":       {"# --index-url https://pypi.example/simple\n" + lines, ""},
		"a further index":    {"--extra-index-url https://pypi.example/simple\n" + lines, ""},
		"a file of its own":  {"c @ https://files.example/c.whl --hash=sha256:cc\n" + lines, ""},
		"with blanks before": {"  -i https://pypi.example/simple\n" + lines, "https://pypi.example/simple"},
	} {
		for _, e := range readLock(t, "requirements.txt", test.text).entries {
			want := test.want
			if e.name == "c" {
				want = "https://files.example/c.whl"
			}
			if e.resolved != want {
				t.Errorf("%s: %s is taken from %q, want %q", name, e.name, e.resolved, want)
			}
		}
	}
}

// A scope of one host is a company's own, unless it came from elsewhere before: then it was moved.
func TestScopesThatMoved(t *testing.T) {
	address := func(host, name string) entry {
		return entry{name: name, version: "1.0.0", resolved: "https://" + host + "/x.tgz"}
	}
	f := file{path: "/app/package-lock.json", kind: "npm", eco: "npm"}
	for n := range 6 {
		f.entries = append(f.entries, address("registry.npmjs.org", fmt.Sprint("p", n)))
	}
	f.entries = append(f.entries, address("npm.example", "@types/node"), address("npm.corp.example", "@corp/a"),
		address("npm.corp.example", "@corp/b"))
	for name, test := range map[string]struct {
		before []entry
		want   inspect.Severity
	}{
		"nothing to compare with":   {nil, inspect.Info},
		"the registry before":       {[]entry{address("registry.npmjs.org", "@types/node")}, inspect.Medium},
		"the same host before":      {[]entry{address("npm.example", "@types/node")}, inspect.Info},
		"another package before":    {[]entry{address("registry.npmjs.org", "@types/react")}, inspect.Info},
		"without an address before": {[]entry{{name: "@types/node", version: "1.0.0"}}, inspect.Info},
	} {
		got := severities(f, test.before)
		if got["@types/node"] != test.want || got["@corp/a"] != inspect.Info {
			t.Errorf("%s: %v, want %s", name, got, test.want)
		}
	}
}

// The order of packages in a lock decides nothing: an attacker cannot hide a package by where it stands.
func TestTheOrderOfALockDoesNotMatter(t *testing.T) {
	var entries, before []entry
	for n := range 20 {
		e := entry{
			name: fmt.Sprintf(
				"p%02d",
				n%15,
			), version: fmt.Sprintf("1.%d.0", n), place: fmt.Sprintf("node_modules/p%02d", n),
			resolved: "https://registry.npmjs.org/x.tgz", integrity: fmt.Sprintf("sha512-%d", n),
		}
		if n%7 == 0 {
			e.resolved = "https://npm.example/x.tgz"
		}
		entries = append(entries, e)
		if e.integrity += "x"; n%3 == 0 {
			before = append(before, e)
		}
	}
	was := map[string][]entry{}
	for _, e := range before {
		was[e.name] = append(was[e.name], e)
	}
	rows := func(list []entry) []inspect.LockRow {
		c := &comparison{file: file{path: "/l", kind: "npm", eco: "npm", entries: clip(slices.Clone(list))}}
		c.foreign(was)
		c.rewritten(was)
		return c.rows
	}
	want := rows(entries)
	if len(want) < 5 {
		t.Fatalf("%d rows", len(want))
	}
	for seed := range uint64(20) {
		mixed := slices.Clone(entries)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if got := rows(mixed); !slices.Equal(got, want) {
			t.Fatalf("in the order of seed %d: %+v\nwant %+v", seed, got, want)
		}
	}
}

// A lock past its bound is cut after it was put in order, so that what is left is the same each time.
func TestALockIsCutInOrder(t *testing.T) {
	list := make([]entry, 0, maxEntries+5)
	for n := range maxEntries + 5 {
		list = append(list, entry{name: fmt.Sprintf("p%06d", maxEntries+5-n)})
	}
	got := clip(list)
	if len(got) != maxEntries || got[0].name != "p000001" || !slices.IsSortedFunc(got, func(a, b entry) int {
		return strings.Compare(a.name, b.name)
	}) {
		t.Errorf("%d packages, first %s", len(got), got[0].name)
	}
	same := []entry{
		{name: "a", version: "2", place: "y"},
		{name: "a", version: "2", place: "x"},
		{name: "a", version: "1"},
	}
	if got := fmt.Sprint(clip(same)); !strings.HasPrefix(got, "[{a 1") ||
		strings.Index(got, "x") > strings.Index(got, "y") {
		t.Errorf("packages of one name: %s", got)
	}
}

// An application whose dependencies npm put there by its hidden lock, with a package that was changed afterwards in a way
// that its manifest shows: everything but the one package is calm.
func TestManifestsThatAreOdd(t *testing.T) {
	manifest := func(name, text string) layertest.Member {
		return layertest.File("app/node_modules/"+name+"/package.json", text)
	}
	lock := `{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"version":"1.0.0"},` +
		`"node_modules/c":{"version":"1.0.0"},"node_modules/d":{"version":"1.0.0"}}}`
	for name, test := range map[string]struct {
		last layertest.Member
		want []string
	}{
		"as locked":                {manifest("d", `{"name":"d","version":"1.0.0"}`), nil},
		"a version that is a list": {manifest("d", `{"name":"d","version":["1"]}`), nil},
		"no JSON":                  {manifest("d", "{"), []string{"info not-installed d"}},
		"no manifest": {
			layertest.File("app/node_modules/d/index.js", "x"), []string{"info not-installed d"},
		},
		"scripts that are a list": {
			manifest("d", `{"name":"d","version":"1.0.0","scripts":[1]}`), []string{"info not-installed d"},
		},
		"another version": {manifest("d", `{"name":"d","version":"1.0.1"}`), []string{"low version-spoof d"}},
		"another, with a script": {
			manifest("d", `{"name":"d","version":"1.0.1","scripts":{"preinstall":"node x"}}`), []string{
				"high version-spoof d",
			},
		},
		"another, with a script that is a number": {
			manifest("d", `{"name":"d","version":"1.0.1","scripts":{"preinstall":1,"test":"x"}}`), []string{
				"low version-spoof d",
			},
		},
		"a folder of files": {layertest.File("app/node_modules/e/readme", "x"), []string{"info not-installed d"}},
	} {
		members := []layertest.Member{layertest.File("app/package-lock.json", lock), test.last}
		for _, n := range []string{"a", "b", "c"} {
			members = append(members, manifest(n, `{"name":"`+n+`","version":"1.0.0"}`))
		}
		if got := rows(check(t, members, nil), inspect.Info); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// npm's own record excuses no package: whoever adds one to node_modules can add it there too. It is a row, and calm, since
// npm install --no-save leaves the same.
func TestTheHiddenLockExcusesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		ghost npm
		want  []string
	}{
		"in both records":     {npm{name: "ghost", version: "1.0.0"}, nil},
		"in npm's own record": {npm{name: "ghost", version: "1.0.0", locked: "-", script: "node x"}, []string{"low phantom ghost"}},
		"in none, a script":   {npm{name: "ghost", version: "1.0.0", locked: "-", hidden: "-", script: "node x"}, []string{"high phantom ghost"}},
	} {
		if got := rows(check(t, app(usual(test.ghost)...), nil), inspect.Low); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// A native module is built when it is installed, without a script that says so; one that no lock names counts as one
// with a script.
func TestAPhantomThatIsBuilt(t *testing.T) {
	members := append(
		app(usual()...),
		layertest.File("app/node_modules/ghost/package.json", `{"name":"ghost","version":"1.0.0"}`),
		layertest.File("app/node_modules/ghost/binding.gyp", "{}"),
	)
	if got := rows(check(t, members, nil), inspect.Medium); !slices.Equal(got, []string{"high phantom ghost"}) {
		t.Errorf("%q", got)
	}
	nested := append(app(usual()...), layertest.File("app/node_modules/usual-1/node_modules/ghost/package.json",
		`{"name":"ghost","version":"1.0.0","scripts":{"install":"node x"}}`))
	if got := rows(check(t, nested, nil), inspect.Medium); !slices.Equal(got, []string{"high phantom ghost"}) {
		t.Errorf("below another package: %q", got)
	}
	hidden := append(app(usual()...), layertest.File("app/node_modules/.cache/ghost/package.json",
		`{"name":"ghost","version":"1.0.0","scripts":{"install":"node x"}}`))
	if got := rows(check(t, hidden, nil), inspect.Low); len(got) > 0 {
		t.Errorf("a folder of the package manager's own: %q", got)
	}
}

// The hidden lock is compared itself only where no other lock is beside it.
func TestAHiddenLockAlone(t *testing.T) {
	hidden := layertest.File("app/node_modules/.package-lock.json",
		`{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"version":"1.0.0"}}}`)
	members := []layertest.Member{
		hidden, layertest.File("app/node_modules/a/package.json", `{"name":"a","version":"1.0.1"}`),
		layertest.File("app/node_modules/b/package.json", `{"name":"b","version":"1.0.0"}`),
	}
	got := rows(check(t, members, nil), inspect.Low)
	if !slices.Equal(got, []string{"high version-spoof a"}) {
		t.Errorf("%q", got)
	}
}

// Locks are bounded in number and in bytes; each that is past a bound is a row that says so.
func TestLocksOfAnImageAreBounded(t *testing.T) {
	var members []layertest.Member
	for n := range maxLocks + 3 {
		members = append(members, layertest.File(fmt.Sprintf("app/%d/go.sum", n), "example.com/m v1.0.0 h1:x=\n"))
	}
	files, unread, err := find(t.Context(), mergedTree(t, members))
	layertest.Must(t, err)
	if len(files) != maxLocks || len(unread) != 1 || unread[0].Status != inspect.RowUnknown ||
		!strings.Contains(unread[0].Detail, "more lock files than are read") {
		t.Errorf("%d locks, unread %+v", len(files), unread)
	}
	for name, want := range map[string]int64{
		"yarn.lock": maxCostly, "pnpm-lock.yaml": maxCostly, "bun.lock": maxCostly,
		"package-lock.json": maxFile, "uv.lock": maxFile,
	} {
		if got := forms[name].limit(); got != want {
			t.Errorf("%s may have %d bytes, want %d", name, got, want)
		}
	}
}
