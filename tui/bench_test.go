package tui

import (
	"context"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// maxGrowth is how much longer a key press may take on a screen with everything than on one with little, Update and View
// together: what is drawn is one screen either way.
const maxGrowth = 10

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

// treeModel stands in a tree of n entries, with all of it open.
func treeModel(n int) *Model {
	o := testOptions()
	m := New(context.Background(), o)
	m.after = func(time.Duration) tea.Cmd { return nil }
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	m.openCase(inspect.FlaggedPod{}, nil)
	m.Update(eventsMsg{gen: m.open.gen, events: incidentEvents(), ended: true})
	m.Update(keyPress("2"))
	m.wantTree()
	tree := newFileTree(bigTree(n), nil)
	m.Update(treeMsg{gen: m.open.gen, key: m.open.tree.key, tree: tree})
	tree.OpenAll()
	m.Update(keyPress("tab"))
	return m
}

func BenchmarkKeyInTreeOf500000(b *testing.B) {
	m := treeModel(500_000)
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
		events = append(events, on("binaries", "web", inspect.Event{Fact: inspect.Finding{ID: inspect.FindingID("b", "c", subject), Check: "binaries", Subject: subject, Title: subject, Severity: inspect.Medium, Status: inspect.Unknown}}))
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
			events = append(events, on("binaries", "web", inspect.Event{Fact: inspect.Binary{Path: fmt.Sprintf("/opt/f-%d", i%2000), Severity: inspect.Low}}))
		case 1:
			events = append(events, on("layers", "web", inspect.Event{Fact: inspect.Request{Method: "GET", URL: "https://registry.example.com"}}))
		default:
			events = append(events, on("layers", "web", inspect.Event{Fact: inspect.Progress{Done: int64(i), Total: int64(n), Unit: "bytes"}}))
		}
	}
	return append(events, inspect.Event{Time: at(1), Fact: inspect.End{Status: inspect.Verified}})
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

// A key press takes as long where there is much as where there is little. The two are measured in turns, so that other
// work on the machine disturbs both.
func TestKeysAreQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	for _, c := range []struct {
		name        string
		large, less *Model
		keys        []string
	}{
		{"500,000 entries", treeModel(500_000), treeModel(500), []string{"j", "ctrl+d", "G", "g", "h", "l", "j", "k", "h", "l"}},
		{"1,000 findings", findingsModel(1000), findingsModel(60), []string{"j", "k", "G", "g", "2", "1"}},
		{"5,000 pods", podsModel(5000), podsModel(60), []string{"j", "G", "g", "k"}},
		{"60,000 alerts", floodedModel(5000), floodedModel(60), []string{"j", "G", "g", "k"}},
	} {
		large, less := time.Hour, time.Hour
		for range 7 {
			large, less = min(large, pressAll(c.large, c.keys...)), min(less, pressAll(c.less, c.keys...))
		}
		growth := float64(large) / float64(less)
		if growth > maxGrowth {
			t.Errorf("%s: a key press takes %.1f times as long as where there is little: %v", c.name, growth, large)
		}
		t.Logf("%s: %v, %.1f times as long as where there is little", c.name, large, growth)
	}
}

// floodModel is to show that many pods of which each has twelve different alerts.
func floodModel(pods int) (*Model, inspect.PodList) {
	list := incidentPods()
	for i := range pods {
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

func floodedModel(pods int) *Model {
	m, list := floodModel(pods)
	m.Update(podsMsg{gen: m.pods.gen, board: newPodBoard(list)})
	return m
}

// A new list while one looks is taken in a small part of the time that it takes to make it, which is not done in Update.
func TestALiveListIsTakenQuickly(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	m, list := floodModel(5000)
	making, taking := time.Hour, time.Hour
	for range 5 {
		began := time.Now()
		board := newPodBoard(list)
		made := time.Now()
		m.Update(podsMsg{gen: m.pods.gen, board: board})
		_ = m.View().Content
		making, taking = min(making, made.Sub(began)), min(taking, time.Since(made))
	}
	t.Logf("60,000 rows are made in %v and taken in %v", making, taking)
	if taking > making/2 {
		t.Errorf("60,000 rows take %v in Update, and %v beside it", taking, making)
	}
}

// What is done beside Update for each list, twice a second at most.
func BenchmarkBoardOf60000Alerts(b *testing.B) {
	_, list := floodModel(5000)
	b.ReportAllocs()
	for b.Loop() {
		newPodBoard(list)
	}
}

func BenchmarkListOf60000Alerts(b *testing.B) {
	m, list := floodModel(5000)
	board := newPodBoard(list)
	b.ReportAllocs()
	for b.Loop() {
		m.Update(podsMsg{gen: m.pods.gen, board: board})
		_ = m.View().Content
	}
}

func BenchmarkKeyOn60000Alerts(b *testing.B) {
	m, list := floodModel(5000)
	m.Update(podsMsg{gen: m.pods.gen, board: newPodBoard(list)})
	for b.Loop() {
		pressAll(m, "j", "G", "g")
	}
}

func bigTree(n int) []inspect.Node {
	all := make([]inspect.Node, n)
	for i := range all {
		all[i] = inspect.Node{Entry: inspect.Entry{Path: fmt.Sprintf("/usr/lib/d%03d/e%03d/file-%06d.so", i/10_000, i/100%100, i), Type: inspect.EntryFile, Mode: 0o644, Size: int64(i)}, Layer: i % 9}
	}
	return all
}
