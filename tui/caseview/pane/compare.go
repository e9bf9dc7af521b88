package pane

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// Top is what stands above the list of a pane: what was expected against what was found, or the layers of two images.
// It is empty where there is nothing to compare.
func (k Kind) Top(v View, width int) []string {
	if v.Image().Container == "" {
		return nil
	}
	switch k {
	case Signatures:
		return signerTable(v, width)
	case Provenance:
		return builderTable(v, width)
	case Layers:
		return layersStrip(v, width)
	default:
		return nil
	}
}

// compared is one cell of a comparison: the outcome of a verification, and who or what it names.
type compared struct {
	// status: empty for a cell without a sign
	status inspect.Status
	text   string
}

// nothing is a cell of what is not there. Where it could not be read, it is not checked.
func nothing(word string) compared { return compared{inspect.Absent, word} }

// comparison is a table with a column for the previous image, this one, and what is required.
type comparison struct {
	head []string
	rows []comparedRow
}

type comparedRow struct {
	name  string
	cells []compared
}

// headOf names the columns; without a previous image there is none for it.
func headOf(v View) []string {
	i := v.Image()
	head := []string{"this " + shortDigest(i.Key()), "required"}
	if d := i.Diff; d != nil && d.KnownGood != nil {
		head = append([]string{d.KnownGood.Word() + " " + shortDigest(d.KnownGood.Key())}, head...)
	}
	return head
}

// shortDigest gives the first eight digits: enough to tell two images apart.
func shortDigest(d string) string {
	hex := label.Digest(d)
	return hex[:min(8, len(hex))]
}

// signerTable compares who signed: the previous image, this one, and who must.
func signerTable(v View, width int) []string {
	i := v.Image()
	signer, issuer := nothing("none"), compared{}
	if s, ok := headline.BestSignature(i); ok {
		signer, issuer = compared{s.Status, headline.ShortSigner(s)}, compared{"", hostOf(s.Issuer)}
	} else if why := unreadStores(v, i); why != "" {
		signer = compared{inspect.Unknown, why}
	}
	required := compared{"", cmp.Or(headline.Required(v.Case, i), "–")}
	t := comparison{head: headOf(v), rows: []comparedRow{
		{"signer", []compared{signer, required}},
		{"issuer", []compared{issuer, {"", cmp.Or(hostOf(strings.Join(v.Case.Expected.Issuers, " or ")), "–")}}},
	}}
	if len(t.head) == 3 {
		past, by := nothing("none"), compared{}
		if p := i.Diff.Past; p == nil || len(p.Unread) > 0 && len(p.Signers) == 0 {
			past = compared{inspect.Unknown, "not checked"}
		} else if len(p.Signers) > 0 {
			s := p.Signers[0]
			past = compared{s.Status, headline.ShortSigner(inspect.Signature{Identity: s.Identity, Key: s.Key})}
			by = compared{"", hostOf(s.Issuer)}
		}
		t.rows[0].cells = append([]compared{past}, t.rows[0].cells...)
		t.rows[1].cells = append([]compared{by}, t.rows[1].cells...)
	}
	return t.draw(v.Paint, width)
}

// hostOf leaves out the scheme that nearly all addresses have; http stays, as it is worth a look.
func hostOf(address string) string { return strings.TrimPrefix(address, "https://") }

// unreadStores is why it is not known that nobody signed, empty where it is.
func unreadStores(v View, i inspect.Image) string {
	for _, r := range i.Stores {
		if r.Status == inspect.StoreUnreachable {
			return r.Store + " unreachable"
		}
	}
	if c, ok := v.Case.Check(inspect.CheckSignatures, i.Container); ok && c.Status == inspect.CheckBlocked {
		return "not checked"
	}
	return ""
}

// builderTable compares who built the image and from which source.
func builderTable(v View, width int) []string {
	i := v.Image()
	x := v.Case.Expected
	none := nothing("none")
	if c, ok := v.Case.Check(inspect.CheckProvenance, i.Container); ok && c.Status == inspect.CheckBlocked {
		none = compared{inspect.Unknown, "not checked"}
	}
	rows := []comparedRow{
		{"builder", []compared{none, {"", cmp.Or(strings.Join(x.BuilderIDs, " or "), "–")}}},
		{"source", []compared{{}, {"", cmp.Or(strings.Join(x.SourceURIs, " or "), "–")}}},
		{"commit", []compared{{}, {"", "–"}}},
	}
	if len(i.Provenance) > 0 {
		p := i.Provenance[0]
		set(rows, 0, p.Status, p.Builder, p.Source, p.Commit)
	}
	t := comparison{head: headOf(v), rows: rows}
	if len(t.head) == 3 {
		past := i.Diff.Past
		first := nothing("none")
		if past == nil || len(past.Unread) > 0 && len(past.Builds) == 0 {
			first = compared{inspect.Unknown, "not checked"}
		}
		for at := range t.rows {
			t.rows[at].cells = append([]compared{{}}, t.rows[at].cells...)
		}
		t.rows[0].cells[0] = first
		if past != nil && len(past.Builds) > 0 {
			b := past.Builds[0]
			set(t.rows, 0, b.Status, b.Builder, b.Source, b.Commit)
		}
	}
	return t.draw(v.Paint, width)
}

// set fills a column with what a statement names.
func set(rows []comparedRow, column int, status inspect.Status, builder, source, commit string) {
	rows[0].cells[column] = compared{status, cmp.Or(headline.ShortIdentity(builder), "not named")}
	rows[1].cells[column] = compared{"", hostOf(strings.TrimPrefix(source, "git+"))}
	rows[2].cells[column] = compared{"", label.Digest(commit)}
}

const (
	// columns of the names of a comparison's rows
	compareName = 9
	// blanks between the columns of a comparison
	compareGap = 2
	// lines of a cell: only an identity that nobody writes in earnest needs more; the rows below have all of it
	maxCellLines = 4
)

// draw wraps each cell within its column. A row in which no image has anything is left out.
func (t comparison) draw(p *widget.Paint, width int) []string {
	widths := t.widths(p, max(len(t.head)*4, width-compareName-compareGap*(len(t.head)-1)))
	line := widget.Blanks(compareName)
	for at, h := range t.head {
		line += widget.Fit(h, widths[at]) + widget.Blanks(compareGap)
	}
	out := []string{p.In(widget.ToneBold, widget.Fit(strings.TrimRight(line, " "), width))}
	for at, r := range t.rows {
		if at > 0 && r.empty() {
			continue
		}
		out = append(out, r.draw(p, widths)...)
	}
	return out
}

// empty reports whether no image has anything in a row.
func (r comparedRow) empty() bool {
	for _, c := range r.cells[:len(r.cells)-1] {
		if c.text != "" {
			return false
		}
	}
	return true
}

// draw gives the lines of a row: as many as its highest cell needs.
func (r comparedRow) draw(p *widget.Paint, widths []int) []string {
	columns := make([][]string, len(r.cells))
	height := 1
	for at, c := range r.cells {
		columns[at] = c.draw(p, widths[at])
		height = max(height, len(columns[at]))
	}
	var out []string
	for n := range height {
		line := widget.Fit("", compareName)
		if n == 0 {
			line = p.In(widget.ToneBold, widget.Fit(r.name, compareName))
		}
		for at, lines := range columns {
			part := ""
			if n < len(lines) {
				part = lines[n]
			}
			if at > 0 {
				line += widget.Blanks(compareGap)
			}
			line += widget.Pad(part, widths[at])
		}
		out = append(out, line)
	}
	return out
}

// draw wraps a cell, its sign in front of the first line.
func (c compared) draw(p *widget.Paint, width int) []string {
	lead, room := "", width
	if c.status != "" {
		sign := label.Sign(c.status)
		lead = p.In(sign.Tone(), widget.Fit(p.Sign(sign), p.SignWidth())) + " "
		room -= p.SignWidth() + 1
	}
	indent := width - room
	var out []string
	for n, l := range widget.Wrap(breakable(c.text), max(1, room)) {
		switch n {
		case 0:
			out = append(out, lead+l)
		case maxCellLines:
			out[n-1] = widget.Blanks(indent) + "…"
			return out
		default:
			out = append(out, widget.Blanks(indent)+l)
		}
	}
	return out
}

// breakable lets a long identity break before its ref, and an address after its host.
func breakable(s string) string { return strings.ReplaceAll(text.Clean(s), "@refs/", " @refs/") }

// widths gives each column what its widest word needs, as long as there is room, and shares what is left. Where there
// is none, no column is narrower than its head.
func (t comparison) widths(p *widget.Paint, room int) []int {
	need, head := make([]int, len(t.head)), make([]int, len(t.head))
	sum, heads := 0, 0
	for at, h := range t.head {
		head[at] = ansi.StringWidth(h)
		need[at] = head[at]
		for _, r := range t.rows {
			for _, word := range strings.Fields(breakable(r.cells[at].text)) {
				need[at] = max(need[at], ansi.StringWidth(word)+p.SignWidth()+1)
			}
		}
		sum, heads = sum+need[at], heads+head[at]
	}
	for at := range need {
		switch {
		case sum <= room:
			need[at] += (room - sum) / len(need)
		case heads < room:
			need[at] = head[at] + (need[at]-head[at])*(room-heads)/(sum-heads)
		default:
			need[at] = max(4, need[at]*room/sum)
		}
	}
	return need
}

// layersStrip draws the layers of the previous image and of this one, and names those that are new. What both have is
// shared with the previous image, which is not the same as its base.
func layersStrip(v View, width int) []string {
	i := v.Image()
	d := i.Diff
	if d == nil || d.Layers == nil || d.KnownGood == nil {
		return nil
	}
	shared, added := max(0, d.Layers.Shared), max(0, d.Layers.Added)
	if shared+added > width/2 || shared+added == 0 {
		return nil
	}
	word := "prev"
	if d.KnownGood.Confirmed {
		word = "known-good"
	}
	var layers []inspect.Layer
	for _, l := range i.Layers {
		if !l.Empty {
			layers = append(layers, l)
		}
	}
	strip := word + " " + strings.Repeat("■", shared) + "   now " + strings.Repeat("■", shared) +
		v.Paint.In(widget.ToneBad, strings.Repeat("◆", added))
	counts := fmt.Sprintf("   (%d shared, %d new: ", shared, added)
	if added == 0 {
		return []string{strip + fmt.Sprintf("   (%d shared, none new)", shared)}
	}
	room := width - ansi.StringWidth(strip) - len(counts) - 1
	var names []string
	for _, l := range layers[max(0, len(layers)-added):] {
		name := text.Clean(fmt.Sprintf("%d %s", l.Number, headline.StepText(l.CreatedBy)))
		names = append(names, widget.Fit(name, max(1, min(ansi.StringWidth(name), room/added-2))))
	}
	return []string{widget.Fit(strip+counts+strings.Join(names, ", ")+")", width)}
}
