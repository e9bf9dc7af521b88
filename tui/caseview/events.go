package caseview

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
)

// The messages of the screen. Each carries the generation of the screen that asked.
type (
	// sourceMsg brings a source: of a case that opens, or of one that goes on.
	sourceMsg struct {
		gen int
		// what: was being done, in words
		what   string
		source inspect.Source
		err    error
	}

	// eventsMsg brings a batch of events.
	eventsMsg struct {
		gen    int
		events []inspect.Event
		// ended: no more events come from this source
		ended bool
		err   error
		pump  *shell.Pump[inspect.Event]
		// beside: they come from beside the checks
		beside bool
	}
)

// Update takes the messages of the screen's commands. Messages of another generation are those of a case that was
// left: they are dropped, and nothing they bring is started.
func (s *Screen) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case sourceMsg:
		return onSource(s, msg)
	case eventsMsg:
		return s.onEvents(msg)
	case treeMsg:
		onTree(s, msg)
	case matchesMsg:
		onMatches(s, msg)
	case belowMsg:
		onBelow(s, msg)
	case addedMsg:
		return onAdded(s, msg)
	}
	return nil
}

// follow goes on with another source of the same case: a retry, or another known-good. The copy of the case is folded
// from its events outside of Update, since folding a large case takes long.
func (s *Screen) follow(what string, f func(ctx context.Context, c *inspect.Case) (inspect.Source, error)) tea.Cmd {
	s.running++
	ctx, gen, copied := s.ctx, s.gen, s.snapshot()
	s.shell.Info(what)
	return shell.Work(func() tea.Msg {
		source, err := shell.Try(func() (inspect.Source, error) { return f(ctx, copied()) })
		return sourceMsg{gen: gen, what: what, source: source, err: err}
	})
}

// onSource starts to follow a source that was opened, and what happens beside it. A source that cannot be opened
// leaves what is on screen as it was; only a case without any event is broken by it.
func onSource(s *Screen, msg sourceMsg) tea.Cmd {
	if s.gen != msg.gen {
		return nil
	}
	if msg.err != nil {
		s.running--
		if !s.began {
			s.broken = msg.err
			s.allStale()
		}
		s.shell.Fail(msg.what, msg.err)
		return nil
	}
	p := shell.Start(s.ctx, s.shell, msg.source)
	return tea.Batch(nextEvents(s.gen, p, false), watchTarget(s))
}

// watchTarget follows what happens beside the checks, once for each case. It ends with the screen.
func watchTarget(s *Screen) tea.Cmd {
	if s.watched || s.backend.ReadOnly() != "" {
		return nil
	}
	s.watched = true
	source := s.backend.Watch()
	if source == nil {
		return nil
	}
	return nextEvents(s.gen, shell.Start(s.ctx, s.shell, source), true)
}

// nextEvents waits for the next batch of a pump.
func nextEvents(gen int, p *shell.Pump[inspect.Event], beside bool) tea.Cmd {
	return shell.Work(func() tea.Msg {
		events, ended, err := p.Next()
		return eventsMsg{gen: gen, events: events, ended: ended, err: err, pump: p, beside: beside}
	})
}

// onEvents folds a batch. Rows and outcome are made once for the whole batch. A storm of events is few batches, see
// shell.Pump.
func (s *Screen) onEvents(msg eventsMsg) tea.Cmd {
	if s.gen != msg.gen {
		return nil
	}
	for _, e := range msg.events {
		s.began, s.since = true, s.shell.Now
		s.c.Apply(e)
		s.pace.Note(e, s.shell.Now)
		// notices are facts too, and in the record; they are shown once
		if n := noticeOf(e); n != nil {
			s.shell.Notify(*n)
		}
	}
	var next tea.Cmd
	if msg.ended {
		onEnded(s, msg)
	} else {
		next = nextEvents(s.gen, msg.pump, msg.beside)
	}
	s.changed()
	return next
}

// onEnded notes how a source ended. An error after the screen was closed is that of its own context.
func onEnded(s *Screen, msg eventsMsg) {
	failed := msg.err != nil && s.ctx.Err() == nil
	if msg.beside {
		if failed {
			s.shell.Fail("watching the pod", msg.err)
		}
		return
	}
	s.running--
	switch {
	case failed:
		s.broken = msg.err
		s.shell.Fail("following the case", msg.err)
	case s.began:
		// a retry that ended well: the case is up to date again
		s.broken = nil
	}
}
