package pane

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// ownerRows list the owners of the pod, the nearest first, and the revisions of its workload. Revisions are
// ReplicaSets or ControllerRevisions; their order is that of the fact.
func ownerRows(v View) []Row {
	var rows []Row
	for _, o := range v.Case.Pod.Owner {
		text := o.Kind + " " + o.Name
		if len(o.Managers) > 0 {
			text += ", last written by " + o.Managers[0].Name
		}
		rows = append(rows, Row{
			ID: "owner:" + o.UID, Text: "owner " + text, Value: o.Name, Layer: -1, Object: o, Pivot: ownerPivot(v, o),
			Line: func(w int) []widget.Cell {
				return []widget.Cell{{Text: "owner", Tone: widget.ToneDim, Width: kindWidth}, {Text: text, Width: -1}}
			},
			Detail: func(d *widget.Document) {
				ownerDetail(d, o)
				pivotLine(v, d, ownerPivot(v, o))
			},
		})
	}
	for _, r := range v.Case.Pod.Revisions {
		text := fmt.Sprintf("%d, %s", r.Number, label.Stamp(r.Created))
		if r.Current {
			text += ", this pod's"
		}
		rows = append(rows, Row{
			ID: "revision:" + r.Name, Text: "revision " + text + " " + r.Name, Value: r.Name, Layer: -1, Object: r,
			Line: func(w int) []widget.Cell {
				return []widget.Cell{
					{Text: "revision", Tone: widget.ToneDim, Width: kindWidth},
					{Text: text, Width: -1},
				}
			},
			Detail: func(d *widget.Document) { revisionDetail(d, r) },
		})
	}
	return rows
}

// ownerPivot leads to the pods of an owner.
func ownerPivot(v View, o inspect.Owner) *shell.Pivot {
	return &shell.Pivot{Kind: shell.PivotOwner, Namespace: v.Case.Pod.Namespace, Name: o.Kind + "/" + o.Name}
}

// ownerDetail writes an owner and its field managers. A manager names itself, so this is a hint, no proof.
// metadata.managedFields names a manager by a string that the client chose (kubectl's default is its own command
// name); its time is that of the last change of any of its fields.
func ownerDetail(d *widget.Document, o inspect.Owner) {
	d.Say(widget.ToneBold, o.Kind+" "+o.Name)
	if !o.Created.IsZero() {
		d.Field("created", label.Stamp(o.Created))
	}
	if len(o.Managers) == 0 {
		d.Say(widget.ToneDim, "Not known who wrote it: it could not be read, or has no managed fields.")
		return
	}
	d.Heading("Written by, the last first")
	for _, m := range o.Managers {
		text := label.Stamp(m.Time)
		if len(m.Images) > 0 {
			text += ", set the image of " + strings.Join(m.Images, ", ")
		}
		d.Put(widget.TonePlain, m.Name+" ", text)
	}
	d.Gap()
	d.Say(widget.ToneDim, "A field manager names itself; its time is that of its last change of any field.")
}

// revisionDetail writes a revision of the workload with the images that it named and those that ran. The cause is the
// annotation kubernetes.io/change-cause, which anyone who may patch the workload can write.
func revisionDetail(d *widget.Document, r inspect.Revision) {
	d.Say(widget.ToneBold, fmt.Sprintf("Revision %d", r.Number))
	d.Field("name", r.Name)
	d.Field("rolled out", label.Stamp(r.Created))
	if r.Cause != "" {
		d.Field("note", r.Cause+" (free text, unauthenticated)")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Images)) {
		d.Field(name, r.Images[name])
		if id := r.Running[name]; id != "" {
			d.Field("runs", id)
		}
	}
}

// sharingDetail lists the other running images that have a suspect layer too. How many images were compared, could
// not be read and were left out is always written: "in no other" is worth as much as that.
func sharingDetail(d *widget.Document, s *inspect.Sharing, l inspect.Layer) {
	// only suspect layers were looked for elsewhere
	if s == nil || l.Empty || !slices.Contains(s.Suspect, l.Number) {
		return
	}
	// those that run now: images that no pod runs are not compared
	others := s.With(l.Number)
	for _, o := range others {
		d.Put(widget.ToneWarn, "also in     ", label.Image(o.Reference, o.Digest)+", "+widget.Plural(len(o.Pods),
			"pod")+": "+strings.Join(o.Pods[:min(len(o.Pods), widget.MaxListed)], ", "))
	}
	text := fmt.Sprintf("%s compared by manifest", widget.Plural(s.Looked, "other image"))
	if len(others) == 0 {
		text = "in none of " + text
	}
	if s.Unread > 0 {
		text += fmt.Sprintf(", %d not readable", s.Unread)
	}
	if s.Left > 0 {
		text += fmt.Sprintf(", %d not compared", s.Left)
	}
	d.Put(widget.ToneDim, "elsewhere   ", text)
}
