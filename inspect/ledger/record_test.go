package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// recordOf reads the record of a case as it lies on disk.
func recordOf(t *testing.T, l *Ledger) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(l.Dir(), eventsFile))
	must(t, err)
	return b
}

// A fact that is too long for a line is cut, and that is recorded: an image must not keep its own case from being read
// again. What is cut is so in the record, in the case and for those who listen.
func TestAFactThatIsTooLong(t *testing.T) {
	dir := t.TempDir()
	l := create(t, dir)
	var heard []inspect.Event
	l.Listen(func(e inspect.Event) { heard = append(heard, e) })
	huge := strings.Repeat("<", MaxLine/6+1) // six bytes each in JSON
	head := inspect.ImageHead{Reference: "web:1", Settings: inspect.ImageConfig{
		Entrypoint: []string{"/start"},
		Cmd:        []string{huge},
	}}
	e, err := l.Append("subject", "web", head)
	must(t, err)
	must(t, l.Close())
	if len(heard) != 2 || !Follows(heard[1]) || Follows(heard[0]) {
		t.Errorf("%d entries were heard", len(heard))
	}
	chain, events := chainOf(t, dir, l.ID())
	if chain.Seq != 4 || chain.Head != l.Head() {
		t.Errorf("the record ends at %d", chain.Seq)
	}
	kept := events[2].Fact.(inspect.ImageHead)
	if cmd := kept.Settings.Cmd[0]; !strings.HasPrefix(cmd, "<<<") || !strings.HasSuffix(cmd, "…") ||
		len(cmd) > 64<<10+len("…") {
		t.Errorf("cut to %d bytes", len(cmd))
	}
	if kept.Settings.Entrypoint[0] != "/start" || kept.Reference != "web:1" || len(head.Settings.Cmd[0]) != len(huge) {
		t.Error("something short was cut, or the check's own value")
	}
	if i, _ := l.Image("web"); i.Settings.Cmd[0] != kept.Settings.Cmd[0] ||
		e.Fact.(inspect.ImageHead).Settings.Cmd[0] != kept.Settings.Cmd[0] {
		t.Error("the case differs from its record")
	}
	c, err := Fold(t.Context(), ReplayOf(func() (io.ReadCloser, error) { return openEvents(l.Dir()) }))
	must(t, err)
	if len(c.Notices) != 1 || !strings.Contains(c.Notices[0].Text, "kind image about container web") ||
		c.Notices[0].Level != "error" {
		t.Errorf("notices %+v", c.Notices)
	}
}

// Bounds are tried from the widest on: what fits is not cut, and what no bound makes fit is not taken.
func TestWhereFactsAreCut(t *testing.T) {
	long := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = strings.Repeat("x", 1024)
		}
		return list
	}
	for name, tt := range map[string]struct {
		fact inspect.Fact
		cut  bool
		left int // items
	}{
		"it fits":    {inspect.PodChange{What: long(1000)}, false, 1000},
		"many texts": {inspect.PodChange{What: long(17_000)}, true, 10_000},
	} {
		e, line, cut, err := encode(inspect.Event{Seq: 1, Fact: tt.fact})
		must(t, err)
		if got := len(e.Fact.(inspect.PodChange).What); cut != tt.cut || got != tt.left || len(line) > MaxLine ||
			!json.Valid(line) {
			t.Errorf("%s: cut %v, %d items, %d bytes", name, cut, got, len(line))
		}
	}
	labels := map[string]string{}
	for n := range 36_000 {
		labels[fmt.Sprintf("label-%05d-%s", n, strings.Repeat("k", 512))] = "v"
	}
	e, line, cut, err := encode(inspect.Event{Fact: inspect.ImageHead{Settings: inspect.ImageConfig{Labels: labels}}})
	if got := e.Fact.(inspect.ImageHead).Settings.Labels; err != nil || !cut || len(got) != 10_000 ||
		len(line) > MaxLine {
		t.Errorf("a table of %d labels, %v", len(got), err)
	} else if _, first := got[fmt.Sprintf("label-%05d-%s", 0, strings.Repeat("k", 512))]; !first {
		t.Error("which labels stay depends on chance")
	}
	unknown := inspect.UnknownFact{Name: "radar", Raw: json.RawMessage(`"` + strings.Repeat("x", MaxLine) + `"`)}
	if _, _, _, err := encode(inspect.Event{Seq: 7, Fact: unknown}); err == nil || !strings.Contains(err.Error(),
		"entry 7") {
		t.Errorf("what cannot be cut: %v", err)
	}
}

// A fact that JSON has no form for is refused, and leaves no gap by which the chain would seem broken.
func TestAFactWithoutAFormLeavesNoGap(t *testing.T) {
	dir := t.TempDir()
	l := create(t, dir)
	e, err := l.Append("vulnerabilities", "web", inspect.Vuln{ID: "CVE-1", EPSS: math.NaN()})
	if err == nil || e.Fact != nil || !strings.Contains(err.Error(), "encoding entry 3") {
		t.Errorf("%+v, %v", e, err)
	}
	if i, ok := l.Image("web"); ok {
		t.Errorf("it was folded: %+v", i)
	}
	_, err = l.Append("vulnerabilities", "web", inspect.Vuln{ID: "CVE-1"})
	must(t, err)
	must(t, l.Close())
	if chain, events := chainOf(t, dir, l.ID()); chain.Seq != 3 || len(events) != 3 {
		t.Errorf("%d entries up to %d", len(events), chain.Seq)
	}
}

// What a crash left at the end of a record is put aside, whatever it is; a whole line that only lacks its break stays.
func TestEndsOfARecordAfterACrash(t *testing.T) {
	for name, tt := range map[string]struct {
		tail  string
		aside int // bytes that are put aside; below 0: none
	}{
		"nothing":             {"", -1},
		"half a line":         {`{"seq":3,"time":"2026-`, 22},
		"a text without end":  {`{"seq":3,"note":{"text":"}`, 26},
		"zeros":               {strings.Repeat("\x00", 70<<10), 70 << 10},
		"more than a line":    {strings.Repeat("x", MaxLine+5), MaxLine},
		"a line and a half":   {"\n" + `{"seq":`, 7},
		"a line of nothing":   {"\n\n", -1},
		"only its break lack": {"", -2},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := create(t, dir)
			must(t, l.Close())
			whole := recordOf(t, l)
			want := bytes.TrimRight(whole, "\n")
			if tt.aside == -2 {
				whole = want
			}
			must(t, os.WriteFile(filepath.Join(l.Dir(), eventsFile), append(bytes.Clone(whole), tt.tail...), 0o600))
			again, err := Resume(t.Context(), dir, l.ID(), session("bob"), clock)
			must(t, err)
			_, err = again.Append("", "", inspect.Note{Text: "goes on"})
			must(t, err)
			must(t, again.Close())
			if _, events := chainOf(t, dir, l.ID()); len(events) != 4 || !bytes.HasPrefix(recordOf(t, l), want) {
				t.Errorf("%d entries, want 4", len(events))
			}
			aside, err := os.ReadFile(filepath.Join(l.Dir(), cutFile))
			if tt.aside < 0 && !errors.Is(err, os.ErrNotExist) || tt.aside >= 0 && len(aside) != tt.aside {
				t.Errorf("put aside: %d bytes, %v, want %d", len(aside), err, tt.aside)
			}
		})
	}
}

// A record that somebody changed goes on, and whoever opens it is told: in the case, not in the record.
func TestResumingAChangedRecord(t *testing.T) {
	dir := t.TempDir()
	l := create(t, dir)
	_, err := l.Append("", "", inspect.Note{Text: "seen by ada"})
	must(t, err)
	must(t, l.Close())
	changed := bytes.Replace(recordOf(t, l), []byte("laptop"), []byte("server"), 1)
	must(t, os.WriteFile(filepath.Join(l.Dir(), eventsFile), changed, 0o600))
	again, err := Resume(t.Context(), dir, l.ID(), session("bob"), clock)
	must(t, err)
	defer again.Close()
	if n := again.Case().Notices; len(n) != 1 || !strings.Contains(n[0].Text, "not intact: entry 3 does not name") {
		t.Errorf("notices %+v", n)
	}
	if !bytes.Equal(recordOf(t, l), changed) {
		t.Error("opening the case wrote to its record")
	}
}

// Ten writers, a crash with half a line, and ten writers again: every fact that was acknowledged is in the record once,
// in the order of its number, and the chain holds from end to end.
func TestTenWritersAcrossACrash(t *testing.T) {
	const writers, each = 10, 30
	dir := t.TempDir()
	l := create(t, dir)
	write := func(l *Ledger, round int) (acknowledged map[string]uint64) {
		var mu sync.Mutex
		var all sync.WaitGroup
		acknowledged = map[string]uint64{}
		for w := range writers {
			all.Go(func() {
				for n := range each {
					text := fmt.Sprintf("round %d writer %d note %d", round, w, n)
					e, err := l.Append("", "", inspect.Note{Time: inspect.At(began), Author: fmt.Sprint(w), Text: text})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					acknowledged[text] = e.Seq
					mu.Unlock()
					_, _ = l.Append("layers", "web", inspect.Progress{Done: int64(n)})
					if c := l.Case(); len(c.Notes) == 0 || l.Head() == "" {
						t.Error("a reader sees an empty case")
					}
					_, _ = l.Image("web")
					_ = l.Containers()
				}
			})
		}
		all.Wait()
		return acknowledged
	}
	first := write(l, 1)
	must(t, l.Close())
	path := filepath.Join(l.Dir(), eventsFile)
	must(t, os.WriteFile(path, append(recordOf(t, l), `{"seq":303,"note":{"te`...), 0o600))
	again, err := Resume(t.Context(), dir, l.ID(), session("bob"), clock)
	must(t, err)
	second := write(again, 2)
	must(t, again.Close())
	_, events := chainOf(t, dir, l.ID())
	seen := map[string]uint64{}
	for _, e := range events {
		if n, is := e.Fact.(inspect.Note); is {
			if seen[n.Text] != 0 {
				t.Errorf("%q stands twice", n.Text)
			}
			seen[n.Text] = e.Seq
		}
	}
	for _, acknowledged := range []map[string]uint64{first, second} {
		for text, seq := range acknowledged {
			if seen[text] != seq {
				t.Errorf("%q was acknowledged as %d and is recorded as %d", text, seq, seen[text])
			}
		}
	}
	if len(seen) != 2*writers*each || len(events) != 2*writers*each+3 {
		t.Errorf("%d notes in %d entries", len(seen), len(events))
	}
}

// A listener sees each entry once, in the order of the record, whoever writes.
func TestListenersSeeTheOrderOfTheRecord(t *testing.T) {
	l := New(clock)
	var seen []uint64
	l.Listen(func(e inspect.Event) {
		if e.Seq > 0 {
			seen = append(seen, e.Seq)
		}
	})
	var writers sync.WaitGroup
	for w := range 10 {
		writers.Go(func() {
			for n := range 20 {
				_, _ = l.Append("c", "web", inspect.Finding{ID: fmt.Sprint(w, n), Title: "token=hunter2hunter2"})
				_, _ = l.Append("c", "web", inspect.Progress{Done: 1})
			}
		})
	}
	writers.Wait()
	must(t, l.Close())
	for i, seq := range seen {
		if seq != uint64(i+1) {
			t.Fatalf("entry %d was seen as number %d", seq, i+1)
		}
	}
	if len(seen) != 201 { // one redaction: the secret is the same
		t.Errorf("%d entries", len(seen))
	}
}

// Progress comes ten times a second at most, of each check on each container, and is never recorded.
func TestHowOftenProgressComes(t *testing.T) {
	now := began
	l := New(func() time.Time { return now })
	taken := 0
	for range 100 {
		if e, err := l.Append("layers", "web", inspect.Progress{}); err != nil {
			t.Fatal(err)
		} else if e.Fact != nil {
			taken++
		}
		now = now.Add(10 * time.Millisecond)
	}
	if taken != 10 || l.Head() != "" {
		t.Errorf("%d of 100 in a second, head %q", taken, l.Head())
	}
	for _, k := range []inspect.Key{{Check: "layers", Container: "sidecar"}, {Check: "binaries", Container: "web"}} {
		if e, _ := l.Append(k.Check, k.Container, inspect.Progress{}); e.Fact == nil {
			t.Errorf("%+v waits for another", k)
		}
	}
	now = began.Add(-time.Hour) // the clock was set back: progress does not stop for an hour
	if e, _ := l.Append("layers", "web", inspect.Progress{}); e.Fact == nil {
		t.Error("progress stopped when the clock was set back")
	}
}
