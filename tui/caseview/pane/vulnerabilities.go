package pane

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// maxVulnRows bounds the vulnerabilities with rows of their own; the packages show all.
const maxVulnRows = 50

// vulnerabilityRows are a summary of the vulnerabilities of the image, and those that block. Without a database there
// is a row only where thresholds were named: nothing is known then. Those that only warn are in the detail of the
// summary and of their packages: an image may have thousands.
func vulnerabilityRows(v View) []Row {
	i := v.Image()
	if i.VulnData == nil {
		state, _ := v.Case.Check(inspect.CheckVulnerabilities, v.Container)
		// without thresholds nothing was demanded, and a missing database is no gap
		if v.Case.Thresholds == nil || state.Reason == "" || state.Running() {
			return nil
		}
		return []Row{vulnSummaryRow(v, "vulnerabilities not known: "+state.Reason, widget.ToneWarn)}
	}
	tone := widget.ToneDim
	n := threshold.Count(i.Vulns)
	switch {
	case n.Block > 0:
		tone = levelTone(inspect.LevelBlock)
	case n.Warn > 0:
		tone = levelTone(inspect.LevelWarn)
	}
	rows := []Row{vulnSummaryRow(v, threshold.Summary(i, v.Case.Started), tone)}
	for _, x := range i.Vulns {
		// the summary is one of the rows
		if x.Threshold == inspect.LevelBlock && len(rows) <= maxVulnRows {
			rows = append(rows, vulnerabilityRow(v, x))
		}
	}
	return rows
}

// The age of the data is part of the statement: "none known" of last year's data is worth little.
func vulnSummaryRow(v View, text string, tone widget.Tone) Row {
	return Row{
		ID: "vulnerabilities", Text: text, Value: text, Container: v.Container, Layer: -1,
		Line: func(int) []widget.Cell { return []widget.Cell{{Text: text, Tone: tone, Width: -1}} },
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, text)
			if data := v.Image().VulnData; data != nil {
				d.Field("data of", day(data.Date))
				d.Field("data digest", data.Digest)
			}
			vulnerabilities(d, v.Image().Vulns)
		},
	}
}

// vulnerabilityRow is a vulnerability that blocks. The layer is that of the first package of the name and version.
func vulnerabilityRow(v View, x inspect.Vuln) Row {
	layer := -1
	for _, p := range v.Image().Packages {
		if p.Type == x.Type && p.Name == x.Package && p.Version == x.Version {
			layer = p.Layer
			break
		}
	}
	name := x.Package + " " + x.Version
	return Row{
		ID: "vulnerability:" + x.ID + ":" + name, Text: name + " " + x.ID, Value: x.ID, Container: v.Container,
		Mark: x.ID, Layer: layer, Object: x,
		Line: func(w int) []widget.Cell {
			return compromiseCells(w, x.Severity, name, string(x.Threshold)+": "+x.ID+", "+x.Rule, layer)
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, x.ID)
			d.Field("package", name)
			d.Field("severity", string(x.Severity))
			d.Field("level", string(x.Threshold)+": "+x.Rule)
			d.Field("fixed in", threshold.FixWords(x))
			d.Field("known", strings.Join(threshold.Notes(x), "; "))
			d.Field("data of", day(x.Data.Date))
		},
	}
}

// levelTone is the color of a level.
func levelTone(l inspect.Level) widget.Tone {
	switch l {
	case inspect.LevelBlock:
		return widget.ToneBad
	case inspect.LevelWarn:
		return widget.ToneWarn
	default:
		return widget.ToneDim
	}
}

// thresholdCell counts the vulnerabilities of a package, in the color of the worst level. The tone is that of the
// level, not of the severity: the thresholds of the person decide what blocks.
func thresholdCell(vulns []inspect.Vuln) widget.Cell {
	if len(vulns) == 0 {
		return widget.Cell{}
	}
	worst := inspect.LevelLog
	for _, v := range vulns {
		if v.Threshold.Rank() < worst.Rank() {
			worst = v.Threshold
		}
	}
	return widget.Cell{Text: widget.Plural(len(vulns), "vuln"), Tone: levelTone(worst)}
}

// vulnerabilities lists vulnerabilities with their levels and fixes.
func vulnerabilities(d *widget.Document, list []inspect.Vuln) {
	if len(list) > 0 {
		d.Heading("Vulnerabilities")
	}
	for _, v := range list {
		text := v.ID + " of " + v.Package + ", " + string(v.Threshold) + ", fixed in: " + threshold.FixWords(v)
		if notes := threshold.Notes(v); len(notes) > 0 {
			text += " (" + strings.Join(notes, "; ") + ")"
		}
		d.Put(label.SeverityTone(v.Severity), label.Severity(v.Severity)+" ", text)
	}
}
