package tui

import (
	"slices"

	"github.com/backtrail/backtrail/tui/shell"
)

// command is one line of the table that drives dispatch, the bottom line, help, the palette and the README's table of
// keys. A key means the same on every screen; what a command does there is an action of the screen with the same name.
type command struct {
	// name: one word or two, for the bottom line
	name string
	// keys: as bubbletea names them; none: only in the palette
	keys []string
	// show: the keys as people write them
	show string
	on   shell.Scope
	// bar: worth a place in the bottom line
	bar bool
	// takes: something may be typed behind its name in the palette
	takes bool
	help  string
}

// inFleet are the screens of many workloads.
const inFleet = shell.InAudit | shell.InWhere

// commands is the table. The order is that of the bottom line. It is made on each call: some fifty small values, and
// nothing that could be changed by accident.
func commands() []command {
	return slices.Concat(moveCommands, caseCommands, paletteCommands(), shellCommands())
}

// moveCommands are those that move and open. They are the same on every screen, as in vim and less.
var moveCommands = []command{
	{
		name: "open", keys: []string{"enter"}, show: "enter", on: shell.Everywhere, bar: true,
		help: "open what is selected: a pod's case, a finding's file, a directory, a file's content",
	},
	{
		name: "back", keys: []string{"esc"}, show: "esc", on: shell.Everywhere, bar: true,
		help: "back, close, clear; never quits",
	},
	{name: "up", keys: []string{"k", "up"}, show: "k ↑", on: shell.Everywhere, help: "one row up"},
	{name: "down", keys: []string{"j", "down"}, show: "j ↓", on: shell.Everywhere, help: "one row down"},
	{
		name: "left", keys: []string{"h", "left"}, show: "h ←", on: shell.Everywhere,
		help: "collapse, or to the region or the pane on the left",
	},
	{
		name: "right", keys: []string{"l", "right"}, show: "l →", on: shell.Everywhere,
		help: "expand, or to the region or the pane on the right",
	},
	{name: "top", keys: []string{"g", "home"}, show: "g", on: shell.Everywhere, help: "first row"},
	{name: "bottom", keys: []string{"G", "end"}, show: "G", on: shell.Everywhere, help: "last row"},
	{
		name: "half page down", keys: []string{"ctrl+d"}, show: "ctrl+d", on: shell.Everywhere,
		help: "half a page down",
	},
	{
		name: "half page up", keys: []string{"ctrl+u"}, show: "ctrl+u", on: shell.Everywhere,
		help: "half a page up",
	},
	{
		name: "page down", keys: []string{"pgdown"}, show: "PgDn", on: shell.Everywhere,
		help: "a page down: the detail, from the list too",
	},
	{
		name: "page up", keys: []string{"pgup"}, show: "PgUp", on: shell.Everywhere,
		help: "a page up: the detail, from the list too",
	},
	{
		name: "zoom", keys: []string{"+", "_"}, show: "+ _", on: shell.InPods | shell.InCase | inFleet,
		help: "the focused region on all of the screen; _ shows the others again",
	},
	{
		name: "pane", keys: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, show: "1…9", on: shell.InCase,
		bar:  true,
		help: "Overview, Layers, Signatures, Provenance, Packages, Binaries, Timeline, Blast radius, Autoruns",
	},
	{
		name: "focus", keys: []string{"tab", "shift+tab"}, show: "tab", on: shell.Everywhere, bar: true,
		help: "to the next region; while bytes are shown, the next form: text, hex, ELF headers",
	},
	{
		name: "filter", keys: []string{"/"}, show: "/", on: shell.Everywhere, bar: true,
		help: "filter as you type; while bytes are shown, find",
	},
	{name: "next", keys: []string{"n"}, show: "n", on: shell.Everywhere, help: "next row that matches the filter"},
	{
		name: "previous", keys: []string{"N"}, show: "N", on: shell.Everywhere,
		help: "previous row that matches the filter",
	},
}

// caseCommands are those that do something with a row or a case.
var caseCommands = []command{
	{
		name: "skip", keys: []string{"S"}, show: "S", on: shell.InCase, bar: true,
		help: "skip the selected layer while it is read, on a slow link; r reads it later",
	},
	{
		name: "export", keys: []string{"x"}, show: "x", on: shell.InCase | shell.InAudit, bar: true,
		help: "export the evidence bundle; of an audit, its rows or the sample",
	},
	{
		name: "group", keys: []string{"z"}, show: "z", on: shell.InAudit, bar: true, takes: true,
		help: "fold the rows by namespace, image or reason, or not at all",
	},
	{
		name: "sample", keys: []string{"t"}, show: "t", on: shell.InAudit, bar: true,
		help: "pick a sample of the rows that are shown",
	},
	{
		name: "container", keys: []string{"[", "]"}, show: "[ ]", on: shell.InCase | shell.InViewer, bar: true,
		help: "previous or next container; while bytes are shown, previous or next part",
	},
	{
		name: "brief", keys: []string{"b"}, show: "b", on: shell.InCase, bar: true,
		help: "copy the brief for the channel",
	},
	{
		name: "known-good", keys: []string{"K"}, show: "K", on: shell.InCase, bar: true,
		help: "choose the known-good image, which confirms it",
	},
	{
		name: "mark", keys: []string{"space"}, show: "space", on: shell.InCase, bar: true,
		help: "mark the row malicious, benign or open",
	},
	{
		name: "diff", keys: []string{"d"}, show: "d", on: shell.InCase, bar: true,
		help: "only what differs, or everything (Layers, Packages, Autoruns)",
	},
	{
		name: "raw", keys: []string{"v"}, show: "v", on: shell.InPods | shell.InCase | inFleet, bar: true,
		help: "the raw object or the bytes behind the row",
	},
	{name: "note", keys: []string{"a"}, show: "a", on: shell.InCase, bar: true, help: "write a note on the row"},
	{
		name: "policy", keys: []string{"e"}, show: "e", on: shell.InCase,
		help: "write a policy that requires this signer, after showing it",
	},
	{
		name: "save", keys: []string{"s"}, show: "s", on: shell.InCase | shell.InViewer, bar: true,
		help: "save the file or the bytes on screen",
	},
	{
		name: "copy", keys: []string{"y"}, show: "y", on: shell.Everywhere, bar: true,
		help: "copy the value of the row: digest, path, signer, time",
	},
	{
		name: "copy command", keys: []string{"Y"}, show: "Y", on: shell.InPods | shell.InCase,
		help: "copy the command that shows the same",
	},
	{
		name: "sort", keys: []string{"o"}, show: "o", on: shell.InPods | shell.InCase | inFleet, bar: true,
		help: "next sort order",
	},
	{
		name: "again", keys: []string{"r"}, show: "r", on: shell.InPods | shell.InCase | inFleet, bar: true,
		help: "retry a check that could not run; in a list, read it again; audit anew",
	},
	{
		name: "all namespaces", keys: []string{"A"}, show: "A", on: shell.InPods, bar: true,
		help: "all namespaces, or the first one only",
	},
}

// paletteCommands are those without a key: rare, or not to be hit by accident. Those that take text behind their name
// take it from the palette.
func paletteCommands() []command {
	return []command{
		{name: "layer of file", on: shell.InCase, help: "from the selected file to its layer"},
		{name: "file below", on: shell.InCase, help: "from the selected file to what a lower layer has in its place"},
		{name: "findings of file", on: shell.InCase, help: "from the selected file to its findings"},
		{name: "package of file", on: shell.InCase, help: "from the selected file to the package that owns it"},
		{
			name: "aware", takes: true, on: shell.InCase,
			help: "start a reporting deadline (never automatic): aware now nis2, aware 03:12 cra, " +
				"aware 2026-11-23T03:12:00Z dora",
		},
		{
			name: "withdraw deadline", takes: true, on: shell.InCase,
			help: "withdraw a reporting deadline that was started by mistake: withdraw deadline nis2",
		},
		{
			name: "runtime preserved", on: shell.InCase,
			help: "runtime state is preserved: show how to roll back and delete",
		},
		{
			name: "runtime not preserved", on: shell.InCase,
			help: "the loss of runtime state is accepted: show how to roll back and delete",
		},
		{name: "runtime open", on: shell.InCase, help: "runtime state is open again"},
		{name: "all checks again", on: shell.InCase, help: "run all checks once more; notes and marks stay"},
		{name: "stop audit", on: shell.InAudit, help: "stop the audit that runs; r goes on with it"},
		{name: "mute rule", on: shell.InPods, help: "leave out the alerts of a rule for this session, with a reason"},
	}
}

// shellCommands are those of the shell itself.
func shellCommands() []command {
	return []command{
		{
			name: "audit", takes: true, on: shell.Everywhere,
			help: "all that runs: signed, provenance, allowed; audit identity, packages or full audits anew",
		},
		{
			name: "where", takes: true, on: shell.Everywhere,
			help: "which workloads run or ran it: where log4j-core, where CVE-2021-44228, where sha256:…, a path",
		},
		{name: "messages", on: shell.Everywhere, help: "the messages of this session, newest first"},
		{
			name: "commands", keys: []string{":"}, show: ":", on: shell.Everywhere, bar: true,
			help: "all commands, by name",
		},
		{name: "mouse", keys: []string{"m"}, show: "m", on: shell.Everywhere, help: "mouse on or off"},
		{name: "help", keys: []string{"?"}, show: "?", on: shell.Everywhere, bar: true, help: "what the keys do"},
		{
			name: "quit", keys: []string{"q"}, show: "q", on: shell.Everywhere,
			help: "quit; asks only while an export runs",
		},
		{
			name: "quit at once", keys: []string{"ctrl+c"}, show: "ctrl+c", on: shell.Everywhere,
			help: "always quits; the case is on disk",
		},
	}
}
