package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// accesses gives the access log of a folder.
func accesses(t *testing.T, dir string) (list []Access) {
	t.Helper()
	must(t, eachAccess(dir, func(a Access, _ []byte) { list = append(list, a) }))
	return list
}

// Each line names the one before, also where ten write at once: they wait for each other.
func TestTheAccessLogIsAChain(t *testing.T) {
	dir := t.TempDir()
	if head := AccessHead(dir); head != "" {
		t.Errorf("a log that nobody wrote has the head %q", head)
	}
	var writers sync.WaitGroup
	for w := range 10 {
		writers.Go(func() {
			for n := range 5 {
				if _, err := LogAccess(dir, Access{
					Number: 99, Prev: "made up", Who: fmt.Sprint("writer ", w),
					What: ExportedTo, Path: fmt.Sprint(n),
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	prev, number := "", 0
	must(t, eachAccess(dir, func(a Access, line []byte) {
		number++
		if a.Number != number || a.Prev != prev {
			t.Errorf("line %d: number %d, names %q and not %q", number, a.Number, a.Prev, prev)
		}
		prev = hashLine(line)
	}))
	if number != 50 || AccessHead(dir) != prev || len(exports(dir)) != 50 {
		t.Errorf("%d lines, head %s, %d exports", number, AccessHead(dir), len(exports(dir)))
	}
}

// The log is beside the record and may leave the machine with the folder: it has no more secrets than the record.
func TestTheAccessLogKeepsNoSecret(t *testing.T) {
	const secret = "hunter2hunter2"
	dir := t.TempDir()
	for _, a := range []Access{
		{Path: "https://ada:" + secret + "@files.example/case.tar.gz"},
		{Who: "ada password=" + secret + "@laptop"},
		{Tool: "backtrail --token=" + secret},
		{What: "exported with token=" + secret},
	} {
		_, err := LogAccess(dir, a)
		must(t, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, accessFile))
	must(t, err)
	if strings.Contains(string(b), "hunter2") {
		t.Errorf("the log has the secret:\n%s", b)
	}
	plain := Access{
		Number: 1, Who: "ada@laptop", Tool: "backtrail 1.2.3", What: ExportedTo, Path: "/cases/web.tar.gz",
		TagManifest: "sha256:32e45c9a7ba9b8eaed47a8a959d459da6925988634d622eed9ae30278770c9ae", Time: inspect.At(began),
	}
	dir = t.TempDir()
	_, err = LogAccess(dir, plain)
	must(t, err)
	if got := accesses(t, dir); len(got) != 1 || got[0] != plain {
		t.Errorf("an ordinary line became %+v", got)
	}
}

// A crash while a line was written leaves half a line: the next export is logged all the same, and the half is kept.
func TestTheAccessLogAfterACrash(t *testing.T) {
	for name, tt := range map[string]struct {
		log   string
		lines int
		fails bool
	}{
		"half a line":           {`{"number":1,"what":"exported","prev":""}` + "\n" + `{"number":2,"wh`, 2, false},
		"nothing but half":      {`{"num`, 1, false},
		"a line lacks a break":  {`{"number":1,"what":"exported","prev":""}`, 2, false},
		"a line within is none": {"{\n" + `{"number":2,"what":"opened","prev":""}` + "\n", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, accessFile), []byte(tt.log), 0o600))
			head, err := LogAccess(dir, Access{What: ExportedTo, Path: "later"})
			if tt.fails {
				if err == nil || !strings.Contains(err.Error(), "not JSON") {
					t.Errorf("%v", err)
				}
				return
			}
			must(t, err)
			list := accesses(t, dir)
			if len(list) != tt.lines || list[len(list)-1].Number != tt.lines || AccessHead(dir) != head {
				t.Errorf("%+v, head %s", list, head)
			}
		})
	}
	// Whoever only reads sees what is whole, and changes nothing.
	dir := t.TempDir()
	const log = `{"number":1,"what":"exported","path":"a","prev":""}` + "\n" + `{"number":2,`
	must(t, os.WriteFile(filepath.Join(dir, accessFile), []byte(log), 0o600))
	if got := exports(dir); len(got) != 1 || got[0].Path != "a" {
		t.Errorf("%+v", got)
	}
	if b, err := os.ReadFile(filepath.Join(dir, accessFile)); err != nil || string(b) != log {
		t.Errorf("reading changed the log: %q, %v", b, err)
	}
}

// Openings are no exports, and a log that is too large or not there names none.
func TestWhatCountsAsAnExport(t *testing.T) {
	dir := t.TempDir()
	for _, what := range []string{Opened, ExportedTo, "of tomorrow"} {
		_, err := LogAccess(dir, Access{What: what, Path: what})
		must(t, err)
	}
	if got := exports(dir); len(got) != 1 || got[0].Path != ExportedTo {
		t.Errorf("%+v", got)
	}
	must(t, os.Truncate(filepath.Join(dir, accessFile), maxSmall+1))
	if got := exports(dir); len(got) != 0 || AccessHead(dir) != "" {
		t.Errorf("past the bound: %+v, %q", got, AccessHead(dir))
	}
	if _, err := LogAccess(filepath.Join(dir, "gone"), Access{}); err == nil || !strings.Contains(err.Error(),
		"opening the access log") {
		t.Errorf("%v", err)
	}
}
