package evidence

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

func record(t *testing.T, dir string, events []inspect.Event) *Recorder {
	t.Helper()
	r, err := NewRecorder(dir, *events[0].Header)
	must(t, err)
	for _, e := range events {
		must(t, r.Add(e))
	}
	return r
}

func TestRecordedCaseIsTheCase(t *testing.T) {
	in, dir := newIncident(t), t.TempDir()
	r := record(t, dir, in.events)
	must(t, r.Add(inspect.Event{Progress: &inspect.Progress{Done: 1}}))
	running, err := Cases(context.Background(), dir)
	must(t, err)
	if len(running) != 1 || !running[0].Running || running[0].ID != "20261123T031204Z-web-7d9f" {
		t.Fatalf("while it is written: %+v", running)
	}
	must(t, r.Close())
	must(t, NoteExport(r.Dir(), began, Result{Path: "/tmp/x.tar.gz", TagManifest: "sha256:00"}))
	for range 2 { // the second time from the summary
		list, err := Cases(context.Background(), dir)
		must(t, err)
		s := list[0]
		if s.Running || s.Partial || s.Status != inspect.Failed || s.Findings != 1 || s.Target != "pod/web-7d9f" || len(s.Exported) != 1 {
			t.Errorf("%+v", s)
		}
	}
	var live inspect.Case
	for _, e := range in.events {
		live.Apply(e)
	}
	saved, err := FindCase(context.Background(), dir, r.ID())
	must(t, err)
	replayed, err := Fold(context.Background(), saved.Replay())
	must(t, err)
	a, err := inspect.EncodeCase(live)
	must(t, err)
	b, err := inspect.EncodeCase(replayed)
	must(t, err)
	if string(a) != string(b) {
		t.Error("the replayed case is not the live one")
	}
}

func TestTwoCasesOfOneSecond(t *testing.T) {
	in, dir := newIncident(t), t.TempDir()
	a, b := record(t, dir, in.events[:1]), record(t, dir, in.events[:1])
	if a.ID() == b.ID() {
		t.Error("two cases share a file")
	}
	if _, err := Resume(dir, a.ID()); err == nil {
		t.Error("a case that is written was opened for writing again")
	}
	must(t, a.Close())
	must(t, b.Close())
}

func TestResumeDropsTheCutLine(t *testing.T) {
	in, dir := newIncident(t), t.TempDir()
	r := record(t, dir, in.events[:5])
	must(t, r.Close())
	path := filepath.Join(r.Dir(), eventsFile)
	whole := read(t, path)
	must(t, os.WriteFile(path, append(whole, []byte(`{"seq":6,"fin`)...), 0o600))
	again, err := Resume(dir, r.ID())
	must(t, err)
	must(t, again.Add(in.events[5]))
	must(t, again.Close())
	saved, err := FindCase(context.Background(), dir, r.ID())
	must(t, err)
	n := 0
	must(t, saved.Replay()(context.Background(), func(inspect.Event) { n++ }))
	if n != 6 || string(read(t, filepath.Join(r.Dir(), cutFile))) != `{"seq":6,"fin` {
		t.Errorf("%d events", n)
	}
}

func TestNamesOfCasesStayInTheirFolder(t *testing.T) {
	for _, id := range []string{"", "..", "../x", "a/b", ".hidden", "a\x00b"} {
		if _, err := FindCase(context.Background(), t.TempDir(), id); err == nil {
			t.Errorf("%q was opened", id)
		}
		if _, err := Resume(t.TempDir(), id); err == nil {
			t.Errorf("%q was resumed", id)
		}
	}
}

// TestKilledWhileWriting lets another process write a case without end, and kills it.
func TestKilledWhileWriting(t *testing.T) {
	if dir := os.Getenv("BACKTRAIL_TEST_WRITES_TO"); dir != "" {
		writeWithoutEnd(t, dir)
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledWhileWriting$")
	cmd.Env = append(os.Environ(), "BACKTRAIL_TEST_WRITES_TO="+dir)
	must(t, cmd.Start())
	var list []Saved
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && (len(list) == 0 || list[0].Findings < 10); time.Sleep(10 * time.Millisecond) {
		list, _ = Cases(context.Background(), dir)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	list, err := Cases(context.Background(), dir)
	must(t, err)
	if len(list) != 1 || list[0].Findings < 10 || !list[0].Partial || list[0].Running || list[0].Problem != "" {
		t.Fatalf("after the kill: %+v", list)
	}
	to := filepath.Join(t.TempDir(), "bundle.tar.gz")
	_, err = Export(context.Background(), list[0].Events, newMemoryStore(), to, options)
	must(t, err)
	if v := verify(t, to, trusting()); v.Status != inspect.Verified {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
}

func writeWithoutEnd(t *testing.T, dir string) {
	r, err := NewRecorder(dir, inspect.Header{Schema: inspect.Schema, Target: inspect.Target{Name: "pod/web"}, Started: began})
	must(t, err)
	must(t, r.Add(inspect.Event{Header: &inspect.Header{Schema: inspect.Schema, Target: inspect.Target{Name: "pod/web"}, Started: began}}))
	for n := 0; ; n++ {
		must(t, r.Add(inspect.Event{Check: "c", Finding: &inspect.Finding{ID: inspect.FindingID("c", "x", time.Duration(n).String()), Title: "one more"}}))
	}
}

func TestID(t *testing.T) {
	for _, tt := range []struct {
		kind inspect.TargetKind
		name string
		want string
	}{
		{inspect.TargetPod, "pod/web-7d9f", "20261123T031204Z-web-7d9f"},
		{inspect.TargetImage, "oci:/tmp/a b/../layout:v1", "20261123T031204Z-layout-v1"},
		{inspect.TargetImage, "ghcr.io/acme/app@sha256:" + strings.Repeat("038d72307b94", 5) + "0123", "20261123T031204Z-app-038d72307b94"},
		{inspect.TargetImage, "a-" + strings.Repeat("long-name-", 9) + "z", "20261123T031204Z-name-long-name-long-name-long-name-long-name-z"},
		{inspect.TargetImage, "\u202e\x1b[31m", "20261123T031204Z-31m"},
		{inspect.TargetImage, "", "20261123T031204Z-case"},
	} {
		if got := ID(inspect.Header{Target: inspect.Target{Kind: tt.kind, Name: tt.name}, Started: began}); got != tt.want || !isCaseName(got) {
			t.Errorf("%q: %s", tt.name, got)
		}
	}
}

func TestLostRecordingIsSaidOnce(t *testing.T) {
	in := newIncident(t)
	r := record(t, t.TempDir(), in.events[:2])
	must(t, r.Close())
	var seen []inspect.Event
	emit := r.Record(func(e inspect.Event) { seen = append(seen, e) })
	for _, e := range in.events[2:5] {
		emit(e)
	}
	notices := 0
	for _, e := range seen {
		if e.Notice != nil {
			notices++
		}
	}
	if len(seen) != 4 || notices != 1 {
		t.Errorf("%d events, %d notices", len(seen), notices)
	}
}

func TestExportWhileTheCaseRuns(t *testing.T) {
	in := newIncident(t)
	r := record(t, t.TempDir(), in.events[:1])
	done := make(chan error)
	go func() {
		for _, e := range in.events[1:] {
			if err := r.Add(e); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for n := range 5 {
		to := filepath.Join(t.TempDir(), "bundle")
		_, err := Export(context.Background(), r.Events, in.store, to, options)
		must(t, err)
		if v := verify(t, to, trusting()); v.Intact != inspect.Verified || v.Status == inspect.Failed {
			t.Errorf("export %d: %s, %v", n, v.Status, failures(v))
		}
	}
	must(t, <-done)
	must(t, r.Close())
}
