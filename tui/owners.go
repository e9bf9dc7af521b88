package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
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
			cells: func(w int) []cell {
				return []cell{{text: "owner", tone: toneDim, width: kindWidth}, {text: text, width: -1}}
			},
			detail: func(d *document) { ownerDetail(d, o) },
		})
	}
	for _, r := range s.c.Pod.Revisions {
		text := fmt.Sprintf("%d, %s", r.Number, stamp(r.Created))
		if r.Current {
			text += ", this pod's"
		}
		rows = append(rows, row{
			id: "revision:" + r.Name, find: "revision " + text + " " + r.Name, value: r.Name, layer: -1, object: r,
			cells: func(w int) []cell {
				return []cell{{text: "revision", tone: toneDim, width: kindWidth}, {text: text, width: -1}}
			},
			detail: func(d *document) { revisionDetail(d, r) },
		})
	}
	return rows
}

func ownerDetail(d *document, o inspect.Owner) {
	d.say(toneBold, o.Kind+" "+o.Name)
	if !o.Created.IsZero() {
		d.field("created", stamp(o.Created))
	}
	if len(o.Managers) == 0 {
		d.say(toneDim, "Who wrote it is not known: it could not be read, or keeps no managed fields.")
		return
	}
	d.heading("Written by, the last first")
	for _, m := range o.Managers {
		text := stamp(m.Time)
		if len(m.Images) > 0 {
			text += ", set the image of " + strings.Join(m.Images, ", ")
		}
		d.put(tonePlain, m.Name+" ", text)
	}
	d.gap()
	d.say(toneDim, "A field manager names itself; its time is that of its last change of any field.")
}

func revisionDetail(d *document, r inspect.Revision) {
	d.say(toneBold, fmt.Sprintf("Revision %d", r.Number))
	d.field("name", r.Name)
	d.field("rolled out", stamp(r.Created))
	if r.Cause != "" {
		d.field("note", r.Cause+" (written by anybody)")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Images)) {
		d.field(name, r.Images[name])
		if id := r.Running[name]; id != "" {
			d.field("runs", id)
		}
	}
}

// sharingDetail says in which other images that run here a suspect layer is.
func sharingDetail(d *document, s *inspect.Sharing, l inspect.Layer) {
	if s == nil || l.Empty || !slices.Contains(s.Suspect, l.Number) {
		return
	}
	others := s.With(l.Number)
	for _, o := range others {
		d.put(toneWarn, "also in     ", shortImage(o.Reference, o.Digest)+", "+plural(len(o.Pods), "pod")+": "+strings.Join(o.Pods[:min(len(o.Pods), maxListed)], ", "))
	}
	text := fmt.Sprintf("%s compared by manifest", plural(s.Looked, "other image"))
	if len(others) == 0 {
		text = "in none of " + text
	}
	if s.Unread > 0 {
		text += fmt.Sprintf(", %d not readable", s.Unread)
	}
	if s.Left > 0 {
		text += fmt.Sprintf(", %d not asked for", s.Left)
	}
	d.put(toneDim, "elsewhere   ", text)
}
