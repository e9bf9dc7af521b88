package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
	"golang.org/x/term"
)

// outputs are the forms of a printed case. events is the ledger, a line of JSON for each event as it comes; all others
// are folded from it at the end.
var outputs = []string{"plain", "brief", "json", "events", "markdown", "html"}

// checkOutput refuses a form that the command does not print. It is called before any work is done. An empty form is
// the command's own, the first of those that are known.
func (f *flags) checkOutput(known ...string) error {
	if f.output != "" && !slices.Contains(known, f.output) {
		return usage("-o %s is not known here; there are: %v", f.output, known)
	}
	return nil
}

// printCase writes a settled case in the form that was asked for. Events were printed as they came.
func (f *flags) printCase(w io.Writer, c inspect.Case) error {
	switch f.output {
	case "events":
		return nil
	case "json":
		b, err := verdict.Encode(c)
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	case "brief":
		_, err := fmt.Fprintln(f.textTo(w), report.Brief(c, f.style(w)))
		return err
	case "markdown":
		return report.Markdown(w, c)
	case "html":
		return report.HTML(w, c)
	default:
		return report.Plain(f.textTo(w), c, f.style(w))
	}
}

// style describes how text is drawn on w. Colors need a terminal, and are switched off by any value of NO_COLOR
// (https://no-color.org), by TERM=dumb and by --no-color.
func (f *flags) style(w io.Writer) report.Style {
	return report.Style{Now: time.Now(), ASCII: f.ascii || !utf8Locale(), Color: !f.noColor &&
		os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)}
}

// textTo is w for text that people read: in ASCII where the style of w is.
func (f *flags) textTo(w io.Writer) io.Writer {
	if f.style(w).ASCII {
		return &asciiWriter{w: w}
	}
	return w
}

// asciiWriter writes text of UTF-8 in ASCII.
type asciiWriter struct {
	w    io.Writer
	rest []byte // the begin of a character whose end is in the next Write
}

// Write takes in all of p, also where the last character of it is cut in two.
func (a *asciiWriter) Write(p []byte) (int, error) {
	text := append(a.rest, p...)
	whole := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				whole -= n
			}
			break
		}
	}
	a.rest = slices.Clone(text[whole:])
	if _, err := io.WriteString(a.w, inASCII(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// inASCII replaces every other character by one of ASCII, so that the columns of tables stay: signs of typography by
// what is like them, all others by ?, as ls(1) shows them in such a locale.
func inASCII(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case strings.ContainsRune("·–—‑•─", r):
			return '-'
		case r == '…':
			return '~'
		case r == '→':
			return '>'
		case r == '←':
			return '<'
		case r == '×':
			return 'x'
		case strings.ContainsRune("│┃", r):
			return '|'
		default:
			return '?'
		}
	}, s)
}

// utf8Locale reports whether the environment's encoding is UTF-8: that of the first of LC_ALL, LC_CTYPE and LANG that
// is set (POSIX, Base Definitions, section 8.2). Without any locale, as in a container, it is taken to be. The console
// of Linux (TERM=linux) has a font of 512 glyphs at most, and the signs are not among them.
func utf8Locale() bool {
	if os.Getenv("TERM") == "linux" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return isUTF8(v)
		}
	}
	return true
}

// isTerminal reports whether a stream is a terminal. Anything that is not a file is none, such as the buffer of a test.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// interactive reports whether the terminal UI can be shown. Where alerts come by stdin its keys come from the terminal
// itself.
func (f *flags) interactive(std streams) bool {
	return !f.plain && f.output == "" && isTerminal(std.out) && (isTerminal(std.in) || f.stdinAlerts() && hasTerminal())
}

// hasTerminal reports whether the program has a terminal besides its streams: /dev/tty, the controlling terminal. In a
// CI job or a container without -t there is none.
func hasTerminal() bool {
	t, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	return t.Close() == nil
}

// isUTF8 reads the encoding of a locale's name: de_DE.UTF-8. C and POSIX name none.
func isUTF8(locale string) bool {
	_, encoding, ok := strings.Cut(strings.ToLower(locale), ".")
	if !ok {
		return locale != "C" && locale != "POSIX"
	}
	encoding, _, _ = strings.Cut(encoding, "@")
	return encoding == "utf-8" || encoding == "utf8"
}

// writeEvent writes an event as one line of JSON, in the form of the ledger. Line breaks in texts are escaped by JSON.
func writeEvent(w io.Writer, e inspect.Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding event %d: %w", e.Seq, err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// progress shows on stderr what runs, if that is a terminal: one line, drawn over. It is not safe for concurrent use;
// the events of a case come one by one.
type progress struct {
	w     io.Writer // nil: nothing is drawn
	last  time.Time
	drawn bool
	pace  engine.ETA
}

// redrawEvery is the shortest time between two drawings: ten in a second are read as motion, and cost nothing over a
// slow connection.
const redrawEvery = 100 * time.Millisecond

// newProgress draws on w, if that is a terminal. With -o events nothing is drawn: progress is among the events.
func newProgress(w io.Writer, f *flags) *progress {
	if !isTerminal(w) || f.output == "events" {
		return &progress{}
	}
	return &progress{w: w}
}

// show takes in an event that the case has just folded.
func (p *progress) show(c *inspect.Case, e inspect.Event) {
	if p.w == nil {
		return
	}
	now := time.Now()
	p.pace.Note(e, now)
	if now.Sub(p.last) < redrawEvery {
		return
	}
	p.last = now
	var running []string
	for _, s := range c.Checks {
		if !s.Running() {
			continue
		}
		if text := strings.TrimSpace(s.Name + " " + p.pace.Text(c, s.Name, now)); !slices.Contains(running, text) {
			running = append(running, text)
		}
	}
	// A line that is wider than the terminal would wrap, and the next drawing would leave a part of it behind: 76
	// columns fit the 80 of the smallest one that is supported.
	line := strings.Join(running, " · ")
	if r := []rune(line); len(r) > 76 {
		line = string(r[:75]) + "…"
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
	p.drawn = true
}

// clear leaves an empty line behind, on which the report or the next message begins.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// auditProgress shows on stderr how far an audit is, if that is a terminal. Its workers call show at once.
type auditProgress struct {
	*progress
	mu sync.Mutex
}

// show draws the line, unless the last one was drawn just before. The end is always drawn: it shows that all were done.
func (p *auditProgress) show(at audit.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil || at.Now.Sub(p.last) < redrawEvery && at.Done < at.Total {
		return
	}
	p.last, p.drawn = at.Now, true
	line := fmt.Sprintf("%d of %d images", at.Done, at.Total)
	if at.Reused > 0 {
		line += fmt.Sprintf(" (%d from before)", at.Reused)
	}
	if left := at.Left(); left > 0 {
		line += ", " + text.Span(left) + " left"
	}
	_, _ = io.WriteString(p.w, "\r\x1b[K"+line)
}
