package sbom

import (
	"context"
	"slices"
	"sync"

	"github.com/anchore/syft/syft/artifact"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/pkg"
)

// remembering is a cataloguer that looks only where it did not look before, and that does not end the others when it
// breaks: one hostile file must not hide all other packages.
type remembering struct {
	pkg.Cataloger
	memory *memory
	broke  *breakages
}

// Catalog gives the packages of an image. What they have to do with each other is left out: nothing is made of it. A
// panic of a cataloger becomes a name in broke: its packages are missing, and that is reported. What was found under a
// context that ended is not kept. The recovery covers the goroutine of the call only: a cataloger that starts its own
// is guarded by what it is given (see guard).
func (c remembering) Catalog(ctx context.Context, from file.Resolver) (found []pkg.Package,
	_ []artifact.Relationship, err error,
) {
	defer func() {
		if p := recover(); p != nil {
			c.broke.add(c.Name())
			found, err = nil, nil
		}
	}()
	r, ours := from.(*resolver)
	if !ours {
		found, _, err = c.Cataloger.Catalog(ctx, from)
		return found, nil, err
	}
	if known, ok := c.memory.recall(c.Name(), r); ok {
		return slices.Clone(known.packages), nil, known.err
	}
	l := &listener{resolver: r}
	found, _, err = c.Cataloger.Catalog(ctx, l)
	if !l.whole && ctx.Err() == nil {
		c.memory.keep(c.Name(), recollection{l.asked, slices.Clone(found), err})
	}
	return found, nil, err
}

// breakages are the names of the cataloguers that broke over an image.
type breakages struct {
	mu    sync.Mutex
	names []string
}

// add notes that a cataloger ended with a panic.
func (b *breakages) add(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.names = append(b.names, name)
}

// list words it.
func (b *breakages) list() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var words []string
	for _, n := range b.names {
		words = append(words, "syft's "+n+" broke")
	}
	slices.Sort(words)
	return words
}
