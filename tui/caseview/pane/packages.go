package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// PackagesMode is what the list of packages shows: the comparison, or all.
func PackagesMode(v View) string {
	if v.differs() {
		return " compared with the " + comparedWith(v)
	}
	return ", all"
}

// differs reports whether the packages pane shows the comparison.
func (v View) differs() bool {
	d := v.Image().Diff
	return !v.Whole && d != nil && d.Packages != nil
}

// packageRows lists known compromises and differences of lock files, the comparison or all packages, and the bills of
// materials. Vulnerabilities are joined by name and version, not by identity of the package: databases name them so.
func packageRows(v View) []Row {
	i := v.Image()
	v.leads = leadFiles(v)
	rows := append(compromiseRows(v), vulnerabilityRows(v)...)
	// by NAME@VERSION
	vulns := map[string][]inspect.Vuln{}
	for _, v := range i.Vulns {
		vulns[v.Package+"@"+v.Version] = append(vulns[v.Package+"@"+v.Version], v)
	}
	if v.differs() {
		rows = append(append(rows, packageDiffRows(v, *i.Diff.Packages, vulns)...), changeRows(v, *i.Diff)...)
		return append(rows, sbomRows(v)...)
	}
	all := slices.Clone(i.Packages)
	slices.SortStableFunc(all, func(a, b inspect.Package) int {
		name := cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
		switch v.Sort {
		case 1:
			return cmp.Or(cmp.Compare(a.Type, b.Type), name)
		case 2:
			return cmp.Or(-cmp.Compare(a.Layer, b.Layer), name)
		default:
			return name
		}
	})
	for _, p := range all {
		rows = append(rows, packageRow(v, " ", widget.TonePlain, p, vulns[p.Name+"@"+p.Version]))
	}
	return append(rows, sbomRows(v)...)
}

// sbomRows lists the bills of materials, the one that backtrail generated last. One that came with the image is a
// claim about it, so it stands first: it can be wrong.
func sbomRows(v View) []Row {
	var rows, ours []Row
	for _, b := range v.Image().SBOMs {
		if b.Origin == "generated" {
			ours = append(ours, sbomRow(v, b))
		} else {
			rows = append(rows, sbomRow(v, b))
		}
	}
	return append(rows, ours...)
}

// sbomRow is an SBOM: attested, attached or generated. Its origin is attested, attached, inside (a file of the image)
// or generated (by backtrail).
func sbomRow(v View, b inspect.SBOM) Row {
	text := fmt.Sprintf("SBOM %s, %s: %s", b.Origin, b.Format, widget.Plural(b.Packages, "package"))
	return Row{
		ID: "sbom:" + b.Origin + b.Format + b.Digest, Text: text, Value: text, Container: v.Container, Layer: -1,
		Object: b, Raw: viewer.Blob("SBOM", b.Digest),
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				v.Paint.SignCell(label.Sign(b.Status)),
				{Text: text + " " + b.Reason, Tone: widget.ToneDim, Width: -1},
			}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, text)
			d.Outcome(label.Sign(b.Status), b.Status.Words(), b.Reason)
			d.Field("digest", b.Digest)
			sbomTruth(d, b.Truth)
		},
	}
}

// sbomTruth compares a bill of materials that came with the image with what is there. Each number is written, 0 too:
// "0 not listed" is what one wants to know. Without a comparison there is nothing to write.
func sbomTruth(d *widget.Document, t *inspect.SBOMTruth) {
	if t == nil {
		return
	}
	d.Heading("Against what is in the image")
	d.Field("packages",
		fmt.Sprintf("%d as listed, %d in another version, %d listed and not there, %d there and not listed",
			t.Confirmed, t.OtherVersion, t.Missing, t.Hidden))
	if t.FilesConfirmed+t.FilesAltered+t.FilesMissing > 0 {
		d.Field("files", fmt.Sprintf("%d as listed, %d with other content, %d not there", t.FilesConfirmed,
			t.FilesAltered,
			t.FilesMissing))
	}
	d.Bullets(t.Examples)
}

// packageDiffRows: changed and added packages first, removed ones last. Removed packages have no vulnerabilities
// here: those of the previous image do not concern this one.
func packageDiffRows(v View, diff inspect.PackageDiff, vulns map[string][]inspect.Vuln) []Row {
	var rows []Row
	for _, c := range diff.Changed {
		rows = append(rows, changedPackageRow(v, c, vulns[c.Name+"@"+c.To]))
	}
	for _, p := range diff.Added {
		rows = append(rows, packageRow(v, "+", widget.ToneNote, p, vulns[p.Name+"@"+p.Version]))
	}
	for _, p := range diff.Removed {
		rows = append(rows, packageRow(v, "-", widget.ToneBad, p, nil))
	}
	return rows
}

// changedPackageRow is a package with another version than in the previous image. Change is upgrade, downgrade or
// changed: versions of one scheme only can be ordered.
func changedPackageRow(v View, c inspect.PackageChange, vulns []inspect.Vuln) Row {
	lead := leadFile(v, c.Name, nil, c.Layer)
	return Row{
		ID: "changed:" + c.Type + ":" + c.Name + ":" + c.From, Text: c.Name + " " + c.Type + " " + c.Change,
		Value: cmp.Or(c.PURL, c.Name+" "+c.To), Container: v.Container, Mark: c.PURL, Path: lead.Path,
		Layer:  lead.Layer,
		Object: c, Package: c.Name,
		Line: func(w int) []widget.Cell {
			return packageCells(w, "~", widget.ToneWarn, c.Name, c.From+" → "+c.To, c.Type, c.Layer, vulns)
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, c.Name)
			d.Say(widget.ToneWarn, cmp.Or(c.Change, "changed")+" compared with the "+comparedWith(v))
			d.Field("from", c.From)
			d.Field("to", c.To)
			ownedDetail(d, v, c.Name, c.To)
			packageTail(d, v, c.Type, c.PURL, c.Layer, nil, vulns)
			filesOfPackage(d, v, c.Name)
		},
	}
}

// packageRow is a package; sign is + for added, - for removed, blank where nothing is compared. The identity has the
// locations: one version may be installed at several places (node_modules), each a package of its own.
func packageRow(v View, sign string, t widget.Tone, p inspect.Package, vulns []inspect.Vuln) Row {
	lead := packageFile{Layer: p.Layer}
	if sign != "-" { // a removed one has no file in this image
		lead = leadFile(v, p.Name, p.Locations, p.Layer)
	}
	return Row{
		ID:   "package:" + sign + p.Type + ":" + p.Name + ":" + p.Version + ":" + strings.Join(p.Locations, ","),
		Text: p.Name + " " + p.Version + " " + p.Type, Value: cmp.Or(p.PURL, p.Name+" "+p.Version),
		Container: v.Container, Mark: p.PURL, Path: lead.Path, Layer: lead.Layer, Object: p, Package: p.Name,
		Line: func(w int) []widget.Cell {
			return packageCells(w, sign, t, p.Name, p.Version, p.Type, p.Layer, vulns)
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, p.Name+" "+p.Version)
			switch sign {
			case "+":
				d.Say(widget.ToneNote, "added against "+comparedWith(v))
			case "-":
				d.Say(widget.ToneBad, "removed against "+comparedWith(v))
			}
			if sign != "-" {
				ownedDetail(d, v, p.Name, p.Version)
			}
			packageTail(d, v, p.Type, p.PURL, p.Layer, p.Locations, vulns)
			filesOfPackage(d, v, p.Name)
		},
	}
}

// packageCells draws a package. Type and layer go first where there is no room. Name and version get the same share.
// The count of vulnerabilities is never dropped.
func packageCells(w int, sign string, t widget.Tone, name, version, kind string, layer int,
	vulns []inspect.Vuln,
) []widget.Cell {
	cells := []widget.Cell{{Text: sign, Tone: t, Width: 1}, {Text: name, Width: -3}, {Text: version, Width: -3}}
	if count := thresholdCell(vulns); count.Text != "" {
		cells = append(cells, count)
	}
	if w > 50 {
		cells = append(cells, widget.Cell{Text: kind, Tone: widget.ToneDim, Width: 9},
			widget.Cell{Text: label.Layer(layer), Tone: widget.ToneDim, Width: 4, Right: true})
	}
	return cells
}

// ownedDetail writes how much of a package is proven: files that are equal to its digests, and those that are its by a
// name in a list only. Nothing is written of packages that no database lists the files of.
func ownedDetail(d *widget.Document, v View, name, version string) {
	f := v.Image().Files.Of(name, version)
	if f.Files == 0 {
		return
	}
	d.Field("files", fmt.Sprintf("%d: %d equal to their digests, %d not verifiable, %d altered (%s)", f.Files, f.Equal,
		f.Unverifiable, f.Altered, f.Database))
}

// packageTail writes what all packages have: purl, layer, places and vulnerabilities. A purl is the package URL as
// the catalog made it, https://github.com/package-url/purl-spec.
func packageTail(d *widget.Document, v View, kind, purl string, layer int, locations []string, vulns []inspect.Vuln) {
	d.Field("type", kind)
	d.Field("purl", purl)
	if layer >= 0 {
		d.Field("layer", fmt.Sprintf("%d  %s", layer, label.Step(StepOf(v.Image(), layer))))
	}
	if len(locations) > 0 {
		d.Heading("Found at")
		d.Bullets(locations)
	}
	vulnerabilities(d, vulns)
}

// packageFile is a file of a package that something was found about.
type packageFile struct {
	Path     string
	Layer    int
	severity inspect.Severity
	// what: is wrong with it, in a few words
	what string
}

// eachOwned gives the files that a package owns and that something was found about: those that do not match it, those
// that are suspicious, those that are missing, which have no layer. Which other files a package owns stands in its
// database, in the image.
func eachOwned(i inspect.Image, do func(name string, f packageFile)) {
	for _, a := range i.Altered {
		do(ownerName(a.Package), packageFile{a.Path, a.Layer, a.Severity, "does not match its checksum"})
	}
	for _, b := range i.Binaries {
		do(ownerName(b.Owner), packageFile{b.Path, b.Layer, b.Severity, strings.Join(b.Codes, " ")})
	}
	for _, m := range i.Missing {
		do(ownerName(m.Package), packageFile{m.Path, -1, m.Severity, "missing"})
	}
}

// leadFiles are the first files of all packages, by the names of the packages: one pass, as there may be thousands of
// both.
func leadFiles(v View) map[string]packageFile {
	leads := map[string]packageFile{}
	eachOwned(v.Image(), func(name string, f packageFile) {
		if _, ok := leads[name]; !ok && name != "" && f.Layer >= 0 {
			leads[name] = f
		}
	})
	return leads
}

// ownerName is the name of the package that owns a file, which is written as "NAME VERSION" or as the name alone.
func ownerName(owner string) string {
	name, _, _ := strings.Cut(owner, " ")
	return name
}

// leadFile is where enter leads from a package: to its first file that something was found about, else to the file that
// it was found by: its own (package.json), or the database that lists it. Without one it has the package's layer alone.
func leadFile(v View, name string, locations []string, layer int) packageFile {
	if f, ok := v.leads[name]; ok {
		return f
	}
	return packageFile{Path: pathOf(locations), Layer: layer}
}

// filesOfPackage lists the files of a package that something was found about.
func filesOfPackage(d *widget.Document, v View, name string) {
	var files []packageFile
	eachOwned(v.Image(), func(owner string, f packageFile) {
		if owner == name {
			files = append(files, f)
		}
	})
	if len(files) > 0 {
		d.Heading("Its files that something was found about")
	}
	for at, f := range files {
		if at == widget.MaxListed {
			d.Say(widget.ToneDim, fmt.Sprintf("… and %d more", len(files)-widget.MaxListed))
			break
		}
		d.Put(label.SeverityTone(f.severity), "• ", strings.TrimSuffix(f.Path+": "+f.what, ": "))
	}
}

// PackageOf is the identity of the row of a package by its name; empty where the list has none.
func PackageOf(rows []Row, name string) string {
	for _, r := range rows {
		if r.Package == name && name != "" {
			return r.ID
		}
	}
	return ""
}

// OwnerOf is the name of the package that owns a file, as far as something was found about it; empty where it is not
// known, or where no package owns it.
func (v View) OwnerOf(path string) (owner string) {
	eachOwned(v.Image(), func(name string, f packageFile) {
		if f.Path == path && owner == "" {
			owner = name
		}
	})
	return owner
}
