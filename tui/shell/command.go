package shell

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

// NoticeMsg brings a notice.
type NoticeMsg struct {
	Notice inspect.Notice
	// More: another may come from the same channel
	More bool
}

// DoneMsg brings the outcome of something that a person asked for.
type DoneMsg struct {
	// Text: what was done
	Text string
	Err  error
	// Then: goes on, in Update, where there was no error; may be nil
	Then func() tea.Cmd
}

// Taker is a message that is taken whatever screen is open.
type Taker interface {
	// Take does, in Update, what the message stands for.
	Take() tea.Cmd
}

// Work makes a command of f. A panic in it becomes an error on the status line.
func Work(f func() tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = NoticeMsg{Notice: inspect.Notice{Level: LevelError, Text: panicked(r).Error()}}
			}
		}()
		return f()
	}
}

// Try turns a panic of f into an error, where a screen waits for the outcome.
func Try[T any](f func() (T, error)) (got T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	return f()
}

// panicked words a panic. The value may be anything; it is cleaned where it is drawn.
func panicked(r any) error {
	return fmt.Errorf("internal error in backtrail (please report it): %v", r)
}
