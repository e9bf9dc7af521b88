package owner

import (
	"context"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// readRemoved reads the databases that a layer took away or emptied, as they were below it. Images are made smaller
// that way, and whoever replaces a program hides it so: without a database no file is altered. The bytes of the
// database are still in the image.
//
// What it named counts for the files of lower layers, which it described, and for those of higher ones, where no
// package manager could write any more. Files of the layer itself may have been upgraded before the database went: the
// database does not cover them, and neither is one missing that the layer took out. Errors are those of the context and
// of the store.
func (o *Ownership) readRemoved(ctx context.Context) error {
	gone := map[string]bool{}
	for kind := range o.firsts {
		gone[kind] = true
	}
	for _, db := range o.dbs {
		if db.packages > 0 {
			delete(gone, db.Name)
		}
	}
	changed := databaseLayers(o.Tree)
	for _, number := range slices.Backward(changed[min(len(changed), 1):]) {
		if len(gone) == 0 {
			break
		}
		past := o.Tree.Before(number, func(n *inspect.Node) bool { return databaseFile(n.Path) })
		for _, read := range systemSources() {
			db, err := read(ctx, past)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil || db == nil || db.packages == 0 || !gone[db.Name] {
				continue
			}
			delete(gone, db.Name)
			o.restore(db, number)
		}
	}
	return nil
}

// restore has a database count again that a layer removed. Files that the layer itself brought are noted as renewed:
// its package manager may have written them before the database went, and they would otherwise look altered.
func (o *Ownership) restore(db *Database, number int) {
	if o.renewed == nil {
		o.renewed = map[string]bool{}
	}
	at := places{tree: o.Tree, dirs: map[string]placed{}}
	db.claims = slices.DeleteFunc(db.claims, func(c Claim) bool {
		real, ok := at.of(c.Path)
		n := o.Tree.Get(real)
		if n != nil && n.Layer == number && layer.IsRegular(n) {
			o.renewed[real] = true
		}
		return !ok || n == nil || o.renewed[real]
	})
	o.dbs = append(o.dbs, db)
	o.take(db)
	db.claims, db.bare = nil, nil
	o.removed = append(o.removed, fmt.Sprintf("layer %d removed the package database (%s); what it had before counts, "+
		"but for files of that layer", number, db.File))
}
