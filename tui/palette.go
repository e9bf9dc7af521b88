package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// Widths of the columns of the palette, in cells.
const (
	nameWidth = 15
	showWidth = 7
)

// runPalette lists the commands of this screen by name, and the panes. Keys that only move are not in it. Disabled
// commands are listed with their reason: a palette that hides them would look as if they did not exist.
func runPalette(m *Model, _ string) tea.Cmd {
	var choices []shell.Choice
	run := map[string]func(typed string) tea.Cmd{}
	for _, c := range commands() {
		if c.on&m.top().Scope() == 0 || c.name == "commands" || moves(c.name) {
			continue
		}
		run[c.name] = func(typed string) tea.Cmd {
			arg := argument(typed, c)
			if arg == "" && len(c.keys) > 0 {
				arg = c.keys[0]
			}
			return m.run(c, arg)
		}
		choices = append(choices, commandChoice(c, m.action(c).Why()))
	}
	for _, p := range m.palettePlaces() {
		run[p.name] = p.run
		choices = append(choices, commandChoice(command{name: p.name, show: p.show, help: p.help}, ""))
	}
	m.Choose(shell.Chooser{
		Name: "Commands", Choices: choices, Rank: rankCommand,
		Done: func(name, typed string) tea.Cmd { return run[name](typed) },
	})
	return nil
}

// moves reports whether a command only moves: by its key it is quicker than by its name.
func moves(name string) bool {
	return slices.Contains([]string{
		"open", "back", "up", "down", "left", "right", "top", "bottom", "half page down",
		"half page up", "page down", "page up", "pane", "focus", "next", "previous",
	}, name)
}

// commandChoice is a command as a line of the palette; why is the reason why it is disabled.
func commandChoice(c command, why string) shell.Choice {
	text, t := c.help, widget.ToneDim
	if why != "" {
		text, t = "not now: "+why, widget.ToneWarn
	}
	return shell.Choice{ID: c.name, Text: c.name + " " + c.help, Line: func(int) []widget.Cell {
		return []widget.Cell{
			{Text: c.name, Width: nameWidth},
			{Text: c.show, Tone: widget.ToneKey, Width: showWidth},
			{Text: text, Tone: t, Width: -1},
		}
	}}
}

// aliases are other names of commands, as in k9s.
var aliases = map[string][]string{
	"quit": {"q", "q!", "exit"}, "quit at once": {"qa"}, "help": {"h"}, "pods": {"po", "pod"},
	"all namespaces": {"namespaces"}, "export": {"bundle"}, "overview": {"findings"},
	"signatures": {"sign"}, "provenance": {"prov"}, "packages": {"pkgs"}, "binaries": {"bins"},
	"blast radius": {"blast", "sa"}, "autoruns": {"auto"}, "audit": {"fleet", "workloads"},
}

// The ranks of what a command has of what was typed.
const (
	rankExact = iota
	rankPrefix
	rankWord
	rankFuzzy
	rankHelp
	rankNone = -1
)

// rankCommand is how well a command fits: by its whole name or an alias, then by their beginning, then by letters of
// its name, and by its description last. Quit is found by name only: nobody leaves by a slip. What is typed is in
// lower case and has no blanks around it.
func rankCommand(typed string, c shell.Choice) int {
	names := append([]string{c.ID}, aliases[c.ID]...)
	if word, _, more := strings.Cut(typed, " "); more && word == c.ID && (word == "ctx" || word == "ns") {
		return rankExact
	}
	for _, cmd := range commands() {
		if cmd.name == c.ID && argument(typed, cmd) != "" {
			return rankExact
		}
	}
	best := rankNone
	put := func(rank int) {
		if best == rankNone || rank < best {
			best = rank
		}
	}
	for _, name := range names {
		switch {
		case name == typed:
			put(rankExact)
		case strings.HasPrefix(name, typed):
			put(rankPrefix)
		case strings.Contains(name, " "+typed):
			put(rankWord)
		}
	}
	if best != rankNone || strings.HasPrefix(c.ID, "quit") {
		return best
	}
	switch {
	case subsequence(typed, c.ID):
		return rankFuzzy
	case containsWords(strings.ToLower(c.Text), typed):
		return rankHelp
	default:
		return rankNone
	}
}

// subsequence reports whether a name has all letters of what was typed, in their order.
func subsequence(typed, name string) bool {
	for _, r := range typed {
		at := strings.IndexRune(name, r)
		if at < 0 {
			return false
		}
		name = name[at+len(string(r)):]
	}
	return true
}

// containsWords reports whether a text has all words of what was typed.
func containsWords(text, typed string) bool {
	return !slices.ContainsFunc(strings.Fields(typed), func(w string) bool { return !strings.Contains(text, w) })
}

// palettePlace is somewhere to go to by its name.
type palettePlace struct {
	name, show, help string
	run              func(typed string) tea.Cmd
}

// palettePlaces are the list of pods, and in a case its panes. They rank among the commands by their names.
func (m *Model) palettePlaces() []palettePlace {
	var all []palettePlace
	if m.top().Scope()&shell.InCase != 0 {
		for k := range pane.Count {
			spec, key := k.Spec(), fmt.Sprint(int(k)+1)
			all = append(all, palettePlace{
				strings.ToLower(spec.Name), key, "pane " + key + ": " + spec.List,
				func(string) tea.Cmd { return m.press(key) },
			})
		}
	}
	if len(m.stack) > 1 && m.stack[0].Scope()&shell.InPods != 0 {
		all = append(all, palettePlace{"pods", "", "back to the list of pods", func(string) tea.Cmd {
			return popTo(m, m.stack[0])
		}})
	}
	if m.top().Scope()&shell.InPods != 0 {
		all = append(all, palettePlace{"ns", "", "only rows of a namespace: ns NAME", func(typed string) tea.Cmd {
			_, name, _ := strings.Cut(strings.TrimSpace(typed), " ")
			return m.top().SetFilter(strings.TrimSpace(name))
		}})
	}
	return append(all,
		palettePlace{
			"cases", "", "the saved cases: copies the command that lists them",
			m.elsewhere("backtrail cases"),
		},
		palettePlace{
			"ctx", "", "another context: copies the command that opens it",
			m.elsewhere("backtrail --context NAME"),
		})
}

// press does what a key does on this screen.
func (m *Model) press(key string) tea.Cmd {
	for _, c := range commands() {
		if c.on&m.top().Scope() != 0 && slices.Contains(c.keys, key) {
			return m.run(c, key)
		}
	}
	return nil
}

// elsewhere copies a command for what is not part of this session; a name that was typed behind it takes its place.
// The name is quoted for a shell.
func (m *Model) elsewhere(command string) func(string) tea.Cmd {
	return func(typed string) tea.Cmd {
		command := command
		if _, name, ok := strings.Cut(strings.TrimSpace(typed), " "); ok {
			command = strings.ReplaceAll(command, "NAME", text.Quote(name))
		}
		m.Info("copied: " + command)
		return tea.SetClipboard(command)
	}
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
	m.AskQuit()
	return nil
}
