package owner

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// Ownership is what the package databases of an image hold about its tree, and how far that goes. It does not change
// once it is read, but for AddGap. Three questions are kept apart: whether a database names a path (Names, Packaged),
// whether its content is the package's (Intact, Altered), and whether the databases cover the image at all (Level).
type Ownership struct {
	Tree    *layer.Tree
	dbs     []*Database
	Claims  map[string]Claim  // by the real path of what is there
	Actual  map[string]string // algorithm:hex of the files whose content is not what the database has
	system  bool              // a database of the system names a file that is there
	Missing []Claim           // path is where it would really be
	absent  map[string]bool   // the paths of missing
	Level   string            // known, partial, unknown
	Detail  string
	// Listing is Level without what digests are missing: how much of the files the lists cover.
	Listing  string
	Tampered []Tampering // by layer

	history *history
	firsts  map[string]int  // the lowest layer of each kind of database of the system
	removed []string        // what layers did that took a database away, in words
	renewed map[string]bool // files of such a layer, which the database that it took away does not cover
	rivals  []rival
	changed []change
}

// Levels of ownership. Known: every package's files are listed, and their programs have digests. Partial: some are not,
// or a database could not be read. Unknown: no database lists files; that a program is owned by no package then means
// nothing.
const (
	Known   = "known"
	Partial = "partial"
	Unknown = "unknown"
)

// readAll reads every database of a tree. One that cannot be read leaves the ownership partial, with the reason. The
// order matters: claims first, then what lower layers had, then digests of what counts in the end.
func readAll(ctx context.Context, t *layer.Tree) (*Ownership, error) {
	o := &Ownership{Tree: t, Claims: map[string]Claim{}, Actual: map[string]string{}, absent: map[string]bool{}}
	var broken []string
	for _, read := range sources() {
		db, err := read(ctx, t)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			broken = append(broken, err.Error())
			continue
		}
		if db != nil {
			o.dbs = append(o.dbs, db)
			o.take(db)
			db.claims = nil // Claims holds what counts of them
		}
	}
	o.firsts = o.firstLayers()
	if err := o.readRemoved(ctx); err != nil {
		return nil, err
	}
	var err error
	if o.history, err = o.readHistory(ctx); err != nil {
		return nil, err
	}
	o.judge(broken)
	for _, words := range o.removed {
		o.AddGap(words)
	}
	o.settle()
	if err := o.compare(ctx); err != nil {
		return nil, err
	}
	o.noteChanged()
	o.judgeDigests()
	for _, db := range o.dbs { // after Listing: what an attacker puts beside a database excuses no file
		if db.gap != "" {
			o.AddGap(db.gap)
		}
	}
	return o, nil
}

// take puts the claims of a database where they really lie: both sides of a merged /usr meet here, since every path is
// led through the image's own links. A path that is not there is Missing.
func (o *Ownership) take(db *Database) {
	if len(o.Claims) == 0 {
		o.Claims = make(map[string]Claim, len(db.claims))
	}
	at := places{tree: o.Tree, dirs: map[string]placed{}}
	for _, c := range db.claims {
		real, ok := at.of(c.Path)
		c.Path, c.From = real, db
		n := o.Tree.Get(real)
		if !ok || n == nil {
			if !db.Language { // these often list what was built and never installed
				o.Missing = append(o.Missing, c)
				o.absent[real] = true
			}
			continue
		}
		if c.ghost && n.Kind != "" || c.unlisted && IsProgram(n) && !layer.Within(real, "/etc") {
			continue // no list brings it, and no package has such a file as its configuration
		}
		// No package has a program as configuration, but for scripts in /etc: whoever replaces one would like it to be.
		c.Config = c.Config && (n.Kind == "" || !hasBinaryKind(n) && layer.Within(real, "/etc"))
		// Where several packages name a path, the one with a digest counts before one without; the system's before a
		// language's.
		old, twice := o.Claims[real]
		if twice && !db.shared && !db.Language && !old.From.Language && old.key() != c.key() && old.Sum != c.Sum &&
			n.Type != inspect.EntryDir {
			o.rivals = append(o.rivals, rival{real, [2]Claim{old, c}})
		}
		if !twice || old.Sum == "" && (!db.Language || old.From.Language) {
			o.Claims[real] = c
			o.system = o.system || !db.Language
		} else if db == old.From && db.shared && c.Sum != "" && c.Sum != old.Sum {
			old.also += " " + c.Sum
			o.Claims[real] = old
		}
	}
}

// places are where paths really lie, for many paths of few directories. It lives for one database; results are kept by
// directory.
type places struct {
	tree *layer.Tree
	dirs map[string]placed
}

// placed is where a directory lies, and whether it is there.
type placed struct {
	path string
	ok   bool
}

// of is Tree.Place of a clean path. Directories are resolved once; a database names a hundred thousand files in a few
// thousand of them.
func (p places) of(name string) (real string, ok bool) {
	dir, base := path.Split(name)
	if base == "" {
		return p.tree.Place(name)
	}
	dir = path.Clean(dir)
	at, known := p.dirs[dir]
	if !known {
		n := p.tree.Resolve(dir)
		if at.ok = n != nil && n.Type == inspect.EntryDir; at.ok {
			at.path = n.Path
		}
		p.dirs[dir] = at
	}
	if !at.ok {
		return p.tree.Place(name)
	}
	if at.path == dir {
		return name, true
	}
	return layer.Join(at.path, base), true
}

// judge sets Level and its Detail by how many packages list their files. Unknown means that nothing may be concluded
// from a file that no package owns; every check that calls a file unowned asks for it first. An image without any
// package and one whose only database is broken are both unknown, with different details.
func (o *Ownership) judge(broken []string) {
	packages, bare := 0, []string(nil)
	for _, db := range o.dbs {
		if db.Language {
			continue
		}
		packages += db.packages
		for _, name := range db.bare {
			if o.fromBase(db, name) {
				bare = append(bare, name)
			}
		}
	}
	switch {
	case packages == 0 && len(broken) == 0:
		o.Level, o.Detail = Unknown, "no package database that lists files was found"
	case !o.system || len(bare) == packages:
		o.Level, o.Detail = Unknown, fmt.Sprintf("the package database names %d packages and none of their files",
			packages)
	case len(bare) > 0:
		o.Level = Partial
		o.Detail = fmt.Sprintf("the files of %d of %d packages are not listed: %s", len(bare), packages,
			strings.Join(bare[:min(len(bare), 5)], ", "))
	default:
		o.Level = Known
	}
	if len(broken) > 0 {
		o.Detail = strings.TrimPrefix(o.Detail+"; "+strings.Join(broken, "; "), "; ")
		if o.Level == Known {
			o.Level = Partial
		}
	}
}

// fromBase reports whether a package was installed with the first layer that has a database. A later one without a list
// of its files is no reason to judge the others mildly. Packages without a list are usual in bases that were cut down;
// a package that a later layer only declares is not.
func (o *Ownership) fromBase(db *Database, name string) bool {
	for key := range db.keys {
		if key.name == name && (o.history.first == o.history.last || o.history.Since(Claim{
			Package: name,
			Version: key.version, arch: key.arch,
		}) <= o.history.first) {
			return true
		}
	}
	return false
}

// judgeDigests makes the ownership partial where programs are their package's by name only, and names the packages.
// Listing keeps the level without that.
func (o *Ownership) judgeDigests() {
	o.Listing = o.Level
	names, programs := map[string]bool{}, 0
	for p, c := range o.Claims {
		if n := o.Tree.Get(p); n != nil && o.Unproven(p) && hasBinaryKind(n) {
			names[c.Package] = true
			programs++
		}
	}
	if programs == 0 || o.Level == Unknown {
		return
	}
	list := slices.Sorted(maps.Keys(names))
	o.Level = Partial
	o.AddGap(fmt.Sprintf("the database has no digest of %d programs: package %s", programs,
		strings.Join(list[:min(len(list), 5)], ", ")))
}

// compare computes the digests that the databases name, and remembers the files that differ. A file that differs is
// read again and compared with the digest of its layer before it is called altered (Tree.VerifyFile). Sizes are not
// compared first: a digest that fits decides, and a digest that does not fit is reported with its value.
func (o *Ownership) compare(ctx context.Context) error {
	w := newLegacyDigests(o.Tree)
	at := make(map[string]digestRequest, len(o.Claims))
	var unknown []digestRequest
	for p, c := range o.Claims {
		algorithm, _, ok := strings.Cut(c.Sum, ":")
		if !ok {
			continue
		}
		node := o.Content(p)
		if node == nil {
			continue
		}
		d := digestRequest{node, algorithm}
		at[p] = d
		if w.get(d) == "" {
			unknown = append(unknown, d)
		}
	}
	slices.SortFunc(unknown, func(a, b digestRequest) int { return layer.ComparePaths(a.node.Path, b.node.Path) })
	if err := w.make(ctx, unknown); err != nil {
		return err
	}
	for p, d := range at {
		sum := w.get(d)
		if sum == "" || o.Claims[p].fits(d.algorithm+":"+sum) {
			continue
		}
		if err := o.Tree.VerifyFile(ctx, d.node); err != nil {
			return err
		}
		o.Actual[p] = d.algorithm + ":" + sum
	}
	return nil
}

// Content gives the file behind an owned path. A link stands for itself with apk, whose checksum is then that of its
// target's name; with dpkg and rpm, which have no checksums of links, a link took the place of the packaged file. nil
// for what has no content to compare: directories, links of apk, a link to nothing.
func (o *Ownership) Content(p string) *inspect.Node {
	n := o.Tree.Get(p)
	if n == nil || layer.IsRegular(n) {
		return n
	}
	if c := o.Claims[p]; n.Type != inspect.EntrySymlink || c.Sum == "" || c.From.Name == "apk" {
		return nil
	}
	if to := o.Tree.Resolve(p); to != nil && layer.IsRegular(to) {
		return to
	}
	return nil
}

// Altered reports whether a path's content is not that of its package. It is false for a path without a digest. false
// is no proof either: what has no digest cannot be found to be altered.
func (o *Ownership) Altered(p string) bool { return o.Actual[p] != "" }

// Packaged reports whether a database of the system names a path. Links and directories count too. A name in a database
// proves nothing about the content: see Intact.
func (o *Ownership) Packaged(p string) bool {
	c, ok := o.Claims[p]
	return ok && !c.From.Language
}

// Names reports whether a database names a path, whether there is something or not.
func (o *Ownership) Names(p string) bool {
	_, ok := o.Claims[p]
	return ok || o.absent[p]
}

// Intact reports whether a path's content was compared and is that of its package. The digest may be MD5 or SHA-1,
// against which an attacker can prepare two files in advance (see Claim.Weakness).
func (o *Ownership) Intact(p string) bool {
	c, ok := o.Claims[p]
	return ok && c.Sum != "" && !o.Altered(p)
}

// AddGap notes that not all of the image could be looked at, with the reason: known becomes partial. It is the only
// change after reading: call it on a copy where others share the value.
func (o *Ownership) AddGap(why string) {
	if o.Level == Known {
		o.Level = Partial
	}
	o.Detail = strings.TrimPrefix(o.Detail+"; "+why, "; ")
}
