package kube

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Bounds of what is cut: a value of a dump, and what is read at once. etcd keeps no object of more than 1.5 MB by default.
const (
	maxDumpValue = 32 << 20
	cutterRead   = 256 << 10
)

// cutter cuts a stream of JSON into values without understanding them: it only knows strings and brackets. What a value
// is worth finds out who decodes it. It holds one value in memory, not the file.
type cutter struct {
	r     io.Reader
	buf   []byte // what was read and may still be needed
	at    int    // in buf: the next byte
	keep  int    // in buf: where the value begins that must stay; -1: none
	begun int64  // in the stream: where buf begins
	err   error  // of r
}

func newCutter(r io.Reader) *cutter { return &cutter{r: r, keep: -1} }

// offset is where the next byte is in the stream.
func (c *cutter) offset() int64 { return c.begun + int64(c.at) }

// more reads on. It is an error if there is nothing, or if the value that must stay grows too large.
func (c *cutter) more() error {
	if c.err != nil {
		return c.err
	}
	from := c.at
	if c.keep >= 0 {
		from = c.keep
	}
	if len(c.buf)-from > maxDumpValue {
		return fmt.Errorf("one value is larger than %d MB: %w", maxDumpValue>>20, ErrLimit)
	}
	if from > 0 {
		n := copy(c.buf, c.buf[from:])
		c.buf, c.at, c.begun = c.buf[:n], c.at-from, c.begun+int64(from)
		if c.keep >= 0 {
			c.keep = 0
		}
	}
	if cap(c.buf)-len(c.buf) < cutterRead {
		grown := make([]byte, len(c.buf), 2*cap(c.buf)+cutterRead)
		copy(grown, c.buf)
		c.buf = grown
	}
	n, err := c.r.Read(c.buf[len(c.buf):cap(c.buf)])
	c.buf, c.err = c.buf[:len(c.buf)+n], err
	if n == 0 {
		return err
	}
	return nil
}

// next is the next byte that is no blank. It stays where it is.
func (c *cutter) next() (byte, error) {
	for {
		for ; c.at < len(c.buf); c.at++ {
			switch c.buf[c.at] {
			case ' ', '\t', '\r', '\n':
			default:
				return c.buf[c.at], nil
			}
		}
		if err := c.more(); err != nil {
			return 0, err
		}
	}
}

// expect passes over a byte that must come next.
func (c *cutter) expect(want byte) error {
	b, err := c.next()
	if err != nil {
		return err
	}
	if b != want {
		return fmt.Errorf("%q in place of %q", b, want)
	}
	c.at++
	return nil
}

// value cuts the next value off. It holds until the next call.
func (c *cutter) value() ([]byte, error) {
	first, err := c.next()
	if err != nil {
		return nil, err
	}
	outer := c.keep
	if outer < 0 {
		c.keep = c.at
	}
	begin := c.at - c.keep // c.keep moves as buf does
	switch first {
	case '"':
		err = c.text()
	case '{', '[':
		err = c.brackets()
	default:
		err = c.word()
	}
	raw := c.buf[c.keep+begin : c.at]
	if outer < 0 {
		c.keep = -1
	}
	return raw, err
}

// text passes over a string.
func (c *cutter) text() error {
	c.at++
	for {
		end := bytes.IndexByte(c.buf[c.at:], '"')
		if end >= 0 {
			c.at += end + 1
			if !escaped(c.buf[:c.at-1]) {
				return nil
			}
			continue
		}
		c.at = len(c.buf)
		if err := c.more(); err != nil {
			return err
		}
	}
}

// escaped reports an odd number of backslashes at the end.
func escaped(b []byte) bool {
	n := len(b) - len(bytes.TrimRight(b, `\`))
	return n%2 == 1
}

// brackets passes over an object or a list.
func (c *cutter) brackets() error {
	for depth := 0; ; {
		for c.at < len(c.buf) {
			switch c.buf[c.at] {
			case '"':
				if err := c.text(); err != nil {
					return err
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					c.at++
					return nil
				}
			}
			c.at++
		}
		if err := c.more(); err != nil {
			return err
		}
	}
}

// word passes over a number, true, false or null; also over what is none of these.
func (c *cutter) word() error {
	begun := c.offset()
	for {
		for ; c.at < len(c.buf); c.at++ {
			switch c.buf[c.at] {
			case ',', ':', '"', '{', '}', '[', ']', ' ', '\t', '\r', '\n':
				if c.offset() == begun {
					return fmt.Errorf("%q in place of a value", c.buf[c.at])
				}
				return nil
			}
		}
		if err := c.more(); err != nil {
			if errors.Is(err, io.EOF) && c.offset() > begun {
				return nil
			}
			return err
		}
	}
}

// members passes over the rest of an object or list behind its opening bracket: each is called where a member begins,
// and must pass over it.
func (c *cutter) members(closing byte, each func() error) error {
	for first := true; ; first = false {
		b, err := c.next()
		if err != nil {
			return err
		}
		if b == closing {
			c.at++
			return nil
		}
		if !first {
			if err := c.expect(','); err != nil {
				return err
			}
		}
		if err := each(); err != nil {
			return err
		}
	}
}
