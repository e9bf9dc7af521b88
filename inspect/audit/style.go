package audit

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Style describes how text is drawn. Its zero value is ASCII-free text of any width without color.
type Style struct {
	Width int // columns that a line may take; 0: any
	ASCII bool
	Color bool
	Wide  bool      // every column, nothing cut
	Now   time.Time // by which ages are counted
}

// sign is the mark of an answer.
func (s Style) sign(row *Row) string {
	// yellow for what is not known, red for what is past block or not allowed
	at, code := 2, "33"
	switch {
	case row.State != Done:
	case row.Level == Block || row.Allowed == No:
		at, code = 1, "31"
	case row.Allowed == Yes:
		at, code = 0, "2" // nothing was found, which proves nothing: no green
	}
	text := [...]string{"·", "✗", "?"}[at]
	if s.ASCII {
		text = [...]string{".", "X", "?"}[at]
	}
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// shortDigest is a digest as people read it.
func shortDigest(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) < 12 {
		return digest
	}
	return algorithm + ":" + hex[:12]
}

// imageName is the last part of the repository with what runs.
func imageName(row *Row) string {
	before, _, _ := strings.Cut(row.Reference, "@")
	name := before[strings.LastIndexByte(before, '/')+1:]
	if row.Digest == "" {
		return name
	}
	return name + "@" + strings.TrimPrefix(shortDigest(row.Digest), "sha256:")
}

// statusWord is a status as a cell.
func statusWord(s inspect.Status) string {
	switch s {
	case inspect.Verified:
		return "verified"
	case inspect.Failed:
		return "failed"
	case inspect.Absent:
		return "none"
	default:
		return "not checked"
	}
}

// signerWord is who signed, or how it stands.
func signerWord(row *Row) string {
	if row.Signer == "" {
		return statusWord(row.Signature)
	}
	switch row.Signature {
	case inspect.Failed:
		return "not by who should have: " + row.Signer
	case inspect.Verified:
		return "verified: " + row.Signer
	default:
		return row.Signer
	}
}

// baseWord is the base with its age and end.
func baseWord(row *Row, now time.Time) string {
	var parts []string
	if row.Base.Distribution != "" {
		name, _, _ := strings.Cut(row.Base.Distribution, " (")
		parts = append(parts, name)
	} else if row.Base.Name != "" {
		parts = append(parts, row.Base.Name)
	}
	if end := row.Base.EndOfLife; !end.IsZero() && !now.IsZero() && now.After(end.Time) {
		parts = append(parts, "end of life "+end.Format(time.DateOnly))
	} else if age := row.Base.Created; !age.IsZero() && !now.IsZero() && now.After(age.Time) && age.Year() > 2000 {
		parts = append(parts, text.Count(int(now.Sub(age.Time).Hours()/24), "day")+" old")
	}
	return strings.Join(parts, ", ")
}

// tagWord is whether the tag has moved.
func tagWord(row *Row) string {
	switch {
	case row.TagMoved == nil:
		return "?"
	case *row.TagMoved:
		return "moved"
	}
	return "same"
}

// countWord is a count that may not be known.
func countWord(n *int) string {
	if n == nil {
		return "?"
	}
	return fmt.Sprint(*n)
}

// vulnWord is block/warn/log.
func vulnWord(l Levels) string {
	if l.Block == nil && l.Warn == nil && l.Log == nil {
		return "?"
	}
	return countWord(l.Block) + "/" + countWord(l.Warn) + "/" + countWord(l.Log)
}

// Words are the cells of a row as the table words them, for screens that draw a row themselves. They are foreign text.
type Words struct {
	Container, Image, Signer, Provenance, SBOM, Base, Tag, Vulnerabilities, Findings string
}

// Words gives the cells of a row; ages are counted from now.
func (r *Row) Words(now time.Time) Words {
	return Words{
		Container: containerWord(r), Image: imageName(r), Signer: signerWord(r), Provenance: statusWord(r.Provenance),
		SBOM: statusWord(r.SBOM), Base: baseWord(r, now), Tag: tagWord(r),
		Vulnerabilities: vulnWord(r.Vulnerabilities), Findings: r.Findings.String(),
	}
}

// Why is what a person should know of a row, worst first: what crosses a threshold, why it was not checked, or why it
// is not known whether it may run. It is empty where nothing is to be done.
func (r *Row) Why() []string { return r.why() }

// width is how many columns a text takes.
func width(text string) int { return ansi.StringWidth(text) }

// fit cuts a text to a width.
func fit(text string, columns int) string {
	if width(text) <= columns {
		return text
	}
	return ansi.Truncate(text, columns, "…")
}

// hang is how much further than its first line the rest of an item is indented.
const hang = 2

// line writes a text behind an indent, broken between words where the terminal is too narrow. The wide form and a pipe
// get one line each, which grep and sort work on.
func (s Style) line(b *bytes.Buffer, indent int, text string) {
	for n, part := range s.broken(indent, text) {
		at := indent
		if n > 0 {
			at += hang
		}
		b.WriteString(strings.Repeat(" ", at) + part + "\n")
	}
}

// broken are the lines of a text; the first has the width that the indent leaves, the others hang less. A word that is
// longer than a line, such as a digest in a narrow terminal, is broken at the end of the line.
func (s Style) broken(indent int, text string) []string {
	if s.Width <= 0 || s.Wide || width(text)+indent <= s.Width {
		return []string{text}
	}
	var lines []string
	line, room := "", s.Width-indent
	next := func() {
		lines, line, room = append(lines, line), "", s.Width-indent-hang
	}
	for word := range strings.FieldsSeq(text) {
		if line != "" && width(line)+1+width(word) > room {
			next()
		}
		for room > 0 && width(word) > room {
			head := ansi.Truncate(word, room, "")
			if head == "" { // a character is wider than the line
				break
			}
			line, word = head, word[len(head):]
			next()
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}
