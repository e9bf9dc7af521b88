package tui

import (
	"context"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

// budget is what a key press may take, Update and View together.
const budget = 16 * time.Millisecond

// pressAll presses keys on a model, one Update and one View each, and gives the time of the slowest.
func pressAll(m *Model, keys ...string) (slowest time.Duration) {
	for _, k := range keys {
		start := time.Now()
		m.Update(keyPress(k))
		_ = m.View().Content
		slowest = max(slowest, time.Since(start))
	}
	return slowest
}

// bigTreeModel stands in a tree of 500,000 entries, with all of it open.
func bigTreeModel() *Model {
	o := testOptions()
	m := New(context.Background(), o)
	m.after = func(time.Duration) tea.Cmd { return nil }
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	m.openCase(inspect.FlaggedPod{}, nil)
	m.Update(eventsMsg{gen: m.open.gen, events: incidentEvents(), ended: true})
	m.Update(keyPress("2"))
	m.wantTree()
	tree := newFileTree(bigTree(500_000), nil)
	m.Update(treeMsg{gen: m.open.gen, key: m.open.tree.key, tree: tree})
	for i := len(tree.nodes) - 1; i >= 0; i-- {
		tree.open[i] = tree.nodes[i].dir
	}
	tree.visible = tree.children(-1, nil)
	m.Update(keyPress("tab"))
	return m
}

func BenchmarkKeyInTreeOf500000(b *testing.B) {
	m := bigTreeModel()
	b.ResetTimer()
	for b.Loop() {
		pressAll(m, "j", "ctrl+d", "G", "g", "h", "l")
	}
}

func BenchmarkKeyOn1000Findings(b *testing.B) {
	m := findingsModel(1000)
	b.ResetTimer()
	for b.Loop() {
		pressAll(m, "j", "k", "G", "g")
	}
}

func findingsModel(n int) *Model {
	m := New(context.Background(), testOptions())
	m.after = func(time.Duration) tea.Cmd { return nil }
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	m.openCase(inspect.FlaggedPod{}, nil)
	events := incidentEvents()
	for i := range n {
		subject := fmt.Sprintf("web:/opt/file-%d", i)
		events = append(events, on("binaries", "web", inspect.Event{Finding: &inspect.Finding{ID: inspect.FindingID("b", "c", subject), Check: "binaries", Subject: subject, Title: subject, Severity: inspect.Medium, Status: inspect.Unknown}}))
	}
	m.Update(eventsMsg{gen: m.open.gen, events: events, ended: true})
	return m
}

func podsModel(n int) *Model {
	list := incidentPods()
	for i := range n {
		p := incidentPod()
		p.Name, p.Namespace = fmt.Sprintf("p-%d", i), fmt.Sprintf("ns-%d", i%40)
		list.Pods = append(list.Pods, inspect.FlaggedPod{Pod: p})
	}
	m := New(context.Background(), testOptions())
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	m.Update(podsMsg{gen: m.pods.gen, board: newPodBoard(list), ended: true})
	return m
}

func BenchmarkKeyOn5000Pods(b *testing.B) {
	m := podsModel(5000)
	b.ResetTimer()
	for b.Loop() {
		pressAll(m, "j", "G", "g")
	}
}

func BenchmarkFilterOn5000Pods(b *testing.B) {
	m := podsModel(5000)
	b.ResetTimer()
	for b.Loop() {
		pressAll(m, "/", "p", "-", "4", "esc")
	}
}

// storm is what a case of many layers says in a hurry.
func storm(n int) []inspect.Event {
	events := incidentEvents()
	events = events[:len(events)-1]
	for i := range n {
		switch i % 10 {
		case 0:
			events = append(events, on("binaries", "web", inspect.Event{Binary: &inspect.Binary{Path: fmt.Sprintf("/opt/f-%d", i%2000), Severity: inspect.Low}}))
		case 1:
			events = append(events, on("layers", "web", inspect.Event{Request: &inspect.Request{Method: "GET", URL: "https://registry.example.com"}}))
		default:
			events = append(events, on("layers", "web", inspect.Event{Progress: &inspect.Progress{Done: int64(i), Total: int64(n), Unit: "bytes"}}))
		}
	}
	return append(events, inspect.Event{Time: at(1), End: &inspect.End{Status: inspect.Verified}})
}

// follow folds a source as the program does, and counts the batches.
func follow(m *Model, source inspect.Source) (batches int, longest time.Duration) {
	p := startPump(context.Background(), m.pumps, source)
	for {
		events, ended, err := p.next()
		start := time.Now()
		m.Update(eventsMsg{gen: m.open.gen, events: events, ended: ended, err: err, pump: p})
		_ = m.View().Content
		longest = max(longest, time.Since(start))
		batches++
		if ended {
			return batches, longest
		}
	}
}

func BenchmarkStormOf100000Events(b *testing.B) {
	events := storm(100_000)
	for b.Loop() {
		m := New(context.Background(), testOptions())
		m.after = func(time.Duration) tea.Cmd { return nil }
		m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
		m.openCase(inspect.FlaggedPod{}, nil)
		follow(m, sourceOf(events))
	}
}

func TestAStormIsFewMessages(t *testing.T) {
	m := New(context.Background(), testOptions())
	m.after = func(time.Duration) tea.Cmd { return nil }
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.openCase(inspect.FlaggedPod{}, nil)
	batches, longest := follow(m, sourceOf(storm(100_000)))
	if batches > 100 {
		t.Errorf("100,000 events were %d messages", batches)
	}
	if m.open.c.End == nil {
		t.Error("the end of the case did not come through")
	}
	t.Logf("%d messages, the longest took %v", batches, longest)
}

func TestKeysAreQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	for _, c := range []struct {
		name string
		m    *Model
		keys []string
	}{
		{"500,000 entries", bigTreeModel(), []string{"j", "ctrl+d", "G", "g", "h", "l", "j", "k", "h", "l"}},
		{"1,000 findings", findingsModel(1000), []string{"j", "k", "G", "g", "2", "1"}},
		{"5,000 pods", podsModel(5000), []string{"j", "G", "g", "k"}},
		{"60,000 alerts", floodedModel(), []string{"j", "G", "g", "k"}},
	} {
		best := budget * 100
		for range 5 { // the machine may be busy: the best of a few counts
			best = min(best, pressAll(c.m, c.keys...))
		}
		if best > budget {
			t.Errorf("%s: a key press takes %v", c.name, best)
		}
		t.Logf("%s: %v", c.name, best)
	}
}

// floodModel shows 5,000 pods of which each has twelve different alerts.
func floodModel() (*Model, inspect.PodList) {
	list := incidentPods()
	for i := range 5000 {
		p := incidentPod()
		p.Name, p.Namespace, p.UID = fmt.Sprintf("p-%d", i), fmt.Sprintf("ns-%d", i%40), fmt.Sprint("u", i)
		p.Owner = []inspect.Owner{{Kind: "ReplicaSet", Name: fmt.Sprintf("svc-%d-abc", i/10)}}
		f := inspect.FlaggedPod{Pod: p}
		for n := range 12 {
			a := incidentAlert()
			a.ID, a.Rule, a.Priority = fmt.Sprint(i, "/", n), fmt.Sprint("rule ", n), []string{"Critical", "Warning", "Notice"}[n%3]
			f.Alerts = append(f.Alerts, a)
		}
		list.Pods = append(list.Pods, f)
	}
	list.State.Whole = true
	m := New(context.Background(), testOptions())
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	return m, list
}

func floodedModel() *Model {
	m, list := floodModel()
	m.Update(podsMsg{gen: m.pods.gen, board: newPodBoard(list)})
	return m
}

// A new list while one looks is taken as fast as a key, where a machine has nothing else to do.
func TestALiveListIsTakenQuickly(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	m, list := floodModel()
	board := newPodBoard(list)
	best := time.Hour
	for range 5 {
		began := time.Now()
		m.Update(podsMsg{gen: m.pods.gen, board: board})
		_ = m.View().Content
		best = min(best, time.Since(began))
	}
	t.Logf("60,000 rows: %v", best)
	if best > 10*budget { // as long as a key is usual; the race detector takes more
		t.Errorf("60,000 rows take %v", best)
	}
}

// What is done beside Update for each list, twice a second at most.
func BenchmarkBoardOf60000Alerts(b *testing.B) {
	_, list := floodModel()
	b.ReportAllocs()
	for b.Loop() {
		newPodBoard(list)
	}
}

func BenchmarkListOf60000Alerts(b *testing.B) {
	m, list := floodModel()
	board := newPodBoard(list)
	b.ReportAllocs()
	for b.Loop() {
		m.Update(podsMsg{gen: m.pods.gen, board: board})
		_ = m.View().Content
	}
}

func BenchmarkKeyOn60000Alerts(b *testing.B) {
	m, list := floodModel()
	m.Update(podsMsg{gen: m.pods.gen, board: newPodBoard(list)})
	for b.Loop() {
		pressAll(m, "j", "G", "g")
	}
}
