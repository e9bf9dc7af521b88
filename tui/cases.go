package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/fleet"
	"github.com/backtrail/backtrail/tui/pods"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
)

// browse starts with the list of pods of a cluster. The list stays below its cases: it is read and watched while a
// case is open.
func (m *Model) browse(c Cluster) {
	m.cluster = c
	m.list = pods.New(m.Shell, c, pods.Options{
		Context: m.o.Context, Namespace: m.o.Namespace, Alerts: m.o.Alerts,
		Open: m.openPod,
		View: func(parts []viewer.Part) tea.Cmd { return m.view(c, parts) },
	})
	m.stack = []screen{m.list}
	m.start = append(m.start, m.list.Read())
}

// show starts with one case, without a list behind it. Its source is open already, as the command line had to verify
// a bundle before.
func (m *Model) show(b caseview.Backend, source inspect.Source) {
	s, start := caseview.New(m.Shell, b, caseview.Options{
		Context: m.o.Context,
		Open:    func(context.Context) (inspect.Source, error) { return source, nil },
		View:    func(parts []viewer.Part) tea.Cmd { return m.view(b, parts) },
	})
	m.stack = []screen{s}
	m.start = append(m.start, start)
}

// openCase is a case over the screen that it was opened from. One case is open at a time: one that is left below
// another is asleep, and is opened again where the person comes back to it.
type openCase struct {
	*caseview.Screen
	// closed: takes what the case found, and where the person was
	closed func(*caseview.Screen)
	// again: the same case once more
	again  func() (*openCase, tea.Cmd)
	asleep bool
}

// Close leaves what the case found about the image in the list. A case that is asleep was closed before.
func (c *openCase) Close() {
	if !c.asleep {
		c.asleep = true
		c.closed(c.Screen)
		c.Screen.Close()
	}
}

// opening is a case that is to be opened. Its name differs from those of other cases of the session; pod is what the
// header shows until the case has a pod of its own.
type opening struct {
	name string
	pod  inspect.FlaggedPod
	open func(ctx context.Context) (inspect.Source, error)
}

// openPod opens the case of a pod over the screen.
func (m *Model) openPod(pod inspect.FlaggedPod) tea.Cmd {
	name := "pod " + pod.Namespace + "/" + pod.Name
	if pod.Name == "" && len(pod.Alerts) > 0 {
		name = "alert " + pod.Alerts[0].ID
	}
	return m.open(opening{name: name, pod: pod, open: func(ctx context.Context) (inspect.Source, error) {
		return m.cluster.OpenCase(ctx, pod)
	}})
}

// openPlace opens the case of a workload. Which of its pods it is about is found out when it is opened.
func openPlace(m *Model, p fleet.Place) tea.Cmd {
	pod := inspect.FlaggedPod{Pod: inspect.Pod{Namespace: p.Namespace, Name: p.Workload}}
	return m.open(opening{
		name: "place " + p.Namespace + "/" + p.Workload + "/" + p.Container + "@" + p.Digest, pod: pod,
		open: func(ctx context.Context) (inspect.Source, error) { return m.cluster.OpenPlace(ctx, p) },
	})
}

// open puts a case on the stack. Any other case of the stack goes to sleep first: notes are written to the case that
// is open, and there is one.
func (m *Model) open(o opening) tea.Cmd {
	for _, s := range m.stack {
		if c, ok := s.(*openCase); ok {
			c.Close()
		}
	}
	c, start := newCase(m, o)
	return m.push(c, start)
}

// newCase makes the screen of a case, at the place where it was left in this session. r on a case that could not be
// opened opens it anew in its place.
func newCase(m *Model, o opening) (*openCase, tea.Cmd) {
	s, start := caseview.New(m.Shell, m.cluster, caseview.Options{
		Context: m.o.Context, Pod: o.pod, Open: o.open, Place: m.left[o.name],
		Reopen: func() tea.Cmd {
			m.top().Close()
			c, start := newCase(m, o)
			m.stack[len(m.stack)-1] = c
			return tea.Batch(m.tick(), start)
		},
		View:  func(parts []viewer.Part) tea.Cmd { return m.view(m.cluster, parts) },
		Pivot: func(p shell.Pivot) tea.Cmd { return m.push(m.list.Only(p), nil) },
		OpenPod: func(namespace, name string) tea.Cmd {
			return m.openPod(inspect.FlaggedPod{Pod: inspect.Pod{Namespace: namespace, Name: name}})
		},
	})
	closed := func(s *caseview.Screen) {
		m.left[o.name] = caseview.PlaceOf(s)
		if signed, knownGood, ok := s.Summary(); ok {
			m.list.Remember(o.pod, pods.Summary{Signed: signed, KnownGood: knownGood})
		}
	}
	again := func() (*openCase, tea.Cmd) { return newCase(m, o) }
	return &openCase{Screen: s, closed: closed, again: again}, start
}

// view shows bytes over the screen. Without bytes there is nothing to open, and the screen stays.
func (m *Model) view(store viewer.Store, parts []viewer.Part) tea.Cmd {
	if len(parts) == 0 {
		return nil
	}
	return m.push(viewer.New(m.Shell, store, parts, m.top().Header))
}
