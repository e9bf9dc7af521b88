package triage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/kube"
)

// Bounds of what AlertSources remember.
const (
	maxNotes    = 100
	maxRequests = 500
)

// Patience of AlertSources.
const (
	// until OnStdinWait is called
	stdinPatience = 5 * time.Second
	// until the list is shown without alerts
	firstPatience = 3 * time.Second
)

// AlertSources are the sources of the alerts of a session, and the Store that they fill. They are
// read once (Read), or followed as long as a list is on screen (Follow). All fields besides Store
// may be empty.
type AlertSources struct {
	// Store is filled by all sources.
	Store *alert.Store

	// File is the path of a file or a pipe.
	File string
	// Stdin is read if FromStdin is set.
	Stdin io.Reader
	// Preset replaces File and Stdin by alerts that are built in; PresetName is what they are
	// called.
	Preset     io.Reader
	PresetName string
	// Webhook is served as long as the alerts are followed.
	Webhook *alert.Webhook
	// Cluster opens the cluster whose policy reports and sensor logs are read. nil: they are not.
	Cluster func() (kube.Source, error)

	// FromStdin selects Stdin in place of File.
	FromStdin bool
	// OnStdinWait is called if stdin does not end soon: a person may have forgotten that it is read.
	OnStdinWait func()

	// of Read
	once sync.Once
	err  error
	// the sources are followed: Read has nothing to do
	following bool
	// feeds that have not passed on yet what there was when they began
	beginning sync.WaitGroup

	mu    sync.Mutex
	notes []inspect.Notice
	// made for alerts, for the chain of custody
	requests []inspect.Request
}

// Read reads the alerts once, or returns at once if they are followed. An empty file has no alerts,
// and is not an error.
func (s *AlertSources) Read(ctx context.Context) error {
	if s.following {
		return nil
	}
	s.once.Do(func() { s.err = s.readAll(ctx) })
	return s.err
}

// ReadFor is Read for one pod or alert: if there are too many alerts, those for which podOf is not
// "" are kept. It changes nothing for alerts that are followed.
func (s *AlertSources) ReadFor(ctx context.Context, podOf func(*alert.Alert) string) error {
	if !s.following {
		s.Store.KnowPods(podOf)
	}
	return s.Read(ctx)
}

// readAll reads the first source that is set, and after it the cluster, which may have alerts
// besides.
func (s *AlertSources) readAll(ctx context.Context) error {
	var err error
	switch {
	case s.Preset != nil:
		err = alert.FollowReader(ctx, s.Preset, s.Store.Open(alert.KindFile, s.PresetName))
	case s.FromStdin:
		err = s.readStdin(ctx)
	case s.File != "":
		err = fileError(alert.ReadFile(ctx, s.File, s.Store.Open(alert.KindFile, s.File)))
	}
	if err != nil || s.Cluster == nil {
		return err
	}
	from, err := s.fromCluster()
	if err != nil {
		return err
	}
	from.Read(s.trace(ctx))
	return ctx.Err()
}

// readStdin reads alerts to the end of stdin, or until the person interrupts.
func (s *AlertSources) readStdin(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		feed := s.Store.Open(alert.KindStdin, "stdin")
		done <- engine.Protect(func() error { return alert.FollowReader(ctx, s.Stdin, feed) })
	}()
	if s.OnStdinWait != nil {
		waits := time.AfterFunc(stdinPatience, s.OnStdinWait)
		defer waits.Stop()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fromCluster returns the reader of the alerts in the cluster.
func (s *AlertSources) fromCluster() (*alert.FromCluster, error) {
	cluster, err := s.Cluster()
	if err != nil {
		return nil, err
	}
	return &alert.FromCluster{Store: s.Store, Cluster: cluster, Note: s.note}, nil
}

// Follow starts the feeds that need no cluster; they run until ctx ends. What cannot be opened is
// an error at once; what fails later is a condition of its feed.
func (s *AlertSources) Follow(ctx context.Context) error {
	s.following = true
	s.Store.AwaitPods()
	switch {
	case s.Preset != nil:
		s.run(ctx, s.Store.Open(alert.KindFile, s.PresetName), func(ctx context.Context, f *alert.Feed) error {
			return alert.FollowReader(ctx, s.Preset, f)
		})
	case s.FromStdin:
		s.run(ctx, s.Store.Open(alert.KindStdin, "stdin"), func(ctx context.Context, f *alert.Feed) error {
			return alert.FollowReader(ctx, s.Stdin, f)
		})
	case s.File != "":
		if err := alert.CheckFile(s.File); err != nil {
			return fileError(err)
		}
		s.run(ctx, s.Store.Open(alert.KindFile, s.File), func(ctx context.Context, f *alert.Feed) error {
			return alert.FollowFile(ctx, s.File, f)
		})
	}
	if s.Webhook != nil {
		feed := s.Store.Open(alert.KindWebhook, s.Webhook.Address())
		protected(feed, func() error {
			_ = s.Webhook.Serve(ctx, feed) // it sets the condition of the feed
			return nil
		})
	}
	return nil
}

// FollowCluster starts to read the alerts of the cluster, if there is one; it goes on until ctx
// ends.
func (s *AlertSources) FollowCluster(ctx context.Context) error {
	if s.Cluster == nil {
		return nil
	}
	from, err := s.fromCluster()
	if err != nil {
		return err
	}
	go func() {
		err := engine.Protect(func() error {
			from.Follow(s.trace(ctx))
			return nil
		})
		if err != nil {
			s.note(err.Error())
		}
	}()
	return nil
}

// run runs a feed, and notes when it has passed on what there was at the beginning.
func (s *AlertSources) run(ctx context.Context, f *alert.Feed, follow func(context.Context, *alert.Feed) error) {
	s.beginning.Add(1)
	var once sync.Once
	caughtUp := func() { once.Do(s.beginning.Done) }
	f.OnCaughtUp(caughtUp)
	protected(f, func() error {
		defer caughtUp()
		return follow(ctx, f)
	})
}

// protected runs a feed in a goroutine. An error, or a panic, becomes the condition of the feed.
func protected(f *alert.Feed, run func() error) {
	go func() {
		if err := engine.Protect(run); err != nil {
			f.SetCondition(true, err.Error())
		}
	}()
}

// awaitFirst waits for the alerts that there were at the beginning, but not for long: the list is
// shown without them too.
func (s *AlertSources) awaitFirst(ctx context.Context) {
	done := make(chan struct{})
	go func() { s.beginning.Wait(); close(done) }()
	select {
	case <-done:
	case <-s.Store.AtLimit():
	case <-ctx.Done():
	case <-time.After(firstPatience):
	}
}

// growing reports that alerts may still arrive.
func (s *AlertSources) growing() bool { return s.following && s.Preset == nil }

// unreadable is the error of a file of alerts that could not be read.
type unreadable struct{ error }

// Unwrap returns the error itself.
func (e *unreadable) Unwrap() error { return e.error }

// Hints returns what to try instead.
func (e *unreadable) Hints() []string {
	return []string{
		"--alerts takes a file of alerts, such as Falco's output, or - for stdin",
		"--alerts-from-cluster reads policy reports and the logs of Falco and Tetragon",
	}
}

// fileError adds the hints to an error; nil stays nil.
func fileError(err error) error {
	if err == nil {
		return nil
	}
	return &unreadable{err}
}

// errNothingNew is the error of a paste without effect: the person should see that nothing was
// added.
var errNothingNew = errors.New("reading the pasted text: no line of it is a new alert")

// Paste adds alert lines that a person pasted.
func (s *AlertSources) Paste(ctx context.Context, text string) error {
	if err := s.Read(ctx); err != nil {
		return err
	}
	before := s.Store.Summary().Alerts
	if err := alert.FollowReader(
		ctx, strings.NewReader(pastedLines(text)), s.Store.Open(alert.KindPaste, "pasted text"),
	); err != nil {
		return err
	}
	if s.Store.Summary().Alerts == before {
		return errNothingNew
	}
	return nil
}

// pastedLines ends lines as files do. Terminals send CR at the end of each pasted line, and some CR and LF.
func pastedLines(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}

// note keeps a sentence about what was not read or is not an alert.
func (s *AlertSources) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.notes) < maxNotes {
		s.notes = append(s.notes, warning(text))
	}
}

// warning is a notice that a person should see.
func warning(text string) inspect.Notice { return inspect.Notice{Level: "warning", Text: text} }

// Notices returns what concerns the alerts as a whole: what was not read, what was dropped, the
// first broken lines.
func (s *AlertSources) Notices() []inspect.Notice {
	s.mu.Lock()
	all := append([]inspect.Notice(nil), s.notes...)
	s.mu.Unlock()
	sum := s.Store.Summary()
	for _, n := range sum.Notes {
		all = append(all, warning(n))
	}
	for _, f := range sum.Feeds {
		if f.Failing {
			all = append(all, warning("alerts of "+f.Name+": "+f.Condition))
		}
	}
	for _, line := range sum.Samples {
		all = append(all, inspect.Notice{Level: "info", Text: brokenLine(line, len(sum.Feeds))})
	}
	return all
}

// brokenLine describes a line that was skipped. The feed is named only where there are several.
func brokenLine(l alert.BrokenLine, feeds int) string {
	of := "alerts"
	if feeds > 1 {
		of = l.Feed
	}
	return fmt.Sprintf("%s line %d skipped: %s", of, l.Line, l.Reason)
}

// trace remembers the requests that are made for alerts: they are part of the case of an alert.
func (s *AlertSources) trace(ctx context.Context) context.Context {
	return kube.WithTrace(ctx, kube.Trace{Request: func(r kube.Request) {
		q := inspect.Request{Method: r.Method, URL: r.Path, Status: r.Status, Bytes: r.Bytes, Sent: inspect.At(r.Time)}
		if r.Err != nil {
			q.Error = r.Err.Error()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.requests) < maxRequests {
			s.requests = append(s.requests, q)
		}
	}})
}

// Name names the source of the alerts in a few words, for the header; "" if there is none.
func (s *AlertSources) Name() string {
	switch {
	case s.Preset != nil:
		return s.PresetName
	case s.FromStdin:
		return "stdin"
	case s.File != "":
		return s.File
	case s.Cluster != nil:
		return "the cluster"
	case s.Webhook != nil:
		return "webhook " + s.Webhook.Address()
	default:
		return ""
	}
}
