package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

var began = time.Date(2026, 11, 23, 3, 12, 4, 0, time.UTC)

func clock() time.Time { return began }

func header(name string) inspect.Header {
	return inspect.Header{
		Schema: inspect.Schema, Target: inspect.Target{Kind: inspect.TargetPod, Name: name},
		Started: inspect.At(began),
	}
}

func session(operator string) inspect.Session {
	return inspect.Session{
		Operator: operator, Host: "laptop", Command: []string{"backtrail"},
		Started: inspect.At(began),
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, dir string) *Ledger {
	t.Helper()
	l, err := Create(dir, header("pod/web-7d9f"), session("ada"), clock)
	must(t, err)
	return l
}

func finding(n int) inspect.Finding {
	return inspect.Finding{ID: inspect.FindingID("c", "x", fmt.Sprint(n)), Title: "one more"}
}

// chainOf reads the record of a case and fails unless its chain holds.
func chainOf(t *testing.T, dir, id string) (Chain, []inspect.Event) {
	t.Helper()
	r, err := openEvents(filepath.Join(dir, id))
	must(t, err)
	defer r.Close()
	var c Chain
	var events []inspect.Event
	must(t, eachEvent(t.Context(), r, &c, func(e inspect.Event) { events = append(events, e) }))
	if c.Broken != nil {
		t.Fatal(c.Broken)
	}
	return c, events
}

func TestTenWritersShareOneChain(t *testing.T) {
	dir := t.TempDir()
	l := create(t, dir)
	var seen []uint64
	l.Listen(func(e inspect.Event) { seen = append(seen, e.Seq) })
	var writers sync.WaitGroup
	for w := range 10 {
		writers.Go(func() {
			for n := range 50 {
				if _, err := l.Append(fmt.Sprint("check", w), "web", finding(w*50+n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	must(t, l.Close())
	chain, events := chainOf(t, dir, l.ID())
	if len(events) != 502 || chain.Seq != 502 || chain.Head != l.Head() {
		t.Errorf("%d entries, the last is %d", len(events), chain.Seq)
	}
	for i, seq := range seen {
		if seq != uint64(i+3) {
			t.Fatalf("listener %d saw entry %d", i, seq)
		}
	}
	if c := l.Case(); len(c.Findings) != 500 {
		t.Errorf("%d findings", len(c.Findings))
	}
}

func TestNotesWhileChecksRunKeepTheirPlace(t *testing.T) {
	l := New(clock)
	for n := range 20 {
		_, err := l.Append("layers", "web", finding(n))
		must(t, err)
	}
	e, err := l.Append("", "", inspect.Note{Text: "seen by me"})
	must(t, err)
	if e.Seq != 21 {
		t.Errorf("the note is entry %d", e.Seq)
	}
}

// TestKilledWhileTenWrite lets another process write a case without end, kills it, and goes on with the case.
func TestKilledWhileTenWrite(t *testing.T) {
	if dir := os.Getenv("BACKTRAIL_TEST_WRITES_TO"); dir != "" {
		writeWithoutEnd(t, dir)
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledWhileTenWrite$")
	cmd.Env = append(os.Environ(), "BACKTRAIL_TEST_WRITES_TO="+dir)
	must(t, cmd.Start())
	var list []Saved
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && (len(list) == 0 ||
		list[0].Findings < 50); time.Sleep(10 * time.Millisecond) {
		list, _ = Cases(t.Context(), dir)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	list, err := Cases(t.Context(), dir)
	must(t, err)
	if len(list) != 1 || list[0].Findings < 50 || !list[0].Partial || list[0].Running || list[0].Problem != "" {
		t.Fatalf("after the kill: %+v", list)
	}
	l, err := Resume(t.Context(), dir, list[0].ID, session("bob"), clock)
	must(t, err)
	before := l.Case()
	_, err = l.Append("", "", inspect.Note{Text: "resumed"})
	must(t, err)
	must(t, l.Close())
	_, events := chainOf(t, dir, l.ID())
	last := events[len(events)-2:]
	if s, ok := last[0].Fact.(inspect.Session); !ok || s.Operator != "bob" {
		t.Errorf("the second session was not recorded: %+v", last[0])
	}
	if len(before.Findings) != list[0].Findings {
		t.Errorf("%d findings after reopening, %d before", len(before.Findings), list[0].Findings)
	}
}

func writeWithoutEnd(t *testing.T, dir string) {
	l := create(t, dir)
	for w := range 10 {
		go func() {
			for n := w; ; n += 10 {
				if _, err := l.Append("c", "web", finding(n)); err != nil {
					panic(err)
				}
			}
		}()
	}
	time.Sleep(time.Minute)
}

func TestReopeningAddsNothingUntilSomebodyActs(t *testing.T) {
	dir := t.TempDir()
	l := create(t, dir)
	must(t, l.Close())
	head := l.Head()
	again, err := Resume(t.Context(), dir, l.ID(), session("bob"), clock)
	must(t, err)
	must(t, again.Close())
	if chain, _ := chainOf(t, dir, l.ID()); chain.Head != head {
		t.Error("opening the case changed its record")
	}
}

func TestTwoCasesOfOneSecond(t *testing.T) {
	dir := t.TempDir()
	a, b := create(t, dir), create(t, dir)
	if a.ID() == b.ID() {
		t.Error("two cases share a file")
	}
	if _, err := Resume(t.Context(), dir, a.ID(), session("ada"), clock); err == nil {
		t.Error("a case that is open for writing was opened for writing again")
	}
	must(t, a.Close())
	must(t, b.Close())
	if _, err := a.Append("", "", finding(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("appending to a closed case: %v", err)
	}
}

func TestResumeDropsTheCutLine(t *testing.T) {
	dir := t.TempDir()
	l := create(t, dir)
	must(t, l.Close())
	path := filepath.Join(l.Dir(), eventsFile)
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, append(whole, []byte(`{"seq":3,"fin`)...), 0o600))
	again, err := Resume(t.Context(), dir, l.ID(), session("ada"), clock)
	must(t, err)
	_, err = again.Append("", "", finding(1))
	must(t, err)
	must(t, again.Close())
	chainOf(t, dir, l.ID())
	cut, err := os.ReadFile(filepath.Join(l.Dir(), cutFile))
	if err != nil || string(cut) != `{"seq":3,"fin` {
		t.Errorf("the cut line was not put aside: %q, %v", cut, err)
	}
}

func TestNamesOfCasesStayInTheirFolder(t *testing.T) {
	for _, id := range []string{"", "..", "../x", "a/b", ".hidden", "a\x00b"} {
		if _, err := FindCase(t.Context(), t.TempDir(), id); err == nil {
			t.Errorf("%q was opened", id)
		}
		if _, err := Resume(t.Context(), t.TempDir(), id, session("ada"), clock); err == nil {
			t.Errorf("%q was resumed", id)
		}
	}
}

func TestAFailedWriteIsReportedOnce(t *testing.T) {
	l := create(t, t.TempDir())
	must(t, l.file.f.Close())
	_, first := l.Append("", "", finding(1))
	_, second := l.Append("", "", finding(2))
	if first == nil || second != nil || len(l.Case().Findings) != 2 {
		t.Errorf("first %v, second %v", first, second)
	}
}

func TestSavedCaseIsListedWithItsExports(t *testing.T) {
	dir := t.TempDir()
	l := create(t, dir)
	_, err := l.Append("c", "", inspect.Finding{ID: "1", Status: inspect.RowFailed, Severity: inspect.High})
	must(t, err)
	_, err = l.Append("", "", inspect.End{Status: inspect.CheckDone})
	must(t, err)
	running, err := Cases(t.Context(), dir)
	must(t, err)
	if len(running) != 1 || !running[0].Running || running[0].ID != "20261123T031204Z-web-7d9f" {
		t.Fatalf("while it is written: %+v", running)
	}
	must(t, l.Close())
	for n := range 2 {
		_, err := LogAccess(l.Dir(), Access{
			Who: "ada@laptop", What: ExportedTo, Path: fmt.Sprint("/tmp/", n),
			TagManifest: "sha256:00",
		})
		must(t, err)
	}
	for range 2 { // the second time from the summary
		list, err := Cases(t.Context(), dir)
		must(t, err)
		if s := list[0]; s.Running || s.Partial || s.Status != inspect.CaseFailed || s.Findings != 1 ||
			len(s.Exported) != 2 {
			t.Errorf("%+v", s)
		}
	}
	n, head, err := accessHead(l.Dir())
	if err != nil || n != 2 || head != AccessHead(l.Dir()) {
		t.Errorf("access log: %d lines, head %s, %v", n, head, err)
	}
}

// A case that goes on after its export is listed as such: what came then is in no bundle.
func TestAddedToSinceTheExport(t *testing.T) {
	dir, now := t.TempDir(), began
	l := create(t, dir)
	must(t, l.Close())
	find := func() Saved {
		s, err := FindCase(t.Context(), dir, l.ID())
		must(t, err)
		return s
	}
	if find().AddedTo() {
		t.Error("it was never exported")
	}
	_, err := LogAccess(l.Dir(), Access{Time: inspect.At(now), What: ExportedTo, Path: "x"})
	must(t, err)
	if s := find(); s.AddedTo() || len(s.Exported) != 1 {
		t.Errorf("%+v", s)
	}
	now = began.Add(24 * time.Hour)
	again, err := Resume(t.Context(), dir, l.ID(), session("ada"), func() time.Time { return now })
	must(t, err)
	_, err = again.Append("", "", inspect.Note{Text: "later"})
	must(t, err)
	must(t, again.Close())
	if s := find(); !s.AddedTo() {
		t.Errorf("%+v", s)
	}
}

// lines is a record of three entries with a chain that holds.
func lines(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	l := create(t, dir)
	_, err := l.Append("c", "", finding(1))
	must(t, err)
	must(t, l.Close())
	b, err := os.ReadFile(filepath.Join(l.Dir(), eventsFile))
	must(t, err)
	return b
}

func TestReplay(t *testing.T) {
	whole := lines(t)
	tests := map[string]struct {
		record string
		notice string // part of it; empty: none
		fails  bool
	}{
		"whole":       {string(whole), "", false},
		"cut":         {string(whole[:len(whole)-9]), "cut off", false},
		"broken line": {strings.Replace(string(whole), `"session"`, `session`, 1), "", true},
		"changed":     {strings.Replace(string(whole), "ada", "eve", 1), "not intact", false},
		"line taken out": {strings.Join(append(strings.SplitAfter(string(whole), "\n")[:1],
			strings.SplitAfter(string(whole), "\n")[2:]...), ""), "not intact", false},
		"two facts": {`{"seq":1,"note":{},"notice":{}}` + "\n", "", true},
	}
	for name, tt := range tests {
		var c inspect.Case
		err := Replay(strings.NewReader(tt.record))(t.Context(), c.Apply)
		if (err != nil) != tt.fails {
			t.Errorf("%s: %v", name, err)
		}
		if got := fmt.Sprint(c.Notices); tt.notice == "" && len(c.Notices) > 0 || !strings.Contains(got, tt.notice) {
			t.Errorf("%s: notices %s", name, got)
		}
	}
}

func TestEntriesOfANewerVersionAreCountedAndKept(t *testing.T) {
	const line = `{"seq":1,"time":"2026-11-23T03:12:04Z","container":"phantom","weather":{"wind":[1,2]}}`
	var e inspect.Event
	must(t, json.Unmarshal([]byte(line), &e))
	var c inspect.Case
	c.Apply(e)
	if len(c.Images) != 0 || c.NotUnderstood != 1 {
		t.Errorf("%d images, %d entries not understood", len(c.Images), c.NotUnderstood)
	}
	if b, err := json.Marshal(e); err != nil || string(b) != line {
		t.Errorf("written again: %s, %v", b, err)
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte(`{"seq":1,"header":{"schema":"x"}}` + "\n" +
		`{"check":"a","container":"b","packages":{"offset":-1,"list":[{}]}}`))
	f.Add([]byte(`{"reset":{"drop":[{"check":"a"}]}}`))
	f.Add([]byte(`{"seq":1,"later":[1]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &inspect.Case{}
		if err := Replay(bytes.NewReader(b))(context.Background(), c.Apply); err != nil {
			return
		}
		out, err := verdict.Encode(*c)
		if err != nil || !json.Valid(out) {
			t.Fatalf("a case that cannot be written: %v", err)
		}
	})
}
