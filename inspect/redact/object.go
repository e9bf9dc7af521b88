package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// lastApplied is kubectl's copy of a whole object, with every value that is removed from the object itself.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// maxObjectDepth bounds how deep an object is looked into; what lies deeper is removed as a whole.
const maxObjectDepth = 64

// Object removes the secrets of a JSON object: an object of a cluster, or an alert as its sensor wrote it. It names
// each field that it changed by its path. An object without secrets stays as it was received, byte for byte.
//
// Numbers keep their digits. The order of the fields of a changed object is that of encoding/json. An error is that of
// bytes which are no JSON object; the caller then removes what the text holds.
func Object(raw []byte) (clean []byte, fields []string, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var obj map[string]any
	if err := decoder.Decode(&obj); err != nil {
		return nil, nil, fmt.Errorf("decoding an object: %w", err)
	}
	var w walker
	w.object("", obj, 0)
	if len(w.fields) == 0 {
		return raw, nil, nil
	}
	slices.Sort(w.fields)
	clean, err = json.Marshal(obj)
	return clean, slices.Compact(w.fields), err
}

// Line removes the secrets of one line that a sensor wrote, in JSON or as text, and returns their kinds or fields.
func Line(line string) (string, []string) {
	if strings.HasPrefix(strings.TrimSpace(line), "{") {
		if clean, fields, err := Object([]byte(line)); err == nil {
			return string(clean), fields
		}
	}
	clean, secrets := Text(line)
	return clean, Kinds(secrets)
}

// walker removes secrets from a decoded object in place.
type walker struct{ fields []string }

// changed notes the path of a field that was changed.
func (w *walker) changed(path string) { w.fields = append(w.fields, path) }

// secret removes all data of a Secret, which may be an item of a List.
// The keys stay: which keys a Secret has is known to everybody who may list it.
func (w *walker) secret(path string, obj map[string]any) {
	for _, field := range []string{"data", "stringData"} {
		values, _ := obj[field].(map[string]any)
		for k, v := range values {
			if v == Mark {
				continue
			}
			values[k] = Mark
			w.changed(path + "." + field + "." + k)
		}
	}
}

// object looks at the fields of an object: by their names, by what lists of arguments and variables are, and by the
// form of all other texts.
// It changes obj in place. A field that is a text of JSON is looked into like the object around it.
func (w *walker) object(path string, obj map[string]any, depth int) {
	if kind, _ := obj["kind"].(string); kind == "Secret" {
		w.secret(path, obj)
	}
	name, valueKey := pair(obj)
	value, literal := obj[valueKey].(string)
	named := name != ""
	if n, number := obj[valueKey].(json.Number); number && named && Name(name) {
		value, literal = n.String(), true
	}
	if named && literal {
		clean, found := Named(name, value)
		if strings.HasSuffix(path, ".env") {
			clean, found = Env(name, value)
		}
		if len(found) > 0 {
			obj[valueKey] = clean
			w.changed(path + "[" + name + "]." + valueKey)
		}
	}
	for k, inner := range obj {
		at := path + "." + k
		switch v := inner.(type) {
		case string:
			if k == valueKey && named {
				continue
			}
			clean, found := field(k, v)
			if len(found) > 0 {
				obj[k] = clean
				w.changed(at)
			}
		case json.Number:
			if Name(k) && !strings.HasSuffix(k, "okens") { // max_tokens counts
				obj[k] = Mark
				w.changed(at)
			}
		case []any:
			if passwords(k) && w.all(at, v) {
				continue
			}
			obj[k] = w.list(at, k, v, depth+1)
		case map[string]any:
			if passwords(k) {
				w.fieldsOf(at, v)
			}
			obj[k] = w.other(at, inner, depth+1)
		default:
			obj[k] = w.other(at, inner, depth+1)
		}
	}
}

// pair finds the name and the field of the value of an object that is a name with a value: name and value in
// Kubernetes, Key and Value in the tags of clouds. name is empty for all other objects.
// A value may be no text, as valueFrom is none: then there is nothing to remove by the name.
func pair(obj map[string]any) (name, valueKey string) {
	for _, keys := range [][2]string{{"name", "value"}, {"Name", "Value"}, {"key", "value"}, {"Key", "Value"}} {
		text, is := obj[keys[0]].(string)
		if _, has := obj[keys[1]]; is && has {
			return text, keys[1]
		}
	}
	return "", "value"
}

// passwords reports whether all texts right below a field are secrets, since it is named after nothing else. Fields
// called secret, token or auth hold objects with names and references as well.
func passwords(field string) bool {
	return Name(field) && slices.ContainsFunc(wordsOf(field), func(w string) bool {
		return slices.Contains([]string{"password", "passwords", "passwd", "passphrase", "passphrases", "apikeys"}, w)
	}) || Name(field) && strings.EqualFold(field, "apiKeys")
}

// all removes the texts of a list, and reports whether it has nothing else.
func (w *walker) all(path string, list []any) bool {
	for _, v := range list {
		if _, text := v.(string); !text {
			return false
		}
	}
	for i, v := range list {
		if text, _ := v.(string); !harmless(text) {
			list[i] = Mark
			w.changed(path)
		}
	}
	return true
}

// fieldsOf removes the texts right below a field, but for those that refer to an object of a cluster.
// What stays has the names of Kubernetes' references: LocalObjectReference and SecretKeySelector.
func (w *walker) fieldsOf(path string, obj map[string]any) {
	for k, v := range obj {
		text, is := v.(string)
		if is && !harmless(text) && !slices.Contains([]string{
			"name", "key", "namespace", "kind", "type",
			"secretName",
		}, k) {
			obj[k] = Mark
			w.changed(path + "." + k)
		}
	}
}

// field is the text of one field. Fields that name an object or a key of it are no secrets, whatever they are called.
func field(name, value string) (string, []Secret) {
	switch {
	case name == lastApplied && value != Mark:
		return Mark, []Secret{{"copy of the object", value}}
	case strings.HasPrefix(strings.TrimSpace(value), "{") && len(value) > 2:
		if clean, changed, err := Object([]byte(value)); err == nil {
			if len(changed) == 0 {
				return value, nil
			}
			return string(clean), []Secret{{"value within " + name, value}}
		}
	}
	return Named(name, value)
}

// list looks at a list: one of texts as at an argument list, whose secrets may be split over words.
func (w *walker) list(path, name string, v []any, depth int) any {
	words := make([]string, 0, len(v))
	for _, inner := range v {
		if s, text := inner.(string); text {
			words = append(words, s)
		}
	}
	if len(words) != len(v) || len(v) == 0 {
		for i, inner := range v {
			v[i] = w.other(path, inner, depth)
		}
		return v
	}
	clean, found := Words(words)
	if strings.EqualFold(name, "env") { // NAME=VALUE in each, as containers' configurations have it
		clean, found = Environ(words)
	}
	if len(found) == 0 {
		return v
	}
	w.changed(path)
	out := make([]any, len(clean))
	for i := range clean {
		out[i] = clean[i]
	}
	return out
}

// other looks at a value that is no field of its own.
func (w *walker) other(path string, v any, depth int) any {
	if depth > maxObjectDepth {
		w.changed(path)
		return Mark
	}
	switch v := v.(type) {
	case map[string]any:
		w.object(path, v, depth)
	case []any:
		return w.list(path, "", v, depth)
	case string:
		clean, found := Text(v)
		if len(found) > 0 {
			w.changed(path)
		}
		return clean
	}
	return v
}
