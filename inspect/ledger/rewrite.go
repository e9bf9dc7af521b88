package ledger

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// rewriter gives values with other texts. What is not changed is not copied; what is changed shares nothing with the
// value, whose check goes on working with it.
type rewriter struct {
	// text gives another text for that of a field, and whether it is another. A field is named by its path in JSON:
	// imageConfig.env.
	text func(field, s string) (string, bool)
	// items bounds lists and tables; 0 keeps them whole
	items int
}

// fact rewrites a fact; its kind stays.
func (w rewriter) fact(f inspect.Fact) inspect.Fact {
	if other, changed := w.value("", reflect.ValueOf(f)); changed {
		return other.Interface().(inspect.Fact)
	}
	return f
}

// value rewrites every text within a value. Bytes are left as they are: they are JSON that was received, and digests.
func (w rewriter) value(field string, v reflect.Value) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.String:
		text, changed := w.text(field, v.String())
		if !changed {
			return v, false
		}
		return reflect.ValueOf(text).Convert(v.Type()), true
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		inner, changed := w.value(field, v.Elem())
		if !changed || v.Kind() == reflect.Interface {
			return inner, changed
		}
		p := reflect.New(inner.Type())
		p.Elem().Set(inner)
		return p, true
	case reflect.Struct:
		return w.fields(field, v)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v, false
		}
		return w.list(field, v)
	case reflect.Map:
		return w.table(field, v)
	default:
		return v, false
	}
}

func (w rewriter) fields(field string, v reflect.Value) (reflect.Value, bool) {
	out, changed := v, false
	for i := range v.NumField() {
		t := v.Type().Field(i)
		if !t.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(t.Tag.Get("json"), ",")
		inner, is := w.value(strings.TrimPrefix(field+"."+name, "."), v.Field(i))
		if !is {
			continue
		}
		if !changed {
			out, changed = reflect.New(v.Type()).Elem(), true
			out.Set(v)
		}
		out.Field(i).Set(inner)
	}
	return out, changed
}

func (w rewriter) list(field string, v reflect.Value) (reflect.Value, bool) {
	out, changed := v, false
	if w.items > 0 && v.Len() > w.items {
		v = v.Slice(0, w.items)
		out, changed = reflect.MakeSlice(v.Type(), v.Len(), v.Len()), true
		reflect.Copy(out, v)
	}
	for i := range v.Len() {
		inner, is := w.value(field, v.Index(i))
		if !is {
			continue
		}
		if !changed {
			out, changed = reflect.MakeSlice(v.Type(), v.Len(), v.Len()), true
			reflect.Copy(out, v)
		}
		out.Index(i).Set(inner)
	}
	return out, changed
}

// table rewrites the values of a table, not its keys. Of one past the bound the first keys stay, in their order.
func (w rewriter) table(field string, v reflect.Value) (reflect.Value, bool) {
	keys := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		keys[k.String()] = k
	}
	names := slices.Sorted(maps.Keys(keys))
	changed := w.items > 0 && len(names) > w.items
	if changed {
		names = names[:w.items]
	}
	out := reflect.MakeMap(v.Type())
	for _, name := range names {
		inner, is := w.value(field, v.MapIndex(keys[name]))
		out.SetMapIndex(keys[name], inner)
		changed = changed || is
	}
	if !changed {
		return v, false
	}
	return out, true
}
