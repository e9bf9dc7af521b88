package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

func findingRow(m *Model, s *caseScreen, f inspect.Finding) row {
	subject, path := findingPlace(s, f)
	return row{
		id: "finding:" + f.ID, find: f.Title + " " + f.Subject + " " + f.Code + " " + string(f.Severity) + " " + f.Check,
		value: f.Title, subject: subject, mark: f.ID, path: path, layer: findingLayer(s, subject, f), object: f, raw: evidenceParts(f.Evidence),
		cells: func(w int) []cell {
			sign := m.p.signCell(signOf(f.Status))
			word := cell{text: severityWord(f.Severity), tone: severityTone(f.Severity), width: 5}
			title := cell{text: f.Title, width: -1}
			if w > 70 {
				return []cell{word, sign, title, {text: f.Check, tone: toneDim, width: 11}}
			}
			return []cell{word, sign, title}
		},
		detail: func(d *document) { findingDetail(d, s, f) },
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

func findingDetail(d *document, s *caseScreen, f inspect.Finding) {
	d.say(severityTone(f.Severity), f.Title)
	d.status(signOf(f.Status), statusWord(f.Status), "")
	d.field("severity", string(f.Severity))
	d.field("subject", f.Subject)
	d.field("said by", f.Check+", "+f.Code)
	if f.Detail != "" {
		d.gap()
		d.say(tonePlain, f.Detail)
	}
	if len(f.Evidence) > 0 {
		d.heading("Rests on")
	}
	for i, e := range f.Evidence {
		if i == maxListed {
			d.say(toneDim, fmt.Sprintf("… and %d more", len(f.Evidence)-maxListed))
			break
		}
		d.put(tonePlain, "• ", e.Kind+" "+firstOf(e.Path, e.Text))
		if e.Path != "" && e.Text != "" {
			d.put(toneDim, "  ", e.Text)
		}
		if e.Digest != "" {
			d.put(toneDim, "  ", e.Digest)
		}
	}
	notesOn(d, s, f.ID)
}

// notesOn lists what people wrote about a row.
func notesOn(d *document, s *caseScreen, id string) {
	first := true
	for _, n := range s.c.Notes {
		if n.Subject != id {
			continue
		}
		if first {
			d.heading("Notes")
			first = false
		}
		d.put(toneNote, "• ", strings.TrimSpace(stamp(n.Time)+" "+n.Author+" "+n.Mark+" "+n.Text))
	}
}
