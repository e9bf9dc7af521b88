package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// ownerRows list what stands above the pod, the nearest first, and what its workload ran before.
func ownerRows(s *caseScreen) []row {
	var rows []row
	for _, o := range s.c.Pod.Owner {
		text := o.Kind + " " + o.Name
		if len(o.Managers) > 0 {
			text += ", last written by " + o.Managers[0].Name
		}
		rows = append(rows, row{
			id: "owner:" + o.UID, find: "owner " + text, value: o.Name, layer: -1, object: o,
			cells: func(w int) []widget.Cell {
				return []widget.Cell{{Text: "owner", Tone: widget.ToneDim, Width: kindWidth}, {Text: text, Width: -1}}
			},
			detail: func(d *widget.Document) { ownerDetail(d, o) },
		})
	}
	for _, r := range s.c.Pod.Revisions {
		text := fmt.Sprintf("%d, %s", r.Number, stamp(r.Created))
		if r.Current {
			text += ", this pod's"
		}
		rows = append(rows, row{
			id: "revision:" + r.Name, find: "revision " + text + " " + r.Name, value: r.Name, layer: -1, object: r,
			cells: func(w int) []widget.Cell {
				return []widget.Cell{{Text: "revision", Tone: widget.ToneDim, Width: kindWidth}, {Text: text, Width: -1}}
			},
			detail: func(d *widget.Document) { revisionDetail(d, r) },
		})
	}
	return rows
}

func ownerDetail(d *widget.Document, o inspect.Owner) {
	d.Say(widget.ToneBold, o.Kind+" "+o.Name)
	if !o.Created.IsZero() {
		d.Field("created", stamp(o.Created))
	}
	if len(o.Managers) == 0 {
		d.Say(widget.ToneDim, "Who wrote it is not known: it could not be read, or keeps no managed fields.")
		return
	}
	d.Heading("Written by, the last first")
	for _, m := range o.Managers {
		text := stamp(m.Time)
		if len(m.Images) > 0 {
			text += ", set the image of " + strings.Join(m.Images, ", ")
		}
		d.Put(widget.TonePlain, m.Name+" ", text)
	}
	d.Gap()
	d.Say(widget.ToneDim, "A field manager names itself; its time is that of its last change of any field.")
}

func revisionDetail(d *widget.Document, r inspect.Revision) {
	d.Say(widget.ToneBold, fmt.Sprintf("Revision %d", r.Number))
	d.Field("name", r.Name)
	d.Field("rolled out", stamp(r.Created))
	if r.Cause != "" {
		d.Field("note", r.Cause+" (written by anybody)")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Images)) {
		d.Field(name, r.Images[name])
		if id := r.Running[name]; id != "" {
			d.Field("runs", id)
		}
	}
}

// sharingDetail says in which other images that run here a suspect layer is.
func sharingDetail(d *widget.Document, s *inspect.Sharing, l inspect.Layer) {
	if s == nil || l.Empty || !slices.Contains(s.Suspect, l.Number) {
		return
	}
	others := s.With(l.Number)
	for _, o := range others {
		d.Put(widget.ToneWarn, "also in     ", shortImage(o.Reference, o.Digest)+", "+widget.Plural(len(o.Pods), "pod")+": "+strings.Join(o.Pods[:min(len(o.Pods), widget.MaxListed)], ", "))
	}
	text := fmt.Sprintf("%s compared by manifest", widget.Plural(s.Looked, "other image"))
	if len(others) == 0 {
		text = "in none of " + text
	}
	if s.Unread > 0 {
		text += fmt.Sprintf(", %d not readable", s.Unread)
	}
	if s.Left > 0 {
		text += fmt.Sprintf(", %d not asked for", s.Left)
	}
	d.Put(widget.ToneDim, "elsewhere   ", text)
}
