package shell

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
)

// AskQuit asks before the program ends while an export runs: what it has written so far would be lost. Whatever is
// answered but quit, the dialog that was open before is open again, so that the progress of the export stays in sight.
// ctrl+c never asks.
func (s *Shell) AskQuit() {
	before := s.Dialog
	choice := func(id, text string) Choice {
		return Choice{ID: id, Text: id, Line: func(int) []widget.Cell {
			return []widget.Cell{{Text: text, Width: -1}}
		}}
	}
	s.Choose(Chooser{
		Name: "An export runs", About: "Quit now, without the bundle?",
		// staying is the first choice: enter by a slip loses nothing
		Choices: []Choice{choice("stay", "stay until it is done"), choice("quit", "quit now")},
		Back:    before,
		Done: func(id, _ string) tea.Cmd {
			if id == "quit" {
				return tea.Quit
			}
			s.Dialog = before
			return nil
		},
	})
}
