package kube

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// splitJSON cuts a file of one or more JSON documents into objects and gives them to the crew. It
// goes over the bytes once and keeps the items before a place where the file is broken or cut off.
func (d *dump) splitJSON(name string, content []byte, c *crew) {
	for doc := 1; ; doc++ {
		s := &splitter{dec: json.NewDecoder(bytes.NewReader(content)), crew: c}
		err := s.document()
		s.end(content)
		if errors.Is(err, io.EOF) && !s.begun {
			return
		}
		if err != nil {
			d.note("%s: document %d is broken after %d objects, at byte %d: %v; the rest is not read", name, doc, len(c.items), s.dec.InputOffset(), err)
			return
		}
		content = content[s.dec.InputOffset():]
	}
}

// splitter walks through one document: an object, or a list of them.
type splitter struct {
	dec       *json.Decoder
	crew      *crew
	begun     bool
	ended     bool
	isList    bool
	kind, api string
	items     []*item
}

// document reads from { to }.
func (s *splitter) document() error {
	token, err := s.dec.Token()
	if err != nil {
		return err
	}
	s.begun = true
	if token != json.Delim('{') {
		return fmt.Errorf("not an object but %v", token)
	}
	for s.dec.More() {
		name, err := s.dec.Token()
		if err != nil {
			return cutOff(err)
		}
		if err := s.field(name); err != nil {
			return cutOff(err)
		}
	}
	if _, err := s.dec.Token(); err != nil {
		return cutOff(err)
	}
	s.ended = true
	return nil
}

// field reads the value of one field of the document.
func (s *splitter) field(name json.Token) error {
	switch name {
	case "items":
		return s.list()
	case "kind":
		return s.text(&s.kind)
	case "apiVersion":
		return s.text(&s.api)
	default:
		return s.dec.Decode(&ignored{})
	}
}

// list reads the items, one after the other.
func (s *splitter) list() error {
	token, err := s.dec.Token()
	if err != nil || token == nil { // an empty list may be null
		s.isList = err == nil
		return err
	}
	if token != json.Delim('[') {
		return fmt.Errorf("items is not a list but %v", token)
	}
	s.isList = true
	for s.dec.More() {
		var raw json.RawMessage
		if err := s.dec.Decode(&raw); err != nil {
			return err
		}
		s.items = append(s.items, s.crew.add(raw))
	}
	_, err = s.dec.Token()
	return err
}

// text reads a string; another value is left out.
func (s *splitter) text(into *string) error {
	var v json.RawMessage
	if err := s.dec.Decode(&v); err != nil {
		return err
	}
	if json.Unmarshal(v, into) != nil {
		*into = ""
	}
	return nil
}

// end gives the document itself to the crew if it is no list. A list's kind is that of its items with
// List behind it; kubectl's own is only List and its items say theirs.
func (s *splitter) end(content []byte) {
	if !s.isList && s.ended {
		s.crew.add(content[:s.dec.InputOffset()])
	}
	for _, it := range s.items {
		it.kind, it.api = strings.TrimSuffix(s.kind, "List"), s.api
	}
}

// ignored is a value that is passed over.
type ignored struct{}

// UnmarshalJSON takes anything.
func (ignored) UnmarshalJSON([]byte) error { return nil }

// cutOff gives the end of the file inside a document its name.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
