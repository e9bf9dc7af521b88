package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// eventsOf are the recorded facts of a saved case.
func eventsOf(t *testing.T, id string) (facts []inspect.Fact) {
	t.Helper()
	for line := range strings.Lines(call(t, "open", id, "-o", "events").out) {
		var e inspect.Event
		layertest.Must(t, json.Unmarshal([]byte(line), &e))
		facts = append(facts, e.Fact)
	}
	return facts
}

// A statement is a session of its own with one fact; what is refused adds nothing.
func TestStatementsOfAPerson(t *testing.T) {
	home, id := savedCalm(t)
	before := len(eventsOf(t, id))
	for _, c := range []struct {
		line string
		code int
		want string
	}{
		{"aware ID 2026-01-28T10:00:00Z nis2 --reason told --name ada", exitPassed, ""},
		{"aware ID 2026-01-28T10:00:00Z nis2 --reason again --name bob", exitCouldNotRun, "it runs already"},
		{"aware ID 2099-01-28T10:00:00Z cra --reason x", exitCouldNotRun, "lies ahead"},
		{"aware ID --withdraw dora --reason x", exitCouldNotRun, "none runs"},
		{"aware ID --withdraw nis2 --reason mistake --name bob", exitPassed, ""},
		{"runtime ID saved --reason x", exitCouldNotRun, "the case is of no pod"},
		{"aware missing now cra --reason x", exitCouldNotRun, "there is no case of that name"},
		{"aware ../cases now cra --reason x", exitCouldNotRun, "../cases"},
	} {
		call(t, strings.Fields(strings.ReplaceAll(c.line, "ID", id))...).wants(t, c.code, c.want)
	}
	facts := eventsOf(t, id)
	var clocks []inspect.Clock
	sessions := 0
	for _, f := range facts[before:] {
		switch f := f.(type) {
		case inspect.Clock:
			clocks = append(clocks, f)
		case inspect.Session:
			sessions++
		}
	}
	if len(clocks) != 2 || clocks[0].Author != "ada" || clocks[1].Withdrawn == nil {
		t.Fatalf("clocks %+v", clocks)
	}
	if by := clocks[1].Withdrawn; by.Author != "bob" || by.Reason != "mistake" {
		t.Errorf("withdrawn %+v", by)
	}
	if sessions < 2 {
		t.Errorf("%d sessions were added", sessions)
	}
	if !slices.Equal(casesIn(t, home), []string{id}) {
		t.Errorf("cases %v", casesIn(t, home))
	}
}

// What was started and withdrawn stays in every form of the case, and in the bundle, which verifies.
func TestDeadlinesAreInTheReports(t *testing.T) {
	home, id := savedCalm(t)
	o := call(t, "aware", id, "2026-01-28T10:00:00Z", "nis2", "--reason", "the CISO\nwas told", "--name", "ada\x1b[31m")
	o.wants(t, exitPassed)
	for form, want := range map[string]string{
		"plain": "NIS2", "brief": "NIS2", "json": `"regime": "nis2"`,
		"markdown": "NIS2", "html": "NIS2",
	} {
		o := call(t, "open", id, "-o", form)
		o.wants(t, exitPassed)
		if !strings.Contains(o.out, want) || strings.Contains(o.out, "\x1b") {
			t.Errorf("%s: %.500s", form, o.out)
		}
	}
	bag := filepath.Join(home, "bag")
	call(t, "open", id, "--export", bag).wants(t, exitPassed)
	call(t, "verify", bag).wants(t, exitPassed)
	call(t, "aware", bag, "now", "cra", "--reason", "x").wants(t, exitCouldNotRun, "a bundle is not changed")
}

// The list of cases describes each by what matters most, and never fails for one of which nothing is left.
func TestTheListOfCases(t *testing.T) {
	home := newHome(t)
	o := call(t, "cases")
	o.wants(t, exitPassed, "no case yet in ")
	if o.out != "" {
		t.Errorf("stdout %q", o.out)
	}
	if o = call(t, "cases", "-o", "json"); o.out != "[]\n" || o.err != "" {
		t.Errorf("JSON of none: %q, %s", o.out, o.err)
	}
	image := calmImage(t)
	for range 3 {
		call(t, "inspect", image, "--offline", "--no-journal", "-o", "brief").wants(t, exitPassed)
	}
	ids := casesIn(t, home)
	call(t, "open", ids[1], "--export", filepath.Join(home, "bag")).wants(t, exitPassed)
	folder := filepath.Join(home, ".local", "share", "backtrail", "cases", ids[0])
	files, err := os.ReadDir(folder)
	layertest.Must(t, err)
	for _, f := range files {
		layertest.Must(t, os.WriteFile(filepath.Join(folder, f.Name()), []byte("\x00not a ledger"), 0o600))
	}
	o = call(t, "cases")
	o.wants(t, exitPassed)
	for id, want := range map[string]string{
		ids[0]: "partial", ids[1]: "exported to ",
		ids[2]: "not exported",
	} {
		at := strings.Index(o.out, id+"  ")
		if line, _, _ := strings.Cut(o.out[max(at, 0):], "\n"); at < 0 || !strings.Contains(line, want) {
			t.Errorf("%s is no line with %q:\n%s", id, want, o.out)
		}
	}
	var list []struct{ ID, Problem string }
	layertest.Must(t, json.Unmarshal([]byte(call(t, "cases", "-o", "json").out), &list))
	if len(list) != 3 {
		t.Errorf("JSON has %+v", list)
	}
	call(t, "open", ids[0]).wants(t, exitIncomplete, "it has not ended")
	call(t, "open", "no-such-case").wants(t, exitCouldNotRun, "hint: backtrail cases lists")
}

// What is added later is a session of its own: kept under its digest without its secrets, carried by the bundle, and a
// line of custody, as is what happened outside of the program.
func TestLateEvidence(t *testing.T) {
	home, id := savedCalm(t)
	file := func(name, content string) string {
		path := filepath.Join(home, name)
		layertest.Must(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	log := file("node.log", "login ok\npassword=hunter2hunter2\n")
	o := call(t, "add", id, log, "--reason", "from node-3", "--name", "ada")
	o.wants(t, exitPassed, "secrets were removed")
	if !strings.Contains(o.out, "as added/node.log") {
		t.Error(o.out)
	}
	call(t, "add", id, log).wants(t, exitCouldNotRun, "the case has it already")
	binary := file("dump.bin", "\x00\x01\xff")
	call(t, "add", id, binary).wants(t, exitPassed)
	call(t, "add", id, file("empty", "")).wants(t, exitCouldNotRun, "is empty")
	call(t, "add", id, filepath.Join(home, "nothing")).wants(t, exitCouldNotRun, "no such file")
	call(t, "add", "missing", binary).wants(t, exitCouldNotRun, "there is no case of that name")
	call(t, "custody", "add", id, "the disk was handed\nto forensics", "--name", "bob", "--at", "2026-01-28T10:00:00Z").
		wants(t, exitPassed)
	// A second file of the same name stands beside the first.
	file("node.log", "another day")
	if o := call(t, "add", id, log); !strings.Contains(o.out, "as added/node.log-2") {
		t.Error(o.out, o.err)
	}
	var exhibits []inspect.Exhibit
	for _, f := range eventsOf(t, id) {
		if x, is := f.(inspect.Exhibit); is && strings.HasPrefix(x.Path, lateFolder) {
			exhibits = append(exhibits, x)
		}
	}
	if len(exhibits) != 3 || len(exhibits[0].Redacted) == 0 || !strings.HasPrefix(exhibits[0].Original, "hmac-sha256:") ||
		exhibits[1].Original != "" {
		t.Errorf("%+v", exhibits)
	}
	shown := call(t, "custody", "show", id)
	shown.wants(t, exitPassed)
	for _, want := range []string{
		"kept  file " + log + "  added/node.log  " + exhibits[0].Digest, "note  ada: from node-3",
		"custody  bob: 2026-01-28T10:00:00Z: the disk was handed",
	} {
		if !strings.Contains(shown.out, want) {
			t.Errorf("no line %q in\n%s", want, shown.out)
		}
	}
	bag := filepath.Join(home, "bag")
	call(t, "open", id, "--export", bag).wants(t, exitPassed)
	call(t, "verify", bag).wants(t, exitPassed)
	kept, err := os.ReadFile(filepath.Join(bag, "data", "exhibits", "added", "node.log"))
	layertest.Must(t, err)
	if strings.Contains(string(kept), "hunter2") || !strings.Contains(string(kept), "login ok") ||
		digestOf(kept) != exhibits[0].Digest {
		t.Errorf("%s", kept)
	}
	call(t, "custody", "show", bag).wants(t, exitPassed)
	call(t, "add", bag, binary).wants(t, exitCouldNotRun, "a bundle is not changed")
}
