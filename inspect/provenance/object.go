package provenance

import "encoding/json"

// object is a JSON object of which only some members matter. Members that are missing or of another type read as
// empty: what is not in a statement is not claimed by it.
// A nil object reads as one without members, so that paths need no checks on the way.
type object map[string]json.RawMessage

// parseObject returns nil for what is no object.
func parseObject(raw json.RawMessage) object {
	var o object
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

// object gives the object under a path of keys.
func (o object) object(keys ...string) object {
	for _, k := range keys {
		o = parseObject(o[k])
	}
	return o
}

// text gives the string under a path of keys.
func (o object) text(keys ...string) string {
	last := len(keys) - 1
	var s string
	if json.Unmarshal(o.object(keys[:last]...)[keys[last]], &s) != nil {
		return ""
	}
	return s
}

// first gives the first of several members that is a string and not empty.
func (o object) first(keys ...string) string {
	for _, k := range keys {
		if s := o.text(k); s != "" {
			return s
		}
	}
	return ""
}

// digests gives the object of strings under a key: algorithm to value.
func (o object) digests(key string) map[string]string {
	var d map[string]string
	if json.Unmarshal(o[key], &d) != nil {
		return nil
	}
	return d
}
