package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/tui/caseview/pane"
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
