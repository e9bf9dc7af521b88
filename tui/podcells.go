package tui

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func flagCell(priority string, width int) widget.Cell {
	t := widget.ToneWarn
	if inspect.PriorityRank(priority) <= 3 {
		t = widget.ToneBad
	}
	if width < 10 {
		return widget.Cell{Text: priorityWord(priority), Tone: t, Width: width}
	}
	return widget.Cell{Text: "! " + firstOf(priority, "alert"), Tone: t, Width: width}
}

// priorityWord is a priority in four letters.
func priorityWord(p string) string {
	words := [...]string{"EMRG", "ALRT", "CRIT", "ERR", "WARN", "NOTE", "-", "INFO", "DBG"}
	return words[inspect.PriorityRank(p)]
}

func flagWidth(w int) int {
	if w < 60 {
		return 4
	}
	return 11
}

// podCells draws a pod, or the pods of a workload under its name.
func (v *podsScreen) podCells(m *Model, p *inspect.FlaggedPod, name string, g *podGroup, w int) []widget.Cell {
	flag := widget.Cell{Width: flagWidth(w)}
	said := widget.Cell{Width: -4}
	if g != nil {
		flag = flagCell(g.priority, flagWidth(w))
		said = widget.Cell{Text: g.said(), Tone: widget.ToneBad, Width: -4}
	} else if len(p.Alerts) > 0 {
		flag = widget.Cell{Text: "muted", Tone: widget.ToneDim, Width: flagWidth(w)}
	}
	if p.Gone != nil {
		said = widget.Cell{Text: goneText(p.Gone), Tone: widget.ToneWarn, Width: -4}
	}
	if w < 96 && said.Text == "" {
		said.Text, said.Tone = shortImage(mainImage(p)), widget.ToneDim
	}
	if w < 56 {
		return []widget.Cell{flag, {Text: name, Width: -4}, said}
	}
	if w < 76 {
		return []widget.Cell{flag, {Text: p.Namespace + "/" + name, Width: -4}, said}
	}
	containers := widget.Cell{Text: fmt.Sprint(len(p.Containers)), Tone: widget.ToneDim, Width: 2, Right: true}
	if len(p.Containers) == 0 {
		containers.Text = ""
	}
	if injected(p) {
		containers.Text += "+"
		containers.Tone = widget.ToneWarn
	}
	cells := []widget.Cell{flag, {Text: p.Namespace, Width: v.board.spaceWidth}, {Text: name, Width: -4}, containers}
	if w >= 96 {
		cells = append(cells, widget.Cell{Text: shortImage(mainImage(p)), Tone: widget.ToneDim, Width: -3})
	}
	if len(m.seen) > 0 {
		cells = append(cells, glanceCells(m, p)...)
	}
	return append(cells, widget.Cell{Text: m.age(p.Created), Tone: widget.ToneDim, Width: 6, Right: true}, said)
}

// headCells name the columns, where there are any.
func (v *podsScreen) headCells(m *Model, w int) []widget.Cell {
	if w < 76 {
		return nil
	}
	cells := []widget.Cell{{Text: "flag", Width: flagWidth(w)}, {Text: "namespace", Width: v.board.spaceWidth}, {Text: "pod", Width: -4}, {Text: "n", Width: 2, Right: true}}
	if w >= 96 {
		cells = append(cells, widget.Cell{Text: "image", Width: -3})
	}
	if len(m.seen) > 0 {
		cells = append(cells, widget.Cell{Text: "signed", Width: 6}, widget.Cell{Text: "known", Width: 5})
	}
	cells = append(cells, widget.Cell{Text: "age", Width: 6, Right: true}, widget.Cell{Text: "what", Width: -4})
	for i := range cells {
		cells[i].Tone = widget.ToneDim
	}
	return cells
}

// injected says that the pod has a container that its owner's template does not have.
func injected(p *inspect.FlaggedPod) bool {
	return slices.ContainsFunc(p.Containers, func(c inspect.Container) bool { return c.Injected })
}

// mainImage is the reference and the digest of the container that an alert names, else of the first one.
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
