package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

func runSort(m *Model, _ string) tea.Cmd {
	if m.open == nil {
		m.pods.sort = (m.pods.sort + 1) % len(podSorts)
		m.pods.refresh(m)
		m.info("pods by " + podSorts[m.pods.sort] + "; flagged ones stay first")
		return nil
	}
	st, spec := m.open.state(), m.open.pane.spec()
	st.sort = (st.sort + 1) % len(spec.sorts)
	st.stale = true
	m.refresh()
	m.info(spec.name + " by " + spec.sorts[st.sort])
	return nil
}

func whyNoSort(m *Model) string {
	if m.open != nil && len(m.open.pane.spec().sorts) < 2 {
		return "these rows have one order only"
	}
	return ""
}

// failedChecks are those that could not look: the selected row's, or all.
func (m *Model) failedChecks() []inspect.Key {
	if r, ok := m.row(); ok && len(r.retry) > 0 {
		return r.retry
	}
	var keys []inspect.Key
	for _, c := range m.open.c.Checks {
		if c.Status == inspect.Unknown && !c.Running() {
			keys = append(keys, inspect.Key{Check: c.Name, Container: c.Container})
		}
	}
	for _, k := range unreadLayers(&m.open.c) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

func runRetry(m *Model, _ string) tea.Cmd {
	if m.open == nil {
		m.info("reading the list again")
		return m.readPods()
	}
	if m.open.lost() && m.pods != nil {
		pod := m.open.pod
		return m.openCase(pod, func(ctx context.Context) (inspect.Source, error) { return m.o.Open(ctx, pod) })
	}
	keys := m.failedChecks()
	m.wantLayers(keys)
	var names []string
	for _, k := range keys {
		names = append(names, strings.TrimSpace(k.Check+" "+k.Container))
	}
	return m.goOn("checking again: "+strings.Join(names, ", "), func(ctx context.Context, c *inspect.Case) (inspect.Source, error) {
		return m.o.Again(ctx, c, keys)
	})
}

func whyNoRetry(m *Model) string {
	switch {
	case m.open == nil && m.o.Pods == nil:
		return "there is no list to read again"
	case m.open == nil, m.open.lost() && m.pods != nil:
		return ""
	case m.o.Again == nil:
		return "a saved case is as it was; open it with --live"
	case m.open.running > 0:
		return "the checks still run"
	case len(m.failedChecks()) == 0:
		return "no check failed to look"
	default:
		return ""
	}
}

func runAll(m *Model, _ string) tea.Cmd {
	m.pods.all = !m.pods.all
	m.info(firstOf(map[bool]string{true: "reading all namespaces"}[m.pods.all], "reading namespace "+m.o.Namespace))
	return m.readPods()
}

func whyNoAll(m *Model) string {
	if m.o.Namespace == "" {
		return "all namespaces are shown already"
	}
	return ""
}
