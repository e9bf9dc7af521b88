package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// packagesMode says what the list of packages shows.
func packagesMode(s *caseScreen) string {
	if s.differs() {
		return " against " + comparedWith(s)
	}
	return ", all"
}

// differs says that the packages pane shows the comparison.
func (s *caseScreen) differs() bool {
	d := s.image().Diff
	return !s.whole && d != nil && d.Packages != nil
}

// packageRows lists the comparison or all packages, and then the bills of materials.
func packageRows(m *Model, s *caseScreen) []row {
	i := s.image()
	var rows []row
	vulns := map[string][]inspect.Vuln{}
	for _, v := range i.Vulns {
		vulns[v.Package+"@"+v.Version] = append(vulns[v.Package+"@"+v.Version], v)
	}
	if s.differs() {
		rows = append(packageDiffRows(s, *i.Diff.Packages, vulns), changeRows(s, *i.Diff)...)
		return append(rows, sbomRows(m, s)...)
	}
	all := slices.Clone(i.Packages)
	slices.SortStableFunc(all, func(a, b inspect.Package) int {
		name := cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
		switch s.panes[panePackages].sort {
		case 1:
			return cmp.Or(cmp.Compare(a.Type, b.Type), name)
		case 2:
			return cmp.Or(-cmp.Compare(a.Layer, b.Layer), name)
		default:
			return name
		}
	})
	for _, p := range all {
		rows = append(rows, packageRow(s, " ", widget.TonePlain, p, vulns[p.Name+"@"+p.Version]))
	}
	return append(rows, sbomRows(m, s)...)
}

// sbomRows lists the bills of materials, the one that was made here last.
func sbomRows(m *Model, s *caseScreen) []row {
	var rows, ours []row
	for _, b := range s.image().SBOMs {
		if b.Origin == "generated" {
			ours = append(ours, sbomRow(m, s, b))
		} else {
			rows = append(rows, sbomRow(m, s, b))
		}
	}
	return append(rows, ours...)
}

func sbomRow(m *Model, s *caseScreen, b inspect.SBOM) row {
	text := fmt.Sprintf("SBOM %s, %s: %s", b.Origin, b.Format, widget.Plural(b.Packages, "package"))
	return row{
		id: "sbom:" + b.Origin + b.Format + b.Digest, find: text, value: text, subject: s.subject, layer: -1, object: b, raw: blobPart("SBOM", b.Digest),
		cells: func(w int) []widget.Cell {
			return []widget.Cell{m.p.SignCell(signOf(b.Status)), {Text: text + " " + b.Reason, Tone: widget.ToneDim, Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, text)
			d.Outcome(signOf(b.Status), statusWord(b.Status), b.Reason)
			d.Field("digest", b.Digest)
		},
	}
}

// packageDiffRows: what came and what changed first, what went last.
func packageDiffRows(s *caseScreen, diff inspect.PackageDiff, vulns map[string][]inspect.Vuln) []row {
	var rows []row
	for _, c := range diff.Changed {
		rows = append(rows, changedPackageRow(s, c, vulns[c.Name+"@"+c.To]))
	}
	for _, p := range diff.Added {
		rows = append(rows, packageRow(s, "+", widget.ToneNote, p, vulns[p.Name+"@"+p.Version]))
	}
	for _, p := range diff.Removed {
		rows = append(rows, packageRow(s, "-", widget.ToneBad, p, nil))
	}
	return rows
}

func changedPackageRow(s *caseScreen, c inspect.PackageChange, vulns []inspect.Vuln) row {
	return row{
		id: "changed:" + c.Type + ":" + c.Name + ":" + c.From, find: c.Name + " " + c.Type + " " + c.Change, value: firstOf(c.PURL, c.Name+" "+c.To), subject: s.subject, mark: c.PURL, layer: c.Layer, object: c,
		cells: func(w int) []widget.Cell {
			return packageCells(w, "~", widget.ToneWarn, c.Name, c.From+" → "+c.To, c.Type, c.Layer, vulns)
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, c.Name)
			d.Say(widget.ToneWarn, firstOf(c.Change, "changed")+" against "+comparedWith(s))
			d.Field("from", c.From)
			d.Field("to", c.To)
			packageTail(d, s, c.Type, c.PURL, c.Layer, nil, vulns)
			filesOfPackage(d, s, c.Name)
		},
	}
}

func packageRow(s *caseScreen, sign string, t widget.Tone, p inspect.Package, vulns []inspect.Vuln) row {
	return row{
		id: "package:" + sign + p.Type + ":" + p.Name + ":" + p.Version + ":" + strings.Join(p.Locations, ","), find: p.Name + " " + p.Version + " " + p.Type, value: firstOf(p.PURL, p.Name+" "+p.Version),
		subject: s.subject, mark: p.PURL, layer: p.Layer, object: p,
		cells: func(w int) []widget.Cell {
			return packageCells(w, sign, t, p.Name, p.Version, p.Type, p.Layer, vulns)
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, p.Name+" "+p.Version)
			switch sign {
			case "+":
				d.Say(widget.ToneNote, "added against "+comparedWith(s))
			case "-":
				d.Say(widget.ToneBad, "removed against "+comparedWith(s))
			}
			packageTail(d, s, p.Type, p.PURL, p.Layer, p.Locations, vulns)
			filesOfPackage(d, s, p.Name)
		},
	}
}

func packageCells(w int, sign string, t widget.Tone, name, version, kind string, layer int, vulns []inspect.Vuln) []widget.Cell {
	cells := []widget.Cell{{Text: sign, Tone: t, Width: 1}, {Text: name, Width: -3}, {Text: version, Width: -3}}
	if gate := gateCell(vulns); gate.Text != "" {
		cells = append(cells, gate)
	}
	if w > 50 {
		cells = append(cells, widget.Cell{Text: kind, Tone: widget.ToneDim, Width: 9}, widget.Cell{Text: layerText(layer), Tone: widget.ToneDim, Width: 4, Right: true})
	}
	return cells
}

func layerText(n int) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf("L%d", n)
}

// gateCell counts the vulnerabilities of a package with the worst gate.
func gateCell(vulns []inspect.Vuln) widget.Cell {
	if len(vulns) == 0 {
		return widget.Cell{}
	}
	t := widget.ToneDim
	for _, v := range vulns {
		if v.Gate == "block" {
			t = widget.ToneBad
		} else if v.Gate == "warn" && t == widget.ToneDim {
			t = widget.ToneWarn
		}
	}
	return widget.Cell{Text: widget.Plural(len(vulns), "vuln"), Tone: t}
}

func packageTail(d *widget.Document, s *caseScreen, kind, purl string, layer int, locations []string, vulns []inspect.Vuln) {
	d.Field("type", kind)
	d.Field("purl", purl)
	if layer >= 0 {
		d.Field("layer", fmt.Sprintf("%d  %s", layer, buildStep(stepOf(s.image(), layer))))
	}
	if len(locations) > 0 {
		d.Heading("Found at")
		d.Bullets(locations)
	}
	if len(vulns) > 0 {
		d.Heading("Vulnerabilities")
	}
	for _, v := range vulns {
		d.Put(severityTone(v.Severity), severityWord(v.Severity)+" ", v.ID+", "+firstOf(v.Gate, "log")+", fixed in "+firstOf(v.Fixed, "no version yet"))
	}
}

// stepOf is the build step of a layer.
func stepOf(i inspect.Image, layer int) string {
	for _, l := range i.Layers {
		if l.Number == layer && !l.Empty {
			return l.CreatedBy
		}
	}
	return ""
}

// filesOfPackage joins a package with its files that are not what it says.
func filesOfPackage(d *widget.Document, s *caseScreen, name string) {
	first := true
	for _, a := range s.image().Altered {
		if owner, _, _ := strings.Cut(a.Package, " "); owner != name && a.Package != name {
			continue
		}
		if first {
			d.Heading("Files that are not what the package says")
			first = false
		}
		d.Put(severityTone(a.Severity), "• ", a.Path)
	}
}
