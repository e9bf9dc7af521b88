package pods

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// flood is a list of that many pods of which each has twelve different alerts.
func flood(pods int) inspect.PodList {
	var list inspect.PodList
	for i := range pods {
		f := inspect.FlaggedPod{Pod: inspect.Pod{
			Name: fmt.Sprintf("p-%d", i), Namespace: fmt.Sprintf("ns-%d", i%40), UID: fmt.Sprint("u", i),
			Owner: []inspect.Owner{{Kind: "ReplicaSet", Name: fmt.Sprintf("svc-%d-abc", i/10)}},
		}}
		for n := range 12 {
			f.Alerts = append(f.Alerts, inspect.Alert{
				ID: fmt.Sprint(i, "/", n), Rule: fmt.Sprint("rule ", n),
				Priority: []string{"Critical", "Warning", "Notice"}[n%3],
			})
		}
		list.Pods = append(list.Pods, f)
	}
	list.State.Whole = true
	return list
}

// onScreen is a screen of 200 × 60 cells with a list.
func onScreen(list inspect.PodList) *Screen {
	sh := shell.New(context.Background(), widget.NewPaint(true, false, false),
		time.Date(2026, 3, 14, 3, 20, 0, 0, time.UTC))
	sh.Width, sh.Height = 200, 60
	s := New(sh, nil, Options{})
	s.take(newBoard(list))
	return s
}

// take shows a list, as Update does.
func (s *Screen) take(b *board) {
	s.Update(podsMsg{gen: s.gen, board: b, ended: true})
	s.Arrange()
	s.Draw()
}

// A new list while one looks is taken in a small part of the time that it takes to make it, which is done outside of
// Update.
func TestALiveListIsTakenQuickly(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	list := flood(5000)
	s := onScreen(list)
	making, taking := time.Hour, time.Hour
	for range 5 {
		began := time.Now()
		b := newBoard(list)
		made := time.Now()
		s.take(b)
		making, taking = min(making, made.Sub(began)), min(taking, time.Since(made))
	}
	t.Logf("60,000 alerts are made in %v and taken in %v", making, taking)
	if taking > making/2 {
		t.Errorf("60,000 alerts take %v in Update, and %v outside of it", taking, making)
	}
}

// What is done outside of Update for each list, twice a second at most.
func BenchmarkBoardOf60000Alerts(b *testing.B) {
	list := flood(5000)
	b.ReportAllocs()
	for b.Loop() {
		newBoard(list)
	}
}

func BenchmarkListOf60000Alerts(b *testing.B) {
	list := flood(5000)
	s, made := onScreen(list), newBoard(list)
	b.ReportAllocs()
	for b.Loop() {
		s.take(made)
	}
}
