package kube

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// splitter splits a file of JSON documents into objects. A document is an object, a list of them as kubectl or the API
// writes it, a watch event, or a plain array of any of these (`jq .items`). Text between documents, as `kubectl
// cluster-info dump` and redirected warnings leave it, is passed over by lines.
type splitter struct {
	name  string // of the file, for notes
	dump  *dump
	in    *stream
	dec   *jsontext.Decoder
	index *indexer

	documents int
	text      int    // lines passed over
	sample    []byte // the first of them
	logs      map[string]int
}

// splitJSON hands each object of the file to the indexer. It goes over the bytes once. Where a document is broken or
// cut off, the objects before that place are kept, and it goes on with the next document.
// Objects are given on as they are found: a dump of a gigabyte is never in memory as a whole.
func (d *dump) splitJSON(name string, in *stream, x *indexer) {
	s := &splitter{name: name, dump: d, in: in, index: x, logs: map[string]int{}}
	s.dec = jsontext.NewDecoder(in, s.options()...)
	for s.in.err == nil && s.next() {
	}
	s.report()
}

// options are lenient where encoding/json, which decodes the objects later, is lenient too.
func (s *splitter) options() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}

// next reads one document or passes over one piece of text. It reports whether there may be more.
func (s *splitter) next() bool {
	switch s.dec.PeekKind() {
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
	default:
		return s.passOver(true)
	}
	s.documents++
	before := len(s.index.items)
	d := document{splitter: s}
	err := d.read()
	s.in.advance()
	if err == nil {
		return true
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	s.dump.note("%s: document %d is broken after %d objects: %v; the rest of it is not read",
		s.name, s.documents, len(s.index.items)-before, err)
	return s.passOver(false)
}

// passOver reads lines until one begins with a JSON document. A bracket further inside a line does not count: text may
// hold any. It reports whether there is such a line. With count the lines are counted as text; without, they are the
// rest of a broken document.
func (s *splitter) passOver(count bool) bool {
	s.in.putBack(s.dec.UnreadBuffer())
	defer func() { s.dec.Reset(s.in, s.options()...) }()
	for {
		line, err := s.in.line()
		if err != nil {
			return false
		}
		if text := bytes.TrimSpace(line); count && len(text) > 0 {
			s.text++
			if s.sample == nil {
				s.sample = text
			}
		}
		if log, ok := logMark(line, "START"); ok {
			s.passOverLog(log)
		} else if log, ok := logMark(line, "END"); ok {
			s.logs[log]++ // without its start: the container has written the end before
		}
		if s.in.startsWithJSON() {
			return true
		}
	}
}

// passOverLog reads the log of a container to its end. Whatever stands in it is text, JSON too.
func (s *splitter) passOverLog(log string) {
	s.logs[log]++
	for {
		line, err := s.in.line()
		if err != nil {
			s.dump.note("%s: the log of %s has no end: what follows it is not read", s.name, log)
			return
		}
		if end, ok := logMark(line, "END"); ok && end == log {
			return
		}
	}
}

// logMark returns the container of a line that `kubectl cluster-info dump` prints before or after a log:
// ==== START logs for container web of pod shop/web-0 ====
// (https://github.com/kubernetes/kubectl/blob/master/pkg/cmd/clusterinfo/clusterinfo_dump.go).
func logMark(line []byte, edge string) (log string, ok bool) {
	text, ok := strings.CutPrefix(string(line), "==== "+edge+" logs for ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(text, " ====")
}

// report notes what was passed over. A log that begins or ends twice was written by somebody who knows the format of
// the dump: objects behind it may be invented.
func (s *splitter) report() {
	again := 0
	for _, times := range s.logs {
		if times > 1 {
			again++
		}
	}
	if again > 0 {
		s.dump.note("%s: container logs with more than one start or end: %d; objects in this file may be written "+
			"by a container",
			s.name, again)
	}
	switch {
	case len(s.logs) > 0:
		s.dump.note("%s: container logs in it, passed over: %d", s.name, len(s.logs))
	case s.text > 0:
		s.dump.note("%s: lines that are not JSON, passed over: %d, the first: %.80q", s.name, s.text, s.sample)
	}
}

// document is one JSON document of a file.
type document struct {
	*splitter
	kind, api string
	event     string  // type of a watch event: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR
	object    []byte  // of a watch event
	raw       []byte  // the document as received, but for blanks between its fields
	isList    bool    // it has items
	items     []*item // of a list
}

// read reads an array of documents, or one of them.
func (d *document) read() error {
	if d.dec.PeekKind() != jsontext.KindBeginArray {
		return d.readObject()
	}
	return d.elements(func() error {
		if d.dec.PeekKind() != jsontext.KindBeginObject {
			_, err := d.dec.ReadValue()
			d.dump.note("%s: an element of document %d is not an object", d.name, d.documents)
			return err
		}
		one := document{splitter: d.splitter}
		return one.readObject()
	})
}

// elements calls each where an element of an array begins, and each must read it.
func (d *document) elements(each func() error) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	for d.dec.PeekKind() != jsontext.KindEndArray {
		if err := each(); err != nil {
			return err
		}
		d.in.advance()
	}
	_, err := d.dec.ReadToken()
	return err
}

// readObject reads from { to }. Until it is known to be a list it is kept whole.
func (d *document) readObject() error {
	defer d.nameItems()
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	for d.dec.PeekKind() != jsontext.KindEndObject {
		if err := d.readField(); err != nil {
			return err
		}
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	if d.isList {
		return nil
	}
	d.addObject(append(d.raw, '}'))
	return nil
}

// readField reads one field.
func (d *document) readField() error {
	name, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	field := text(name)
	if len(d.raw) > 0 {
		d.raw = append(d.raw, ',')
	} else {
		d.raw = append(d.raw, '{')
	}
	d.raw = append(append(d.raw, name...), ':')
	if field == "items" && d.dec.PeekKind() == jsontext.KindBeginArray {
		d.isList, d.raw = true, nil
		return d.elements(func() error {
			raw, err := d.dec.ReadValue()
			if err == nil {
				d.items = append(d.items, d.index.add(raw))
			}
			return err
		})
	}
	value, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	begin := len(d.raw)
	d.raw = append(d.raw, value...)
	switch field {
	case "items": // an empty list may be null
		d.isList = true
	case "kind":
		d.kind = text(value)
	case "apiVersion":
		d.api = text(value)
	case "type":
		d.event = text(value)
	case "object":
		d.object = d.raw[begin:len(d.raw):len(d.raw)]
	}
	return nil
}

// text decodes a JSON string; another value gives "".
func text(raw jsontext.Value) (s string) {
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// addObject hands on an object, or that of a watch event (`kubectl get --watch --output-watch-events`).
func (d *document) addObject(raw []byte) {
	if d.kind != "" || d.object == nil {
		d.index.add(raw)
		return
	}
	switch d.event {
	case "ADDED", "MODIFIED":
		d.index.add(d.object).event = true
	case "DELETED":
		it := d.index.add(d.object)
		it.event, it.deleted = true, true
	case "BOOKMARK": // a version without an object
	default:
		d.dump.note("%s: document %d is a watch event %.20q without an object", d.name, d.documents, d.event)
	}
}

// nameItems gives a list's items the kind of the list without its List: the API leaves it out in each of them.
// kubectl's own list is just called List, and its items carry their kind.
func (d *document) nameItems() {
	for _, it := range d.items {
		it.kind, it.api = strings.TrimSuffix(d.kind, "List"), d.api
	}
}
