package report

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/net/html"

	"github.com/backtrail/backtrail/inspect"
)

// names are what an attacker may call a pod, a path, a signer or a finding, so that a report reads otherwise than it
// was written.
var names = []string{
	"</code></td></tr></table><script>alert(1)</script>", `"><img src=x onerror=alert(1)>`,
	"<!-- --><style>*{display:none}</style>",
	"| ✓ verified | all is well |", "\n# No problems found\n", "```\n# No problems found\n```",
	"[click](javascript:alert(1))",
	"![](https://evil.example/beacon.png)", "<https://evil.example>", "https://evil.example/?q=1", "www.evil.example",
	"@everyone #1 ~~gone~~", "\x1b[2J\x1b[1;1H✓ no problems found", "a\u202Egpj.exe", "\u200b\u200b", "{{.Status}}",
	"${HOME}$(id)`id`",
	"\\|\\`\\<", strings.Repeat("W", 5000), strings.Repeat("é\u0301", 300), "日本語のパス名/" + strings.Repeat("幅", 200),
	"\xff\xfe\x00",
	"  - [x] marked benign", "---", "&lt;b&gt;", "-->", "<a href=\"data:text/html,x\">",
}

// hostile is the incident with a name in every place that an attacker can fill.
func hostile(name string) inspect.Case {
	c := incidentCase()
	for n := range c.Findings {
		c.Findings[n].Title, c.Findings[n].Detail, c.Findings[n].Subject = name, name, "web:/"+name
	}
	for n := range c.Alerts {
		a := &c.Alerts[n]
		a.Rule, a.Output, a.Path, a.File.Path, a.File.Detail, a.Priority = name, name, name, name, name, name
	}
	for n := range c.Images {
		i := &c.Images[n]
		i.Reference, i.Location, i.Platform, i.Detail = name, name, name, name
		for l := range i.Layers {
			i.Layers[l].CreatedBy = name
		}
		for s := range i.Signatures {
			i.Signatures[s].Identity, i.Signatures[s].Issuer, i.Signatures[s].Notes = name, name, []string{name}
		}
		for p := range i.Provenance {
			i.Provenance[p].Builder, i.Provenance[p].Source, i.Provenance[p].Commit = name, name, name
		}
		for b := range i.Binaries {
			i.Binaries[b].Path, i.Binaries[b].Owner, i.Binaries[b].Detail = name, name, name
		}
	}
	if c.Pod != nil {
		pod := *c.Pod
		pod.Name, pod.Node = name, name
		c.Pod = &pod
	}
	c.Target.Name, c.Target.Context = name, name
	c.Notes = append(c.Notes, inspect.Note{Subject: name, Text: name, Author: name})
	return c
}

// A report may hold any name as text. None becomes an element, an attribute, a link or a comment of the page: the page
// of a hostile case has the elements of the page of an honest one, and nothing that loads or runs.
func TestThePageHasNoElementOfAName(t *testing.T) {
	honest := elements(t, hostile("web"))
	for _, name := range names {
		found := elements(t, hostile(name))
		for tag := range found {
			if _, known := honest[tag]; !known {
				t.Errorf("with the name %.40q the page has the element %s", name, tag)
			}
		}
		if found["comment"] != honest["comment"] || found["style"] != honest["style"] {
			t.Errorf("with the name %.40q the page has %d comments and %d styles", name, found["comment"],
				found["style"])
		}
	}
}

// elements counts the elements of the page of a case, as a browser reads it.
func elements(t *testing.T, c inspect.Case) map[string]int {
	t.Helper()
	var page bytes.Buffer
	if err := HTML(&page, c); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	z := html.NewTokenizer(&page)
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return count
		case html.CommentToken:
			count["comment"]++
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			count[token.Data]++
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" {
					count[token.Data+" "+a.Key]++
				}
			}
		default:
		}
	}
}

// In Markdown a name stays text of its place: no heading, no image, no link, no HTML, no row of its own.
func TestMarkdownKeepsNamesInTheirPlace(t *testing.T) {
	for _, name := range names {
		var b bytes.Buffer
		if err := Markdown(&b, hostile(name)); err != nil {
			t.Fatal(err)
		}
		fence := ""
		for line := range strings.Lines(b.String()) {
			line = strings.TrimRight(line, "\n")
			if ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]; len(ticks) >= 3 && (fence == "" ||
				line == fence) {
				if fence = ticks; line == ticks && fence != "" && len(ticks) == len(line) {
					fence = ""
				}
				continue
			}
			if fence != "" {
				continue // a block of code shows what it has
			}
			plain := spans.ReplaceAllString(line, "_")
			for _, live := range []string{
				"<script", "<img", "<a ", "<style", "<!--", "](", "![", "://evil",
				"www.evil", "@everyone",
			} {
				if strings.Contains(plain, live) {
					t.Errorf("with the name %.40q the report has %q in %.120q", name, live, line)
				}
			}
			if strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "# backtrail: ") {
				t.Errorf("with the name %.40q the report has the heading %q", name, line)
			}
			if cells := strings.Count(plain, "|"); strings.HasPrefix(line, "| ") &&
				cells < 3 {
				t.Errorf("with the name %.40q a row is %q", name, line)
			}
		}
		if fence != "" {
			t.Errorf("with the name %.40q a block of code has no end", name)
		}
	}
}

// On a terminal no name draws, moves the cursor or turns text around, every form is valid UTF-8, and a brief keeps its
// size.
func TestNamesOnATerminal(t *testing.T) {
	for _, name := range names {
		c := hostile(name)
		for form, write := range map[string]func(io.Writer) error{
			"plain":    func(w io.Writer) error { return Plain(w, c, Style{}) },
			"ascii":    func(w io.Writer) error { return Plain(w, c, Style{ASCII: true}) },
			"steps":    func(w io.Writer) error { return Steps(w, c, Style{}) },
			"markdown": func(w io.Writer) error { return Markdown(w, c) },
			"page":     func(w io.Writer) error { return HTML(w, c) },
			"brief":    func(w io.Writer) error { _, err := io.WriteString(w, Brief(c, Style{})); return err },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if !utf8.Valid(b.Bytes()) {
				t.Errorf("%s with the name %.40q is no UTF-8", form, name)
			}
			if strings.ContainsAny(b.String(), "\x1b\x07\x00\r\u009b\u202e\u200b") {
				t.Errorf("%s with the name %.40q draws", form, name)
			}
		}
		rows := strings.Split(strings.TrimSuffix(Brief(c, Style{}), "\n"), "\n")
		for _, row := range rows {
			if ansi.StringWidth(row) > BriefColumns {
				t.Errorf("with the name %.40q a row of the brief has %d columns", name, ansi.StringWidth(row))
			}
		}
		if len(rows) > BriefLines {
			t.Errorf("with the name %.40q the brief has %d rows", name, len(rows))
		}
	}
}

// The newest mark of a person counts: what was taken for benign in the first minutes may be marked again.
func TestTheNewestMarkCounts(t *testing.T) {
	a := inspect.Alert{ID: "a1", File: inspect.AlertFile{Path: "/x"}}
	at := func(n int) inspect.Time { return inspect.At(time.Date(2026, 3, 1, 8, n, 0, 0, time.UTC)) }
	for want, marks := range map[string][]inspect.Note{
		"! marked malicious": {{Subject: "a1", Mark: "benign"}, {Subject: "/x", Mark: "malicious"}},
		"! open":             {{Subject: "a1", Mark: "benign"}, {Subject: "a1", Mark: "open"}},
		"! marked benign": {{Subject: "a1", Mark: "open"}, {Subject: "/x", Mark: "benign"}, {
			Subject: "a1",
			Text:    "sure",
		}},
	} {
		var c inspect.Case
		for n, m := range marks {
			m.Time = at(n)
			c.Apply(inspect.Event{Fact: m})
		}
		if got := alertMark(c, a); got != want {
			t.Errorf("%+v: %q, want %q", marks, got, want)
		}
	}
}

// A user and a password in a URL are left out, whatever characters the password has; the rest of the text stays.
func TestLoginsInURLsAreLeftOut(t *testing.T) {
	for text, want := range map[string]string{
		"git+https://u:p@h/r":            "git+https://…@h/r",
		"https://u:p@ss@h/r":             "https://…@h/r",
		"https://token@h":                "https://…@h",
		"https://h/a@b":                  "https://h/a@b",
		"https://h/r and ops@example":    "https://h/r and ops@example",
		"ops@example.com":                "ops@example.com",
		"oci://registry/app@sha256:0000": "oci://registry/app@sha256:0000",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// A table keeps its digests and paths whole as long as prose can give way, and no row is wider than a terminal.
func TestTablesGiveWayToWhatIsCopied(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	word := func() string { return strings.Repeat("w", 1+r.IntN(30)) }
	for range 200 {
		tab := table{head: []string{"digest", "what", "why"}}
		digest := "sha256:" + strings.Repeat("0", 12)
		for range 1 + r.IntN(4) {
			prose := strings.TrimSpace(strings.Repeat(word()+" ", r.IntN(12)))
			tab.rows = append(tab.rows, []cell{codeCell(digest), plainCell(prose), statusCell(inspect.Unknown, word())})
		}
		p := &printer{}
		p.table(tab)
		text := p.b.String()
		if strings.Count(text, digest) != len(tab.rows) {
			t.Fatalf("a digest was broken:\n%s", text)
		}
		for line := range strings.Lines(text) {
			if w := ansi.StringWidth(strings.TrimRight(line, "\n")); w > tableColumns {
				t.Fatalf("a row has %d columns:\n%s", w, text)
			}
		}
	}
}

// Wrapping loses no word and repeats none, and the last of the lines that are allowed holds the rest.
func TestWrappingKeepsEveryWord(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		var words []string
		for range r.IntN(40) {
			words = append(words, strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(12)))
		}
		width, most := 5+r.IntN(40), 1+r.IntN(6)
		lines := wrap(strings.Join(words, " "), width, most)
		if len(lines) > most || strings.Join(strings.Fields(strings.Join(lines, " ")), " ") != strings.Join(words,
			" ") {
			t.Fatalf("%q in %d lines of %d columns became %q", words, most, width, lines)
		}
		for n, line := range lines {
			if n < most-1 && len(line) > width && strings.Contains(line, " ") {
				t.Fatalf("the line %q has more than %d columns", line, width)
			}
		}
	}
}

// Lists are cut at their bound and not below it, and what is left out is counted.
func TestRowsAtTheirBound(t *testing.T) {
	for rows, more := range map[int]string{
		maxRows - 1: "", maxRows: "", maxRows + 1: "and 1 more",
		maxRows + 30: "and 30 more",
	} {
		s := section{title: "x"}
		tab := table{head: []string{"a"}}
		for n := range rows {
			tab.rows = append(tab.rows, []cell{plainCell(fmt.Sprint(n))})
		}
		s.table(tab)
		p := &printer{}
		p.section(s)
		text := p.b.String()
		if strings.Contains(text, "more: -o json") != (more != "") || !strings.Contains(text, more) {
			t.Errorf("of %d rows: %s", rows, text[max(0, len(text)-120):])
		}
	}
	for n, want := range map[int]string{1: "a 0: why", 4: "a 0, a 1, a 2, a 3", 5: "a 0, a 1, a 2, a 3 and 1 more"} {
		var list []string
		for at := range n {
			list = append(list, fmt.Sprintf("a %d: why", at))
		}
		if got := count(list); got != want {
			t.Errorf("%d things that were not checked are %q, want %q", n, got, want)
		}
	}
}

// ExampleBrief is what is pasted into the channel of an incident.
func ExampleBrief() {
	c := fold(header(inspect.TargetImage, "registry.example/web:1"), image("image", inspect.Verified),
		ended("layers", "image", inspect.CheckDone, ""), inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}})
	first, _, _ := strings.Cut(Brief(c, Style{}), "\n")
	fmt.Println(first)
	// Output:
	// case   20261123T031204Z-web-1 · no problems found
}
