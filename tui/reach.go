package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// kindWidth is that of the column that says what a row is.
const kindWidth = 12

// reachRows lists what the pod could touch, the dangerous first, then what happened to it and what is kept of it.
func reachRows(_ *Model, s *caseScreen) []row {
	p := s.c.Pod
	if p == nil {
		return nil
	}
	var rows []row
	for _, r := range s.c.Reachable() {
		rows = append(rows, reachRow(r))
	}
	for _, c := range p.Containers {
		rows = append(rows, containerRow(c))
	}
	rows = append(rows, ownerRows(s)...)
	for _, x := range s.c.Changes {
		rows = append(rows, changeRow(x))
	}
	for _, k := range s.c.Preserved() {
		rows = append(rows, preservedRow(k))
	}
	return append(rows, exhibitRows(s)...)
}

func reachRow(r inspect.ReachRow) row {
	t := map[inspect.ReachWeight]widget.Tone{inspect.ReachesNode: widget.ToneBad, inspect.ReachesOther: widget.ToneWarn, inspect.ReachesOwn: widget.TonePlain, inspect.ReachesKin: widget.ToneNote}[r.Weight]
	return row{
		id: "reach:" + r.Kind + ":" + r.Text, find: r.Kind + " " + r.Text, value: firstOf(r.Command, r.Text), layer: -1, object: r.Text,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: r.Kind, Tone: widget.ToneDim, Width: kindWidth}, {Text: r.Text, Tone: t, Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, r.Kind)
			d.Say(t, r.Text)
			d.Gap()
			d.Say(widget.TonePlain, r.Why)
			d.Command(r.Command)
		},
	}
}

// changeRow is something that happened to the pod while the case was open.
func changeRow(x inspect.PodChange) row {
	text := strings.Join(x.What, "; ")
	t := widget.ToneWarn
	if x.State == inspect.PodGone || x.State == inspect.PodReplaced {
		t = widget.ToneBad
	}
	return row{
		id: "change:" + x.Time.String() + x.State, find: "pod " + x.State + " " + text, value: text, layer: -1, object: x,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: "pod", Tone: widget.ToneDim, Width: kindWidth}, {Text: shortStamp(x.Time), Tone: widget.ToneDim, Width: 9}, {Text: x.State + ": " + text, Tone: t, Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "The pod, while the case was open")
			d.Say(t, x.State)
			d.Field("heard at", stamp(x.Time))
			d.Gap()
			d.Bullets(x.What)
			d.Field("kept as", x.Exhibit)
		},
	}
}

// preservedRow says of one kind of thing what is kept, and what is not.
func preservedRow(k inspect.Preserved) row {
	kind, text, t := "kept", widget.Plural(k.Kept, k.Word), widget.TonePlain
	lost := widget.Plural(k.Lost, k.Word)
	if k.Whole {
		lost = k.Word + "s"
	}
	switch {
	case k.Lost > 0 && k.Kept == 0:
		kind, text, t = "not kept", lost, widget.ToneWarn
	case k.Lost > 0:
		text, t = text+", not kept: "+fmt.Sprint(k.Lost), widget.ToneWarn
	}
	if len(k.Why) > 0 {
		text += " (" + k.Why[0] + ")"
	}
	return row{
		id: "preserved:" + k.Word, find: kind + " " + text, value: text, layer: -1, object: k,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: kind, Tone: widget.ToneDim, Width: kindWidth}, {Text: text, Tone: t, Width: -1}, {Text: shortStamp(k.First), Tone: widget.ToneDim, Width: 9, Right: true}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, upperFirst(kind)+": "+text)
			d.Field("first", stamp(k.First))
			d.Field("last", stamp(k.Last))
			if len(k.Why) > 0 {
				d.Heading("Not kept")
				d.Bullets(k.Why)
			}
			d.Gap()
			d.Say(widget.ToneDim, "Kinds stand in the order in which they vanish elsewhere.")
		},
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func containerRow(c inspect.Container) row {
	text := c.Name + " " + string(c.Type)
	t := widget.TonePlain
	if c.Injected {
		text, t = text+", injected", widget.ToneWarn
	}
	return row{
		id: "container:" + c.Name, find: "container " + text + " " + c.Reference, value: c.ImageID, subject: c.Name, layer: -1, object: c,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: "container", Tone: widget.ToneDim, Width: kindWidth}, {Text: text + " " + shortImage(c.Reference, ""), Tone: t, Width: -1}}
		},
		detail: func(d *widget.Document) { containerDetail(d, c) },
	}
}

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
	d.Field("run before", c.Last)
	d.Field("started", stamp(c.Started))
	for _, v := range c.Mounts {
		how := v.Path + ": " + strings.TrimSpace(v.Kind+" "+v.Source)
		if v.ReadOnly {
			how += ", read only"
		}
		d.Field("mount", how)
	}
}

// exhibitRows lists what was kept as it was received: cluster objects, logs.
func exhibitRows(s *caseScreen) []row {
	var rows []row
	exhibits := slices.Clone(s.c.Exhibits)
	slices.SortStableFunc(exhibits, func(a, b inspect.Exhibit) int { return a.Kept.Compare(b.Kept.Time) })
	for _, x := range exhibits {
		if x.Missing != "" {
			continue // said above, with the reason
		}
		rows = append(rows, row{
			id: "exhibit:" + x.Path, find: "kept " + x.Path + " " + x.Source, value: x.Digest, layer: -1, object: x, raw: blobPart(x.Path, x.Digest),
			cells: func(w int) []widget.Cell {
				cells := []widget.Cell{{Text: "kept", Tone: widget.ToneDim, Width: kindWidth}, {Text: x.Path, Width: -1}, {Text: bytesText(x.Size), Tone: widget.ToneDim, Width: 9, Right: true}}
				if w > 66 {
					cells = append(cells, widget.Cell{Text: shortStamp(x.Kept), Tone: widget.ToneDim, Width: 9, Right: true})
				}
				return cells
			},
			detail: func(d *widget.Document) {
				d.Say(widget.ToneBold, x.Path)
				d.Field("kept", stamp(x.Kept))
				d.Field("from", x.Source)
				d.Field("digest", x.Digest)
				if len(x.Redacted) > 0 {
					d.Field("redacted", strings.Join(x.Redacted, ", "))
				}
				if x.Truncated {
					d.Say(widget.ToneWarn, "Cut short by a bound.")
				}
			},
		})
	}
	return rows
}
