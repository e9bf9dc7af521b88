package tui

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

func flagCell(priority string, width int) cell {
	t := toneWarn
	if inspect.PriorityRank(priority) <= 3 {
		t = toneBad
	}
	if width < 10 {
		return cell{text: priorityWord(priority), tone: t, width: width}
	}
	return cell{text: "! " + firstOf(priority, "alert"), tone: t, width: width}
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
func (v *podsScreen) podCells(m *Model, p *inspect.FlaggedPod, name string, g *podGroup, w int) []cell {
	flag := cell{width: flagWidth(w)}
	said := cell{width: -4}
	if g != nil {
		flag = flagCell(g.priority, flagWidth(w))
		said = cell{text: g.said(), tone: toneBad, width: -4}
	} else if len(p.Alerts) > 0 {
		flag = cell{text: "muted", tone: toneDim, width: flagWidth(w)}
	}
	if p.Gone != nil {
		said = cell{text: goneText(p.Gone), tone: toneWarn, width: -4}
	}
	if w < 96 && said.text == "" {
		said.text, said.tone = shortImage(mainImage(p)), toneDim
	}
	if w < 56 {
		return []cell{flag, {text: name, width: -4}, said}
	}
	if w < 76 {
		return []cell{flag, {text: p.Namespace + "/" + name, width: -4}, said}
	}
	containers := cell{text: fmt.Sprint(len(p.Containers)), tone: toneDim, width: 2, right: true}
	if len(p.Containers) == 0 {
		containers.text = ""
	}
	if injected(p) {
		containers.text += "+"
		containers.tone = toneWarn
	}
	cells := []cell{flag, {text: p.Namespace, width: v.board.spaceWidth}, {text: name, width: -4}, containers}
	if w >= 96 {
		cells = append(cells, cell{text: shortImage(mainImage(p)), tone: toneDim, width: -3})
	}
	if len(m.seen) > 0 {
		cells = append(cells, glanceCells(m, p)...)
	}
	return append(cells, cell{text: m.age(p.Created), tone: toneDim, width: 6, right: true}, said)
}

// headCells name the columns, where there are any.
func (v *podsScreen) headCells(m *Model, w int) []cell {
	if w < 76 {
		return nil
	}
	cells := []cell{{text: "flag", width: flagWidth(w)}, {text: "namespace", width: v.board.spaceWidth}, {text: "pod", width: -4}, {text: "n", width: 2, right: true}}
	if w >= 96 {
		cells = append(cells, cell{text: "image", width: -3})
	}
	if len(m.seen) > 0 {
		cells = append(cells, cell{text: "signed", width: 6}, cell{text: "known", width: 5})
	}
	cells = append(cells, cell{text: "age", width: 6, right: true}, cell{text: "what", width: -4})
	for i := range cells {
		cells[i].tone = toneDim
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
