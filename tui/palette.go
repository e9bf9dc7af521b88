package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// Widths of the columns of the palette, in cells.
const (
	nameWidth = 15
	showWidth = 7
)

// runPalette lists the commands of this screen by name.
func runPalette(m *Model, _ string) tea.Cmd {
	var choices []shell.Choice
	byName := map[string]command{}
	for _, c := range commands() {
		if c.on&m.top().Scope() == 0 || c.name == "commands" {
			continue
		}
		byName[c.name] = c
		choices = append(choices, commandChoice(c, m.action(c).Why()))
	}
	m.Choose(shell.Chooser{
		Name: "Commands", Choices: choices, Words: commandWords,
		Done: func(name, typed string) tea.Cmd {
			c := byName[name]
			if len(c.keys) > 0 {
				return m.run(c, c.keys[0])
			}
			return m.run(c, argument(typed, c))
		},
	})
	return nil
}

// commandChoice is a command as a line of the palette; why is the reason why it is disabled.
func commandChoice(c command, why string) shell.Choice {
	text, t := c.help, widget.ToneDim
	if why != "" {
		text, t = "not now: "+why, widget.ToneWarn
	}
	return shell.Choice{ID: c.name, Text: c.name + " " + c.help, Line: func(int) []widget.Cell {
		return []widget.Cell{
			{Text: c.name, Width: nameWidth}, {Text: c.show, Tone: widget.ToneKey, Width: showWidth},
			{Text: text, Tone: t, Width: -1},
		}
	}}
}

// commandWords are the words that filter the palette: of a command that takes an argument only its name.
func commandWords(typed string) string {
	for _, c := range commands() {
		if c.takes && argument(typed, c) != "" {
			return c.name
		}
	}
	return typed
}

// argument is what was typed behind the name of a command.
func argument(typed string, c command) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(typed), c.name+" ")
	if !ok || !c.takes {
		return ""
	}
	return strings.TrimSpace(rest)
}

// runMouse turns the mouse on or off. While it is on, the terminal's own selection of text needs shift.
func runMouse(m *Model, _ string) tea.Cmd {
	m.mouse = !m.mouse
	if m.mouse {
		m.Info("mouse on: the terminal's own selection needs shift now")
	} else {
		m.Info("mouse off")
	}
	return nil
}

// runQuit quits, and asks only while an export runs.
func runQuit(m *Model, _ string) tea.Cmd {
	if !m.Exporting {
		return tea.Quit
	}
	choice := func(id, text string) shell.Choice {
		return shell.Choice{ID: id, Text: id, Line: func(int) []widget.Cell {
			return []widget.Cell{{Text: text,
				Width: -1}}
		}}
	}
	m.Choose(shell.Chooser{
		Name: "An export runs", About: "Quit now, without the bundle?",
		Choices: []shell.Choice{choice("stay", "stay until it is done"), choice("quit", "quit now")},
		Done: func(id, _ string) tea.Cmd {
			if id == "quit" {
				return tea.Quit
			}
			return nil
		},
	})
	return nil
}
