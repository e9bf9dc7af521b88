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

// parseJSON reads a line of JSON, of any sensor or collector.
func parseJSON(line []byte, seen moment, depth int) (Alert, error) {
	p := parsers.Get()
	defer parsers.Put(p)
	v, err := p.ParseBytes(line)
	if err != nil {
		return Alert{}, invalidJSON(line)
	}
	return fromObject(v, seen, depth)
}

// format is how one sensor writes alerts.
type format struct {
	is   func(v *fastjson.Value) bool
	read func(v *fastjson.Value, seen moment) (Alert, error)
}

// formats are distinguished by keys that no other has. Envelopes that keep the keys of Falco beside
// their own are alerts of Falco.
var formats = []format{
	{isTetragon, tetragonAlert},
	{isSuricata, suricataAlert},
	{isHubble, hubbleAlert},
	{isTracee, traceeAlert},
	{isKubeArmor, kubeArmorAlert},
	{isKubescape, kubescapeAlert},
	{isFalco, falcoAlert},
}

// fromObject reads the alert of a sensor, or the envelope of one.
func fromObject(v *fastjson.Value, seen moment, depth int) (Alert, error) {
	for _, f := range formats {
		if f.is(v) {
			return f.read(v, seen)
		}
	}
	return fromEnvelope(v, seen, depth)
}

// invalidJSON returns why a line is not JSON; the error of fastjson would cite the line.
func invalidJSON(line []byte) error {
	var any json.RawMessage
	if err := json.Unmarshal(line, &any); err != nil {
		return fmt.Errorf("invalid JSON: %w", err)
	}
	return fmt.Errorf("invalid JSON: %w", errDeep)
}

// text is a string field that may be anything: numbers and truth values as they are written; null,
// <NA>, objects and lists are "".
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

// textAt is the text of a field, by its path.
func textAt(v *fastjson.Value, path ...string) string { return text(v.Get(path...)) }

// known makes the words for "no value" empty: Falco's, and Go's, which falcosidekick writes into
// reports.
func known(s string) string {
	switch s {
	case "<NA>", "<N/A>", "null", "N/A", "<nil>":
		return ""
	default:
		return s
	}
}
