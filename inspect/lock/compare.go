package lock

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// comparison is one lock against the tree.
type comparison struct {
	*tree
	file   file
	hidden map[string]entry // what npm put where, by place; nil where it left no record
	rows   []inspect.LockRow
	missed int // rows past the bound
}

// add adds a row within the bound, with the lock as its place where it has none. Its status follows from the severity:
// a difference is observed, or failed where a person should look at it.
func (c *comparison) add(r inspect.LockRow) {
	if len(c.rows) >= maxRows {
		c.missed++
		return
	}
	r.File, r.Type = c.file.path, c.file.kind
	if r.Path == "" {
		r.Path, r.Layer = c.file.path, c.file.layer
	}
	r.Status = r.Severity.RowStatus()
	c.rows = append(c.rows, r)
}

// run compares by the rules of the kind of lock. A kind that is not named here is compared with nothing. Locks of npm
// and pnpm name places in the tree, those of yarn and bun names only, and those of Python and Ruby name packages that
// may lie anywhere.
func (c *comparison) run() {
	switch c.file.kind {
	case "npm":
		c.npm()
	case "pnpm":
		c.pnpm()
	case "yarn", "bun":
		c.flat()
	case "uv", "poetry", "pipfile", "requirements", "bundler":
		c.named()
	case "composer":
		c.named()
		c.composer()
	case "go":
		c.golang()
	}
}

// root is the folder that the places of the lock begin at.
func (c *comparison) root() string {
	dir := path.Dir(c.file.path)
	if path.Base(c.file.path) == hiddenName {
		dir = path.Dir(dir)
	}
	return strings.TrimSuffix(dir, "/")
}

// npm compares each package at its place. The places of the lock are folders, so that a package that lies somewhere
// else is one that no lock names, even if another of its name is locked.
func (c *comparison) npm() {
	places := map[string]bool{}
	var absent []entry
	there := 0
	for _, e := range c.file.entries {
		places[e.place] = true
		if e.link {
			continue
		}
		have, ok := c.at(c.root() + "/" + e.place)
		switch {
		case !ok && !e.spare:
			absent = append(absent, e)
		case ok:
			there++
			c.version(e, have)
		}
	}
	var extra []string
	for _, place := range c.modules(c.root()) {
		if !places[place] {
			extra = c.unnamed(extra, place)
		}
	}
	c.phantoms(extra, there)
	c.absent(absent, there)
}

// version compares the version of a package with the one that its lock names. npm's hidden lock is the better witness:
// it was written by the installation itself. Against it a difference means that the package was changed afterwards.
// Equal versions prove nothing about the content; the digests of files are compared by other checks.
func (c *comparison) version(e entry, have installed) {
	dir := path.Dir(have.path)
	if e.version == "" || have.version == e.version || have.version == "" {
		c.scriptGone(e, have)
		return
	}
	put, recorded := c.hidden[e.place]
	r := inspect.LockRow{
		Name: e.name, Locked: e.version, Installed: have.version, Resolved: e.resolved,
		Change: inspect.LockVersionSpoof, Path: have.path, Layer: have.layer, Severity: inspect.Low,
	}
	switch {
	case recorded && put.version != "" && put.version != have.version:
		r.Severity = inspect.High
		r.Detail = fmt.Sprintf("npm put version %s there, and package.json now has %s: it was changed after the "+
			"installation", put.version, have.version)
	case recorded:
		r.Detail = "npm put this version there: the lock is older or newer than the tree"
	case e.script || c.script(dir) != "":
		r.Severity = inspect.High
		r.Detail = "a package with an install script has another version than the lock names, as one that " +
			"rewrites itself"
	default:
		r.Detail = "the lock names another version"
	}
	c.add(r)
}

// scriptGone finds packages whose install script was recorded and is no longer there: a dropper that covered its
// tracks, or a registry whose metadata never fitted the package.
func (c *comparison) scriptGone(e entry, have installed) {
	if c.file.kind != "npm" || !e.script || c.script(path.Dir(have.path)) != "" {
		return
	}
	c.add(inspect.LockRow{
		Name: e.name, Locked: e.version, Installed: have.version, Resolved: e.resolved,
		Change: inspect.LockScriptGone, Path: have.path, Layer: have.layer,
		Severity: inspect.Low, Detail: "the lock records an install script, and package.json has none",
	})
}

// phantoms makes rows of packages that no lock names. Where they are many, the lock is not the tree's. More than five,
// and more than a fifth of what is there, are too many.
func (c *comparison) phantoms(places []string, there int) {
	foreign := there == 0 || len(places) > max(5, there/5)
	for _, place := range places {
		dir := c.root() + "/" + place
		have, ok := c.at(dir)
		if !ok || have.version == "" {
			continue // no package: a folder of files
		}
		c.phantom(have, c.script(dir), foreign)
	}
}

// unnamed adds a place that no lock of the application names to the others, unless npm's hidden lock names it. Such a
// package is a row of its own, and no more than low: npm install --no-save leaves it so, and whoever can add a package
// to the folder can add it to that record too.
func (c *comparison) unnamed(others []string, place string) []string {
	if _, put := c.hidden[place]; !put {
		return append(others, place)
	}
	have, ok := c.at(c.root() + "/" + place)
	if !ok || have.version == "" {
		return others
	}
	r := inspect.LockRow{
		Name: have.name, Installed: have.version, Change: inspect.LockPhantom, Path: have.path, Layer: have.layer,
		Severity: inspect.Low, Detail: "only npm's own record in node_modules names it, which proves nothing",
	}
	if script := c.script(path.Dir(have.path)); script != "" {
		r.Detail += "; it has an install script, " + script
	}
	c.add(r)
	return others
}

// phantom makes the row of one package that no lock names. It is high only with an install script, in a tree that the
// lock is otherwise that of: people install by hand, too. An attacker who adds a package to a built image has it run by
// an install script or by a require() of the application; the script is what can be seen here.
func (c *comparison) phantom(have installed, script string, foreign bool) {
	r := inspect.LockRow{
		Name: have.name, Installed: have.version, Change: inspect.LockPhantom, Path: have.path, Layer: have.layer,
		Severity: inspect.Low, Detail: "no lock names it",
	}
	if script != "" && !foreign {
		r.Severity = inspect.High
		r.Detail = "no lock names it, and it has an install script, " + script
	}
	c.add(r)
}

// absent makes rows of packages that are missing where most others are there. Images leave packages out as a matter of
// course, so that this never is more than info.
func (c *comparison) absent(entries []entry, there int) {
	if there < len(entries) {
		return
	}
	for _, e := range entries {
		c.add(inspect.LockRow{
			Name: e.name, Locked: e.version, Resolved: e.resolved, Change: inspect.LockNotInstalled,
			Severity: inspect.Info, Detail: "the lock names it, and it is not there",
		})
	}
}

// pnpm compares the folders of the virtual store, which are named after package and version. A folder cannot be renamed
// by the package in it without breaking every link to it, which makes its name a witness.
func (c *comparison) pnpm() {
	locked := c.locked()
	store := c.root() + "/node_modules/.pnpm"
	there, extra := 0, []installed{}
	for _, n := range c.Children(store) {
		name, version := storeName(path.Base(n.Path))
		dir := n.Path + "/node_modules/" + name
		have, ok := c.at(dir)
		if !ok || name == "" {
			continue
		}
		if _, named := locked[name]; !named {
			extra = append(extra, have)
			continue
		}
		there++
		if version != "" && have.version != "" && have.version != version {
			c.add(inspect.LockRow{
				Name: name, Locked: version, Installed: have.version, Change: inspect.LockVersionSpoof,
				Path: have.path, Layer: have.layer, Severity: inspect.High,
				Detail: "pnpm put version " + version + " there, and package.json now has " + have.version +
					": it was changed after the installation",
			})
		}
	}
	for _, have := range extra {
		c.phantom(have, c.script(path.Dir(have.path)), there == 0 || len(extra) > max(5, there/5))
	}
}

// storeName takes name and version out of a folder of pnpm's store: @scope+name@1.0.0_peer@2.0.0 or
// name@1.0.0(peer@2.0.0). Empty strings where the name is of another form. An example: @babel+core@7.26.0 gives
// @babel/core and 7.26.0.
func storeName(base string) (name, version string) {
	at := strings.IndexByte(base[min(1, len(base)):], '@') + 1
	if at < 1 {
		return "", ""
	}
	name, version = strings.Replace(base[:at], "+", "/", 1), base[at+1:]
	if cut := strings.IndexAny(version, "_("); cut >= 0 {
		version = version[:cut]
	}
	if strings.ContainsAny(version, "+:") || version == "" || version[0] < '0' || version[0] > '9' {
		version = "" // a repository, an archive, or a version with build metadata, whose sign also stands for a slash
	}
	return name, version
}

// locked are the versions of each name in the lock.
func (c *comparison) locked() map[string][]entry {
	all := map[string][]entry{}
	for _, e := range c.file.entries {
		all[e.name] = append(all[e.name], e)
	}
	return all
}

// flat compares the packages directly in node_modules with a lock that names no places. A package deeper than that may
// be of another version for a good reason, which such a lock cannot tell; one directly in the folder is what every
// require() of the application finds first. A package that neither the lock nor npm's hidden one names is a phantom.
func (c *comparison) flat() {
	locked := c.locked()
	var extra []string
	there := 0
	for _, dir := range c.packagesIn(c.root() + "/node_modules") {
		have, ok := c.at(dir)
		place := strings.TrimPrefix(dir, c.root()+"/")
		entries, named := locked[strings.TrimPrefix(place, modules)]
		switch {
		case !ok:
		case !named:
			extra = c.unnamed(extra, place)
		case slices.ContainsFunc(entries, func(e entry) bool {
			return e.version == have.version || e.version == "" ||
				e.link
		}):
			there++
		default:
			there++
			c.version(entries[0], have)
		}
	}
	c.phantoms(extra, there)
}

// named compares by names alone: where packages are installed is not in such a lock, and others may be there beside it.
// A package of the system that has the name of a locked one is taken for it.
func (c *comparison) named() {
	there := 0
	var absent []entry
	for _, e := range c.file.entries {
		if e.link {
			continue
		}
		have := c.byName[c.file.eco+" "+e.name]
		switch {
		case len(have) == 0 && !e.spare:
			absent = append(absent, e)
		case len(have) == 0:
		case e.version == "" || slices.ContainsFunc(have, func(i installed) bool {
			return sameVersion(i.version,
				e.version)
		}):
			there++
		default:
			there++
			c.add(inspect.LockRow{
				Name: e.name, Locked: e.version, Installed: have[0].version, Resolved: e.resolved,
				Change: inspect.LockVersionSpoof,
				Path:   have[0].path, Layer: have[0].layer, Severity: inspect.Low,
				Detail: "the lock names another version",
			})
		}
	}
	c.absent(absent, there)
}

// sameVersion ignores what the spelling of versions leaves open: a local version, zeros at the end. (PEP 440,
// https://packaging.python.org/en/latest/specifications/version-specifiers/)
// 1.0+local is 1.0, and 1.0.0 is 1.0.
func sameVersion(a, b string) bool {
	plain := func(s string) string {
		s, _, _ = strings.Cut(strings.ToLower(s), "+")
		for strings.HasSuffix(s, ".0") {
			s = strings.TrimSuffix(s, ".0")
		}
		return strings.TrimPrefix(s, "v")
	}
	return plain(a) == plain(b)
}

// composer compares the lock with what composer recorded in vendor: the commits, and packages that the lock does not
// name. installed.json is what composer wrote after the installation. A branch moves by nature and is left out. The
// commit is that of the dist or, where there is none, of the source.
func (c *comparison) composer() {
	at := c.root() + "/vendor/composer/installed.json"
	data, err := c.ReadFile(c.ctx, at, maxFile)
	if err != nil || data == nil {
		return
	}
	installed, err := readComposer(data)
	if err != nil {
		return // written by version 1, as a list
	}
	locked := c.locked()
	for _, i := range installed {
		r := inspect.LockRow{
			Name: i.name, Installed: i.version, Resolved: i.resolved, Path: at, Layer: c.file.layer,
			Severity: inspect.Low,
		}
		entries := locked[i.name]
		switch {
		case len(entries) == 0:
			r.Change, r.Detail = inspect.LockPhantom, "no lock names it"
			c.add(r)
		case entries[0].version == i.version && comparable(entries[0].integrity, i.integrity) &&
			entries[0].integrity != i.integrity && !movingVersion(i.version):
			r.Change, r.Locked, r.Severity = inspect.LockVersionSpoof, i.version, inspect.Medium
			r.Detail = fmt.Sprintf("the lock names commit %s, and %s is installed at the same version",
				entries[0].integrity, i.integrity)
			c.add(r)
		}
	}
}

// golang compares the modules in programs with a go.sum: those of a program whose own module is the one beside the
// go.sum.
func (c *comparison) golang() {
	if module := c.goModule(); module != "" {
		c.programs(module)
	}
}

// programs compares the modules in the programs that are built of a module. Pseudo-versions and replaced modules stand
// in go.sum as well; the standard library does not. The module list of a program is written by the linker
// (runtime/debug.BuildInfo) and is a claim of whoever built it.
func (c *comparison) programs(module string) {
	locked := map[string]bool{}
	for _, e := range c.file.entries {
		locked[e.name+" "+e.version] = true
	}
	mains := map[string]bool{}
	for _, main := range c.byName["go "+module] {
		mains[main.path] = true
	}
	for _, key := range slices.Sorted(maps.Keys(c.byName)) {
		name, is := strings.CutPrefix(key, "go ")
		if !is || name == module || name == "stdlib" || len(mains) == 0 {
			continue
		}
		for _, i := range c.byName[key] {
			if mains[i.path] && strings.HasPrefix(i.version, "v") && !locked[name+" "+i.version] {
				c.add(inspect.LockRow{
					Name: name, Installed: i.version, Change: inspect.LockPhantom, Path: i.path, Layer: i.layer,
					Severity: inspect.Low, Detail: "the program has it, and go.sum does not name it",
				})
			}
		}
	}
}

// goModule is the path of the module whose go.mod lies beside the go.sum. A go.sum alone does not name its module, and
// a program names its main module: without this every go.sum of an image would be compared with every program.
func (c *comparison) goModule() string {
	data, err := c.ReadFile(c.ctx, c.root()+"/go.mod", maxManifest)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if module, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.Trim(strings.TrimSpace(module), `"`)
		}
	}
	return ""
}
