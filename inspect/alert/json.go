package alert

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/valyala/fastjson"
)

// parsers reads JSON ten times as fast as encoding/json: a busy cluster's day is 150 MB.
var parsers fastjson.ParserPool

// errDeep is what fastjson refuses and JSON allows.
var errDeep = errors.New("nested too deeply")

// parseJSON reads a line of JSON, of Falco or of Tetragon.
func parseJSON(line []byte, seen moment) (Alert, error) {
	p := parsers.Get()
	defer parsers.Put(p)
	v, err := p.ParseBytes(line)
	if err != nil {
		return Alert{}, notJSON(line)
	}
	if kind, process := tetragonBody(v); process != nil {
		return tetragonAlert(kind, process, text(v.Get("time"))).at(text(v.Get("node_name"))), nil
	}
	return falcoAlert(v, seen)
}

// notJSON says why a line is none; fastjson would cite the line.
func notJSON(line []byte) error {
	var any json.RawMessage
	if err := json.Unmarshal(line, &any); err != nil {
		return fmt.Errorf("invalid JSON: %w", err)
	}
	return fmt.Errorf("invalid JSON: %w", errDeep)
}

// text is a string field that may be anything: numbers and truth values as they are written, null, <NA>, objects and
// lists as nothing.
func text(v *fastjson.Value) string {
	if v == nil {
		return ""
	}
	switch v.Type() {
	case fastjson.TypeString:
		return known(string(v.GetStringBytes()))
	case fastjson.TypeNumber, fastjson.TypeTrue, fastjson.TypeFalse:
		return v.String()
	default:
		return ""
	}
}

// known makes the words for "no value" empty: Falco's, and Go's, in which falcosidekick writes reports.
func known(s string) string {
	switch s {
	case "<NA>", "<N/A>", "null", "N/A", "<nil>":
		return ""
	default:
		return s
	}
}
