package ledger

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// Chain follows the lines of a record: their numbers rise by one, and each names the hash of the one before. It proves
// that nothing was taken out, put in or changed up to the newest line whose hash is known from elsewhere, as from an
// export; whoever can write the file can write a whole chain anew.
type Chain struct {
	Seq    uint64 // of the newest entry
	Head   string // hash of the newest line: sha256:…
	Broken error  // where the chain broke first; nil while it holds
}

// follow takes the next entry with its line, without its break. The first break is remembered: what follows it is read
// all the same, since a reader must see what is there.
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
