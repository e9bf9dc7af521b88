package audit

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page, its style and its script
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// page is what the template draws.
type page struct {
	Policy  string // Content-Security-Policy
	Style   template.CSS
	Script  template.JS
	Title   string
	Summary string
	Counts  []pageCount
	Head    []string
	Rows    []pageRow
	Changes []string
	Gaps    []Gap
	Data    []Data
}

// pageCount is a number at the top of the page. Class is the style of its value where that is not 0: bad, unknown or
// none.
type pageCount struct {
	Name  string
	Value int
	Class string
}

// pageRow is a row of the table. Why is shown below it, and is what the search of the page finds too.
type pageRow struct {
	Class string
	Cells []string
	Why   string
}

// HTML writes the report as one file: a table that sorts and filters in the browser without any request, and that is
// read and printed without its script too. Foreign text is escaped, and the page's policy allows its own style and
// script only, by their hashes.
func (r *Report) HTML(w io.Writer, s Style) error {
	t, err := template.New("audit").Parse(pageText)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	p := page{
		// Content Security Policy Level 3: default-src none refuses every request, base-uri and form-action keep
		// injected markup from redirecting those of the page. Style and script are allowed by hash, so that a script in
		// foreign text, were it ever unescaped, would still not run.
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hashOf(pageStyle) +
			"; script-src " + hashOf(pageScript),
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // embedded in this program
		Title:   "Audit of " + text.Clean(strings.Join(r.Scope.Contexts, ", ")),
		Summary: r.Summary(), Gaps: cleanGaps(r.NotLookedAt), Counts: r.counts(),
	}
	for _, c := range r.Changes {
		p.Changes = append(p.Changes, text.Clean(c.Sentence()))
	}
	for _, d := range r.Data {
		p.Data = append(p.Data, Data{Source: text.Clean(d.Source), Digest: text.Clean(d.Digest), Date: d.Date})
	}
	s.Color, s.ASCII, s.Wide = false, false, true
	for _, c := range columns() {
		if c.head != "" {
			p.Head = append(p.Head, c.head)
		}
	}
	for i := range r.Rows {
		p.Rows = append(p.Rows, r.Rows[i].page(s))
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("drawing the page: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// page is a row of the page.
func (r *Row) page(s Style) pageRow {
	p := pageRow{Class: "ok", Why: text.Clean(strings.Join(r.why(), "; "))}
	switch {
	case r.State != Done:
		p.Class = "unknown"
	case r.Level == Block || r.Allowed == No:
		p.Class = "bad"
	case r.Level == Warn || r.Allowed == Unknown:
		p.Class = "unknown"
	}
	for _, c := range columns() {
		if c.head != "" {
			p.Cells = append(p.Cells, text.Clean(c.cell(r, s)))
		}
	}
	return p
}

// counts are the numbers at the top of the page.
func (r *Report) counts() []pageCount {
	no, open, ended, injected, moved := 0, 0, 0, 0, 0
	for i := range r.Rows {
		row := &r.Rows[i]
		no += flag(row.Allowed == No)
		open += flag(row.Allowed == Unknown)
		ended += flag(len(row.Advisories) > 0)
		injected += flag(row.Injected != nil && *row.Injected)
		moved += flag(row.TagMoved != nil && *row.TagMoved)
	}
	return []pageCount{
		{"containers", len(r.Rows), ""},
		{"not allowed", no, "bad"},
		{"not known", open, "unknown"},
		{"known compromises", ended, "bad"},
		{"injected", injected, ""},
		{"moved tags", moved, ""},
		{"not checked", r.Books.NotChecked + r.Books.Failed, "unknown"},
	}
}

// cleanGaps are gaps as they are shown.
func cleanGaps(all []Gap) []Gap {
	clean := make([]Gap, len(all))
	for i, g := range all {
		clean[i] = Gap{What: text.Clean(g.What), Reason: text.Clean(g.Reason)}
	}
	return clean
}

// hashOf is the source of a policy that allows exactly one text.
func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
