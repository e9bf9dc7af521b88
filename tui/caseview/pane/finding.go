package pane

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// findingRow is a finding, with its file where it has one. A finding has a sign only where its file could not be
// checked, or matches its package; else its severity is the outcome.
func findingRow(v View, f inspect.Finding) Row {
	subject, path := findingPlace(v, f)
	return Row{
		ID: "finding:" + f.ID, Text: f.Title + " " + f.Subject + " " + f.Code + " " + string(f.Severity) + " " +
			f.Check,
		Value: f.Title, Container: subject, Mark: f.ID, Path: path, Layer: findingLayer(v, subject, f), Object: f,
		Raw: viewer.Evidence(f.Evidence),
		Line: func(w int) []widget.Cell {
			sign := v.Paint.SignCell(label.Row(f.Status))
			word := widget.Cell{Text: label.Severity(f.Severity), Tone: label.SeverityTone(f.Severity), Width: 5}
			title := widget.Cell{Text: f.Title, Width: -1}
			if w > 70 {
				return []widget.Cell{sign, word, title, {Text: f.Check, Tone: widget.ToneDim, Width: 11}}
			}
			return []widget.Cell{sign, word, title}
		},
		Detail: func(d *widget.Document) { findingDetail(d, v, f) },
	}
}

// findingPlace is the container and the path that a finding is about: web:/usr/bin/top. A subject is CONTAINER,
// CONTAINER:PATH, or neither, as "cluster". A container that the case has no image of is not taken for one. Where the
// subject names no path, the first file of the evidence does.
func findingPlace(v View, f inspect.Finding) (subject, path string) {
	subject, path, _ = strings.Cut(f.Subject, ":")
	// as of a finding about the cluster, or of a container that is not there
	if _, ok := v.Case.Image(subject); !ok {
		subject = ""
	}
	if strings.HasPrefix(path, "/") {
		return subject, path
	}
	for _, e := range f.Evidence {
		if e.Kind == "file" && strings.HasPrefix(e.Path, "/") {
			return subject, e.Path
		}
	}
	return subject, ""
}

// findingLayer is the first layer among the evidence of a finding, or -1. Of a shadowed file it is the one that has
// it. Evidence names a layer by its digest in the registry or by its diff ID (that of the uncompressed tar); both are
// compared.
func findingLayer(v View, subject string, f inspect.Finding) int {
	i, _ := v.Case.Image(subject)
	for _, e := range f.Evidence {
		if e.Kind != "layer" || e.Digest == "" {
			continue
		}
		for _, l := range i.Layers {
			if l.Digest == e.Digest || l.DiffID == e.Digest {
				return l.Number
			}
		}
	}
	return -1
}

// findingDetail writes a finding with its evidence. Long lists are cut; the raw object has all of it. The severity is
// written even where the outcome already has it: a row that was not checked has one too.
func findingDetail(d *widget.Document, v View, f inspect.Finding) {
	d.Say(label.SeverityTone(f.Severity), f.Title)
	d.Outcome(label.Row(f.Status), label.RowWords(f.Status, f.Severity), "")
	d.Field("severity", string(f.Severity))
	d.Field("subject", f.Subject)
	d.Field("check", f.Check+", "+f.Code)
	if f.Detail != "" {
		d.Gap()
		d.Say(widget.TonePlain, f.Detail)
	}
	if len(f.Evidence) > 0 {
		d.Heading("Evidence")
	}
	for i, e := range f.Evidence {
		if i == widget.MaxListed {
			d.Say(widget.ToneDim, fmt.Sprintf("… and %d more", len(f.Evidence)-widget.MaxListed))
			break
		}
		d.Put(widget.TonePlain, "• ", e.Kind+" "+cmp.Or(e.Path, e.Text))
		if e.Path != "" && e.Text != "" {
			d.Put(widget.ToneDim, "  ", e.Text)
		}
		if e.Digest != "" {
			d.Put(widget.ToneDim, "  ", e.Digest)
		}
	}
	notesOn(d, v, f.ID)
}

// notesOn lists what people wrote about a row. The author is the name that the person's machine gave, and the time is
// that machine's: neither is verified.
func notesOn(d *widget.Document, v View, id string) {
	first := true
	for _, n := range v.Case.Notes {
		if n.Subject != id {
			continue
		}
		if first {
			d.Heading("Notes")
			first = false
		}
		d.Put(widget.ToneNote, "• ", strings.TrimSpace(label.Stamp(n.Time)+" "+n.Author+" "+n.Mark+" "+n.Text))
	}
}

// AboutPath writes the alerts and the notes about a path.
func (v View) AboutPath(d *widget.Document, path string) {
	alertsOn(d, v, path)
	notesOn(d, v, path)
}

// FindingOf is the identity of the first row of the overview that is about a path, and its group; empty where there
// is none. All groups count as open for it, since the finding may be inside one that is closed.
func (v View) FindingOf(path string) (id, group string) {
	if path == "" {
		return "", ""
	}
	v.Opened = func(string) bool { return true }
	for _, r := range overviewRows(v) {
		if r.Path == path && !r.Heads {
			return r.ID, r.Group
		}
	}
	return "", ""
}
