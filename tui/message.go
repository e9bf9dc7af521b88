package tui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// The messages that commands bring back. Each carries the generation of the screen that asked.
type (
	tickMsg time.Time

	noticeMsg struct {
		notice inspect.Notice
		more   bool // another may come from the same channel
	}

	podsMsg struct {
		gen   int
		board *podBoard // nil: no list came
		ended bool
		err   error
		pump  *pump[inspect.PodList]
	}

	// textsMsg brings what alerts of the list say.
	textsMsg struct{ alerts []inspect.Alert }

	// sourceMsg brings a source that was asked for: a case to open, or one that goes on.
	sourceMsg struct {
		gen    int
		what   string // in words: opening the case
		source inspect.Source
		err    error
	}

	eventsMsg struct {
		gen    int
		events []inspect.Event
		ended  bool
		err    error
		pump   *pump[inspect.Event]
		beside bool // they come from beside the checks
	}

	treeMsg struct {
		gen  int
		key  treeKey
		tree *fileTree
		err  error
	}

	matchesMsg struct {
		gen    int
		key    treeKey
		filter string
		found  []int32
	}

	contentMsg struct {
		gen     int
		content *content
		err     error
	}

	noteMsg struct {
		gen   int
		event inspect.Event
		err   error
	}

	exportMsg struct {
		gen   int
		steps []exportStep
		ended bool
		err   error
		pump  *pump[exportStep]
	}

	// doneMsg says that something was done, or why not.
	doneMsg struct {
		text string
		err  error
		then func(m *Model) tea.Cmd
	}
)

// work makes a command of f. A panic in it becomes an error on the status line.
func work(f func() tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = noticeMsg{notice: inspect.Notice{Level: levelError, Text: fmt.Sprintf("a part of backtrail broke (please report it): %v", r)}}
			}
		}()
		return f()
	}
}

// try turns a panic of f into an error, where somebody waits for the outcome.
func try[T any](f func() (T, error)) (got T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a part of backtrail broke (please report it): %v", r)
		}
	}()
	return f()
}

const (
	levelInfo    = "info"
	levelWarning = "warning"
	levelError   = "error"
)
