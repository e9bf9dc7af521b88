package pane

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// kindWidth is that of the column that names the kind of a row, in cells.
const kindWidth = 12

// reachRows lists what the pod could touch, the dangerous first, then what it is made of and what happened to it.
// Nothing is read from inside Secrets; only their names are facts.
func reachRows(v View) []Row {
	p := v.Case.Pod
	// an image from a registry or a file is in no pod
	if p == nil {
		return nil
	}
	var rows []Row
	for _, r := range respond.Reachable(v.Case) {
		rows = append(rows, reachRow(v, r))
	}
	rows = append(rows, nodeRows(v)...)
	for _, c := range p.Containers {
		rows = append(rows, containerRow(c))
	}
	rows = append(rows, ownerRows(v)...)
	for _, x := range v.Case.Changes {
		rows = append(rows, changeRow(x))
	}
	return rows
}

// reachRow is something that the pod can reach, in the color of how far it leads: node, other workloads, its own. y
// copies the command that finds out more where there is one, as it is what one needs next.
func reachRow(v View, r respond.ReachRow) Row {
	t := map[respond.ReachWeight]widget.Tone{
		respond.ReachesNode: widget.ToneBad, respond.ReachesOther: widget.ToneWarn,
		respond.ReachesOwn: widget.TonePlain, respond.ReachesKin: widget.ToneNote,
	}[r.Weight]
	return Row{
		ID: "reach:" + r.Kind + ":" + r.Text, Text: r.Kind + " " + r.Text, Value: cmp.Or(r.Command, r.Text), Layer: -1,
		Object: r.Text, Pod: r.Pod, Pivot: pivotOf(v, r),
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				{Text: r.Kind, Tone: widget.ToneDim, Width: kindWidth},
				{Text: r.Text, Tone: t, Width: -1},
			}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, r.Kind)
			d.Say(t, r.Text)
			d.Gap()
			d.Say(widget.TonePlain, r.Why)
			d.Command(r.Command)
			if r.Pod != "" {
				d.Gap()
				d.Say(widget.ToneNote, v.opensPods("enter opens its case, esc comes back here."))
			} else {
				pivotLine(v, d, pivotOf(v, r))
			}
		},
	}
}

// opensPods is what enter does on a row of another pod: a saved case has no cluster behind it, and copies a command.
func (v View) opensPods(live string) string {
	if v.Pivots {
		return live
	}
	return "enter copies the command that opens its case."
}

// pivotLine tells where enter leads.
func pivotLine(v View, d *widget.Document, p *shell.Pivot) {
	if p != nil && v.Pivots {
		d.Gap()
		d.Say(widget.ToneNote, "enter lists the pods with this "+p.Kind+".")
	}
}

// pivotOf is what the row of a reach has in common with other pods. "and 36 more" leads to all of its kind.
func pivotOf(v View, r respond.ReachRow) *shell.Pivot {
	pod := v.Case.Pod
	switch {
	case r.Pod != "":
		return nil
	case r.Name != "":
		return &shell.Pivot{Kind: r.Kind, Namespace: pod.Namespace, Name: r.Name}
	case r.Kind == "same node":
		return &shell.Pivot{Kind: shell.PivotNode, Name: pod.Node}
	case r.Kind == "same account":
		return &shell.Pivot{Kind: shell.PivotAccount, Namespace: pod.Namespace, Name: pod.Reach.ServiceAccount}
	case r.Kind == "same image":
		for _, c := range pod.Containers {
			if c.Name == v.Container && c.Digest() != "" {
				return &shell.Pivot{Kind: shell.PivotImage, Name: c.Digest()}
			}
		}
	}
	return nil
}

// nodeRows is the node that the pod runs on: what leaves a container is there first.
func nodeRows(v View) []Row {
	node := v.Case.Pod.Node
	if node == "" {
		return nil
	}
	pivot := &shell.Pivot{Kind: shell.PivotNode, Name: node}
	return []Row{{
		ID: "node:" + node, Text: "node " + node, Value: node, Layer: -1, Object: node, Pivot: pivot,
		Line: func(int) []widget.Cell {
			return []widget.Cell{{Text: "node", Tone: widget.ToneDim, Width: kindWidth}, {Text: node, Width: -1}}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "Node "+node)
			d.Say(widget.TonePlain, "The pod runs on it. What leaves a container reaches the node and its pods first.")
			d.Field("kubelet", v.Case.Pod.Kubelet)
			d.Field("runtime", v.Case.Pod.Runtime)
			pivotLine(v, d, pivot)
		},
	}}
}

// changeRow is something that happened to the pod while the case was open. Its time is when the watch reported it, by
// this machine's clock.
func changeRow(x inspect.PodChange) Row {
	text := strings.Join(x.What, "; ")
	t := widget.ToneWarn
	// its writable layers and memory are lost
	if x.State == inspect.PodGone || x.State == inspect.PodReplaced {
		t = widget.ToneBad
	}
	return Row{
		ID: "change:" + x.Time.String() + x.State, Text: "pod " + x.State + " " + text, Value: text, Layer: -1,
		Object: x,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				{Text: "pod", Tone: widget.ToneDim, Width: kindWidth},
				{Text: label.Clock(x.Time), Tone: widget.ToneDim, Width: 9},
				{Text: x.State + ": " + text, Tone: t, Width: -1},
			}
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

// containerRow is a container of the pod; an injected one stands out. Injected means that the template of the owner
// does not have it: a mutating webhook or an ephemeral container added it.
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
			return []widget.Cell{
				{Text: "container", Tone: widget.ToneDim, Width: kindWidth},
				{Text: text + " " + label.Image(c.Reference, ""), Tone: t, Width: -1},
			}
		},
		Detail: func(d *widget.Document) { containerDetail(d, c) },
	}
}

// containerDetail writes what the kubelet reported about a container, and its mounts. The kubelet reports an image ID
// in one of three forms, which are shown as they are. A mount hides what the image has at its path.
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
