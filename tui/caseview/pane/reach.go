package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// kindWidth is that of the column that names the kind of a row, in cells.
const kindWidth = 12

// reachRows lists what the pod could touch, the dangerous first, then what happened to it and what was collected from
// it.
func reachRows(v View) []Row {
	p := v.Case.Pod
	if p == nil {
		return nil
	}
	var rows []Row
	for _, r := range respond.Reachable(v.Case) {
		rows = append(rows, reachRow(r))
	}
	for _, c := range p.Containers {
		rows = append(rows, containerRow(c))
	}
	rows = append(rows, ownerRows(v)...)
	for _, x := range v.Case.Changes {
		rows = append(rows, changeRow(x))
	}
	for _, k := range respond.PreservedOf(v.Case) {
		rows = append(rows, preservedRow(k))
	}
	return append(rows, exhibitRows(v)...)
}

// reachRow is something that the pod can reach, in the color of how far it leads: node, other workloads, its
// own.
func reachRow(r respond.ReachRow) Row {
	t := map[respond.ReachWeight]widget.Tone{respond.ReachesNode: widget.ToneBad, respond.ReachesOther: widget.ToneWarn,
		respond.ReachesOwn: widget.TonePlain, respond.ReachesKin: widget.ToneNote}[r.Weight]
	return Row{
		ID: "reach:" + r.Kind + ":" + r.Text, Text: r.Kind + " " + r.Text, Value: cmp.Or(r.Command, r.Text), Layer: -1,
		Object: r.Text,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{{Text: r.Kind, Tone: widget.ToneDim, Width: kindWidth},
				{Text: r.Text, Tone: t, Width: -1}}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, r.Kind)
			d.Say(t, r.Text)
			d.Gap()
			d.Say(widget.TonePlain, r.Why)
			d.Command(r.Command)
		},
	}
}

// changeRow is something that happened to the pod while the case was open.
func changeRow(x inspect.PodChange) Row {
	text := strings.Join(x.What, "; ")
	t := widget.ToneWarn
	if x.State == inspect.PodGone || x.State == inspect.PodReplaced {
		t = widget.ToneBad
	}
	return Row{
		ID: "change:" + x.Time.String() + x.State, Text: "pod " + x.State + " " + text, Value: text, Layer: -1,
		Object: x,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{{Text: "pod", Tone: widget.ToneDim, Width: kindWidth},
				{Text: label.Clock(x.Time), Tone: widget.ToneDim, Width: 9},
				{Text: x.State + ": " + text, Tone: t, Width: -1}}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "The pod, while the case was open")
			d.Say(t, x.State)
			d.Field("seen at", label.Stamp(x.Time))
			d.Gap()
			d.Bullets(x.What)
			d.Field("collected as", x.Exhibit)
		},
	}
}

// preservedRow is one kind of evidence: what of it was collected, and what was not.
func preservedRow(k respond.Preserved) Row {
	kind, text, t := "collected", widget.Plural(k.Kept, k.Word), widget.TonePlain
	lost := widget.Plural(k.Lost, k.Word)
	if k.Whole {
		lost = k.Word + "s"
	}
	switch {
	case k.Lost > 0 && k.Kept == 0:
		kind, text, t = "missing", lost, widget.ToneWarn
	case k.Lost > 0:
		text, t = text+", not collected: "+fmt.Sprint(k.Lost), widget.ToneWarn
	}
	if len(k.Why) > 0 {
		text += " (" + k.Why[0] + ")"
	}
	return Row{
		ID: "preserved:" + k.Word, Text: kind + " " + text, Value: text, Layer: -1, Object: k,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{{Text: kind, Tone: widget.ToneDim, Width: kindWidth}, {Text: text, Tone: t, Width: -1},
				{Text: label.Clock(k.First), Tone: widget.ToneDim, Width: 9, Right: true}}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, upperFirst(kind)+": "+text)
			d.Field("first", label.Stamp(k.First))
			d.Field("last", label.Stamp(k.Last))
			if len(k.Why) > 0 {
				d.Heading("Not collected")
				d.Bullets(k.Why)
			}
			d.Gap()
			d.Say(widget.ToneDim, "Sorted by how soon they vanish from the cluster.")
		},
	}
}

// upperFirst begins a sentence with a word.
func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// containerRow is a container of the pod; an injected one stands out.
func containerRow(c inspect.Container) Row {
	text := c.Name + " " + string(c.Type)
	t := widget.TonePlain
	if c.Injected {
		text, t = text+", injected", widget.ToneWarn
	}
	return Row{
		ID: "container:" + c.Name, Text: "container " + text + " " + c.Reference, Value: c.ImageID, Container: c.Name,
		Layer: -1, Object: c,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{{Text: "container", Tone: widget.ToneDim, Width: kindWidth},
				{Text: text + " " + label.Image(c.Reference, ""), Tone: t, Width: -1}}
		},
		Detail: func(d *widget.Document) { containerDetail(d, c) },
	}
}

// containerDetail writes what the kubelet reported about a container, and its mounts.
func containerDetail(d *widget.Document, c inspect.Container) {
	d.Say(widget.ToneBold, "Container "+c.Name)
	d.Field("type", string(c.Type))
	if c.Injected {
		d.Say(widget.ToneWarn, "Injected: the owner's template does not have it.")
	}
	d.Field("image", c.Reference)
	d.Field("image ID", c.ImageID)
	d.Field("container", c.ContainerID)
	d.Field("state", c.State)
	d.Field("restarts", fmt.Sprint(c.Restarts))
	d.Field("last run", c.Last)
	d.Field("started", label.Stamp(c.Started))
	for _, v := range c.Mounts {
		how := v.Path + ": " + strings.TrimSpace(v.Kind+" "+v.Source)
		if v.ReadOnly {
			how += ", read only"
		}
		d.Field("mount", how)
	}
}

// exhibitRows lists what was collected as it was received: cluster objects, logs.
func exhibitRows(v View) []Row {
	var rows []Row
	exhibits := slices.Clone(v.Case.Exhibits)
	slices.SortStableFunc(exhibits, func(a, b inspect.Exhibit) int { return a.Kept.Compare(b.Kept.Time) })
	for _, x := range exhibits {
		if x.Missing != "" {
			// counted above, with the reason
			continue
		}
		rows = append(rows, Row{
			ID: "exhibit:" + x.Path, Text: "collected " + x.Path + " " + x.Source, Value: x.Digest, Layer: -1,
			Object: x, Raw: viewer.Blob(x.Path, x.Digest),
			Line: func(w int) []widget.Cell {
				cells := []widget.Cell{{Text: "collected", Tone: widget.ToneDim, Width: kindWidth},
					{Text: x.Path, Width: -1}, {Text: label.Size(x.Size), Tone: widget.ToneDim, Width: 9, Right: true}}
				if w > 66 {
					cells = append(cells, widget.Cell{Text: label.Clock(x.Kept), Tone: widget.ToneDim, Width: 9,
						Right: true})
				}
				return cells
			},
			Detail: func(d *widget.Document) {
				d.Say(widget.ToneBold, x.Path)
				d.Field("collected", label.Stamp(x.Kept))
				d.Field("from", x.Source)
				d.Field("digest", x.Digest)
				if len(x.Redacted) > 0 {
					d.Field("redacted", strings.Join(x.Redacted, ", "))
				}
				if x.Truncated {
					d.Say(widget.ToneWarn, "Truncated at a size limit.")
				}
			},
		})
	}
	return rows
}
