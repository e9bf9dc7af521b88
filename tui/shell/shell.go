package shell

import (
	"context"
	"slices"
	"sync"
	"time"

	"charm.land/bubbles/v2/textinput"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// The levels of a notice.
const (
	LevelInfo    = "info"
	LevelWarning = "warning"
	LevelError   = "error"
)

const (
	// that wait to be dismissed
	maxErrors = 20
	// that can be read again
	maxNotices = 200
)

// Shell is the state that all screens share. Only Update changes it.
type Shell struct {
	// Paint: changed in place when the theme changes, so that what was made with it stays true
	Paint *widget.Paint
	// Width: of the terminal, in cells
	Width, Height int
	// Now: of the last message
	Now    time.Time
	Notice inspect.Notice
	// Errors: stay until a person dismisses them
	Errors []inspect.Notice
	// Notices: all of the session, oldest first, at most maxNotices
	Notices []inspect.Notice
	// Dialog: nil unless one is open
	Dialog Dialog
	// Exporting: an export runs
	Exporting bool
	// Exported: path of the newest bundle of this session; empty: none was written
	Exported string

	ctx   context.Context
	pumps sync.WaitGroup
	gen   int
}

// New makes a shell. The context ends everything that its screens start.
func New(ctx context.Context, paint *widget.Paint, now time.Time) *Shell {
	return &Shell{ctx: ctx, Paint: paint, Now: now}
}

// Context ends everything that the shell's screens start.
func (s *Shell) Context() context.Context { return s.ctx }

// NextGeneration gives a number that no screen has had. A screen puts it into its messages, and drops those with
// another.
func (s *Shell) NextGeneration() int {
	s.gen++
	return s.gen
}

// Wait waits until all pumps have ended, so that a case that is left can write down how it ended; at most the given
// time.
func (s *Shell) Wait(most time.Duration) {
	ended := make(chan struct{})
	go func() {
		s.pumps.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(most):
	}
}

// Notify shows a notice. Errors stay until they are dismissed; the same one is listed once.
func (s *Shell) Notify(n inspect.Notice) {
	if len(s.Notices) == maxNotices {
		s.Notices = s.Notices[1:]
	}
	s.Notices = append(s.Notices, n)
	if n.Level != LevelError {
		s.Notice = n
		return
	}
	for _, e := range s.Errors {
		if e.Text == n.Text {
			return
		}
	}
	if len(s.Errors) < maxErrors {
		s.Errors = append(s.Errors, n)
	}
}

// Info shows a sentence on the status line.
func (s *Shell) Info(text string) { s.Notify(inspect.Notice{Level: LevelInfo, Text: text}) }

// Fail shows an error on the status line: what was being done, and why it failed.
func (s *Shell) Fail(doing string, err error) {
	s.Notify(inspect.Notice{Level: LevelError, Text: doing + ": " + err.Error()})
}

// NewInput makes a line to type into, with the terminal's own cursor, which does not blink.
func NewInput(prompt string) textinput.Model {
	in := textinput.New()
	in.Prompt, in.CharLimit = prompt, 4096
	in.SetVirtualCursor(false)
	styles := textinput.Styles{}
	styles.Cursor.Blink = false
	in.SetStyles(styles)
	in.Focus()
	return in
}

// Shown reports whether this notice was shown in this session.
func (s *Shell) Shown(n inspect.Notice) bool { return slices.Contains(s.Notices, n) }
