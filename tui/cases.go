package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/pods"
	"github.com/backtrail/backtrail/tui/viewer"
)

// browse starts with the list of pods of a cluster. The list stays below its cases: it is read and watched while a
// case is open.
func (m *Model) browse(c Cluster) {
	var list *pods.Screen
	list = pods.New(m.Shell, c, pods.Options{
		Context: m.o.Context, Namespace: m.o.Namespace, Alerts: m.o.Alerts,
		Open: func(pod inspect.FlaggedPod) tea.Cmd { return m.openPod(c, list, pod) },
		View: func(parts []viewer.Part) tea.Cmd { return m.view(c, parts) },
	})
	m.stack = []screen{list}
	m.start = append(m.start, list.Read())
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

// openCase is a case over the list that it was opened from. Only Close differs from a case without a list.
type openCase struct {
	*caseview.Screen
	list *pods.Screen
	pod  inspect.FlaggedPod
}

// Close leaves what the case found about the image in the list.
func (c openCase) Close() {
	if signed, knownGood, ok := c.Screen.Summary(); ok {
		c.list.Remember(c.pod, pods.Summary{Signed: signed, KnownGood: knownGood})
	}
	c.Screen.Close()
}

// openPod opens the case of a pod over the list. r on a case that could not be opened takes it from the stack and
// opens it anew.
func (m *Model) openPod(c Cluster, list *pods.Screen, pod inspect.FlaggedPod) tea.Cmd {
	s, start := caseview.New(m.Shell, c, caseview.Options{
		Context: m.o.Context, Pod: pod,
		Open: func(ctx context.Context) (inspect.Source, error) { return c.OpenCase(ctx, pod) },
		Reopen: func() tea.Cmd {
			m.pop()
			return m.openPod(c, list, pod)
		},
		View: func(parts []viewer.Part) tea.Cmd { return m.view(c, parts) },
	})
	return m.push(openCase{Screen: s, list: list, pod: pod}, start)
}

// view shows bytes over the screen. Without bytes there is nothing to open, and the screen stays.
func (m *Model) view(store viewer.Store, parts []viewer.Part) tea.Cmd {
	if len(parts) == 0 {
		return nil
	}
	return m.push(viewer.New(m.Shell, store, parts, m.top().Header))
}
