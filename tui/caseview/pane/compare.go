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
// It is empty where there is nothing to compare. Width is that of the whole screen, in cells. The rows are drawn and
// at most as wide as that, as long as it is 60 or more; the layout shows nothing above a list on narrower screens.
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

// nothing is a cell of what is not there. Where it could not be read, it is not checked. "none" is certain: all
// stores have answered. See unreadStores for when they have not.
func nothing() compared { return compared{inspect.Absent, "none"} }

// comparison is a table with a column for the previous image, this one, and what is required.
type comparison struct {
	head []string
	rows []comparedRow
}

type comparedRow struct {
	name  string
	cells []compared
}

// headOf names the columns; without a previous image there is none for it. A digest in a head is shortened to eight
// digits: that distinguishes two images of one repository, and the detail of the rows below has all of it.
func headOf(v View) []string {
	i := v.Image()
	// what is required has no digest: it is no image
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

// signerTable compares who signed: the previous image, this one, and who must. Of several signatures the one that is
// verified counts, then one that failed. What the previous image had is read from its own signatures at the time of
// the case, so it may itself be unreadable; then it is not checked, never none.
func signerTable(v View, width int) []string {
	i := v.Image()
	signer, issuer := nothing(), compared{}
	if s, ok := headline.BestSignature(i); ok {
		signer, issuer = signedBy(s), compared{"", hostOf(s.Issuer)}
	} else if why := unreadStores(v, i); why != "" {
		signer = compared{inspect.Unknown, why}
	}
	required := compared{"", cmp.Or(headline.Required(v.Case, i), "–")}
	t := comparison{head: headOf(v), rows: []comparedRow{
		{"signer", []compared{signer, required}},
		{"issuer", []compared{issuer, {"", cmp.Or(hostOf(strings.Join(v.Case.Expected.Issuers, " or ")), "–")}}},
	}}
	if len(t.head) == 3 {
		past, by := nothing(), compared{}
		if p := i.Diff.Past; p == nil || len(p.Unread) > 0 && len(p.Signers) == 0 {
			past = compared{inspect.Unknown, "not checked"}
		} else if len(p.Signers) > 0 {
			s := p.Signers[0]
			past = signedBy(inspect.Signature{Identity: s.Identity, Key: s.Key, Status: s.Status, Reason: s.Reason})
			by = compared{"", hostOf(s.Issuer)}
		}
		t.rows[0].cells = append([]compared{past}, t.rows[0].cells...)
		t.rows[1].cells = append([]compared{by}, t.rows[1].cells...)
	}
	return t.draw(v.Paint, width)
}

// signedBy is a signer as a cell. A name beside ✗ or ? is worth nothing until its reason is read, so the reason stands
// behind it: whoever pushed the image chose the name that an invalid signature carries.
func signedBy(s inspect.Signature) compared {
	name := headline.ShortSigner(s)
	if s.Status != inspect.Verified {
		name += " (" + cmp.Or(reasonText(s), s.Status.Words()) + ")"
	}
	return compared{s.Status, name}
}

// hostOf leaves out the scheme that nearly all addresses have; http stays, as it is worth a look.
func hostOf(address string) string { return strings.TrimPrefix(address, "https://") }

// unreadStores is why it is not known that nobody signed, empty where it is. One store that did not answer is enough:
// the signature could be there.
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

// builderTable compares who built the image and from which source. Source, ref and commit are claims of the builder.
// They are worth as much as the signature over them, whose sign stands in front of the builder.
func builderTable(v View, width int) []string {
	i := v.Image()
	x := v.Case.Expected
	none := nothing()
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
		first := nothing()
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

// set fills a column with what a statement names. SLSA's materials write a repository as git+https://…; the scheme is
// left out in the cell. The commit is shortened to twelve digits.
func set(rows []comparedRow, column int, status inspect.Status, builder, source, commit string) {
	name := cmp.Or(headline.ShortIdentity(builder), "not named")
	if status != inspect.Verified {
		name += " (" + status.Words() + ")"
	}
	rows[0].cells[column] = compared{status, name}
	rows[1].cells[column] = compared{"", hostOf(strings.TrimPrefix(source, "git+"))}
	rows[2].cells[column] = compared{"", label.Digest(commit)}
}

const (
	// columns of the names of a comparison's rows
	compareName = 9
	// blanks between the columns of a comparison
	compareGap = 2
	// columns of a step's name in the strip of layers: with fewer it would be an ellipsis
	stepRoom = 8
	// lines of a cell: only an identity that nobody writes in earnest needs more; the rows below have all of it
	maxCellLines = 4
)

// draw wraps each cell within its column. A row in which no image has anything is left out. The first row stays even
// when it is empty: "– none" against "– none" is the most important comparison.
func (t comparison) draw(p *widget.Paint, width int) []string {
	widths := t.widths(p, max(len(t.head)*4, width-compareName-compareGap*(len(t.head)-1)))
	line := widget.Blanks(compareName)
	for at, h := range t.head {
		line += widget.Fit(text.Clean(h), widths[at]) + widget.Blanks(compareGap)
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

// empty reports whether no image has anything in a row. The last cell is what is required, which no image has.
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

// draw wraps a cell, its sign in front of the first line. The lines below the first are indented below the text, so
// that a wrapped name cannot be mistaken for a second one.
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

// breakable lets a long identity break before its ref, and an address after its host. Foreign names are cleaned here,
// since the cells are drawn without a document.
func breakable(s string) string { return strings.ReplaceAll(text.Clean(s), "@refs/", " @refs/") }

// widths gives each column what its widest word needs, as long as there is room, and shares what is left. Where there
// is none, no column is narrower than its head. The result adds up to room at most, as long as room is four columns
// for each head or more.
func (t comparison) widths(p *widget.Paint, room int) []int {
	need, head := make([]int, len(t.head)), make([]int, len(t.head))
	// in columns: what would be best, and what the heads alone take
	sum, heads := 0, 0
	for at, h := range t.head {
		head[at] = ansi.StringWidth(text.Clean(h))
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
		// all fits: what is left over is shared
		case sum <= room:
			need[at] += (room - sum) / len(need)
		// heads fit: each column gets its part of what the words would need
		case heads < room:
			need[at] = head[at] + (need[at]-head[at])*(room-heads)/(sum-heads)
		default:
			need[at] = max(4, need[at]*room/sum)
		}
	}
	return need
}

// layersStrip draws the layers of the previous image and of this one, and names those that are new. What both have is
// shared with the previous image, which is not the same as its base. Empty steps of the history make no layer and are
// not in it. The number of layers may be hostile (the config lists them): a strip that would take more than half of
// the screen is left out.
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
	if room/added-2 < stepRoom {
		return []string{widget.Fit(strip+fmt.Sprintf("   (%d shared, %d new)", shared, added), width)}
	}
	var names []string
	for _, l := range layers[max(0, len(layers)-added):] {
		name := text.Clean(fmt.Sprintf("%d %s", l.Number, headline.StepText(l.CreatedBy)))
		names = append(names, widget.Fit(name, max(1, min(ansi.StringWidth(name), room/added-2))))
	}
	return []string{widget.Fit(strip+counts+strings.Join(names, ", ")+")", width)}
}
