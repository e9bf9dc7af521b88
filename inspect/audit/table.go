package audit

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// column is a column of the table.
type column struct {
	head string
	wide bool // only in the wide form
	cell func(row *Row, s Style) string
	// how narrow it may become; 0: it is never cut
	least int
	// when it gives way where a terminal is too narrow for all, the lowest first; 0: never
	drop int
}

// columns are those of the table in their order. Signer, image and workload stay whatever the width: they are the
// question. What gives way is in the wide form and in JSON.
func columns() []column {
	return []column{
		{head: "", cell: func(r *Row, s Style) string { return s.sign(r) }},
		{head: "CLUSTER", wide: true, cell: func(r *Row, _ Style) string { return r.Cluster }},
		{head: "NAMESPACE", least: 8, cell: func(r *Row, _ Style) string { return r.Namespace }},
		{head: "WORKLOAD", least: 12, cell: func(r *Row, _ Style) string { return r.Workload }},
		{head: "CONTAINER", least: 8, cell: func(r *Row, _ Style) string { return containerWord(r) }},
		{head: "PODS", wide: true, cell: func(r *Row, _ Style) string { return strconv.Itoa(r.Pods) }},
		{head: "IMAGE", least: 14, cell: func(r *Row, s Style) string {
			if s.Wide {
				return r.Reference + " " + r.Digest
			}
			return imageName(r)
		}},
		{head: "SIGNED BY", least: 10, cell: func(r *Row, _ Style) string { return signerWord(r) }},
		{head: "PROVENANCE", drop: 2, least: 8, cell: func(r *Row, s Style) string {
			if s.Wide && r.Source != "" {
				return statusWord(r.Provenance) + ": " + r.Source
			}
			return statusWord(r.Provenance)
		}},
		{head: "SBOM", wide: true, cell: func(r *Row, _ Style) string { return statusWord(r.SBOM) }},
		{head: "BASE", drop: 4, least: 8, cell: func(r *Row, s Style) string { return baseWord(r, s.Now) }},
		{head: "TAG", drop: 3, cell: func(r *Row, _ Style) string { return tagWord(r) }},
		{
			head: "ADVISORIES", drop: 1, least: 6,
			cell: func(r *Row, _ Style) string { return strings.Join(r.Advisories, " ") },
		},
		{
			head: "VULNERABILITIES", wide: true,
			cell: func(r *Row, _ Style) string { return vulnWord(r.Vulnerabilities) },
		},
		{head: "FINDINGS", drop: 5, cell: func(r *Row, _ Style) string { return r.Findings.String() }},
		{head: "ALLOWED", cell: func(r *Row, _ Style) string { return string(r.Allowed) }},
		{head: "SINCE", wide: true, cell: func(r *Row, _ Style) string { return timeWord(r.Since) }},
	}
}

// String is critical/high/medium, empty where there are none.
func (f Findings) String() string {
	if f == (Findings{}) {
		return "-"
	}
	return fmt.Sprintf("%d/%d/%d", f.Critical, f.High, f.Medium)
}

// containerWord is a container with how it came to be in its pod.
func containerWord(r *Row) string {
	if r.Injected != nil && *r.Injected {
		return r.Container + " (injected)"
	}
	if r.Type == "ephemeral" {
		return r.Container + " (debug)"
	}
	return r.Container
}

// timeWord is a time, empty where it is not known.
func timeWord(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04Z")
}

// Table writes the rows, what keeps them from being allowed, what has changed, and what was not looked at. Foreign text
// is cleaned.
func (r *Report) Table(w io.Writer, s Style) error {
	var b bytes.Buffer
	if len(r.Rows) == 0 {
		b.WriteString("no running containers\n")
	}
	writeTable(&b, r.Rows, s)
	r.reasons(&b, s)
	if len(r.Changes) > 0 {
		b.WriteString("\nCHANGES\n")
		for _, c := range r.Changes {
			s.line(&b, 2, text.Clean(c.Sentence()))
		}
	}
	if len(r.NotLookedAt) > 0 {
		b.WriteString("\nNOT LOOKED AT\n")
		for _, g := range r.NotLookedAt {
			s.line(&b, 2, text.Clean(g.What)+": "+text.Clean(g.Reason))
		}
	}
	b.WriteString("\n")
	s.line(&b, 0, r.Summary())
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// Summary is the books in a sentence. It is what a person reads of a nightly audit: how many are not allowed, how many
// are not known, and whether every container is accounted for. Numbers only, no foreign text.
func (r *Report) Summary() string {
	var no, unknown, block int
	images := map[string]bool{}
	for i := range r.Rows {
		row := &r.Rows[i]
		images[row.Digest] = true
		switch row.Allowed {
		case No:
			no++
		case Unknown:
			unknown++
		default:
		}
		if row.Level == Block {
			block++
		}
	}
	b := r.Books
	text := fmt.Sprintf("%s of %s: %d not allowed, %d unknown, %d past a blocking threshold · listed %d = done %d + "+
		"failed %d + not checked %d + skipped %d", text.Count(len(r.Rows), "container"), text.Count(len(images),
		"image"), no,
		unknown, block, b.Listed, b.Done, b.Failed, b.NotChecked, b.Skipped)
	if !b.Balanced() {
		text += " DOES NOT ADD UP"
	}
	return text
}

// reasons writes why rows are not allowed or were not checked, once for each reason.
func (r *Report) reasons(b *bytes.Buffer, s Style) {
	type group struct {
		text string
		rows []string
	}
	var order []*group
	groups := map[string]*group{}
	for i := range r.Rows {
		row := &r.Rows[i]
		for _, reason := range row.why() {
			g := groups[reason]
			if g == nil {
				g = &group{text: reason}
				groups[reason] = g
				order = append(order, g)
			}
			g.rows = append(g.rows, row.Name())
		}
	}
	if len(order) > 0 {
		b.WriteString("\nWHY\n")
	}
	for _, g := range order {
		s.line(b, 2, text.Clean(g.text))
		for n, name := range g.rows {
			if n == maxNamed {
				s.line(b, 6, fmt.Sprintf("and %d more", len(g.rows)-n))
				break
			}
			s.line(b, 6, text.Clean(name))
		}
	}
}

// maxNamed bounds the rows that are named below one reason in print.
const maxNamed = 5

// why is what a person should know of a row, worst first.
func (r *Row) why() []string {
	if r.State != Done {
		return []string{"not checked: " + r.Reason}
	}
	if r.Level == Block || r.Level == Warn || r.Allowed == No { // a waiver gives its reason too
		return r.Crossed
	}
	if r.Allowed == Unknown {
		return []string{"not known whether it is allowed: " + r.Reason}
	}
	return nil
}

// writeTable draws the columns that have something in them, within the width.
func writeTable(b *bytes.Buffer, rows []Row, s Style) {
	if len(rows) == 0 {
		return
	}
	var shown []column
	var cells [][]string // by column
	for _, c := range columns() {
		if c.wide && !s.Wide {
			continue
		}
		list, filled := []string{c.head}, false
		for i := range rows {
			word := c.cell(&rows[i], s)
			if c.head != "" { // the sign has color
				word = text.Clean(word)
			}
			filled = filled || word != ""
			list = append(list, word)
		}
		if filled {
			shown, cells = append(shown, c), append(cells, list)
		}
	}
	// Columns give way one after the other, and the others are fitted anew each time: one that is gone may leave its
	// width to the rest.
	widths := fitted(shown, cells, s)
	for tooWide(widths, s) {
		at := firstToDrop(shown)
		if at < 0 {
			break
		}
		shown, cells = slices.Delete(shown, at, at+1), slices.Delete(cells, at, at+1)
		widths = fitted(shown, cells, s)
	}
	for n := range len(rows) + 1 {
		var line strings.Builder
		for at := range shown {
			word := fit(cells[at][n], widths[at])
			line.WriteString(word)
			line.WriteString(strings.Repeat(" ", widths[at]-width(word)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// fitted are the widths of columns: as wide as their widest cell, the widest made narrower until a line fits.
func fitted(shown []column, cells [][]string, s Style) []int {
	widths, sum := make([]int, len(shown)), 0
	for at, list := range cells {
		for _, word := range list {
			widths[at] = max(widths[at], width(word))
		}
		sum += widths[at] + 2
	}
	// One column of the widest at a time: columns come out as equal as their contents allow, and the loop ends after at
	// most as many steps as the line is too wide.
	for s.Width > 0 && !s.Wide && sum-2 > s.Width {
		widest := -1
		for at, c := range shown {
			if c.least > 0 && widths[at] > c.least && (widest < 0 || widths[at] > widths[widest]) {
				widest = at
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		sum--
	}
	return widths
}

// tooWide reports whether a line of columns does not fit.
func tooWide(widths []int, s Style) bool {
	sum := 0
	for _, w := range widths {
		sum += w + 2
	}
	return s.Width > 0 && !s.Wide && sum-2 > s.Width
}

// firstToDrop is the column that gives way first, -1 where none does.
func firstToDrop(shown []column) int {
	at := -1
	for n, c := range shown {
		if c.drop > 0 && (at < 0 || c.drop < shown[at].drop) {
			at = n
		}
	}
	return at
}
