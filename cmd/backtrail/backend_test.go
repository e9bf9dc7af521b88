package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/demo"
	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/fleet"
)

// savedViewOf is the backend of the terminal UI for a saved case, with the case folded.
func savedViewOf(t *testing.T, name string) (*savedView, *inspect.Case) {
	t.Helper()
	s, err := newSession(&flags{offline: true}, streams{err: io.Discard, out: io.Discard})
	layertest.Must(t, err)
	t.Cleanup(s.close)
	saved, err := s.findSaved(t.Context(), name)
	layertest.Must(t, err)
	t.Cleanup(saved.close)
	c := &inspect.Case{}
	layertest.Must(t, saved.replay(t.Context(), c.Apply))
	return &savedView{view: view{session: s}, saved: saved}, c
}

// A saved case shows what it did when it was live, from the cache or the bundle, and takes nothing.
func TestTheBackendOfASavedCase(t *testing.T) {
	home, id := savedCalm(t)
	bag := filepath.Join(home, "bag")
	call(t, "open", id, "--export", bag, "--layers", "all").wants(t, exitPassed)
	for name, why := range map[string]string{id: "read-only: saved case", bag: "read-only: opened bundle"} {
		v, c := savedViewOf(t, name)
		if v.ReadOnly() != why || v.Watch() != nil {
			t.Errorf("read-only is %q, watch %v", v.ReadOnly(), v.Watch() != nil)
		}
		v.SkipLayer(c.Images[0].Layers[0].Digest, true) // without effect: no layer is read
		image := c.Images[0]
		for _, number := range []int{pane.MergedTree, 0} {
			nodes, err := v.Tree(t.Context(), image, number)
			if err != nil {
				t.Fatalf("%s: tree %d: %v", why, number, err)
			}
			at := slices.IndexFunc(nodes, func(n inspect.Node) bool { return n.Path == "/app" })
			if at < 0 {
				t.Fatalf("%s: /app is not in tree %d: %+v", why, number, nodes)
			}
			content, err := v.Open(t.Context(), image.Layers[0].DiffID, nodes[at].Entry)
			layertest.Must(t, err)
			b := make([]byte, 64)
			n, err := content.ReadAt(b, 0)
			if err != nil && !errors.Is(err, io.EOF) || string(b[:n]) != "#!/bin/sh\necho\n" {
				t.Errorf("%s: /app is %q (%v)", why, b[:n], err)
			}
			layertest.Must(t, content.Close())
		}
		blob, err := v.Blob(t.Context(), image.Digest)
		layertest.Must(t, err)
		raw, err := io.ReadAll(blob)
		if err != nil || layertest.SHA256(raw) != image.Digest {
			t.Errorf("%s: the manifest is %d bytes of %s (%v)", why, len(raw), layertest.SHA256(raw), err)
		}
		layertest.Must(t, blob.Close())
		_, errRetry := v.Retry(t.Context(), c, nil)
		_, errConfirm := v.ConfirmKnownGood(t.Context(), c, "image", inspect.Candidate{})
		_, errNote := v.AddNote(t.Context(), c, inspect.Note{Text: "x"})
		_, errClock := v.SetClock(t.Context(), c, inspect.Clock{Regime: inspect.NIS2})
		for _, err := range []error{errRetry, errConfirm, errNote, errClock} {
			if !errors.Is(err, errReadOnly) {
				t.Errorf("%s: it was changed: %v", why, err)
			}
		}
		r, err := v.Export(t.Context(), c, filepath.Join(t.TempDir(), "it's again"), nil)
		if err != nil || !strings.HasPrefix(r.Verify, "backtrail verify '") || !strings.Contains(r.Line, r.Digest) {
			t.Errorf("%s: export %+v (%v)", why, r, err)
		}
	}
}

// A bundle that does not fit is read-only for that reason: the header of every screen has it.
func TestTheBackendOfABundleThatDoesNotFit(t *testing.T) {
	home, id := savedCalm(t)
	bag := filepath.Join(home, "bag")
	call(t, "open", id, "--export", bag).wants(t, exitPassed)
	layertest.Must(t, os.WriteFile(filepath.Join(bag, "data", "extra"), []byte("x"), 0o600))
	v, c := savedViewOf(t, bag)
	if !strings.HasPrefix(v.ReadOnly(), inspect.NotIntact+": ") {
		t.Errorf("read-only: %s", v.ReadOnly())
	}
	banner := func(n inspect.Notice) bool { return n.Level == "error" && strings.HasPrefix(n.Text, inspect.NotIntact) }
	if !slices.ContainsFunc(c.Notices, banner) {
		t.Errorf("notices %+v", c.Notices)
	}
}

// The live case takes notes and clocks in the name of its operator, runs checks again, and stays on disk when another
// one is opened.
func TestTheBackendOfALiveCase(t *testing.T) {
	home := newHome(t)
	var notes bytes.Buffer
	s, err := newSession(&flags{offline: true}, streams{err: &notes, out: io.Discard})
	layertest.Must(t, err)
	defer s.close()
	v := &liveView{view: view{session: s}}
	if _, err := v.AddNote(t.Context(), nil, inspect.Note{}); err == nil || v.Watch() != nil || v.ReadOnly() != "" {
		t.Errorf("without a case: %v", err)
	}
	_, errExport := v.Export(t.Context(), nil, "bag", nil)
	_, errRetry := v.Retry(t.Context(), nil, nil)
	_, errClock := v.SetClock(t.Context(), nil, inspect.Clock{})
	if errExport == nil || errRetry == nil || errClock == nil {
		t.Errorf("without a case: %v, %v, %v", errExport, errRetry, errClock)
	}

	p, err := targetOpener{s}.prepare(t.Context(), calmImage(t))
	layertest.Must(t, err)
	o, err := s.start(p)
	layertest.Must(t, err)
	v.replace(o)
	c := &inspect.Case{}
	layertest.Must(t, o.source(t.Context(), c.Apply))
	e, err := v.AddNote(t.Context(), c, inspect.Note{Author: "mallory", Subject: "/app", Mark: "benign", Text: "ours"})
	layertest.Must(t, err)
	if n := e.Fact.(inspect.Note); n.Author != s.operator.String() || n.Time.IsZero() || n.Text != "ours" {
		t.Errorf("the note %+v", n)
	}
	start := inspect.Clock{Regime: inspect.NIS2, Aware: inspect.At(opened), Reason: "the CISO was told"}
	e, err = v.SetClock(t.Context(), c, start)
	layertest.Must(t, err)
	c.Apply(e)
	if _, err := v.SetClock(t.Context(), c, start); err == nil {
		t.Error("a clock was started twice")
	}
	start.Withdrawn = &inspect.Withdrawal{Reason: "by mistake"}
	e, err = v.SetClock(t.Context(), c, start)
	layertest.Must(t, err)
	if k := e.Fact.(inspect.Clock); k.Withdrawn == nil || k.Withdrawn.Author != s.operator.String() {
		t.Errorf("the clock %+v", k)
	}
	key := inspect.Key{Check: inspect.CheckBinaries, Container: inspect.ImageContainer}
	again, err := v.Retry(t.Context(), c, []inspect.Key{key})
	layertest.Must(t, err)
	layertest.Must(t, again(t.Context(), c.Apply))
	if b := c.Images[0].Binaries; len(b) != 1 || b[0].Path != "/app" {
		t.Errorf("after a check ran again: %+v", b)
	}
	if got := v.Command(c, inspect.ImageContainer); got != "backtrail inspect "+c.Images[0].Location {
		t.Errorf("the command is %s", got)
	}
	v.close()
	v.printSaved(&notes)
	if ids := casesIn(t, home); len(ids) != 1 || !strings.Contains(notes.String(), "backtrail open "+ids[0]+"\n") {
		t.Errorf("cases %v, notes %s", ids, notes.String())
	}
}

// A copied command is quoted: a name of the cluster, or of an image, is foreign text.
func TestTheCommandToCopy(t *testing.T) {
	s := &session{flags: &flags{given: []string{"--alerts", "falco $(id).log"}}}
	s.alerts = s.alertSources()
	head := inspect.ImageHead{Container: "app"}
	c := &inspect.Case{Pod: &inspect.Pod{Name: "web-0"}, Images: []inspect.Image{{ImageHead: head}}}
	c.Target = inspect.Target{Kind: inspect.TargetPod, Name: "pod/web-0", Namespace: "shop", Context: "prod; rm -rf /"}
	want := `backtrail inspect pod/web-0:app -n shop --context 'prod; rm -rf /' --alerts 'falco $(id).log'`
	if got := s.command(c, "app"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	s.flags.snapshot = "dump of prod.json"
	want = `backtrail inspect pod/web-0 -n shop --snapshot 'dump of prod.json' --alerts 'falco $(id).log'`
	if got := s.command(c, ""); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	s.alerts.PresetName = demoAlerts
	c.Target.Context, c.Trust = "snapshot "+demoName, []inspect.Trust{{Name: "the demo"}}
	got := s.command(c, "app")
	if got != "backtrail demo --plain" || !strings.Contains(s.verifyCommand("bag"), "--demo") {
		t.Errorf("of the demo: %s, %s", got, s.verifyCommand("bag"))
	}
}

// podCase is a prepared case of a pod of the demo, in a session whose cases are gone on with.
func podCase(t *testing.T, s *session, pod string) prepared {
	t.Helper()
	p, err := targetOpener{s}.prepare(t.Context(), "pod/"+pod)
	layertest.Must(t, err)
	return p
}

// demoView is the backend of the terminal UI on the built-in incident, with a store that stays.
func demoView(t *testing.T) *liveView {
	t.Helper()
	incident, err := demo.Start(t.Context())
	layertest.Must(t, err)
	t.Cleanup(func() { _ = incident.Close() })
	dir := t.TempDir()
	s, err := demoSession(&flags{}, streams{err: io.Discard, out: io.Discard}, demoName, incident, dir)
	layertest.Must(t, err)
	t.Cleanup(s.close)
	s.records, s.passing = journal.Path(dir), false
	return &liveView{view: view{session: s}}
}

// openFor opens the case of a pod and folds it, up to the end of its checks.
func openFor(ctx context.Context, t *testing.T, v *liveView, pod string) *inspect.Case {
	t.Helper()
	source, err := v.OpenCase(ctx, inspect.FlaggedPod{Pod: inspect.Pod{Namespace: "shop", Name: pod}})
	layertest.Must(t, err)
	c := &inspect.Case{}
	if err := source(ctx, c.Apply); err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	return c
}

// beginsIn counts how often a check began in a case of a home, the oldest case first.
func beginsIn(t *testing.T, home string, at int) int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(home, ".local", "share", "backtrail", "cases", casesIn(t, home)[at],
		"events.jsonl"))
	layertest.Must(t, err)
	return bytes.Count(raw, []byte(`"begin"`))
}

// One case per pod and digest: it is gone on with in the session and from disk, with its notes, and checks that ended
// do not run again.
func TestAPodThatIsOpenedAgainGoesOnWithItsCase(t *testing.T) {
	home := newHome(t)
	v := demoView(t)
	const cart, report = "cart-6b8f9d7c55-tq4wn", "report-29102885-v6hqn"
	ctx, leave := context.WithCancel(t.Context())
	source, err := v.OpenCase(ctx, inspect.FlaggedPod{Pod: inspect.Pod{Namespace: "shop", Name: cart}})
	layertest.Must(t, err)
	c := &inspect.Case{}
	_ = source(ctx, func(e inspect.Event) {
		c.Apply(e)
		if _, begun := e.Fact.(inspect.Begin); begun {
			leave() // the person goes back to the list
		}
	})
	if c.End == nil || c.End.Status != inspect.CheckBlocked {
		t.Fatalf("the case that was left ended as %+v", c.End)
	}
	c = openFor(t.Context(), t, v, cart)
	if c.End == nil || c.End.Status != inspect.CheckDone || len(c.Images) == 0 || len(c.Images[0].Layers) == 0 {
		t.Fatalf("the case that was gone on with ended as %+v with %d images", c.End, len(c.Images))
	}
	_, err = v.AddNote(t.Context(), c, inspect.Note{Subject: "/app", Mark: "benign", Text: "ours"})
	layertest.Must(t, err)
	begun := beginsIn(t, home, 0)
	openFor(t.Context(), t, v, report)
	c = openFor(t.Context(), t, v, cart) // from disk, as the other one has replaced it
	if len(c.Notes) != 1 || c.Notes[0].Text != "ours" || c.End == nil {
		t.Errorf("gone on with: notes %+v, end %+v", c.Notes, c.End)
	}
	if ids, n := casesIn(t, home), beginsIn(t, home, 0); len(ids) != 2 || n != begun {
		t.Errorf("cases %v; %d checks ran, %d before it was opened again", ids, n, begun)
	}
	v.close()

	next := &liveView{view: v.view} // a later session
	c = openFor(t.Context(), t, next, cart)
	if ids := casesIn(t, home); len(c.Notes) != 1 || len(ids) != 2 {
		t.Errorf("a later session has notes %+v, cases %v", c.Notes, ids)
	}
	next.close()

	// what the person expects now is another thing: all checks run again, in the same case
	next.session.expected.Identities = []string{"https://github.com/other"}
	next.session.expected.IdentityRegexps = nil
	begun = beginsIn(t, home, 0)
	c = openFor(t.Context(), t, &liveView{view: next.view}, cart)
	if len(c.Notes) != 1 || len(c.Expected.Identities) != 1 || len(casesIn(t, home)) != 2 ||
		beginsIn(t, home, 0) < begun+10 {
		t.Errorf("with other expectations: notes %+v, expected %+v, cases %v", c.Notes, c.Expected, casesIn(t, home))
	}
}

// An alert that came after a case was left is judged when it is opened again: the file that it names is looked at.
func TestANewAlertIsJudgedInACaseThatIsGoneOnWith(t *testing.T) {
	v := demoView(t)
	p := podCase(t, v.session, "cart-6b8f9d7c55-tq4wn")
	c := inspect.Case{Expected: v.session.expected}
	for _, check := range []string{inspect.CheckBinaries, inspect.CheckLayers} {
		c.Checks = append(c.Checks, inspect.CheckState{Name: check, Container: "cart", Status: inspect.CheckDone})
	}
	c.End = &inspect.End{Status: inspect.CheckDone}
	binaries := inspect.Key{Check: inspect.CheckBinaries, Container: "cart"}
	p.opening = nil
	if again, _ := unfinished(t.Context(), v.session, &c, p); len(again) != 0 {
		t.Errorf("nothing has come, and %v run again", again)
	}
	p.opening = []inspect.Event{{Fact: inspect.Alert{ID: "new", Path: "/tmp/x"}}}
	again, opening := unfinished(t.Context(), v.session, &c, p)
	if !slices.Contains(again, binaries) || len(opening) != 1 {
		t.Errorf("with a new alert %v run again, opened with %+v", again, opening)
	}
	c.Alerts = []inspect.Alert{{ID: "new", Path: "/tmp/x"}}
	if again, _ := unfinished(t.Context(), v.session, &c, p); len(again) != 0 {
		t.Errorf("with the alert that it has %v run again", again)
	}
}

// A record that was changed is left alone: nothing is added to it.
func TestADamagedCaseIsNotGoneOnWith(t *testing.T) {
	home := newHome(t)
	v := demoView(t)
	const cart = "cart-6b8f9d7c55-tq4wn"
	openFor(t.Context(), t, v, cart)
	v.close()
	path := filepath.Join(home, ".local", "share", "backtrail", "cases", casesIn(t, home)[0], "events.jsonl")
	raw, err := os.ReadFile(path)
	layertest.Must(t, err)
	lines := bytes.SplitAfter(raw, []byte("\n"))
	changed := bytes.Join(append(lines[:4:4], lines[5:]...), nil)
	layertest.Must(t, os.WriteFile(path, changed, 0o600))
	c := openFor(t.Context(), t, &liveView{view: v.view}, cart)
	if !slices.ContainsFunc(c.Notices, func(n inspect.Notice) bool { return strings.Contains(n.Text, "is not intact") }) {
		t.Errorf("why a new case was begun is not in its notices: %+v", c.Notices)
	}
	_, err = (&flags{}).record(t.Context(), casesIn(t, home)[0], func(*inspect.Case, time.Time) (inspect.Fact, error) {
		return inspect.Note{Subject: inspect.SubjectCustody, Text: "moved"}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "not intact") {
		t.Errorf("a note for a record that was changed: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, changed) || len(casesIn(t, home)) != 2 {
		t.Errorf("cases %v, %d bytes after %d (%v)", casesIn(t, home), len(got), len(changed), err)
	}
}

// Pods are told apart by UID and by what they run.
func TestWhatMakesTwoOpeningsOneCase(t *testing.T) {
	v := demoView(t)
	p := podCase(t, v.session, "cart-6b8f9d7c55-tq4wn")
	same := podCase(t, v.session, "cart-6b8f9d7c55-tq4wn")
	other := podCase(t, v.session, "cart-6b8f9d7c55-tq4wn")
	other.subject.Pod = other.subject.Pod.DeepCopy()
	other.subject.Pod.UID = "another"
	moved := podCase(t, v.session, "cart-6b8f9d7c55-tq4wn")
	moved.subject.Pod = moved.subject.Pod.DeepCopy()
	moved.subject.Pod.Status.ContainerStatuses[0].ImageID = "x@sha256:" + strings.Repeat("0", 64)
	if caseKey(p) != caseKey(same) || caseKey(p) == caseKey(other) || caseKey(p) == caseKey(moved) || caseKey(p) == "" {
		t.Errorf("keys %q, %q, %q, %q", caseKey(p), caseKey(same), caseKey(other), caseKey(moved))
	}
	if caseKey(prepared{}) != "" {
		t.Error("an image has the key of a pod")
	}
}

// The audit and the search of the terminal UI, on the built-in incident.
func TestTheFleetOfTheTerminalUI(t *testing.T) {
	newHome(t)
	v := demoView(t)
	if stored, err := v.LastAudit(t.Context()); stored != nil || err != nil {
		t.Fatalf("stored %+v, %v", stored, err)
	}
	_, err := v.Where(t.Context(), "xz-utils")
	if err == nil || !strings.Contains(err.Error(), "nothing has been recorded") {
		t.Errorf("where: %v", err)
	}
	var rows int
	var report *audit.Report
	layertest.Must(t, v.Audit(t.Context(), "packages", func(u fleet.Update) {
		rows += len(u.Rows)
		if u.Ended {
			report = u.Report
		}
	}))
	if report == nil || rows == 0 || rows != len(report.Rows) || !report.Books.Balanced() {
		t.Fatalf("%d rows came, report %+v", rows, report)
	}
	stored, err := v.LastAudit(t.Context())
	if err != nil || stored == nil || len(stored.Report.Rows) != rows || !stored.At.Equal(v.session.now()) {
		t.Errorf("stored %+v, %v", stored, err)
	}
	found, err := v.Where(t.Context(), "liblzma5@5.6.1-1")
	if err != nil || len(found.Matches) == 0 || found.NotAffected != len(found.Clear) || found.NotAffected == 0 {
		t.Fatalf("where: %+v, %v", found, err)
	}
	m := found.Matches[0]
	source, err := v.OpenPlace(t.Context(), fleet.Place{
		Namespace: m.Namespace, Workload: m.Workload,
		Container: m.Container, Digest: m.Digest,
	})
	layertest.Must(t, err)
	c := &inspect.Case{}
	layertest.Must(t, source(t.Context(), c.Apply))
	if c.Pod == nil || c.Pod.Namespace != "shop" || !strings.HasPrefix(c.Pod.Name, "web-") {
		t.Errorf("opened %+v", c.Pod)
	}
	v.close()
	_, err = v.OpenPlace(t.Context(), fleet.Place{Namespace: "shop", Workload: "deployment/none"})
	if err == nil || !strings.Contains(err.Error(), "no pod of deployment/none runs") {
		t.Errorf("a workload without a pod: %v", err)
	}
	dir := t.TempDir()
	for name, want := range map[string]string{
		"a.json": `"schema": "backtrail.dev/audit/v1"`, "a.html": "<html", "a.csv": "namespace",
		"a.md": "Not looked at",
	} {
		line, err := v.ExportAudit(t.Context(), report, filepath.Join(dir, name))
		layertest.Must(t, err)
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(raw), want) || !strings.HasSuffix(line, layertest.SHA256(raw)) {
			t.Errorf("%s: %s (%v)\n%.300s", name, line, err, raw)
		}
	}
	for _, name := range []string{"a.json", "a.exe", "none/a.csv"} {
		if line, err := v.ExportAudit(t.Context(), report, filepath.Join(dir, name)); err == nil {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// A person's case goes first: the audit waits for it, and for no longer.
func TestAnAuditWaitsForACase(t *testing.T) {
	var p precedence
	p.wait(t.Context()) // nothing runs
	begun, end, waited := make(chan bool), make(chan bool), make(chan bool)
	ended := make(chan error)
	go func() {
		ended <- p.source(func(context.Context, func(inspect.Event)) error {
			begun <- true
			<-end
			return nil
		})(t.Context(), nil)
	}()
	<-begun
	go func() {
		p.wait(t.Context())
		waited <- true
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.wait(ctx) // returns with its context
	select {
	case <-waited:
		t.Error("it does not wait")
	default:
	}
	end <- true
	<-ended
	<-waited
}
