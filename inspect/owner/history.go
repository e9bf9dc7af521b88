package owner

import (
	"context"
	"iter"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// Whoever replaces or adds a program in a layer of their own can write it into the package database with it. The
// layers below still hold what the database had before, about the same package in the same version: that counts.

// history is what the package databases of lower layers held, compared with what they hold now. A package in another
// version is another package: an upgrade changes its files as a matter of course, and a new version is plain to see.
type history struct {
	first int                 // the lowest layer with a database; -1 where there is none
	last  int                 // the highest one that changed one
	since map[packageKey]int  // the layer in which a package was installed in this version, as far as it is not last
	was   map[string]recalled // by path: what a database had of it, where that is not what it has now
	grown map[string]int      // by path: the layer that added it to a package that was there before
}

// recalled is what an earlier layer's database had of a file.
type recalled struct {
	claim Claim
	by    int // number of the layer that changed it
}

// readHistory reads the databases as they were below each layer that changed them, the newest first. What of the past
// cannot be read is passed over: the databases as they are have been read. At most MaxPasts of the lowest ones are
// read: an attacker who adds layers to push the base out of sight adds them on top. Each past is a whole reading of the
// databases, which is why they are bounded and compared one at a time.
func (o *Ownership) readHistory(ctx context.Context) (*history, error) {
	changed := databaseLayers(o.Tree)
	h := &history{first: -1, last: -1, since: map[packageKey]int{}, was: map[string]recalled{}, grown: map[string]int{}}
	if len(changed) == 0 {
		return h, nil
	}
	h.first, h.last = changed[0], changed[len(changed)-1]
	if len(changed) == 1 {
		return h, nil
	}
	now := o.pathsByPackage()
	seen := min(len(changed), MaxPasts+1)
	for at := seen - 1; at > 0; at-- {
		past := before(o.Tree, changed[at])
		for _, read := range systemSources() {
			db, err := read(ctx, past)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err == nil && db != nil {
				h.compare(o, past, db, now, changed[at-1], changed[at])
			}
		}
	}
	return h, nil
}

// pathsByPackage lists what the databases of the system name now, by package.
func (o *Ownership) pathsByPackage() map[packageKey][]string {
	all := map[packageKey][]string{}
	for p, c := range o.Claims {
		if !c.From.Language && c.Version != "" {
			all[c.key()] = append(all[c.key()], p)
		}
	}
	return all
}

// compare takes in what a database held when number was the highest layer that had changed it; next changed it again.
// past is the tree below next. It is called for the newest past first, so that the layer that is named for a change is
// the lowest one that has it.
func (h *history) compare(o *Ownership, past *layer.Tree, db *Database, now map[packageKey][]string, number, next int) {
	lists := map[packageKey]listing{} // of the packages that are still there in the same version
	for key, listed := range db.keys {
		if !o.installed(key) || key.version == "" {
			continue
		}
		h.since[key] = number
		if len(now[key]) > 0 {
			lists[key] = listing{map[string]bool{}, listed}
		}
	}
	for _, c := range db.claims {
		key := c.key()
		if !o.installed(key) || key.version == "" {
			continue
		}
		p, _ := past.Place(c.Path)
		c.Path = p
		if l, ok := lists[key]; ok {
			l.paths[p] = true
		}
		h.recall(o, c, next)
	}
	for key, l := range lists {
		for _, p := range now[key] {
			c := o.Claims[p]
			from, _ := past.Place(c.diverted)
			_, known := h.grown[p]
			switch {
			case l.paths[p], c.diverted != "" && l.paths[from]:
				delete(h.grown, p)
			case (l.whole || c.unlisted) && !known:
				h.grown[p] = next
			}
		}
	}
}

// listing is what a database named of a package when a layer was the highest one.
type listing struct {
	paths map[string]bool
	// the list of the package's files was read; else only its configuration files are known, which dpkg keeps in
	// status, and a list that is now as it was then
	whole bool
}

// recall compares what a database had of a file with what it has now. Files of a layer that removed the database are
// left out: they may have been upgraded with it. A changed digest at the same version is what no package manager
// writes: reinstalling gives the same bytes.
func (h *history) recall(o *Ownership, c Claim, next int) {
	now, ok := o.Claims[c.Path]
	switch {
	case o.renewed[c.Path]:
	case !ok: // the list does not name it any more
		if n := o.Tree.Get(c.Path); n != nil && n.Type != inspect.EntryDir {
			h.was[c.Path] = recalled{c, h.by(c.Path, next)}
		}
	case now.From.Language || now.key() != c.key() || c.Sum == "" || c.Config && now.Config:
	case now.Sum == c.Sum && now.also == "" && (now.Config == c.Config || !now.Config):
		// A claim that is a conffile no more is judged more strictly than before: it hides nothing.
		delete(h.was, c.Path)
	default:
		h.was[c.Path] = recalled{c, h.by(c.Path, next)}
	}
}

// by is the layer that changed what a database has of a path: the newest one that did.
func (h *history) by(p string, next int) int {
	if later, known := h.was[p]; known {
		return later.by
	}
	return next
}

// Since returns the number of the layer in which the package of a claim was installed in its version. The layer that
// changed a database last stands in for what is not known.
func (h *history) Since(c Claim) int {
	if number, ok := h.since[c.key()]; ok {
		return number
	}
	return h.last
}

// databaseLayers are the layers that changed a package database, lowest first: the first one brought it. A whiteout
// changes it too. Layers that change nothing of a database cannot change what it claims.
func databaseLayers(t *layer.Tree) []int {
	var changed []int
	for _, number := range t.Numbers() {
		if touchesDatabase(t.Entries(number)) || touchesDatabase(t.Hidden(number)) {
			changed = append(changed, number)
		}
	}
	return changed
}

// touchesDatabase reports whether any of the files is one of a package database: above it the ownership is another
// one.
func touchesDatabase(nodes iter.Seq[*inspect.Node]) bool {
	for n := range nodes {
		if layer.IsRegular(n) && databaseFile(n.Path) {
			return true
		}
	}
	return false
}
