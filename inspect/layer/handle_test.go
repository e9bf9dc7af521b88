package layer

import (
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// Many read files of many layers at once: each gets its own bytes, and only a few tars stay open.
func TestHandlesAreShared(t *testing.T) {
	c := newBench(t).cache
	type where struct {
		id    string
		entry inspect.Entry
		body  string
	}
	var all []where
	for n := range 3 * maxIdle {
		body := fmt.Sprint("layer ", n)
		id, entries := keptLayer(t, c, file("x", body))
		all = append(all, where{id, entries[0], body})
	}
	var work sync.WaitGroup
	for range 4 {
		for _, w := range all {
			work.Go(func() {
				got, err := c.Open(t.Context(), w.id, w.entry)
				if err != nil {
					t.Error(err)
					return
				}
				defer got.Close()
				if b, err := io.ReadAll(io.NewSectionReader(got, 0, got.Size())); err != nil || string(b) != w.body {
					t.Errorf("%q, %v", b, err)
				}
			})
		}
	}
	work.Wait()
	if n := len(c.handles.open); n > maxIdle {
		t.Errorf("%d tars stay open", n)
	}
}
