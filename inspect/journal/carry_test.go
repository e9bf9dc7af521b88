package journal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// exported is the export of a journal.
func exported(t *testing.T, j *Journal) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := j.Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// furnished is a journal with a line of each kind in its export.
func furnished(t *testing.T) *Journal {
	t.Helper()
	j := opened(t)
	fold(t, j, folded(t, "a", 0, inspect.Event{Fact: inspect.Alert{
		ID: "x", Rule: "shell", Subject: "app", Match: inspect.MatchDigest,
		Time: inspect.At(noon.Add(-1)),
	}}, inspect.Event{Container: "app", Fact: inspect.Finding{
		ID: "1", Code: "unowned",
		Subject: "app", Severity: inspect.High, Title: "one",
	}}))
	if err := j.Waive(t.Context(), web, "1", Waiver{Owner: "ops", Reason: "known", Given: inspect.At(noon)}); err != nil {
		t.Fatal(err)
	}
	if err := j.PutAudit(t.Context(), Audit{Scope: "all", At: inspect.At(noon), Depth: Full, Document: []byte(`{"rows":[]}`)}); err != nil {
		t.Fatal(err)
	}
	return j
}

func TestAnExportHasALineOfEachKind(t *testing.T) {
	text := exported(t, furnished(t))
	for _, kind := range []string{"schema", "run", "alert", "image", "finding", "audit", "end"} {
		if n := strings.Count(text, `{"`+kind+`":`); n != 1 && !(kind == "image" && n > 1) {
			t.Errorf("%d lines of kind %s", n, kind)
		}
	}
	if strings.Contains(text, "\x00") {
		t.Error("it is no text")
	}
}

// Importing is a fold too: into an empty journal it is the same journal, a second time it changes nothing, and two
// exports may be imported in either order.
func TestImportIsAFold(t *testing.T) {
	one := exported(t, furnished(t))
	second := opened(t)
	fold(t, second, folded(t, "b", 3))
	put(t, second, 5, Packages, signedBy("later@shop.example"))
	two := exported(t, second)
	into := func(texts ...string) string {
		j := opened(t)
		for _, text := range texts {
			if r, err := j.Import(t.Context(), strings.NewReader(text)); err != nil || r.Skipped != 0 {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		return exported(t, j)
	}
	if got := into(one); got != one {
		t.Errorf("the round trip is another journal:\n%s\n%s", got, one)
	}
	if got := into(one, one); got != one {
		t.Error("a second import changes the journal")
	}
	if a, b := into(one, two), into(two, one); a != b {
		t.Errorf("the order of two imports matters:\n%s\n%s", a, b)
	}
}

// What is imported comes from another machine, or from whoever sent the file.
func TestLinesThatAreRefused(t *testing.T) {
	head, sum := `{"schema":"`+transferSchema+`"}`+"\n", digest("a")
	for name, tt := range map[string]struct{ body, err string }{
		"a sighting without a digest":   {`{"run":{"firstSeen":"2026-03-01T00:00:00Z","lastSeen":"2026-03-01T00:00:00Z"}}`, "line 2"},
		"one that ends before it began": {`{"run":{"digest":"` + sum + `","firstSeen":"2026-03-02T00:00:00Z","lastSeen":"2026-03-01T00:00:00Z"}}`, "ends before it begins"},
		"one without a time":            {`{"run":{"digest":"` + sum + `"}}`, "no time"},
		"facts of another image":        {`{"image":{"digest":"` + sum + `","depth":"full","version":1,"facts":{"digest":"` + digest("b") + `"}}}`, "are those of"},
		"facts of no depth":             {`{"image":{"digest":"` + sum + `","depth":"abyss","version":1,"facts":{}}}`, "no depth"},
		"an audit without a document":   {`{"audit":{"scope":"all","at":"2026-03-01T00:00:00Z"}}`, "storing an audit"},
		"a line that is cut":            {`{"run":{`, "reading line 2"},
		"a line of another shape":       {`[1,2]`, "reading line 2"},
		"no end":                        {`{"later":{}}`, "cut off after line 2"},
		"an end of another length":      {`{"end":{"lines":7}}`, "cut off after line 2"},
		"lines after the end":           {`{"end":{"lines":1}}` + "\n" + `{"later":{}}`, "cut off after line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			j := opened(t)
			_, err := j.Import(t.Context(), strings.NewReader(head+tt.body+"\n"))
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v", err)
			}
			if c, err := j.Count(t.Context()); err != nil || c != (Counts{}) {
				t.Errorf("something of it is kept: %+v, %v", c, err)
			}
		})
	}
}

// brokenWriter fails after some bytes, as a disk that fills up does.
type brokenWriter struct{ left int }

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}

func TestAnExportThatCannotBeWrittenIsAnError(t *testing.T) {
	if _, err := furnished(t).Export(t.Context(), &brokenWriter{left: 10}); err == nil || !strings.Contains(err.Error(), "exporting the journal") {
		t.Errorf("got %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := furnished(t).Export(ctx, &bytes.Buffer{}); err == nil {
		t.Error("an export that was interrupted is whole")
	}
}

func TestTwoProcessesBeginAJournalAtOnce(t *testing.T) {
	path := Path(t.TempDir())
	var all sync.WaitGroup
	errs := make([]error, 8)
	for n := range errs {
		all.Go(func() {
			j, err := Open(t.Context(), path)
			if err != nil {
				errs[n] = err
				return
			}
			errs[n] = errors.Join(j.See(t.Context(), []Sighting{saw("shop/web:1", numbered(n), noon)}), j.Close())
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	j, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if runs, err := j.Runs(t.Context()); err != nil || len(runs) != len(errs) || j.Notice() != "" {
		t.Errorf("%d runs, notice %q, %v", len(runs), j.Notice(), err)
	}
}

func TestAJournalThatIsSoundAndOneThatIsNot(t *testing.T) {
	dir := t.TempDir()
	path := Path(dir)
	notice, err := Record(t.Context(), path, func(j *Journal) error {
		for n := range 300 {
			if err := j.See(t.Context(), []Sighting{saw("shop/web:1", numbered(n), noon)}); err != nil {
				return err
			}
		}
		problems, err := j.Check(t.Context())
		if len(problems) > 0 {
			t.Errorf("a sound journal: %q", problems)
		}
		return err
	})
	if err != nil || notice != "" {
		t.Fatalf("notice %q, %v", notice, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := len(raw) - 4*4096; at < len(raw); at++ { // its last pages
		raw[at] = 0xa5
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := open(t.Context(), path)
	if err != nil {
		t.Fatalf("the head of the file is sound: %v", err)
	}
	problems, err := j.Check(t.Context())
	if err != nil || len(problems) == 0 || len(problems) > 101 {
		t.Errorf("%d problems, %v", len(problems), err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	first, err := SetAside(path)
	if err != nil || !strings.Contains(first, ".recover") || Exists(path) {
		t.Fatalf("notice %q, %v", first, err)
	}
	// another one in the same second does not replace the first
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := SetAside(path); err != nil {
		t.Fatal(err)
	}
	if kept, err := filepath.Glob(path + ".damaged-*"); err != nil || len(kept) != 2 {
		t.Errorf("kept %q, %v", kept, err)
	}
}
