package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// splitJSON cuts a file of one or more JSON documents into objects and gives them to the crew. It
// goes over the bytes once and keeps the items before a place where the file is broken or cut off.
func (d *dump) splitJSON(name string, r io.Reader, c *crew) {
	cut := newCutter(r)
	for doc := 1; ; doc++ {
		s := &splitter{cut: cut, crew: c}
		err := s.document()
		s.end()
		if errors.Is(err, io.EOF) && !s.begun {
			return
		}
		if err != nil {
			d.note("%s: document %d is broken after %d objects, at byte %d: %v; the rest is not read", name, doc, len(c.items), cut.offset(), cutOff(err))
			return
		}
	}
}

// splitter walks through one document: an object, or a list of them.
type splitter struct {
	cut       *cutter
	crew      *crew
	begun     bool
	isList    bool
	kind, api string
	items     []*item
}

// document reads from { to }. Until it is known to be a list it is kept whole.
func (s *splitter) document() error {
	b, err := s.cut.next()
	if err != nil {
		return err
	}
	s.begun = true
	if b != '{' {
		return fmt.Errorf("not an object but %q", b)
	}
	s.cut.keep = s.cut.at
	defer func() { s.cut.keep = -1 }()
	s.cut.at++
	if err := s.cut.members('}', s.field); err != nil {
		return err
	}
	if !s.isList {
		s.crew.add(s.cut.buf[s.cut.keep:s.cut.at])
	}
	return nil
}

// field reads one field of the document.
func (s *splitter) field() error {
	name, err := s.text()
	if err != nil {
		return err
	}
	if err := s.cut.expect(':'); err != nil {
		return err
	}
	switch name {
	case "items":
		return s.list()
	case "kind":
		s.kind, err = s.text()
	case "apiVersion":
		s.api, err = s.text()
	default:
		_, err = s.cut.value()
	}
	return err
}

// list reads the items, one after the other.
func (s *splitter) list() error {
	b, err := s.cut.next()
	if err != nil {
		return err
	}
	s.isList, s.cut.keep = true, -1
	switch b {
	case '[':
	case 'n': // an empty list may be null
		_, err := s.cut.value()
		return err
	default:
		return fmt.Errorf("items is not a list but %q", b)
	}
	s.cut.at++
	return s.cut.members(']', func() error {
		raw, err := s.cut.value()
		if err == nil {
			s.items = append(s.items, s.crew.add(raw))
		}
		return err
	})
}

// text reads a string; another value is left out.
func (s *splitter) text() (string, error) {
	raw, err := s.cut.value()
	if err != nil {
		return "", err
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return "", nil
	}
	return text, nil
}

// end names the kind of a list's items: the list's, which has List behind it. kubectl's own is only List and its items
// say theirs.
func (s *splitter) end() {
	for _, it := range s.items {
		it.kind, it.api = strings.TrimSuffix(s.kind, "List"), s.api
	}
}

// cutOff gives the end of the file inside a document its name.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
