package shell

import (
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/widget"
)

// Scope is a set of screens.
type Scope int

// The screens, and all of them.
const (
	InPods Scope = 1 << iota
	InCase
	InViewer
	InAudit
	InWhere
	Everywhere = InPods | InCase | InViewer | InAudit | InWhere
)

// Action is a command on one screen, bound to its state.
type Action struct {
	// Why: why it is disabled now; empty: it is enabled
	Why func() string
	// Run: arg: the key that was pressed, or what was typed behind the name in the palette
	Run func(arg string) tea.Cmd
}

// Verb is a command of a screen type: an action that is not bound yet.
type Verb[S any] struct {
	// Why: nil: always enabled
	Why func(S) string
	Run func(s S, arg string) tea.Cmd
}

// Bind makes the action of a verb on a screen.
func (v Verb[S]) Bind(s S) Action {
	why := func() string { return "" }
	if v.Why != nil {
		why = func() string { return v.Why(s) }
	}
	return Action{Why: why, Run: func(arg string) tea.Cmd { return v.Run(s, arg) }}
}

// Crumb is a step of the way down to what is on screen. Where there is no room, those with Drop 1 go first, then those
// with 2; those with 3 are elided in their middle, and those with 0 stay as they are.
type Crumb struct {
	Text string
	Drop int
}

// Header is what the shell draws of a screen around it.
type Header struct {
	// Trail: the way down to the screen
	Trail []Crumb
	// Outcome: the problems found so far, or that none were; empty for a screen without one
	Outcome string
	// Brief: the outcome in fewer columns
	Brief string
	// OutcomeTone: of both
	OutcomeTone widget.Tone
	// State: how fresh that is
	State string
	// Tone: of State
	Tone widget.Tone
	// Title: of the terminal's window
	Title string
	// Running: what runs, for the status line; empty: nothing
	Running string
	// Busy: something runs, so that times left change each second
	Busy bool
}
