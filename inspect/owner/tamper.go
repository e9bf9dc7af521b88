package owner

import (
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// Tampering is something that a layer did to the package databases which no package manager does. Claims that rest on
// it do not count.
type Tampering struct {
	Code    string // inspect.CodeDatabaseGrew and the other codes of databases
	Layer   int    // that did it
	Package string // that is concerned, with its version where it has one
	File    string // of the database
	Paths   []string
	Program bool // one of the files that it covers is a program
}

// rival is a claim of a path that another package claims too. claims are in the order in which the databases were read.
type rival struct {
	path   string
	claims [2]Claim
}

// settle decides which claims count, by what the layers below have. It is called before the digests are compared.
// Second and rival claims are dropped first, so that what is put back last is what a lower layer had, whatever else
// names the path by then. The result depends on the layers alone and not on the order of a map.
func (o *Ownership) settle() {
	o.dropSecond()
	o.dropRivals()
	for p, by := range o.history.grown {
		c, ok := o.Claims[p]
		if !ok || c.From.Language || o.history.was[p].by != 0 {
			continue
		}
		o.tamper(inspect.CodeDatabaseGrew, by, c, p)
		delete(o.Claims, p)
	}
	for p, r := range o.history.was {
		o.putBack(p, r)
	}
}

// putBack restores a claim as the lower layer had it. Where no database has the package any more, nothing is restored.
// A claim that the upper database has for the same path is replaced: it is the one that was written to fit the swapped
// file.
func (o *Ownership) putBack(p string, r recalled) {
	c, ok := o.Claims[p]
	if !ok { // the list does not name it any more, or a package of another name does
		c = r.claim
		c.From = o.database(r.claim.key())
	}
	if c.From == nil {
		return
	}
	vanished := !ok || c.Sum == ""
	if !ok || c.Sum != r.claim.Sum || c.Config != r.claim.Config {
		c.Recalled = r.by
	}
	c.Sum, c.also, c.Config = r.claim.Sum, "", r.claim.Config
	o.Claims[p] = c
	if c.Recalled != 0 {
		o.changed = append(o.changed, change{p, vanished})
	}
}

// change is a claim that was put back.
type change struct {
	path     string
	vanished bool // what a database had of it was removed, as those do who make images smaller
}

// noteChanged notes what was changed of the claims. Where the digests were removed, only files that are not what they
// were count.
func (o *Ownership) noteChanged() {
	for _, c := range o.changed {
		if claim := o.Claims[c.path]; !c.vanished || o.Altered(c.path) {
			o.tamper(inspect.CodeDatabaseChanged, claim.Recalled, claim, c.path)
		}
	}
	o.noteIncomplete()
	slices.SortFunc(o.Tampered, func(a, b Tampering) int {
		if a.Layer != b.Layer {
			return a.Layer - b.Layer
		}
		return strings.Compare(a.Code+a.Package, b.Code+b.Package)
	})
	for i := range o.Tampered {
		slices.Sort(o.Tampered[i].Paths)
	}
}

// tamper notes one file that tampering covers. Files of one package, layer and kind stand together; at most
// MaxTamperedPaths are named.
func (o *Ownership) tamper(code string, number int, c Claim, p string) {
	about := strings.TrimSpace(c.Package + " " + c.Version)
	at := slices.IndexFunc(o.Tampered, func(t Tampering) bool {
		return t.Code == code && t.Layer == number &&
			t.Package == about
	})
	if at < 0 {
		at = len(o.Tampered)
		file := ""
		if c.From != nil {
			file = c.From.File
		}
		o.Tampered = append(o.Tampered, Tampering{Code: code, Layer: number, Package: about, File: file})
	}
	t := &o.Tampered[at]
	if n := o.Tree.Get(p); n != nil {
		t.Program = t.Program || IsProgram(n)
	}
	if len(t.Paths) < MaxTamperedPaths {
		t.Paths = append(t.Paths, p)
	}
}

// dropSecond takes the claims of a database back that came in a later layer than one of another kind: an image has one
// package manager, and whoever adds a program can add a database that vouches for it.
func (o *Ownership) dropSecond() {
	firsts, main := o.firsts, -1
	for _, db := range o.dbs {
		if at, ok := firsts[db.Name]; ok && !db.Language && (main < 0 || at < main) {
			main = at
		}
	}
	for p, c := range o.Claims {
		at, ok := firsts[c.From.Name]
		if c.From.Language || !ok || at <= main {
			continue
		}
		if n := o.Tree.Get(p); n == nil || n.Layer == at && !IsProgram(n) {
			continue // data of its own do no harm
		}
		o.tamper(inspect.CodeSecondDatabase, at, Claim{Package: c.From.Name, From: c.From}, p)
		delete(o.Claims, p)
	}
}

// firstLayers gives the lowest layer of each kind of database of the system. Only layers above that one can have
// rewritten the database.
func (o *Ownership) firstLayers() map[string]int {
	firsts := map[string]int{}
	for _, number := range o.Tree.Numbers() {
		for n := range o.Tree.Entries(number) {
			if !layer.IsRegular(n) {
				continue
			}
			if kind := databaseKind(n.Path); kind != "" {
				if _, known := firsts[kind]; !known {
					firsts[kind] = number
				}
			}
		}
	}
	return firsts
}

// dropRivals prefers the package that was installed first, where two claim a program with different content. Packages
// of one layer may share a path, as rpm's multilib and dpkg's Replaces do.
func (o *Ownership) dropRivals() {
	for _, r := range o.rivals {
		n := o.Tree.Get(r.path)
		if n == nil || !IsProgram(n) {
			continue
		}
		first, second := r.claims[0], r.claims[1]
		if o.history.Since(second) < o.history.Since(first) {
			first, second = second, first
		}
		if o.history.Since(first) == o.history.Since(second) {
			continue
		}
		o.Claims[r.path] = first
		o.tamper(inspect.CodeClaimedTwice, o.history.Since(second), second, r.path)
	}
}

// noteIncomplete finds packages that a later layer registered without most of the files that they list with a digest.
// Slim images leave documentation and caches out, which is not counted; a package of which most is missing and a
// program is there was made for the program.
func (o *Ownership) noteIncomplete() {
	missing, there, programs := map[packageKey]int{}, map[packageKey]int{}, map[packageKey]string{}
	for _, c := range o.Missing {
		if c.Sum != "" && !c.Config && !layer.OftenRewritten(c.Path) {
			missing[c.key()]++
		}
	}
	for p, c := range o.Claims {
		if c.Sum == "" || c.From.Language || missing[c.key()] == 0 {
			continue
		}
		there[c.key()]++
		if n := o.Tree.Get(p); n != nil && IsProgram(n) {
			programs[c.key()] = max(programs[c.key()], p)
		}
	}
	for key, n := range missing {
		p := programs[key]
		if p == "" || n < 2 || n <= there[key] {
			continue
		}
		if c := o.Claims[p]; o.history.Since(c) > o.history.first && o.Tree.Get(p).Layer >= o.history.Since(c) {
			o.tamper(inspect.CodeIncompletePackage, o.history.Since(c), c, p)
		}
	}
}

// installed reports whether a database of the system lists a package.
func (o *Ownership) installed(key packageKey) bool { return o.database(key) != nil }

// database is the database that a package stands in; nil where none is read.
func (o *Ownership) database(key packageKey) *Database {
	for _, db := range o.dbs {
		if _, ok := db.keys[key]; ok && !db.Language {
			return db
		}
	}
	return nil
}

// Unproven reports whether a file is a package's by name only: its content was compared with no digest. Such a file is
// its package's by a name in a list, which anyone who writes to the image can add. It is the weakest form of ownership,
// and the checks show such a file where it came in a later layer.
func (o *Ownership) Unproven(p string) bool {
	c, ok := o.Claims[p]
	return ok && !c.From.Language && c.Sum == ""
}

// Later reports whether a file came with a later layer than the package that claims it. A build that installs a package
// and edits its files in one step is not seen by this.
func (o *Ownership) Later(n *inspect.Node) bool {
	c, ok := o.Claims[n.Path]
	return ok && !c.From.Language && n.Layer > o.history.Since(c)
}
