package ledger

import (
	"context"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// Chain follows the lines of a record: their numbers rise by one, and each names the hash of the one before.
type Chain struct {
	Seq    uint64 // of the newest entry
	Head   string // hash of the newest line: sha256:…
	Broken error  // where the chain broke first; nil while it holds
}

// follow takes the next entry with its line.
func (c *Chain) follow(e inspect.Event, line []byte) {
	if c.Broken == nil {
		switch {
		case e.Seq != c.Seq+1:
			c.Broken = fmt.Errorf("entry %d follows entry %d", e.Seq, c.Seq)
		case e.Prev != c.Head:
			c.Broken = fmt.Errorf("entry %d does not name the hash of the entry before it", e.Seq)
		}
	}
	c.Seq, c.Head = max(c.Seq, e.Seq), hashLine(line)
}

// CheckChain reads a record and follows its chain to the end. The error is one of reading; a broken chain is in the
// result.
func CheckChain(ctx context.Context, r io.Reader) (Chain, error) {
	var c Chain
	err := eachEvent(ctx, r, &c, func(inspect.Event) {})
	return c, err
}
