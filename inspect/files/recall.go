package files

import (
	"context"
	"slices"
)

// Whoever replaces a program in a layer of their own can write its new digest into the package database with it. The layers
// below still hold what the database said before, about the same package in the same version.

// recalled is what an earlier layer's database said of a file.
type recalled struct {
	sum string
	by  int // number of the layer that changed it
}

// recall puts back what the package databases of lower layers said, where a later layer changed it without changing the
// package's version. What of the past cannot be read is passed over: the databases as they are have been read.
func (o *ownership) recall(ctx context.Context) error {
	was := map[string]recalled{}
	for _, number := range slices.Backward(o.tree.databaseLayers()) { // the oldest has the last word
		past := o.tree.past(number)
		for _, read := range systemSources() {
			db, err := read(ctx, past)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil || db == nil {
				continue
			}
			for _, c := range db.claims {
				p, _ := past.Place(c.path)
				now, ok := o.owner[p]
				if !ok || c.sum == "" || c.config || now.config || c.version == "" || now.from.language || now.owner != c.owner || now.version != c.version {
					continue
				}
				by := number
				if later, known := was[p]; known {
					by = later.by
				}
				if now.sum == c.sum && now.also == "" {
					delete(was, p)
				} else {
					was[p] = recalled{c.sum, by}
				}
			}
		}
	}
	for p, r := range was {
		c := o.owner[p]
		if c.sum != r.sum {
			c.recalled = r.by
		}
		c.sum, c.also = r.sum, ""
		o.owner[p] = c
	}
	return nil
}

// databaseLayers are the layers that changed a package database which a lower layer brought, at most MaxPasts of them.
func (t *Tree) databaseLayers() []int {
	var changed []int
	for _, number := range t.numbers() {
		nodes := t.layers[number].nodes
		for i := range nodes {
			if isRegular(&nodes[i]) && databaseFile(nodes[i].Path) {
				changed = append(changed, number)
				break
			}
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return slices.Clone(changed[1:min(len(changed), MaxPasts+1)])
}
