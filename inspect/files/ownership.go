package files

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// ownership is what the package databases of an image say about its tree.
type ownership struct {
	tree    *Tree
	dbs     []*database
	owner   map[string]claim  // by the real path of what is there
	actual  map[string]string // algorithm:hex of the files whose content is not what the database says
	system  bool              // a database of the system names a file that is there
	missing []claim           // path is where it would really be
	absent  map[string]bool   // the paths of missing
	level   string            // known, partial, unknown
	detail  string
}

// Levels of ownership.
const (
	ownershipKnown   = "known"
	ownershipPartial = "partial"
	ownershipUnknown = "unknown"
)

// own asks all package databases, once, and compares what they say with what is there. Do not change the answer.
func (t *Tree) own(ctx context.Context) (*ownership, error) {
	return t.owned.get(ctx, "", t.newOwnership)
}

func (t *Tree) newOwnership(ctx context.Context) (*ownership, error) {
	o := &ownership{tree: t, owner: map[string]claim{}, actual: map[string]string{}, absent: map[string]bool{}}
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
			db.claims = nil // owner holds what counts of them
		}
	}
	o.judge(broken)
	if err := o.recall(ctx); err != nil {
		return nil, err
	}
	return o, o.compare(ctx)
}

// take puts the claims of a database where they really lie: both sides of a merged /usr meet here, since every path is
// led through the image's own links.
func (o *ownership) take(db *database) {
	if len(o.owner) == 0 {
		o.owner = make(map[string]claim, len(db.claims))
	}
	at := places{tree: o.tree, dirs: map[string]placed{}}
	for _, c := range db.claims {
		real, ok := at.of(c.path)
		c.path, c.from = real, db
		n := o.tree.Get(real)
		if !ok || n == nil {
			if !db.language { // these often list what was built and never installed
				o.missing = append(o.missing, c)
				o.absent[real] = true
			}
			continue
		}
		if c.ghost && n.Kind != "" {
			continue
		}
		// Where several packages name a path, the one that knows its content says more; the system's more than a language's.
		if old, twice := o.owner[real]; !twice || old.sum == "" && (!db.language || old.from.language) {
			o.owner[real] = c
			o.system = o.system || !db.language
		} else if db == old.from && db.shared && c.sum != "" && c.sum != old.sum {
			old.also += " " + c.sum
			o.owner[real] = old
		}
	}
}

// places are where paths really lie, for many paths of few directories.
type places struct {
	tree *Tree
	dirs map[string]placed
}

// placed is where a directory lies, and whether it is there.
type placed struct {
	path string
	ok   bool
}

// of is Tree.Place of a clean path.
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
	return join(at.path, base), true
}

// judge says how much the databases know.
func (o *ownership) judge(broken []string) {
	packages, bare := 0, []string(nil)
	for _, db := range o.dbs {
		if db.language {
			continue
		}
		packages += db.packages
		bare = append(bare, db.bare...)
	}
	switch {
	case packages == 0 && len(broken) == 0:
		o.level, o.detail = ownershipUnknown, "the image has no package database"
	case !o.system || len(bare) == packages:
		o.level, o.detail = ownershipUnknown, fmt.Sprintf("the package database names %d packages and none of their files", packages)
	case len(bare) > 0:
		o.level = ownershipPartial
		o.detail = fmt.Sprintf("the files of %d of %d packages are not listed: %s", len(bare), packages, strings.Join(bare[:min(len(bare), 5)], ", "))
	default:
		o.level = ownershipKnown
	}
	if len(broken) > 0 {
		o.detail = strings.TrimPrefix(o.detail+"; "+strings.Join(broken, "; "), "; ")
		if o.level == ownershipKnown {
			o.level = ownershipPartial
		}
	}
}

// compare computes the digests that the databases name, and remembers the files that differ.
func (o *ownership) compare(ctx context.Context) error {
	w := o.tree.newWeak()
	at := make(map[string]demand, len(o.owner))
	var unknown []demand
	for p, c := range o.owner {
		algorithm, _, ok := strings.Cut(c.sum, ":")
		if !ok {
			continue
		}
		node := o.content(p)
		if node == nil {
			continue
		}
		d := demand{node, algorithm}
		at[p] = d
		if w.get(d) == "" {
			unknown = append(unknown, d)
		}
	}
	slices.SortFunc(unknown, func(a, b demand) int { return comparePaths(a.node.Path, b.node.Path) })
	if err := w.make(ctx, unknown); err != nil {
		return err
	}
	for p, d := range at {
		sum := w.get(d)
		if sum == "" || o.owner[p].fits(d.algorithm+":"+sum) {
			continue
		}
		if err := o.tree.sound(ctx, d.node); err != nil {
			return err
		}
		o.actual[p] = d.algorithm + ":" + sum
	}
	return nil
}

// content gives the file behind an owned path. A link stands for itself with apk, whose checksum is then that of its
// target's name; with dpkg and rpm, which have no checksums of links, a link took the place of the packaged file.
func (o *ownership) content(p string) *inspect.Node {
	n := o.tree.Get(p)
	if n == nil || isRegular(n) {
		return n
	}
	if c := o.owner[p]; n.Type != inspect.EntrySymlink || c.sum == "" || c.from.name == "apk" {
		return nil
	}
	if to := o.tree.Resolve(p); to != nil && isRegular(to) {
		return to
	}
	return nil
}

// altered says that a path's content is not what its package says.
func (o *ownership) altered(p string) bool { return o.actual[p] != "" }

// packaged says that a database of the system names a path.
func (o *ownership) packaged(p string) bool {
	c, ok := o.owner[p]
	return ok && !c.from.language
}

// names says that a database names a path, whether there is something or not.
func (o *ownership) names(p string) bool {
	_, ok := o.owner[p]
	return ok || o.absent[p]
}

// intact says that a path's content is what its package says.
func (o *ownership) intact(p string) bool {
	c, ok := o.owner[p]
	return ok && c.sum != "" && !o.altered(p)
}
