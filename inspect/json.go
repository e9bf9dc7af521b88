package inspect

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
)

// EncodeJSON writes any of our results: two blanks of indent, a line break at the end, and [] for nil lists.
func EncodeJSON(v any) ([]byte, error) {
	b, err := json.MarshalIndent(withLists(reflect.ValueOf(v)).Interface(), "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text.EscapeJSON(b), '\n'), nil
}

// withLists gives v with empty lists for nil ones: a copy where there are any. What v points to is left as it is.
func withLists(v reflect.Value) reflect.Value {
	if !lacksLists(v) {
		return v
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(withLists(v.Elem()))
		return p
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v
		}
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			list.Index(i).Set(withLists(v.Index(i)))
		}
		return list
	case reflect.Struct:
		s := reflect.New(v.Type()).Elem()
		s.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && (v.Type().Field(i).Type.Kind() == reflect.Struct ||
				!v.Type().Field(i).Anonymous) {
				s.Field(i).Set(withLists(v.Field(i)))
			}
		}
		return s
	default:
		return v
	}
}

// lacksLists reports a nil list that would be written: to look is a tenth of the work of a copy.
func lacksLists(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && v.Elem().Kind() == reflect.Struct && lacksLists(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return false
		}
		if v.IsNil() {
			return true
		}
		for i := range v.Len() {
			if lacksLists(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		t := v.Type()
		for i := range v.NumField() {
			f := v.Field(i)
			switch f.Kind() {
			case reflect.Pointer, reflect.Slice, reflect.Struct:
			default:
				continue
			}
			unset := f.Kind() == reflect.Slice && f.IsNil()
			if !f.CanInterface() || unset && strings.Contains(t.Field(i).Tag.Get("json"), ",omitempty") {
				continue
			}
			if lacksLists(f) {
				return true
			}
		}
	default:
	}
	return false
}

// AllAnswers gives all three answers: one that no check has given yet is unknown and names what it waits for.
func (c *Case) AllAnswers() []Answer {
	answers := make([]Answer, 0, 3)
	for _, q := range Questions() {
		answers = append(answers, c.answer(q))
	}
	return answers
}

func (c *Case) answer(question string) Answer {
	for _, a := range c.Answers {
		if a.Question == question {
			return a
		}
	}
	return Answer{Question: question, Status: AnswerOpen, Text: c.waitingFor()}
}

func (c *Case) waitingFor() string {
	seen, text := map[string]bool{}, ""
	for _, s := range c.Checks {
		if s.Running() && !seen[s.Name] && s.Name != CheckAnswers {
			seen[s.Name] = true
			text += ", " + s.Name
		}
	}
	if text == "" {
		return "still checking"
	}
	return "still checking: " + text[2:]
}
