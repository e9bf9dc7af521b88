package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/kube"
)

// alarms are the alerts of a session: a book, and what fills it. Headless they are read once; under the terminal UI they go
// on coming.
type alarms struct {
	book   *alert.Book
	preset io.Reader // in place of --alerts: the demo's
	once   sync.Once
	err    error
	live   bool // feeds go on filling the book
	hook   *alert.Webhook
	begun  sync.WaitGroup // feeds that have not given yet what there was when they began

	mu       sync.Mutex
	notes    []inspect.Notice
	requests []inspect.Request // made for alerts, for the chain of custody
}

// Bounds of what a session remembers of its alerts.
const (
	maxAlarmNotes    = 100
	maxAlarmRequests = 500
)

// stdinAlerts says that alerts come by stdin.
func (f *flags) stdinAlerts() bool { return f.alerts == "-" }

// readAlerts reads the alerts once, or does nothing where they come by themselves. An empty file has none, and that is no
// error.
func (s *session) readAlerts(ctx context.Context) error {
	if s.alarms.live {
		return nil
	}
	s.alarms.once.Do(func() { s.alarms.err = s.readFeeds(ctx) })
	return s.alarms.err
}

func (s *session) readFeeds(ctx context.Context) error {
	book := s.alarms.book
	var err error
	switch {
	case s.alarms.preset != nil:
		err = alert.FollowReader(ctx, s.alarms.preset, book.Open(alert.KindFile, demoAlerts))
	case s.flags.stdinAlerts():
		err = s.readStdin(ctx)
	case s.flags.alerts != "":
		err = explainAlerts(alert.ReadFile(ctx, s.flags.alerts, book.Open(alert.KindFile, s.flags.alerts)))
	}
	if err != nil || !s.flags.clusterAlerts {
		return err
	}
	from, err := s.fromCluster()
	if err != nil {
		return err
	}
	from.Read(s.alertTrace(ctx))
	return ctx.Err()
}

// readStdin reads alerts to the end of stdin, or until the person has enough.
func (s *session) readStdin(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		done <- alert.FollowReader(ctx, s.std.in, s.alarms.book.Open(alert.KindStdin, "stdin"))
	}()
	waits := time.AfterFunc(stdinPatience, func() {
		fmt.Fprintln(s.std.err, "reading alerts from stdin until it ends; ctrl+c stops (a log that goes on: leave out its -f, or use the terminal UI)")
	})
	defer waits.Stop()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stdinPatience is how long stdin may go on before somebody is told that it is waited for.
const stdinPatience = 5 * time.Second

func explainAlerts(err error) error {
	if err == nil {
		return nil
	}
	return hinted(err, "--alerts takes a file of Falco's output or Tetragon's, or - for stdin; --alerts-from-cluster reads those of the cluster")
}

func (s *session) fromCluster() (*alert.FromCluster, error) {
	cluster, err := s.openCluster()
	if err != nil {
		return nil, err
	}
	return &alert.FromCluster{Book: s.alarms.book, Cluster: cluster, Say: s.noteAlerts}, nil
}

// followAlerts starts the feeds that need no cluster, which go on until ctx ends. What cannot be opened is an error at once;
// what happens later is said with the list.
func (s *session) followAlerts(ctx context.Context) error {
	book := s.alarms.book
	s.alarms.live = true
	switch {
	case s.alarms.preset != nil:
		s.feed(ctx, book.Open(alert.KindFile, demoAlerts), func(ctx context.Context, f *alert.Feed) error { return alert.FollowReader(ctx, s.alarms.preset, f) })
	case s.flags.stdinAlerts():
		s.feed(ctx, book.Open(alert.KindStdin, "stdin"), func(ctx context.Context, f *alert.Feed) error { return alert.FollowReader(ctx, s.std.in, f) })
	case s.flags.alerts != "":
		if err := alert.CheckFile(s.flags.alerts); err != nil {
			return explainAlerts(err)
		}
		s.feed(ctx, book.Open(alert.KindFile, s.flags.alerts), func(ctx context.Context, f *alert.Feed) error { return alert.FollowFile(ctx, s.flags.alerts, f) })
	}
	if s.alarms.hook != nil {
		go func() { _ = s.alarms.hook.Serve(ctx, book.Open(alert.KindWebhook, s.alarms.hook.Address())) }() // the feed says how it goes
	}
	return nil
}

// followCluster starts to read the alerts of the cluster, if they are asked for, and goes on until ctx ends.
func (s *session) followCluster(ctx context.Context) error {
	if !s.flags.clusterAlerts {
		return nil
	}
	from, err := s.fromCluster()
	if err != nil {
		return err
	}
	go from.Follow(s.alertTrace(ctx))
	return nil
}

// feed runs a feed, and knows when it has given what there was at the beginning.
func (s *session) feed(ctx context.Context, f *alert.Feed, run func(context.Context, *alert.Feed) error) {
	s.alarms.begun.Add(1)
	var once sync.Once
	caughtUp := func() { once.Do(s.alarms.begun.Done) }
	f.CaughtUp(caughtUp)
	go func() {
		defer caughtUp()
		if err := run(ctx, f); err != nil {
			f.Say(true, err.Error())
		}
	}()
}

// firstAlerts waits for the alerts that there were at the beginning, but not for long: the list comes without them too.
func (s *session) firstAlerts(ctx context.Context) {
	done := make(chan struct{})
	go func() { s.alarms.begun.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	case <-time.After(firstPatience):
	}
}

const firstPatience = 3 * time.Second

// paste adds alert lines that a person pasted.
func (s *session) paste(ctx context.Context, text string) error {
	if err := s.readAlerts(ctx); err != nil {
		return err
	}
	before := s.alarms.book.Summary().Alerts
	if err := alert.FollowReader(ctx, bytes.NewBufferString(text), s.alarms.book.Open(alert.KindPaste, "what was pasted")); err != nil {
		return err
	}
	if s.alarms.book.Summary().Alerts == before {
		return errors.New("reading the pasted text: no line of it is an alert of Falco or Tetragon that was not there yet")
	}
	return nil
}

// noteAlerts keeps something that was not read, or is no alert, in words.
func (s *session) noteAlerts(text string) {
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	if len(s.alarms.notes) < maxAlarmNotes {
		s.alarms.notes = append(s.alarms.notes, inspect.Notice{Level: "warning", Text: text})
	}
}

// alertNotices are what is to be said of the alerts as a whole: what was not read, what was dropped, the first broken lines.
func (s *session) alertNotices() []inspect.Notice {
	s.alarms.mu.Lock()
	all := append([]inspect.Notice(nil), s.alarms.notes...)
	s.alarms.mu.Unlock()
	sum := s.alarms.book.Summary()
	for _, n := range sum.Notes {
		all = append(all, inspect.Notice{Level: "warning", Text: n})
	}
	for _, f := range sum.Feeds {
		if f.Wrong {
			all = append(all, inspect.Notice{Level: "warning", Text: "alerts of " + f.Name + ": " + f.Words})
		}
	}
	for _, line := range sum.Samples {
		all = append(all, inspect.Notice{Level: "info", Text: brokenLine(line, len(sum.Feeds))})
	}
	return all
}

func brokenLine(l alert.BrokenLine, feeds int) string {
	of := "the alerts"
	if feeds > 1 {
		of = l.Feed
	}
	return fmt.Sprintf("line %d of %s is none: %s", l.Line, of, l.Reason)
}

// alertTrace remembers the requests that are made for alerts: they are part of the case that is opened of one.
func (s *session) alertTrace(ctx context.Context) context.Context {
	return kube.WithTrace(ctx, kube.Trace{Request: func(r kube.Request) {
		q := inspect.Request{Method: r.Method, URL: r.Path, Status: r.Status, Bytes: r.Bytes, Sent: inspect.At(r.Time)}
		if r.Err != nil {
			q.Error = r.Err.Error()
		}
		s.alarms.mu.Lock()
		defer s.alarms.mu.Unlock()
		if len(s.alarms.requests) < maxAlarmRequests {
			s.alarms.requests = append(s.alarms.requests, q)
		}
	}})
}

// alertSource names in a few words where the alerts come from, for the header; empty: from nowhere.
func (s *session) alertSource() string {
	switch {
	case s.alarms.preset != nil:
		return demoAlerts
	case s.flags.stdinAlerts():
		return "stdin"
	case s.flags.alerts != "":
		return s.flags.alerts
	case s.flags.clusterAlerts:
		return "the cluster"
	case s.alarms.hook != nil:
		return "webhook " + s.alarms.hook.Address()
	default:
		return ""
	}
}

// demoAlerts is where the demo's come from.
const demoAlerts = "the demo"
