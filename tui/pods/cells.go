package pods

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// flagCell is the worst priority of a group. Priorities are those of Falco (syslog): error and worse are bad. Below
// ten columns the flag is a word of four letters, and no sign.
func flagCell(priority string, width int) widget.Cell {
	t := widget.ToneWarn
	if inspect.PriorityRank(priority) <= 3 {
		t = widget.ToneBad
	}
	if width < 10 {
		return widget.Cell{Text: priorityWord(priority), Tone: t, Width: width}
	}
	return widget.Cell{Text: "! " + cmp.Or(priority, "alert"), Tone: t, Width: width}
}

// priorityWord is a priority in four letters. An unknown priority is a dash: it has no rank of its own.
func priorityWord(p string) string {
	words := [...]string{"EMRG", "ALRT", "CRIT", "ERR", "WARN", "NOTE", "-", "INFO", "DBG"}
	return words[inspect.PriorityRank(p)]
}

// flagWidth is the width of the flag, in cells. The wide flag is ! and the priority in full.
func flagWidth(w int) int {
	if w < 60 {
		return 4
	}
	return 11
}

// podCells draws a pod, or the pods of a workload under its name. Below 96 columns the image goes, below 76 the age
// and the number of containers, below 56 the namespace, all of which the detail has. The name of the pod and what
// happened to it share what is left.
func podCells(s *Screen, p *inspect.FlaggedPod, name string, g *alertGroup, w int) []widget.Cell {
	flag := widget.Cell{Width: flagWidth(w)}
	what := widget.Cell{Width: -4}
	if g != nil {
		flag = flagCell(g.priority, flagWidth(w))
		what = widget.Cell{Text: g.text(), Tone: widget.ToneBad, Width: -4}
	} else if len(p.Alerts) > 0 {
		flag = widget.Cell{Text: "muted", Tone: widget.ToneDim, Width: flagWidth(w)}
	}
	if p.Gone != nil {
		what = widget.Cell{Text: goneText(p.Gone), Tone: widget.ToneWarn, Width: -4}
	}
	if w < 96 && what.Text == "" {
		what.Text, what.Tone = label.Image(mainImage(p)), widget.ToneDim
	}
	if w < 56 {
		return []widget.Cell{flag, {Text: name, Width: -4, Middle: true}, what}
	}
	if w < 76 {
		return []widget.Cell{flag, {Text: p.Namespace + "/" + name, Width: -4, Middle: true}, what}
	}
	containers := widget.Cell{Text: fmt.Sprint(len(p.Containers)), Tone: widget.ToneDim, Width: 2, Right: true}
	if len(p.Containers) == 0 {
		containers.Text = ""
	}
	if injected(p) {
		containers.Text += "+"
		containers.Tone = widget.ToneWarn
	}
	cells := []widget.Cell{
		flag,
		{Text: p.Namespace, Width: s.board.spaceWidth},
		{Text: name, Width: -4, Middle: true},
		containers,
	}
	if w >= 96 {
		cells = append(cells, widget.Cell{Text: label.Image(mainImage(p)), Tone: widget.ToneDim, Width: -3})
	}
	if len(s.known) > 0 {
		cells = append(cells, summaryCells(s, p)...)
	}
	return append(cells, widget.Cell{Text: s.age(p.Created), Tone: widget.ToneDim, Width: 6, Right: true}, what)
}

// headCells name the columns, where there are any. They stand above the cells of podCells, column for column.
func headCells(s *Screen, w int) []widget.Cell {
	if w < 76 {
		return nil
	}
	cells := []widget.Cell{
		{Text: "flag", Width: flagWidth(w)},
		{Text: "namespace", Width: s.board.spaceWidth},
		{Text: "pod", Width: -4},
		{Text: "n", Width: 2, Right: true},
	}
	if w >= 96 {
		cells = append(cells, widget.Cell{Text: "image", Width: -3})
	}
	if len(s.known) > 0 {
		cells = append(cells, widget.Cell{Text: "signed", Width: 6}, widget.Cell{Text: "known", Width: 5})
	}
	cells = append(cells, widget.Cell{Text: "age", Width: 6, Right: true}, widget.Cell{Text: "what", Width: -4})
	for i := range cells {
		cells[i].Tone = widget.ToneDim
	}
	return cells
}

// injected reports whether the pod has a container that its owner's template does not have.
func injected(p *inspect.FlaggedPod) bool {
	return slices.ContainsFunc(p.Containers, func(c inspect.Container) bool { return c.Injected })
}

// mainImage is the reference and the digest of the container that an alert names, else of the first one. A digest is
// that of the imageID that the kubelet reports, "" where it reports none.
func mainImage(p *inspect.FlaggedPod) (reference, digest string) {
	for _, c := range p.Containers {
		named := len(p.Alerts) == 0 && c.Type == inspect.ContainerMain
		for _, a := range p.Alerts {
			named = named || a.Container == c.Name || a.Subject == c.Name
		}
		if named {
			return c.Reference, c.Digest()
		}
	}
	if len(p.Containers) == 0 {
		return "", ""
	}
	c := p.Containers[0]
	return c.Reference, c.Digest()
}
