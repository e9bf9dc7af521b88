package evidence

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// custodyLine is one line of data/custody.jsonl. Each names the hash of the line before it, so that none can be taken
// out or put in without changing all that follow; the last hash stands in bag-info.txt.
type custodyLine struct {
	Number   int          `json:"number"` // from 1
	Time     inspect.Time `json:"time"`
	Who      string       `json:"who"`
	Tool     string       `json:"tool"`
	What     string       `json:"what"` // opened, request, kept, not kept, note, clock, ended
	Check    string       `json:"check,omitempty"`
	Subject  string       `json:"subject,omitempty"`
	Detail   string       `json:"detail,omitempty"`
	Method   string       `json:"method,omitempty"`
	URL      string       `json:"url,omitempty"`
	Status   int          `json:"status,omitempty"`
	Bytes    int64        `json:"bytes,omitempty"`
	Digest   string       `json:"digest,omitempty"`
	Error    string       `json:"error,omitempty"`
	Previous string       `json:"previous"` // sha256:… of the line before without its line break; empty in the first
}

// custody writes the chain as the events of a case pass by.
type custody struct {
	w    io.Writer
	who  string
	tool string
	n    int
	last string
}

// event adds a line if the event is one of custody.
func (c *custody) event(e inspect.Event) error {
	line, ok := c.lineOf(e)
	if !ok {
		return nil
	}
	return c.add(line)
}

// lineOf says what an event means for custody: what was asked of whom, what was kept, who wrote what.
func (c *custody) lineOf(e inspect.Event) (custodyLine, bool) {
	line := custodyLine{Time: e.Time, Check: e.Check, Subject: e.Subject}
	switch {
	case e.Header != nil:
		c.tool = toolName(e.Header.Tool)
		line.What, line.Detail, line.Time = "opened", e.Header.Target.Name, e.Header.Started
	case e.Request != nil:
		r := e.Request
		line.What, line.Method, line.URL, line.Status, line.Bytes, line.Error = "request", r.Method, r.URL, r.Status, r.Bytes, r.Error
		if !r.Sent.IsZero() {
			line.Time = r.Sent
		}
	case e.Exhibit != nil && e.Exhibit.Missing != "":
		line.What, line.Detail, line.Error = "not kept", e.Exhibit.Path, e.Exhibit.Missing
	case e.Exhibit != nil:
		line.What, line.Detail, line.Digest, line.Bytes, line.URL = "kept", e.Exhibit.Path, e.Exhibit.Digest, e.Exhibit.Size, e.Exhibit.Source
	case e.Blob != nil && e.Blob.State == blobCarried:
		line.What, line.Detail, line.Digest, line.Bytes = "kept", e.Blob.Role, e.Blob.Digest, e.Blob.Size
	case e.Note != nil:
		line.What, line.Detail = "note", e.Note.Author
	case e.Clock != nil && e.Clock.Withdrawn != nil:
		line.What, line.Detail = "clock", string(e.Clock.Regime)+" withdrawn by "+e.Clock.Withdrawn.Author
	case e.Clock != nil:
		line.What, line.Detail = "clock", string(e.Clock.Regime)+" started by "+e.Clock.Author
	case e.End != nil && e.Check == "":
		line.What, line.Detail = "ended", e.End.Reason
	default:
		return line, false
	}
	return line, true
}

func (c *custody) add(line custodyLine) error {
	c.n++
	line.Number, line.Who, line.Tool, line.Previous = c.n, c.who, c.tool, c.last
	b, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encoding the chain of custody: %w", err)
	}
	c.last = digestOf(b)
	if _, err := c.w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("writing the chain of custody: %w", err)
	}
	return nil
}

// checkCustody reads a chain and gives its last hash, or says at which line it breaks.
func checkCustody(r io.Reader) (last string, lines int, err error) {
	err = eachLine(r, func(n int, b []byte) error {
		var line custodyLine
		if err := json.Unmarshal(b, &line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if line.Number != n || line.Previous != last {
			return fmt.Errorf("line %d does not follow from the line before it", n)
		}
		last, lines = digestOf(b), n
		return nil
	})
	return last, lines, err
}

func toolName(t inspect.Tool) string {
	name := t.Name + " " + t.Version
	if t.Revision != "" {
		name += " (" + t.Revision + ")"
	}
	return inspect.Clean(name)
}
