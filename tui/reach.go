package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
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
	t := map[inspect.ReachWeight]tone{inspect.ReachesNode: toneBad, inspect.ReachesOther: toneWarn, inspect.ReachesOwn: tonePlain, inspect.ReachesKin: toneNote}[r.Weight]
	return row{
		id: "reach:" + r.Kind + ":" + r.Text, find: r.Kind + " " + r.Text, value: firstOf(r.Command, r.Text), layer: -1, object: r.Text,
		cells: func(w int) []cell {
			return []cell{{text: r.Kind, tone: toneDim, width: kindWidth}, {text: r.Text, tone: t, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneBold, r.Kind)
			d.say(t, r.Text)
			d.gap()
			d.say(tonePlain, r.Why)
			d.command(r.Command)
		},
	}
}

// changeRow is something that happened to the pod while the case was open.
func changeRow(x inspect.PodChange) row {
	text := strings.Join(x.What, "; ")
	t := toneWarn
	if x.State == inspect.PodGone || x.State == inspect.PodReplaced {
		t = toneBad
	}
	return row{
		id: "change:" + x.Time.String() + x.State, find: "pod " + x.State + " " + text, value: text, layer: -1, object: x,
		cells: func(w int) []cell {
			return []cell{{text: "pod", tone: toneDim, width: kindWidth}, {text: shortStamp(x.Time), tone: toneDim, width: 9}, {text: x.State + ": " + text, tone: t, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneBold, "The pod, while the case was open")
			d.say(t, x.State)
			d.field("heard at", stamp(x.Time))
			d.gap()
			d.bullets(x.What)
			d.field("kept as", x.Exhibit)
		},
	}
}

// preservedRow says of one kind of thing what is kept, and what is not.
func preservedRow(k inspect.Preserved) row {
	kind, text, t := "kept", plural(k.Kept, k.Word), tonePlain
	lost := plural(k.Lost, k.Word)
	if k.Whole {
		lost = k.Word + "s"
	}
	switch {
	case k.Lost > 0 && k.Kept == 0:
		kind, text, t = "not kept", lost, toneWarn
	case k.Lost > 0:
		text, t = text+", not kept: "+fmt.Sprint(k.Lost), toneWarn
	}
	if len(k.Why) > 0 {
		text += " (" + k.Why[0] + ")"
	}
	return row{
		id: "preserved:" + k.Word, find: kind + " " + text, value: text, layer: -1, object: k,
		cells: func(w int) []cell {
			return []cell{{text: kind, tone: toneDim, width: kindWidth}, {text: text, tone: t, width: -1}, {text: shortStamp(k.First), tone: toneDim, width: 9, right: true}}
		},
		detail: func(d *document) {
			d.say(toneBold, upperFirst(kind)+": "+text)
			d.field("first", stamp(k.First))
			d.field("last", stamp(k.Last))
			if len(k.Why) > 0 {
				d.heading("Not kept")
				d.bullets(k.Why)
			}
			d.gap()
			d.say(toneDim, "Kinds stand in the order in which they vanish elsewhere.")
		},
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func containerRow(c inspect.Container) row {
	text := c.Name + " " + string(c.Type)
	t := tonePlain
	if c.Injected {
		text, t = text+", injected", toneWarn
	}
	return row{
		id: "container:" + c.Name, find: "container " + text + " " + c.Reference, value: c.ImageID, subject: c.Name, layer: -1, object: c,
		cells: func(w int) []cell {
			return []cell{{text: "container", tone: toneDim, width: kindWidth}, {text: text + " " + shortImage(c.Reference, ""), tone: t, width: -1}}
		},
		detail: func(d *document) { containerDetail(d, c) },
	}
}

func containerDetail(d *document, c inspect.Container) {
	d.say(toneBold, "Container "+c.Name)
	d.field("type", string(c.Type))
	if c.Injected {
		d.say(toneWarn, "Injected: the owner's template does not have it.")
	}
	d.field("image", c.Reference)
	d.field("image ID", c.ImageID)
	d.field("container", c.ContainerID)
	d.field("state", c.State)
	d.field("restarts", fmt.Sprint(c.Restarts))
	d.field("run before", c.Last)
	d.field("started", stamp(c.Started))
	for _, v := range c.Mounts {
		how := v.Path + ": " + strings.TrimSpace(v.Kind+" "+v.Source)
		if v.ReadOnly {
			how += ", read only"
		}
		d.field("mount", how)
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
			cells: func(w int) []cell {
				cells := []cell{{text: "kept", tone: toneDim, width: kindWidth}, {text: x.Path, width: -1}, {text: bytesText(x.Size), tone: toneDim, width: 9, right: true}}
				if w > 66 {
					cells = append(cells, cell{text: shortStamp(x.Kept), tone: toneDim, width: 9, right: true})
				}
				return cells
			},
			detail: func(d *document) {
				d.say(toneBold, x.Path)
				d.field("kept", stamp(x.Kept))
				d.field("from", x.Source)
				d.field("digest", x.Digest)
				if len(x.Redacted) > 0 {
					d.field("redacted", strings.Join(x.Redacted, ", "))
				}
				if x.Truncated {
					d.say(toneWarn, "Cut short by a bound.")
				}
			},
		})
	}
	return rows
}
