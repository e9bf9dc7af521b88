package caseview

import (
	"context"
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// running starts an export whose end the test gives; it returns the dialog.
func running(t *testing.T) (*story, *exporter) {
	t.Helper()
	st := open(t, &backend{}, incident()...).do("export")
	e := st.sh.Dialog.(*exporter)
	e.Update(tea.KeyPressMsg{Code: tea.KeyEnter}) // its command never runs: the export goes on
	if !st.sh.Exporting || !e.started {
		t.Fatal("the export has not started")
	}
	return st, e
}

// steps give the dialog what an export emits.
func (e *exporter) steps(ended bool, err error, all ...exportStep) {
	exportMsg{to: e, steps: all, ended: ended, err: err}.Take()
}

func letter(s string) tea.KeyPressMsg { return tea.KeyPressMsg{Code: []rune(s)[0], Text: s} }

func TestTheProgressOfAnExport(t *testing.T) {
	st, e := running(t)
	st.shows("Writing bundle.tar.gz", "…")
	e.steps(false, nil, exportStep{progress: inspect.Progress{Text: "listing what goes in"}})
	st.shows("listing what goes in")
	e.steps(false, nil, exportStep{progress: inspect.Progress{Done: 30, Total: 120, Text: "layer 2"}})
	st.shows("25%", "██", "layer 2")
	e.steps(false, nil, exportStep{progress: inspect.Progress{Done: 120, Total: 120, Text: "reading back"}})
	st.shows("100%", "reading back")
	e.steps(true, nil, exportStep{result: &ExportResult{
		Path: "/tmp/b.tar.gz", Digest: "sha256:aa", Signed: "by key ab",
		Size: 5_000_000, Line: "backtrail CASE", Verify: "backtrail verify /tmp/b.tar.gz",
	}})
	st.shows("✓ exported and read back, 5.0 MB", "path        /tmp/b.tar.gz", "signed      by key ab",
		"backtrail verify /tmp/b.tar.gz")
	if st.sh.Exporting {
		t.Error("the export still runs")
	}
}

// q during an export asks; the answer stays beside a progress that goes on.
func TestQDuringAnExportAsks(t *testing.T) {
	st, e := running(t)
	if cmd := e.Update(letter("q")); cmd != nil {
		t.Fatal("q has done something before it asked")
	}
	st.shows("An export runs", "Quit now, without the bundle?")
	e.steps(false, nil, exportStep{progress: inspect.Progress{Done: 1, Total: 2, Text: "layer 2"}})
	st.answer("").shows("Export the evidence", "50%")
	if st.sh.Dialog != e {
		t.Errorf("after staying the dialog is %T", st.sh.Dialog)
	}
	e.Update(letter("q"))
	st.sh.Dialog.Update(tea.KeyPressMsg{Code: tea.KeyDown})
	if _, quits := st.sh.Dialog.Update(tea.KeyPressMsg{Code: tea.KeyEnter})().(tea.QuitMsg); !quits {
		t.Error("quit does not quit")
	}
	for _, key := range []string{"x", "y", "a", "Q"} {
		before := st.sh.Dialog
		if e.Update(letter(key)) != nil || st.sh.Dialog != before {
			t.Errorf("%s does something while the export runs", key)
		}
	}
}

// In the line for the path, q is a letter.
func TestQIsALetterInThePath(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("export")
	st.sh.Dialog.Update(letter("q"))
	if e := st.sh.Dialog.(*exporter); e.in.Value() != "bundle.tar.gzq" {
		t.Errorf("the path is %q", e.in.Value())
	}
}

func TestTheKeysOfAnExport(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("export")
	e := st.sh.Dialog.(*exporter)
	keys := []string{e.Keys()}
	e.started = true
	keys = append(keys, e.Keys())
	e.ended = true
	keys = append(keys, e.Keys())
	e.err = errors.New("no space")
	keys = append(keys, e.Keys())
	want := []string{
		"enter export · esc cancel", "esc stop the export · q quit, asks first",
		"y copy the line · Y copy the verify command · enter close", "enter try again · esc close",
	}
	if strings.Join(keys, "\n") != strings.Join(want, "\n") {
		t.Errorf("the keys are\n%s\nwant\n%s", strings.Join(keys, "\n"), strings.Join(want, "\n"))
	}
	if !e.Cancel() {
		t.Error("esc does not close an export that has ended")
	}
}

// esc stops a running export; what it says at the end is not an error to dismiss, but in the dialog.
func TestEscStopsARunningExport(t *testing.T) {
	st, e := running(t)
	stopped := false
	e.cancel = func() { stopped = true }
	if e.Cancel() || !stopped {
		t.Errorf("esc closes the dialog, or does not stop the export: %v", stopped)
	}
	e.steps(true, context.Canceled)
	st.shows("✗ not exported: context canceled", "Nothing of the case is lost")
	if len(st.sh.Errors) != 0 {
		t.Errorf("the errors are %v", st.sh.Errors)
	}
}

func TestWhatIsCopiedOfAnExport(t *testing.T) {
	st, e := running(t)
	e.steps(true, nil, exportStep{result: &ExportResult{
		Path: "/b", Line: "backtrail CASE sha256:aa",
		Verify: "backtrail verify '/my b'",
	}})
	for key, want := range map[string]string{"y": "copied the line", "Y": "copied: backtrail verify '/my b'"} {
		if cmd := e.Update(letter(key)); cmd == nil || st.sh.Notice.Text != want {
			t.Errorf("%s: %q, want %q", key, st.sh.Notice.Text, want)
		}
	}
	e.err = errors.New("no space")
	for _, key := range []string{"y", "Y"} {
		if e.Update(letter(key)) != nil {
			t.Errorf("%s copies something of an export that failed", key)
		}
	}
	if e.Update(letter("q")); st.sh.Dialog != nil {
		t.Error("q does not close an export that has ended")
	}
}

// The bundle of a case whose checks still run is marked as partial, and the dialog says so before it is written.
func TestAnExportWhileChecksRunIsPartial(t *testing.T) {
	live(t, incident()...).do("export").shows("? the checks still run: the bundle will be marked as partial",
		"What goes in", "2 images")
	st := open(t, &backend{}, incident()...).do("export")
	st.lacks("the checks still run")
	e := st.sh.Dialog.(*exporter)
	e.in.SetValue("   ")
	if cmd := e.Update(tea.KeyPressMsg{Code: tea.KeyEnter}); cmd != nil || e.started {
		t.Error("an export without a path has started")
	}
	if why := st.why("export"); why != "" {
		t.Errorf("an export that has not started bars the next one: %q", why)
	}
	st.sh.Exporting = true
	if why := st.why("export"); why != "an export runs" {
		t.Errorf("a second export is disabled because %q", why)
	}
}

// The export works on the case as it was when it began: what comes in meanwhile is in the next one.
func TestAnExportHasACopyOfTheCase(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	copied := st.s.snapshot()
	st.after(binary("/late", inspect.Critical))
	c := copied()
	if i, _ := c.Image("web"); len(i.Binaries) != 1 {
		t.Errorf("the copy has %d binaries, the case had one", len(i.Binaries))
	}
	c.Apply(on("", "", inspect.Note{Subject: "f1", Text: "of the copy"}))
	if len(st.s.c.Notes) != 0 {
		t.Error("a note on the copy is on the case")
	}
	if i := st.s.image(); len(i.Binaries) != 2 {
		t.Errorf("the case has %d binaries", len(i.Binaries))
	}
}

func TestThePolicyDialogScrollsAndCancels(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("policy")
	p := st.sh.Dialog.(*policyDialog)
	p.draft.Text = strings.Repeat("  - key: value\n", 100)
	p.Arrange(60, 12)
	for key, want := range map[string]int{"j": 1, "k": 0} {
		p.Update(letter(key))
		if p.Arrange(60, 12); p.page.Top != want {
			t.Errorf("%s scrolls to line %d, not %d", key, p.page.Top, want)
		}
	}
	p.page.Move(1 << 20)
	p.Arrange(60, 12)
	lines, cursor := p.Draw()
	if len(lines) > 12 || cursor != nil || !strings.Contains(p.Keys(), "esc cancel") || !p.Cancel() {
		t.Errorf("%d lines in 12, keys %q", len(lines), p.Keys())
	}
	if p.Update(tea.PasteMsg{Content: "x"}) != nil {
		t.Error("a paste does something to a policy")
	}
}
