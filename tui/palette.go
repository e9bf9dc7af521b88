package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
)

// runPalette lists the commands of this screen by name.
func runPalette(m *Model, _ string) tea.Cmd {
	var rows []choice
	byID := map[string]command{}
	for _, c := range commands() {
		if c.on&m.here() == 0 || c.name == "commands" {
			continue
		}
		why := ""
		if c.why != nil {
			why = c.why(m)
		}
		byID[c.name] = c
		rows = append(rows, choice{
			id: c.name, find: c.name + " " + c.help,
			cells: func(w int) []widget.Cell {
				text, t := c.help, widget.ToneDim
				if why != "" {
					text, t = "not now: "+why, widget.ToneWarn
				}
				return []widget.Cell{{Text: c.name, Width: 15}, {Text: c.show, Tone: widget.ToneKey, Width: 7}, {Text: text, Tone: t, Width: -1}}
			},
		})
	}
	typed := ""
	m.choose("Commands", "", rows, func(m *Model, id string) tea.Cmd {
		c := byID[id]
		if len(c.keys) > 0 {
			return m.run(c, c.keys[0])
		}
		return m.run(c, argument(typed, c))
	})
	if c, ok := m.dialog.(*chooser); ok {
		c.words = func(text string) string {
			typed = text
			for _, known := range commands() {
				if known.takes && argument(text, known) != "" {
					return known.name
				}
			}
			return text
		}
	}
	return nil
}

// argument is what was typed behind the name of a command.
func argument(typed string, c command) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(typed), c.name+" ")
	if !ok || !c.takes {
		return ""
	}
	return strings.TrimSpace(rest)
}

func runHelp(m *Model, _ string) tea.Cmd {
	m.dialog = &reader{name: "Keys", lines: func(p *widget.Paint, width int) []string { return helpLines(p, width, m.here(), m.o.Version) }}
	return nil
}

func runMouse(m *Model, _ string) tea.Cmd {
	m.mouse = !m.mouse
	m.info(map[bool]string{true: "mouse on: the terminal's own selection needs shift now", false: "mouse off"}[m.mouse])
	return nil
}

func runQuit(m *Model, _ string) tea.Cmd {
	if !m.looking {
		return tea.Quit
	}
	m.choose("An export runs", "Quit now, and the bundle is not written?", []choice{
		{id: "stay", find: "stay", cells: func(int) []widget.Cell { return []widget.Cell{{Text: "stay until it is done", Width: -1}} }},
		{id: "quit", find: "quit", cells: func(int) []widget.Cell { return []widget.Cell{{Text: "quit now", Width: -1}} }},
	}, func(m *Model, id string) tea.Cmd {
		if id == "quit" {
			return tea.Quit
		}
		return nil
	})
	return nil
}
