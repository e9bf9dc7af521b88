package evidence

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// custodyLine is one line of data/custody.jsonl. Each names the hash of the line before it, so that none can be taken
// out or put in without changing all that follow; the last hash stands in bag-info.txt.
//
// The file is a projection of data/events.jsonl, for an examiner who asks who did what and when, and does not want
// program output. It holds nothing that the events do not; Verify makes it again and compares.
type custodyLine struct {
	Number    int          `json:"number"` // from 1
	Time      inspect.Time `json:"time"`
	Who       string       `json:"who"` // operator@host of the session
	Tool      string       `json:"tool"`
	Check     string       `json:"check,omitempty"`
	Container string       `json:"container,omitempty"`
	inspect.CustodyLine
	Previous string `json:"previous"` // sha256:… of the line before without its line break; empty in the first
}

// custody writes the chain as the events of a case pass by. Whoever exports the case does not stand in it: the operator
// is the one of the session in which something was done.
type custody struct {
	w    io.Writer
	who  string
	tool string
	n    int
	// sha256:… of the last line that was written; it becomes the previous of the next.
	last string
}

// event adds a line if the event is one of custody.
func (c *custody) event(e inspect.Event) error {
	switch f := e.Fact.(type) {
	case inspect.Header:
		c.tool = toolName(f.Tool)
	case inspect.Session:
		c.who, c.tool = text.Clean(f.Operator+"@"+f.Host), toolName(f.Tool)
	}
	kept, ok := inspect.Custody(e)
	if !ok {
		return nil
	}
	line := custodyLine{Time: e.Time, Check: e.Check, Container: e.Container, CustodyLine: kept}
	// The time of an act, as of a request, is its own; that of the event is when it was recorded.
	if !kept.Time.IsZero() {
		line.Time = kept.Time
	}
	return c.add(line)
}

// add numbers and chains a line and writes it. The hash is of the line as it is written, with escapes and without its
// line break, so that sha256sum gives the same.
//
// Writing to the buffers behind it cannot fail half way through a line that counts: an error ends the export.
func (c *custody) add(line custodyLine) error {
	c.n++
	line.Number, line.Who, line.Tool, line.Previous = c.n, c.who, c.tool, c.last
	b, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encoding the chain of custody: %w", err)
	}
	b = text.EscapeJSON(b)
	c.last = bagit.Digest(b)
	if _, err := c.w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("writing the chain of custody: %w", err)
	}
	return nil
}

// checkCustody reads a chain and gives its last hash, or states at which line it breaks.
// A chain that was cut at its end is intact in itself: the caller compares the last hash with bag-info.txt.
func checkCustody(r io.Reader) (last string, lines int, err error) {
	err = eachLine(r, func(n int, b []byte) error {
		var line custodyLine
		if err := json.Unmarshal(b, &line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if line.Number != n || line.Previous != last {
			return fmt.Errorf("line %d does not follow from the line before it", n)
		}
		last, lines = bagit.Digest(b), n
		return nil
	})
	return last, lines, err
}

// toolName is name, version and revision of a program, as custody lines and bag-info.txt have them.
func toolName(t inspect.Tool) string {
	name := t.Name + " " + t.Version
	if t.Revision != "" {
		name += " (" + t.Revision + ")"
	}
	return text.Clean(name)
}
