package report

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/inspecttest"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// typedStrings are what strings of types of ours are filled with: nothing, an ordinary value, anything.
var typedStrings = map[string]func(reflect.Type) string{
	"none": func(reflect.Type) string { return "" },
	"ordinary": func(t reflect.Type) string {
		if t == reflect.TypeFor[inspect.Severity]() {
			return "high"
		}
		return "failed"
	},
	"marked": func(reflect.Type) string { return inspecttest.Mark },
}

// No string of any fact draws, in any output.
func TestNoStringOfAnyFactDraws(t *testing.T) {
	for name, typed := range typedStrings {
		c := fold(inspecttest.MarkedEvents(typed)...)
		for form, write := range map[string]func(io.Writer) error{
			"plain":    func(w io.Writer) error { return Plain(w, c, Style{}) },
			"brief":    func(w io.Writer) error { _, err := io.WriteString(w, Brief(c, Style{})); return err },
			"markdown": func(w io.Writer) error { return Markdown(w, c) },
			"html":     func(w io.Writer) error { return HTML(w, c) },
			"json": func(w io.Writer) error {
				b, err := verdict.Encode(c)
				if err == nil {
					_, err = w.Write(b)
				}
				return err
			},
		} {
			out := lines(t, write)
			if at := strings.IndexAny(out, inspecttest.Drawing); at >= 0 {
				t.Errorf("%s, strings of types %s: %q", form, name, out[max(0, at-120):min(len(out), at+20)])
			}
		}
		for _, i := range c.Images {
			if i.Diff != nil {
				out := lines(t, func(w io.Writer) error {
					return Diff(w, *i.Diff, inspecttest.Mark, inspecttest.Mark,
						Style{})
				})
				if strings.ContainsAny(out, inspecttest.Drawing) {
					t.Errorf("the comparison: %q", out)
				}
			}
		}
	}
}
