package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// scope says on which screens a command is at home.
type scope int

const (
	inPods scope = 1 << iota
	inCase
	inViewer
	everywhere = inPods | inCase | inViewer
)

// command is one line of the table that drives dispatch, the bottom line, help, the palette and the README's table of
// keys. A key means the same on every screen.
type command struct {
	name string   // one word or two, for the bottom line
	keys []string // as bubbletea names them; none: only in the palette
	show string   // the keys as people write them
	help string   // what it does
	on   scope
	bar  bool                               // worth a place in the bottom line
	why  func(m *Model) string              // why it cannot be done now; nil or empty: it can
	run  func(m *Model, key string) tea.Cmd // key: the one that was pressed; in the palette what was typed behind the name

	takes bool // something may be typed behind its name in the palette
}

// commands is the table. The order is that of the bottom line.
func commands() []command {
	return append(append(moveCommands(), caseCommands()...), frameCommands()...)
}

func moveCommands() []command {
	return []command{
		{name: "open", keys: []string{"enter"}, show: "enter", help: "open what is selected: a pod's case, a finding's file, a directory, a file's content", on: everywhere, bar: true, why: whyNoOpen, run: runOpen},
		{name: "back", keys: []string{"esc"}, show: "esc", help: "back, close, clear; never quits", on: everywhere, bar: true, why: whyNoBack, run: runBack},
		{name: "up", keys: []string{"k", "up"}, show: "k ↑", help: "one row up", on: everywhere, run: func(m *Model, _ string) tea.Cmd { return m.move(-1) }},
		{name: "down", keys: []string{"j", "down"}, show: "j ↓", help: "one row down", on: everywhere, run: func(m *Model, _ string) tea.Cmd { return m.move(1) }},
		{name: "left", keys: []string{"h", "left"}, show: "h ←", help: "collapse, or to the region or the pane on the left", on: everywhere, run: runLeft},
		{name: "right", keys: []string{"l", "right"}, show: "l →", help: "expand, or to the region or the pane on the right", on: everywhere, run: runRight},
		{name: "top", keys: []string{"g", "home"}, show: "g", help: "first row", on: everywhere, run: func(m *Model, _ string) tea.Cmd { return m.move(-1 << 30) }},
		{name: "bottom", keys: []string{"G", "end"}, show: "G", help: "last row", on: everywhere, run: func(m *Model, _ string) tea.Cmd { return m.move(1 << 30) }},
		{name: "half page down", keys: []string{"ctrl+d", "pgdown"}, show: "ctrl+d", help: "half a page down", on: everywhere, run: func(m *Model, _ string) tea.Cmd { return m.move(max(1, m.height/2)) }},
		{name: "half page up", keys: []string{"ctrl+u", "pgup"}, show: "ctrl+u", help: "half a page up", on: everywhere, run: func(m *Model, _ string) tea.Cmd { return m.move(-max(1, m.height/2)) }},
		{name: "pane", keys: []string{"1", "2", "3", "4", "5", "6", "7", "8"}, show: "1…8", help: "Overview, Layers, Signatures, Provenance, Packages, Binaries, Timeline, Reach", on: inCase, bar: true, run: runPane},
		{name: "focus", keys: []string{"tab", "shift+tab"}, show: "tab", help: "to the next region; while bytes are shown, the next way to look at them", on: everywhere, bar: true, run: runFocus},
		{name: "filter", keys: []string{"/"}, show: "/", help: "filter as you type; while bytes are shown, find", on: everywhere, bar: true, run: runFilter},
		{name: "next", keys: []string{"n"}, show: "n", help: "next row that fits the filter", on: everywhere, why: whyNoNext, run: func(m *Model, _ string) tea.Cmd { return m.next(1) }},
		{name: "previous", keys: []string{"N"}, show: "N", help: "previous row that fits the filter", on: everywhere, why: whyNoNext, run: func(m *Model, _ string) tea.Cmd { return m.next(-1) }},
	}
}

func caseCommands() []command {
	return []command{
		{name: "skip", keys: []string{"S"}, show: "S", help: "leave out the selected layer while it is read, on a slow link; r reads it later", on: inCase, bar: true, why: whyNoSkip, run: runSkip},
		{name: "export", keys: []string{"x"}, show: "x", help: "export the evidence bundle", on: inCase, bar: true, why: whyNoExport, run: runExport},
		{name: "container", keys: []string{"[", "]"}, show: "[ ]", help: "previous or next container; while bytes are shown, the part before or after", on: inCase | inViewer, bar: true, why: whyNoContainer, run: runContainer},
		{name: "brief", keys: []string{"b"}, show: "b", help: "copy the brief for the channel", on: inCase, bar: true, run: runBrief},
		{name: "known-good", keys: []string{"K"}, show: "K", help: "choose the known-good image, which confirms it", on: inCase, bar: true, why: whyNoKnownGood, run: runKnownGood},
		{name: "mark", keys: []string{"space"}, show: "space", help: "mark the row malicious, benign or open", on: inCase, bar: true, why: whyNoMark, run: runMark},
		{name: "diff", keys: []string{"d"}, show: "d", help: "only what differs, or everything (Layers, Packages)", on: inCase, bar: true, why: whyNoDiff, run: runDiff},
		{name: "raw", keys: []string{"v"}, show: "v", help: "the raw object or the bytes behind the row", on: inPods | inCase, bar: true, why: whyNoRaw, run: runRaw},
		{name: "note", keys: []string{"a"}, show: "a", help: "write a note on the row", on: inCase, bar: true, why: whyNoNote, run: runNote},
		{name: "policy", keys: []string{"e"}, show: "e", help: "write a policy that expects this signer, after showing it", on: inCase, why: whyNoPolicy, run: runPolicy},
		{name: "save", keys: []string{"s"}, show: "s", help: "save the file or the bytes on screen", on: inCase | inViewer, bar: true, why: whyNoSave, run: runSave},
		{name: "copy", keys: []string{"y"}, show: "y", help: "copy the value of the row: digest, path, signer, time", on: everywhere, bar: true, why: whyNoCopy, run: runCopy},
		{name: "copy command", keys: []string{"Y"}, show: "Y", help: "copy the command that shows the same", on: inPods | inCase, why: whyNoCommand, run: runCommand},
		{name: "sort", keys: []string{"o"}, show: "o", help: "another order", on: inPods | inCase, bar: true, why: whyNoSort, run: runSort},
		{name: "again", keys: []string{"r"}, show: "r", help: "retry a check that could not look; in the list, read it again", on: inPods | inCase, bar: true, why: whyNoRetry, run: runRetry},
		{name: "all namespaces", keys: []string{"A"}, show: "A", help: "all namespaces, or the first one only", on: inPods, bar: true, why: whyNoAll, run: runAll},
	}
}

func frameCommands() []command {
	return []command{
		{name: "layer of file", help: "from the selected file to the layer that brought it", on: inCase, why: whyNoFileLayer, run: runFileLayer},
		{name: "file below", help: "from the selected file to what a lower layer has in its place", on: inCase, why: whyNoBelow, run: runBelow},
		{name: "findings of file", help: "from the selected file to what is said about it", on: inCase, why: whyNoFileFindings, run: runFileFindings},
		{name: "aware", takes: true, help: "start a report clock, which none does by itself: aware now nis2, aware 03:12 cra, aware 2026-11-23T03:12:00Z dora", on: inCase, why: whyNoClock, run: runAware},
		{name: "withdraw clock", takes: true, help: "withdraw a report clock that was started by mistake: withdraw clock nis2", on: inCase, why: whyNoWithdraw, run: runWithdraw},
		{name: "runtime saved", help: "run-time state is saved: show how to roll back and delete", on: inCase, why: whyNoRuntime, run: runRuntime(inspect.RuntimeSaved)},
		{name: "runtime given up", help: "run-time state is given up: show how to roll back and delete", on: inCase, why: whyNoRuntime, run: runRuntime(inspect.RuntimeGivenUp)},
		{name: "runtime open", help: "run-time state is open again", on: inCase, why: whyNoRuntimeOpen, run: runRuntime(inspect.RuntimeOpen)},
		{name: "mute rule", help: "leave a rule's alerts out for this session, with a reason", on: inPods, why: whyNoMute, run: runMute},
		{name: "messages", help: "what was said in this session, newest first", on: everywhere, run: runMessages},
		{name: "commands", keys: []string{":"}, show: ":", help: "all commands, by name", on: everywhere, bar: true, run: runPalette},
		{name: "mouse", keys: []string{"m"}, show: "m", help: "mouse on or off", on: everywhere, run: runMouse},
		{name: "help", keys: []string{"?"}, show: "?", help: "what the keys do", on: everywhere, bar: true, run: runHelp},
		{name: "quit", keys: []string{"q"}, show: "q", help: "quit; asks only while an export runs", on: everywhere, run: runQuit},
		{name: "quit at once", keys: []string{"ctrl+c"}, show: "ctrl+c", help: "always quits; the case is on disk", on: everywhere, run: func(m *Model, _ string) tea.Cmd { return tea.Quit }},
	}
}
