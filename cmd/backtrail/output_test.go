package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
)

// The encoding is that of the first variable of POSIX's order that is set (XBD 8.2): LC_ALL, LC_CTYPE, LANG.
func TestLocales(t *testing.T) {
	for _, c := range []struct {
		all, ctype, lang, term string
		want                   bool
	}{
		{"", "", "", "xterm", true}, // a container has none
		{"", "", "de_DE.UTF-8", "xterm", true},
		{"", "", "de_DE.utf8@euro", "xterm", true},
		{"", "", "en_US", "xterm", true},
		{"", "", "C", "xterm", false},
		{"", "", "POSIX", "xterm", false},
		{"", "", "de_DE.ISO-8859-1", "xterm", false},
		{"", "", "ja_JP.eucJP", "xterm", false},
		{"", "C.UTF-8", "C", "xterm", true},
		{"C", "C.UTF-8", "C.UTF-8", "xterm", false},
		{"C.UTF-8", "C", "C", "xterm", true},
		{"C.UTF-8", "", "", "linux", false}, // the console has no glyphs for the signs
	} {
		for name, value := range map[string]string{
			"LC_ALL": c.all, "LC_CTYPE": c.ctype, "LANG": c.lang,
			"TERM": c.term,
		} {
			t.Setenv(name, value)
		}
		if got := utf8Locale(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
		if ascii := (&flags{}).style(&bytes.Buffer{}).ASCII; ascii == c.want {
			t.Errorf("%+v: the style is ASCII: %v", c, ascii)
		}
		if !(&flags{ascii: true}).style(&bytes.Buffer{}).ASCII {
			t.Errorf("%+v: --ascii has no effect", c)
		}
	}
}

// In a locale without UTF-8, and with --ascii, no report has a byte above 127.
func TestReportsInASCII(t *testing.T) {
	newHome(t)
	image := calmImage(t)
	for _, form := range []string{"plain", "brief"} {
		flag := call(t, "inspect", image, "--offline", "--no-journal", "-o", form, "--ascii")
		t.Setenv("LC_ALL", "C")
		locale := call(t, "inspect", image, "--offline", "--no-journal", "-o", form)
		t.Setenv("LC_ALL", "C.UTF-8")
		for how, o := range map[string]outcome{"--ascii": flag, "LC_ALL=C": locale} {
			if at := strings.IndexFunc(o.out, func(r rune) bool { return r > 127 }); at >= 0 {
				t.Errorf("%s, %s: there is %.20q", form, how, o.out[at:])
			}
			o.wants(t, exitPassed)
		}
	}
}

// Every form goes to stdout whole, and into a pipe without colors, with NO_COLOR or without.
func TestTheFormsOfACase(t *testing.T) {
	newHome(t)
	image := calmImage(t)
	for form, begins := range map[string]string{
		"plain": "", "brief": "", "json": "{\n  \"schema\": \"backtrail.dev/case/v1\"", "events": `{"seq":1,`,
		"markdown": "# ", "html": "<!DOCTYPE html>",
	} {
		o := call(t, "inspect", image, "--offline", "--no-journal", "-o", form)
		o.wants(t, exitPassed)
		if !strings.HasPrefix(o.out, begins) || strings.Contains(o.out, "\x1b") || !strings.HasSuffix(o.out, "\n") {
			t.Errorf("%s: %.200q", form, o.out)
		}
		if strings.Contains(o.err, "backtrail: ") || strings.Contains(o.err, "warning: ") {
			t.Errorf("%s: a calm case has no warning: %s", form, o.err)
		}
	}
}

// Each line of the events is one event, in order, chained, and folds to the case that JSON shows.
func TestEventsFoldToTheCase(t *testing.T) {
	newHome(t)
	image := calmImage(t)
	events := call(t, "inspect", image, "--offline", "--no-journal", "-o", "events")
	var folded, printed inspect.Case
	n := uint64(0)
	for line := range strings.Lines(events.out) {
		var e inspect.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if _, is := e.Fact.(inspect.Progress); is { // the only kind that is not recorded
			continue
		}
		if n++; e.Seq != n {
			t.Fatalf("event %d stands at %d", e.Seq, n)
		}
		folded.Apply(e)
	}
	o := call(t, "inspect", image, "--offline", "--no-journal", "-o", "json")
	if err := json.Unmarshal([]byte(o.out), &printed); err != nil {
		t.Fatal(err)
	}
	if len(folded.Images) != 1 || len(printed.Images) != 1 || folded.Images[0].Digest != printed.Images[0].Digest {
		t.Fatalf("images %+v and %+v", folded.Images, printed.Images)
	}
	if len(folded.Checks) != len(printed.Checks) || len(folded.Checks) < 10 {
		t.Errorf("the events have %d checks, JSON %d", len(folded.Checks), len(printed.Checks))
	}
}

// A character that is cut in two by a Write comes out as one, and every character as one column.
func TestASCIIKeepsTheColumns(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                 "plain",
		"a · b – c … d → e × 2": "a - b - c ~ d > e x 2",
		"/srv/café/日本":          "/srv/caf?/??",
		"esc ␛[31m":             "esc ?[31m",
		"│ 1 layer │":           "| 1 layer |",
	} {
		for size := 1; size <= len(text); size++ {
			var b bytes.Buffer
			w := &asciiWriter{w: &b}
			for part := []byte(text); len(part) > 0; part = part[min(size, len(part)):] {
				if n, err := w.Write(part[:min(size, len(part))]); err != nil || n != min(size, len(part)) {
					t.Fatalf("%q: %d bytes were taken in (%v)", text, n, err)
				}
			}
			if b.String() != want {
				t.Errorf("%q in parts of %d bytes: %q", text, size, b.String())
			}
		}
	}
}

// running is a case in which checks run.
func running(names ...string) *inspect.Case {
	c := &inspect.Case{}
	for _, n := range names {
		c.Apply(inspect.Event{Check: n, Container: "app", Fact: inspect.Begin{}})
		c.Apply(inspect.Event{Check: n, Container: "app", Fact: inspect.Progress{Done: 41, Total: 100, Unit: "files"}})
	}
	return c
}

// The line of progress is drawn over itself, fits a terminal of 80 columns, and leaves nothing behind.
func TestProgressLine(t *testing.T) {
	var b bytes.Buffer
	p := &progress{w: &b}
	p.show(running("layers", "packages"), inspect.Event{})
	if got, want := b.String(), "\r\x1b[Klayers 41% · packages 41%"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.show(running("layers"), inspect.Event{})
	if strings.Count(b.String(), "\r") != 1 {
		t.Errorf("it is drawn again at once: %q", b.String())
	}
	p.clear()
	if !strings.HasSuffix(b.String(), "\r\x1b[K") {
		t.Errorf("it stays: %q", b.String())
	}
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf("check-%02d", i))
	}
	b.Reset()
	(&progress{w: &b}).show(running(many...), inspect.Event{})
	if line := []rune(strings.TrimPrefix(b.String(), "\r\x1b[K")); len(line) != 76 || line[75] != '…' {
		t.Errorf("%d columns: %s", len(line), string(line))
	}
}

// Where stderr is no terminal nothing is drawn: a log file is not for escape sequences.
func TestNoProgressWithoutATerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p := newProgress(file, &flags{})
	p.show(running("layers"), inspect.Event{})
	p.clear()
	(&auditProgress{progress: p}).show(audit.Progress{Done: 1, Total: 2, Now: opened})
	if info, err := file.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("%d bytes were drawn (%v)", info.Size(), err)
	}
	if columns := columnsOf(file); columns != 0 {
		t.Errorf("a file is %d columns wide", columns)
	}
}

func TestProgressOfAnAudit(t *testing.T) {
	var b bytes.Buffer
	p := &auditProgress{progress: &progress{w: &b}}
	for _, c := range []struct {
		done, reused, seconds int
		want                  string
	}{
		{0, 0, 1, "0 of 10 images"},
		{1, 0, 1, ""}, // at once after the line before
		{4, 2, 3, "4 of 10 images (2 from before), 9 s left"},
		{10, 2, 3, "10 of 10 images (2 from before)"}, // the end is always drawn
	} {
		b.Reset()
		p.show(audit.Progress{
			Done: c.done, Total: 10, Reused: c.reused, Began: opened,
			Now: opened.Add(time.Duration(c.seconds) * time.Second),
		})
		if got := strings.TrimPrefix(b.String(), "\r\x1b[K"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
