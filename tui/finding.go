package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func findingRow(m *Model, s *caseScreen, f inspect.Finding) row {
	subject, path := findingPlace(s, f)
	return row{
		id: "finding:" + f.ID, find: f.Title + " " + f.Subject + " " + f.Code + " " + string(f.Severity) + " " + f.Check,
		value: f.Title, subject: subject, mark: f.ID, path: path, layer: findingLayer(s, subject, f), object: f, raw: evidenceParts(f.Evidence),
		cells: func(w int) []widget.Cell {
			sign := m.p.SignCell(signOf(f.Status))
			word := widget.Cell{Text: severityWord(f.Severity), Tone: severityTone(f.Severity), Width: 5}
			title := widget.Cell{Text: f.Title, Width: -1}
			if w > 70 {
				return []widget.Cell{word, sign, title, {Text: f.Check, Tone: widget.ToneDim, Width: 11}}
			}
			return []widget.Cell{word, sign, title}
		},
		detail: func(d *widget.Document) { findingDetail(d, s, f) },
	}
}

// findingPlace reads the image and the path out of a finding: web:/usr/bin/top.
func findingPlace(s *caseScreen, f inspect.Finding) (subject, path string) {
	subject, path, _ = strings.Cut(f.Subject, ":")
	if _, ok := s.c.Image(subject); !ok {
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

// findingLayer is the layer that a finding rests on first, or -1: what a later layer hides is in no other.
func findingLayer(s *caseScreen, subject string, f inspect.Finding) int {
	i, _ := s.c.Image(subject)
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

func findingDetail(d *widget.Document, s *caseScreen, f inspect.Finding) {
	d.Say(severityTone(f.Severity), f.Title)
	d.Outcome(signOf(f.Status), statusWord(f.Status), "")
	d.Field("severity", string(f.Severity))
	d.Field("subject", f.Subject)
	d.Field("said by", f.Check+", "+f.Code)
	if f.Detail != "" {
		d.Gap()
		d.Say(widget.TonePlain, f.Detail)
	}
	if len(f.Evidence) > 0 {
		d.Heading("Rests on")
	}
	for i, e := range f.Evidence {
		if i == widget.MaxListed {
			d.Say(widget.ToneDim, fmt.Sprintf("… and %d more", len(f.Evidence)-widget.MaxListed))
			break
		}
		d.Put(widget.TonePlain, "• ", e.Kind+" "+firstOf(e.Path, e.Text))
		if e.Path != "" && e.Text != "" {
			d.Put(widget.ToneDim, "  ", e.Text)
		}
		if e.Digest != "" {
			d.Put(widget.ToneDim, "  ", e.Digest)
		}
	}
	notesOn(d, s, f.ID)
}

// notesOn lists what people wrote about a row.
func notesOn(d *widget.Document, s *caseScreen, id string) {
	first := true
	for _, n := range s.c.Notes {
		if n.Subject != id {
			continue
		}
		if first {
			d.Heading("Notes")
			first = false
		}
		d.Put(widget.ToneNote, "• ", strings.TrimSpace(stamp(n.Time)+" "+n.Author+" "+n.Mark+" "+n.Text))
	}
}
