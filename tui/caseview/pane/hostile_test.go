package pane

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/inspecttest"
	"github.com/backtrail/backtrail/tui/widget"
)

// hostile are strings that whoever made an image, a certificate, a pod or an alert could have chosen.
var hostile = map[string]string{
	"empty":            "",
	"blank":            "   ",
	"escape sequence":  "\x1b[2J\x1b]52;c;cm0gLXJm\x07",
	"C1 control":       "a\u009b31mred\u0085",
	"bidi":             "gpj.\u202eexe\u2066x\u2069",
	"zero width":       "pay\u200bpal\ufeff\u2060",
	"line breaks":      "one\r\ntwo\u2028three\ttab",
	"not UTF-8":        "\xff\xfe\xc3",
	"long, no blanks":  strings.Repeat("a", 4000),
	"wide":             strings.Repeat("日本語", 200),
	"combining":        "e" + strings.Repeat("\u0301", 300),
	"our own signs":    "✓ verified",
	"a path upwards":   "/../../../etc/shadow",
	"an emoji's parts": "👩\u200d💻\ufe0f",
	"a colon first":    ":/x",
}

// spoken gives a value in which every string is another one. Typed strings, such as statuses, stay: the last case of
// TestNoStringDrawsOrBreaksALine has those.
func spoken(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.CanSet() {
			v.SetString(text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			spoken(v.Elem(), text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoken(v.Index(i), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				spoken(v.Field(i), text)
			}
		}
	default:
	}
}

// copied is a fact in memory of its own, through its JSON form as a bundle has it.
func copied(t *testing.T, f inspect.Fact) reflect.Value {
	t.Helper()
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.New(reflect.TypeOf(f))
	if err := json.Unmarshal(raw, v.Interface()); err != nil {
		t.Fatalf("reading %T again: %v", f, err)
	}
	return v.Elem()
}

// incidentSaying is the incident with every string of every fact replaced.
func incidentSaying(t *testing.T, text string) View {
	t.Helper()
	var events []inspect.Event
	for _, e := range incident().Case.Events() {
		f := copied(t, e.Fact)
		spoken(f, text)
		e.Fact = f.Interface().(inspect.Fact)
		events = append(events, e)
	}
	v := folded(events...)
	v.Steps[0].Why, v.Steps[0].Command = text, text
	return v
}

// drawn is everything that a pane can show in a width: what stands above, rows, and the detail of each row. It checks
// that every line fits, and that none has a character that draws.
func drawn(t *testing.T, v View, k Kind, width int) string {
	t.Helper()
	lines := append([]string{}, k.Top(v, width)...)
	for _, r := range k.Listed(v) {
		row := v.Paint.Line(width, widget.LookPlain, r.Cells(width)...)
		if got := ansi.StringWidth(row); got != width {
			t.Errorf("%s: row %q is %d columns wide, not %d: %q", k.Spec().Name, r.ID, got, width, plain(row))
		}
		d := widget.NewDocument(v.Paint, width)
		r.Detail(d)
		lines = append(append(lines, row), d.Lines...)
	}
	for _, l := range lines {
		text := plain(l)
		if width >= widget.OneWidth && ansi.StringWidth(text) > width {
			t.Errorf("%s: a line of %d columns in %d: %q", k.Spec().Name, ansi.StringWidth(text), width, text)
		}
		if strings.ContainsAny(text, inspecttest.Drawing+"\n\t\u0085\u2028\u2060") || !utf8.ValidString(text) {
			t.Errorf("%s: a line draws: %q", k.Spec().Name, text)
		}
	}
	return strings.Join(lines, "\n")
}

func TestNoStringDrawsOrBreaksALine(t *testing.T) {
	views := map[string]View{"no facts": folded()}
	for name, text := range hostile {
		views[name] = incidentSaying(t, text)
	}
	for _, typed := range []string{"", "failed", "verified", inspecttest.Mark} {
		v := folded(inspecttest.MarkedEvents(func(reflect.Type) string { return typed })...)
		v.Container = inspecttest.Mark
		views["every kind of fact, typed strings "+typed] = v
	}
	for name, v := range views {
		t.Run(name, func(t *testing.T) {
			for k := range Count {
				for _, width := range []int{30, 40, 80, 120} {
					drawn(t, v, k, width)
				}
			}
		})
	}
}

// Drawing changes nothing: neither the case nor the rows, however often it happens.
func TestDrawingTwiceGivesTheSameBytes(t *testing.T) {
	for name, v := range map[string]View{"the incident": incident(), "marked": incidentSaying(t, inspecttest.Mark)} {
		before, err := json.Marshal(v.Case)
		if err != nil {
			t.Fatal(err)
		}
		for k := range Count {
			if first, again := drawn(t, v, k, 80), drawn(t, v, k, 80); first != again {
				t.Errorf("%s: %s is drawn differently the second time", name, k.Spec().Name)
			}
		}
		if after, _ := json.Marshal(v.Case); string(after) != string(before) {
			t.Errorf("%s: drawing has changed the case", name)
		}
	}
}

// A foreign text that looks like a verdict of ours stays a text: only a status makes a sign.
func TestAForeignTextMakesNoVerdict(t *testing.T) {
	v := incidentSaying(t, "✓ verified")
	for _, id := range []string{"signature:✓ verified", "gate:✓ verified", "provenance:✓ verified"} {
		rows := append(Signatures.Listed(v), Provenance.Listed(v)...)
		if got := line(v, find(t, rows, id), 80); strings.HasPrefix(got, "✓") {
			t.Errorf("%s begins with a sign that its status does not have: %q", id, got)
		}
	}
}
