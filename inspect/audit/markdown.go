package audit

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
)

// Markdown writes the report for a ticket or a pull request. Foreign text is cleaned and cannot make markup.
func (r *Report) Markdown(w io.Writer, s Style) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Audit\n\n%s\n", plainMarkdown(r.Summary()))
	s.Color, s.ASCII = false, false
	var shown []column
	for _, c := range columns() {
		if !c.wide {
			shown = append(shown, c)
		}
	}
	if len(r.Rows) > 0 {
		b.WriteString("\n")
		for _, c := range shown {
			b.WriteString("| " + strings.ToLower(c.head) + " ")
		}
		b.WriteString("|\n" + strings.Repeat("| --- ", len(shown)) + "|\n")
	}
	for i := range r.Rows {
		for _, c := range shown {
			b.WriteString("| " + plainMarkdown(c.cell(&r.Rows[i], s)) + " ")
		}
		b.WriteString("|\n")
	}
	r.list(&b, "Why", func(add func(string)) {
		for i := range r.Rows {
			for _, reason := range r.Rows[i].why() {
				add(r.Rows[i].Name() + ": " + reason)
			}
		}
	})
	r.list(&b, "Changes", func(add func(string)) {
		for _, c := range r.Changes {
			add(c.Sentence())
		}
	})
	r.list(&b, "Not looked at", func(add func(string)) {
		for _, g := range r.NotLookedAt {
			add(g.What + ": " + g.Reason)
		}
	})
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing Markdown: %w", err)
	}
	return nil
}

// list writes a heading with its items, nothing where there are none.
func (r *Report) list(b *bytes.Buffer, title string, each func(add func(string))) {
	first := true
	each(func(item string) {
		if first {
			fmt.Fprintf(b, "\n## %s\n\n", title)
			first = false
		}
		b.WriteString("- " + plainMarkdown(item) + "\n")
	})
}

// markup are the characters that Markdown gives a meaning to (CommonMark, "Backslash escapes": any ASCII punctuation
// may be escaped), HTML, character references and the mentions of GitHub included.
const markup = "\\`*_{}[]<>()#+-!|~@&$"

// GitHub makes links of bare addresses, with a scheme or with www (GFM, "Autolinks (extension)"). A backslash before
// the colon or the point ends that, and is not shown.
var bareLink = regexp.MustCompile(`(?i)(www)\.|:(//)`)

// plainMarkdown is foreign text that shows as it is. Between two letters or digits most characters have no meaning, and
// digests and names stay readable without a backslash before each.
func plainMarkdown(s string) string {
	var b strings.Builder
	s = text.Clean(s)
	for i, r := range s {
		// All that markup begins with is ASCII, so bytes are compared: in UTF-8 no byte of a longer character is below
		// 0x80.
		inside := i > 0 && i < len(s)-1 && wordly(s[i-1]) && wordly(s[i+1])
		if strings.ContainsRune(markup, r) && !(inside && strings.ContainsRune("-+()#!{}", r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return bareLink.ReplaceAllStringFunc(b.String(), func(found string) string {
		at := strings.IndexAny(found, ".:")
		return found[:at] + `\` + found[at:]
	})
}

// wordly reports a letter or a digit.
func wordly(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
