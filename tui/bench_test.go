package tui

import (
	"context"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// maxGrowth is how much longer a key press may take on a screen with everything than on one with little, Update and
// View together: one screen is drawn either way.
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

// benchModel is a model of a program that has come to rest.
func benchModel(p *program, keys ...string) *Model {
	s := &story{m: newStoryModel(context.Background(), p)}
	s.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	s.do(s.m.Init())
	s.press(keys...)
	return s.m
}

// bigTree has a directory with half of n files, and the others in many.
func bigTree(n int) []inspect.Node {
	all := make([]inspect.Node, n)
	for i := range all {
		path := fmt.Sprintf("/usr/lib/big/file-%06d.so", i)
		if i%2 == 1 {
			path = fmt.Sprintf("/usr/lib/d%03d/e%03d/file-%06d.so", i/10_000, i/100%100, i)
		}
		all[i] = inspect.Node{
			Entry: inspect.Entry{Path: path, Type: inspect.EntryFile, Mode: 0o644, Size: int64(i)},
			Layer: i % 9,
		}
	}
	return all
}

// treeModel is in a tree of n files, with a directory of half of them open.
func treeModel(n int) *Model {
	p, tree := testProgram(), bigTree(n)
	p.source = sourceOf(append(incidentEvents(), on("binaries", "web", inspect.Event{Fact: inspect.Binary{
		Path: "/usr/lib/big/file-000002.so", Severity: inspect.Critical,
	}})))
	p.tree = func(context.Context, inspect.Image, int) ([]inspect.Node, error) { return tree, nil }
	return benchModel(p, "2", "tab")
}

func TestTheBigTreeIsOpen(t *testing.T) {
	m := treeModel(500)
	s := &story{t: t, m: m}
	s.sees("file-000002.so", "file-000004.so")
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
	p, events := testProgram(), incidentEvents()
	for i := range n {
		subject := fmt.Sprintf("web:/opt/file-%d", i)
		events = append(events, on("binaries", "web", inspect.Event{Fact: inspect.Finding{
			ID: inspect.FindingID("b", "c", subject), Check: "binaries", Subject: subject, Title: subject,
			Severity: inspect.Medium, Status: inspect.RowUnknown,
		}}))
	}
	p.source = sourceOf(events)
	return benchModel(p)
}

func podsModel(n int) *Model {
	list := incidentPods()
	for i := range n {
		p := incidentPod()
		p.Name, p.Namespace = fmt.Sprintf("p-%d", i), fmt.Sprintf("ns-%d", i%40)
		list.Pods = append(list.Pods, inspect.FlaggedPod{Pod: p})
	}
	return benchModel(listing(list))
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

// storm is what a case of many layers emits in a hurry.
func storm(n int) []inspect.Event {
	events := incidentEvents()
	events = events[:len(events)-1]
	for i := range n {
		switch i % 10 {
		case 0:
			path := fmt.Sprintf("/opt/f-%d", i%2000)
			events = append(events, on("binaries", "web", inspect.Event{Fact: inspect.Binary{
				Path:     path,
				Severity: inspect.Low,
			}}))
		case 1:
			request := inspect.Request{Method: "GET", URL: "https://registry.example.com"}
			events = append(events, on("layers", "web", inspect.Event{Fact: request}))
		default:
			progress := inspect.Progress{Done: int64(i), Total: int64(n), Unit: "bytes"}
			events = append(events, on("layers", "web", inspect.Event{Fact: progress}))
		}
	}
	return append(events, inspect.Event{Time: at(1), Fact: inspect.End{Status: inspect.CheckDone}})
}

// weather opens a storm as the program does, and counts the messages.
func weather(events []inspect.Event) (s *story, messages int, longest time.Duration) {
	p := testProgram()
	p.source = sourceOf(events)
	s = &story{m: newStoryModel(context.Background(), p)}
	s.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	queue := []tea.Cmd{s.m.Init()}
	for len(queue) > 0 {
		cmd := queue[0]
		queue = queue[1:]
		if cmd == nil {
			continue
		}
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			queue = append(queue, batch...)
			continue
		}
		start := time.Now()
		_, next := s.m.Update(msg)
		_ = s.m.View().Content
		longest = max(longest, time.Since(start))
		messages++
		queue = append(queue, next)
	}
	return s, messages, longest
}

func BenchmarkStormOf100000Events(b *testing.B) {
	events := storm(100_000)
	for b.Loop() {
		weather(events)
	}
}

func TestAStormIsFewMessages(t *testing.T) {
	s, messages, longest := weather(storm(100_000))
	if messages > 100 {
		t.Errorf("100,000 events were %d messages", messages)
	}
	s.t = t
	s.sees("1 critical 2 high", "03:21Z")
	t.Logf("%d messages, the longest took %v", messages, longest)
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
		{
			"500,000 entries", treeModel(500_000), treeModel(500),
			[]string{"j", "ctrl+d", "G", "g", "h", "l", "j", "k", "h", "l"},
		},
		{"1,000 findings", findingsModel(1000), findingsModel(60), []string{"j", "k", "G", "g", "2", "1"}},
		{"5,000 pods", podsModel(5000), podsModel(60), []string{"j", "G", "g", "k"}},
		{
			"60,000 alerts", benchModel(listing(flood(5000))), benchModel(listing(flood(60))),
			[]string{"j", "G", "g", "k"},
		},
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

// flood is a list of that many pods of which each has twelve different alerts.
func flood(pods int) inspect.PodList {
	list := incidentPods()
	for i := range pods {
		p := incidentPod()
		p.Name, p.Namespace, p.UID = fmt.Sprintf("p-%d", i), fmt.Sprintf("ns-%d", i%40), fmt.Sprint("u", i)
		p.Owner = []inspect.Owner{{Kind: "ReplicaSet", Name: fmt.Sprintf("svc-%d-abc", i/10)}}
		f := inspect.FlaggedPod{Pod: p}
		for n := range 12 {
			a := incidentAlert()
			a.ID, a.Rule, a.Priority = fmt.Sprint(i, "/", n), fmt.Sprint("rule ", n),
				[]string{"Critical", "Warning", "Notice"}[n%3]
			f.Alerts = append(f.Alerts, a)
		}
		list.Pods = append(list.Pods, f)
	}
	return whole(list)
}

func BenchmarkKeyOn60000Alerts(b *testing.B) {
	m := benchModel(listing(flood(5000)))
	b.ResetTimer()
	for b.Loop() {
		pressAll(m, "j", "G", "g")
	}
}
