package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/tui"
)

// browse shows the pods of the cluster, or prints them where there is no terminal.
func (f *flags) browse(ctx context.Context, std streams) error {
	if !f.interactive(std) {
		if err := f.checkListen(true, "backtrail, where it is not on a terminal,"); err != nil {
			return err
		}
		return f.pods(ctx, std)
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	return s.showPods(ctx)
}

// showPods is the terminal UI on a cluster. Credential plugins run once before it takes the terminal, so that they can
// ask; after that they get no stdin, and what they and klog print becomes a notice.
func (s *session) showPods(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := s.listenForAlerts(); err != nil {
		return err
	}
	if err := s.alerts.Follow(ctx); err != nil {
		return err
	}
	cluster, err := s.openCluster() // a dump takes as long as the alerts, which are read meanwhile
	if err != nil {
		return err
	}
	if live, ok := cluster.(*kube.Cluster); ok {
		if err := live.Login(ctx); err != nil {
			return err
		}
		live.Detach()
	}
	if err := s.alerts.FollowCluster(ctx); err != nil {
		return err
	}
	restore, err := kube.Quiet(s.notice)
	if err != nil {
		return fmt.Errorf("keeping the terminal for the UI: %w", err)
	}
	defer restore()
	view := &view{session: s}
	defer view.close()
	o := view.options()
	o.Context, o.Namespace, o.Alerts = cluster.Context(), s.flags.namespace, s.alerts.Name()
	o.Pods, o.Paste, o.Open = s.lister.Watch, s.alerts.Paste, view.open
	return tui.Run(ctx, o)
}

// showSaved is the terminal UI on a saved case.
func (s *session) showSaved(ctx context.Context, saved savedCase) error {
	view := &view{session: s, saved: &saved}
	o := view.options()
	o.Case, o.Offline, o.Store = saved.replay, true, saved.store
	o.Tree = view.treeOf(saved.store)
	o.Again, o.Watch, o.KnownGood, o.Skip, o.Note, o.Clock = nil, nil, nil, nil, nil, nil
	return tui.Run(ctx, o)
}

// view is what the terminal UI works on: the case that is open.
type view struct {
	session *session
	saved   *savedCase

	mu      sync.Mutex
	current *open
}

func (v *view) options() tui.Options {
	s := v.session
	f := s.flags
	style := f.style(s.std.out)
	return tui.Options{
		Again: v.again, Watch: v.watch, KnownGood: v.knownGood, Skip: v.skip, Note: v.note, Clock: v.clock, Policy: v.policy, Tree: v.treeOf(s.cache), Store: s.cache, Export: v.export, ExportPath: exportPath,
		Save: save, Brief: func(c inspect.Case) string { return report.Brief(c, report.Style{ASCII: style.ASCII, Now: s.now()}) }, Next: report.Next, Command: s.command,
		Notices: s.notices, Now: s.now, NoColor: f.noColor || os.Getenv("NO_COLOR") != "", ASCII: style.ASCII, Version: version,
	}
}

func (v *view) open(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error) {
	p, err := v.session.prepareFlagged(ctx, pod)
	if err != nil {
		return nil, err
	}
	o, err := v.session.start(p)
	if err != nil {
		return nil, err
	}
	v.replace(o)
	return o.source, nil
}

// replace closes the case that was open. Its recording stays on disk.
func (v *view) replace(o *open) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.current != nil {
		_ = v.current.ledger.Close()
	}
	v.current = o
}

func (v *view) close() { v.replace(nil) }

func (v *view) opened() (*open, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.current == nil {
		return nil, errors.New("no live case is open")
	}
	return v.current, nil
}

func (v *view) again(_ context.Context, _ *inspect.Case, keys []inspect.Key) (inspect.Source, error) {
	o, err := v.opened()
	if err != nil {
		return nil, err
	}
	return o.again(keys)
}

// watch follows the pod of the open case; nil where nothing can be watched.
func (v *view) watch() inspect.Source {
	o, err := v.opened()
	if err != nil {
		return nil
	}
	return o.watch
}

// knownGood compares with a candidate, which choosing it has confirmed.
func (v *view) knownGood(ctx context.Context, c *inspect.Case, subj string, candidate inspect.Candidate) (inspect.Source, error) {
	v.session.choice.Pick(subj, candidate)
	return v.again(ctx, c, []inspect.Key{{Check: subject.KnownGoodName, Container: subj}})
}

// skip leaves out a layer, or takes that back.
func (v *view) skip(digest string, skip bool) {
	if skip {
		v.session.cache.Skips().Skip(digest)
		return
	}
	v.session.cache.Skips().Want(digest)
}

// note keeps a person's note in the case.
func (v *view) note(_ context.Context, _ *inspect.Case, n inspect.Note) (inspect.Event, error) {
	o, err := v.opened()
	if err != nil {
		return inspect.Event{}, err
	}
	n.Time, n.Author = inspect.At(v.session.now()), v.session.operator.String()
	return o.ledger.Append("", "", n)
}

// clock keeps a report clock that a person started or withdrew.
func (v *view) clock(_ context.Context, c *inspect.Case, k inspect.Clock) (inspect.Event, error) {
	o, err := v.opened()
	if err != nil {
		return inspect.Event{}, err
	}
	now, by := v.session.now(), v.session.operator.String()
	if k.Withdrawn != nil {
		k, err = c.WithdrawClock(k.Regime, now, by, k.Withdrawn.Reason)
	} else {
		k, err = c.StartClock(k.Regime, k.Aware.Time, now, by, k.Reason)
	}
	if err != nil {
		return inspect.Event{}, err
	}
	return o.ledger.Append("", "", k)
}

func (v *view) treeOf(store inspect.Store) func(context.Context, inspect.Image, int) ([]inspect.Node, error) {
	return func(ctx context.Context, i inspect.Image, number int) ([]inspect.Node, error) {
		tree, err := layer.TreeOf(ctx, store, i.Layers)
		if err != nil {
			return nil, err
		}
		if number == tui.MergedTree {
			return tree.MergedNodes(), nil
		}
		return tree.LayerNodes(number), nil
	}
}

func (v *view) export(ctx context.Context, _ *inspect.Case, to string, progress func(inspect.Progress)) (tui.ExportResult, error) {
	var from recorded
	store := inspect.Store(v.session.cache)
	if v.saved != nil {
		from, store = v.saved.recorded, v.saved.store
	} else {
		o, err := v.opened()
		if err != nil {
			return tui.ExportResult{}, err
		}
		from = o.ledger
	}
	r, err := v.session.export(ctx, from, store, to, evidence.LayersSuspect, progress)
	return tui.ExportResult{Path: r.Path, Digest: r.TagManifest, Size: r.Bytes, Line: r.Line, Left: append(r.Notes, r.Taken...)}, err
}

// exportPath proposes a name in the current directory that does not exist yet.
func exportPath(c inspect.Case) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, c.Target.Name)
	if len(name) > 60 {
		name = name[len(name)-60:]
	}
	base := "backtrail-" + strings.Trim(name, "-.") + "-" + c.Started.Format("20060102T150405Z")
	path := base
	for n := 2; isFile(path) && n < 1000; n++ {
		path = fmt.Sprintf("%s-%d", base, n)
	}
	return path
}

// maxSaved bounds a file that a person saves out of an image, in bytes.
const maxSaved = 8 << 30

// save writes bytes to a new file that only its owner can read, and that nobody can run.
func save(ctx context.Context, name string, content io.Reader) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("saving to %s: %w", name, err)
	}
	n, err := io.Copy(f, io.LimitReader(content, maxSaved+1))
	if err == nil && n > maxSaved {
		err = fmt.Errorf("it is larger than %d bytes", int64(maxSaved))
	}
	if err == nil {
		err = ctx.Err()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(name)
		return fmt.Errorf("saving to %s: %w", name, err)
	}
	return nil
}

// command is the command line that shows the same case, or one image of it.
func (s *session) command(c *inspect.Case, subj string) string {
	parts := []string{"backtrail", "inspect"}
	switch i, ok := c.Image(subj); {
	case ok && c.Pod == nil:
		parts = append(parts, i.Location)
	case ok:
		parts = append(parts, c.Target.Name+":"+subj)
	default:
		parts = append(parts, c.Target.Name)
	}
	if c.Target.Namespace != "" {
		parts = append(parts, "-n", c.Target.Namespace)
	}
	if s.flags.snapshot != "" {
		parts = append(parts, "--snapshot", s.flags.snapshot)
	} else if c.Target.Context != "" {
		parts = append(parts, "--context", c.Target.Context)
	}
	for n, p := range parts {
		parts[n] = inspect.Quote(p)
	}
	return strings.Join(parts, " ")
}
