package kube

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// splitJSON cuts a file of one or more JSON documents into objects. It goes over the bytes once
// and keeps the items before a place where the file is broken or cut off.
func (d *dump) splitJSON(name string, content []byte) []item {
	var items []item
	for doc := 1; ; doc++ {
		s := &splitter{dec: json.NewDecoder(bytes.NewReader(content))}
		err := s.document()
		items = append(items, s.objects(content)...)
		if errors.Is(err, io.EOF) && !s.begun {
			return items
		}
		if err != nil {
			d.note("%s: document %d is broken after %d objects, at byte %d: %v; the rest is not read", name, doc, len(items), s.dec.InputOffset(), err)
			return items
		}
		content = content[s.dec.InputOffset():]
	}
}

// splitter walks through one document: an object, or a list of them.
type splitter struct {
	dec       *json.Decoder
	begun     bool
	ended     bool
	kind, api string
	items     []json.RawMessage
	isList    bool
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
		s.items = append(s.items, raw)
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

// objects are the items of a list, or the document itself. A list's kind is that of its items
// with List behind it; kubectl's own is only List and its items say theirs.
func (s *splitter) objects(content []byte) []item {
	if !s.isList {
		if !s.ended {
			return nil
		}
		raw := content[:s.dec.InputOffset()]
		return []item{{raw: raw}}
	}
	kind := strings.TrimSuffix(s.kind, "List")
	items := make([]item, len(s.items))
	for i, raw := range s.items {
		items[i] = item{raw: raw, kind: kind, api: s.api}
	}
	return items
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
