package caseview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

var now = time.Date(2026, 3, 14, 3, 20, 0, 0, time.UTC)

// backend answers what a test gives it, and keeps what it was asked.
type backend struct {
	readOnly  string
	err       error
	notes     []inspect.Note
	clocks    []inspect.Clock
	retried   []inspect.Key
	confirmed string
	skipped   []string
	exported  string
	drafted   inspect.Signature
	tree      map[int][]inspect.Node
}

func (b *backend) ReadOnly() string      { return b.readOnly }
func (b *backend) Watch() inspect.Source { return nil }

func (b *backend) AddNote(_ context.Context, _ *inspect.Case, n inspect.Note) (inspect.Event, error) {
	n.Author = "ada"
	b.notes = append(b.notes, n)
	return inspect.Event{Fact: n}, b.err
}

func (b *backend) SetClock(_ context.Context, _ *inspect.Case, k inspect.Clock) (inspect.Event, error) {
	k.Author = "ada"
	b.clocks = append(b.clocks, k)
	return inspect.Event{Fact: k}, b.err
}

func (b *backend) Retry(_ context.Context, _ *inspect.Case, keys []inspect.Key) (inspect.Source, error) {
	b.retried = keys
	return source(), b.err
}

func (b *backend) ConfirmKnownGood(_ context.Context, _ *inspect.Case, container string,
	k inspect.Candidate,
) (inspect.Source, error) {
	b.confirmed = container + " " + k.Reference
	return source(), b.err
}

func (b *backend) SkipLayer(digest string, skip bool) {
	b.skipped = append(b.skipped, fmt.Sprint(digest, " ", skip))
}

func (b *backend) Brief(inspect.Case) string {
	return "CASE web\nORIGIN layer 2\nmissed no policy\nNOT CHECKED layers\n"
}

func (b *backend) NextSteps(inspect.Case) []respond.NextStep {
	return []respond.NextStep{{Why: "Preserve the pod", Command: "kubectl annotate"}}
}

func (b *backend) Command(_ *inspect.Case, container string) string {
	return "backtrail inspect pod/web:" + container
}

func (b *backend) DraftPolicy(_ context.Context, _ *inspect.Case, _ string, g inspect.Signature) (PolicyDraft, error) {
	b.drafted = g
	return PolicyDraft{
		Path: "/policies/web.yaml", Text: "kind: ClusterImagePolicy\n  mode: enforce\n",
		Write: func(context.Context) error { return b.err },
	}, nil
}

func (b *backend) Tree(_ context.Context, _ inspect.Image, layer int) ([]inspect.Node, error) {
	return b.tree[layer], b.err
}

func (b *backend) ExportPath(inspect.Case) string { return "bundle.tar.gz" }

func (b *backend) Export(_ context.Context, _ *inspect.Case, to string,
	progress func(inspect.Progress),
) (ExportResult, error) {
	progress(inspect.Progress{Done: 1, Total: 2, Text: "layers"})
	b.exported = to
	return ExportResult{Path: to, Digest: "sha256:aa", Size: 1000, Line: "backtrail CASE", Left: []string{"a layer"}},
		b.err
}

func (b *backend) Blob(context.Context, string) (io.ReadCloser, error) {
	return nil, errors.New("not kept")
}

func (b *backend) Open(context.Context, string, inspect.Entry) (inspect.Content, error) {
	return nil, errors.New("not kept")
}

func (b *backend) SaveFile(context.Context, string, io.Reader) error { return b.err }

// source emits events and ends.
func source(events ...inspect.Event) inspect.Source {
	return func(_ context.Context, emit func(inspect.Event)) error {
		for _, e := range events {
			emit(e)
		}
		return nil
	}
}

// on is a fact of a check about a container.
func on(check, container string, f inspect.Fact) inspect.Event {
	e := inspect.Event{Check: check, Container: container, Fact: f}
	return e.Stamped(inspect.At(now))
}

// incident is a case of two containers: an unexpected executable in layer 1 of web, and a check that could not run.
func incident() []inspect.Event {
	layer := func(n int, digest string) inspect.Layer {
		return inspect.Layer{
			Position: n, Number: n, Digest: digest, DiffID: digest, Status: inspect.Verified,
			CreatedBy: fmt.Sprint("COPY ", n),
		}
	}
	web := inspect.ImageHead{Container: "web", Reference: "acme/web:1.4", Digest: "sha256:w", Status: inspect.Verified}
	proxy := inspect.ImageHead{
		Container: "proxy", Reference: "mesh/proxy:2", Digest: "sha256:p",
		Status: inspect.Verified,
	}
	return []inspect.Event{
		{Fact: inspect.Header{Target: inspect.Target{Name: "pod/web-1", Context: "prod"}, Started: inspect.At(now)}},
		on("subject", "", inspect.Pod{
			Name: "web-1", Namespace: "shop",
			Containers: []inspect.Container{{Name: "web"}, {Name: "proxy"}},
		}),
		on("subject", "web", web), on("subject", "proxy", proxy),
		on("layers", "web", layer(0, "sha256:l0")), on("layers", "web", layer(1, "sha256:l1")),
		on("layers", "proxy", inspect.Begin{}), on("layers", "proxy", inspect.End{
			Status: inspect.CheckBlocked,
			Reason: "404",
		}),
		on("binaries", "web", inspect.Binary{
			Path: "/tmp/x", Layer: 1, Severity: inspect.Critical,
			Status: inspect.RowFailed,
		}),
		on("binaries", "web", inspect.Finding{
			ID: "f1", Check: "binaries", Subject: "web:/tmp/x",
			Title: "unpackaged executable", Severity: inspect.Critical, Status: inspect.RowFailed,
		}),
		on("diff", "web", inspect.Candidate{Reference: "acme/web:1.3", Digest: "sha256:old", Why: "previous revision"}),
		on("signatures", "web", inspect.Signature{
			ID: "g", Status: inspect.Verified, Identity: "ci@acme",
			Issuer: "https://issuer",
		}),
		{Fact: inspect.End{Status: inspect.CheckDone}},
	}
}

// file is a file of a layer.
func file(path string, layer int) inspect.Node {
	return inspect.Node{
		Entry: inspect.Entry{Path: path, Type: inspect.EntryFile, Size: 10, SHA256: "ab"}, Layer: layer,
		Change: inspect.Added,
	}
}

// trees are those of the incident.
func trees() map[int][]inspect.Node {
	return map[int][]inspect.Node{
		pane.MergedTree: {file("/app", 0), file("/tmp/x", 1)}, 0: {file("/app", 0), file("/tmp/x", 0)},
		1: {file("/tmp/x", 1)},
	}
}

// story is a case that is open in 120 × 40 cells.
type story struct {
	t      *testing.T
	s      *Screen
	sh     *shell.Shell
	b      *backend
	viewed []viewer.Part
}

// open opens a case.
func open(t *testing.T, b *backend, events ...inspect.Event) *story {
	t.Helper()
	if b.tree == nil {
		b.tree = trees()
	}
	sh := shell.New(t.Context(), widget.NewPaint(true, true, false), now)
	sh.Width, sh.Height = 120, 40
	st := &story{t: t, sh: sh, b: b}
	s, cmd := New(sh, b, Options{
		Context: "prod", Open: func(context.Context) (inspect.Source, error) { return source(events...), b.err },
		View: func(parts []viewer.Part) tea.Cmd { st.viewed = parts; return nil },
	})
	st.s = s
	st.run(cmd)
	return st
}

// run does a command and what follows from it.
func (st *story) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			st.run(c)
		}
	case shell.Taker:
		st.run(msg.Take())
	case shell.DoneMsg:
		if msg.Err != nil {
			st.sh.Fail(msg.Text, msg.Err)
		} else if st.sh.Info(msg.Text); msg.Then != nil {
			st.run(msg.Then())
		}
	default:
		st.run(st.s.Update(msg))
	}
	st.run(st.s.Load())
	st.s.Arrange()
}

// do runs commands of the screen by their names; what follows a colon is the argument.
func (st *story) do(names ...string) *story {
	st.t.Helper()
	for _, name := range names {
		name, arg, _ := strings.Cut(name, ":")
		a, ok := st.s.Action(name)
		if !ok {
			st.t.Fatalf("there is no command %s", name)
		}
		if why := a.Why(); why != "" {
			st.t.Fatalf("%s is disabled: %s", name, why)
		}
		st.run(a.Run(arg))
		st.run(st.s.Load())
		st.s.Arrange()
	}
	return st
}

// answer types into the dialog, and presses enter.
func (st *story) answer(text string) *story {
	for _, r := range text {
		st.sh.Dialog.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	st.run(st.sh.Dialog.Update(tea.KeyPressMsg{Code: tea.KeyEnter}))
	return st
}

// why is the reason why a command is disabled.
func (st *story) why(name string) string {
	a, _ := st.s.Action(name)
	return a.Why()
}

// shows checks that the screen, its dialog or the last notice shows some texts.
func (st *story) shows(texts ...string) *story {
	st.t.Helper()
	st.s.Arrange()
	lines, _ := st.s.Draw()
	if st.sh.Dialog != nil {
		st.sh.Dialog.Arrange(100, 34)
		inside, _ := st.sh.Dialog.Draw()
		lines = append(append(lines, st.sh.Dialog.Title()), inside...)
	}
	lines = append(lines, st.sh.Notice.Text)
	for _, e := range st.sh.Errors {
		lines = append(lines, e.Text)
	}
	screen := ansi.Strip(strings.Join(lines, "\n"))
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			st.t.Errorf("the screen does not show %q:\n%s", text, screen)
		}
	}
	return st
}

func TestADisabledCommandSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name   string
		st     *story
		before []string
		want   map[string]string
	}{
		{"a live case", open(t, &backend{}, incident()...), nil, map[string]string{
			"next": "no filter is set; / sets one", "diff": "only Layers, Packages and Autoruns can show what differs",
			"back": "nothing to go back to; q quits",
			"skip": "select a layer that is being read, on Layers", "withdraw deadline": "no reporting deadline runs",
			"runtime open": "it is open", "export": "", "again": "", "policy": "",
		}},
		{
			"an opened bundle", open(t, &backend{readOnly: "read-only: opened bundle"}, incident()...), nil,
			map[string]string{
				"note": "read-only: opened bundle", "mark": "read-only: opened bundle",
				"skip":       "read-only: opened bundle",
				"known-good": "read-only: opened bundle", "again": "read-only: opened bundle",
				"aware":             "read-only: opened bundle; use backtrail aware",
				"runtime preserved": "read-only: opened bundle; use backtrail runtime", "export": "", "policy": "",
			},
		},
		{
			"the signatures", open(t, &backend{}, incident()...),
			[]string{"pane:3"},
			map[string]string{"sort": "no other sort here"},
		},
		{
			"the packages", open(t, &backend{}, incident()...),
			[]string{"pane:5"},
			map[string]string{
				"diff": "nothing to compare with yet; K chooses a known-good image",
				"copy": "this row has no value",
			},
		},
		{"another container", open(t, &backend{}, incident()...), []string{"container:]"}, map[string]string{
			"known-good": "no previous image is known; --known-good names one", "policy": "needs a verified signature",
		}},
		{"an empty case", open(t, &backend{}), nil, map[string]string{
			"export": "nothing to export yet", "container": "the case has only one image", "again": "nothing to retry",
			"runtime preserved": "the case has no pod",
		}},
	} {
		c.st.do(c.before...)
		for name, want := range c.want {
			if got := c.st.why(name); got != want {
				t.Errorf("%s: %s is disabled because %q, want %q", c.name, name, got, want)
			}
		}
	}
}

func TestTheVerdictIsNeverVerified(t *testing.T) {
	head := inspect.ImageHead{Container: "web", Digest: "sha256:w", Status: inspect.Verified}
	fine := []inspect.Event{on("subject", "web", head), {Fact: inspect.End{Status: inspect.CheckDone}}}
	alert := on("alert", "", inspect.Alert{ID: "a1", Rule: "Drop"})
	for name, c := range map[string]struct {
		events []inspect.Event
		long   string
		tone   widget.Tone
	}{
		"the incident": {incident(), "1 critical", widget.ToneBad},
		"an alert":     {append([]inspect.Event{alert}, fine...), "1 alert", widget.ToneWarn},
		"not ended":    {fine[:1], "still checking", widget.ToneWarn},
	} {
		v := open(t, &backend{}, c.events...).s.outcomeWords()
		if !strings.Contains(v.long, c.long) || v.tone != c.tone || strings.Contains(v.long+v.short, "verified") {
			t.Errorf("%s: %+v, want %q", name, v, c.long)
		}
	}
}

func TestACaseThatCannotBeOpenedSaysSo(t *testing.T) {
	st := open(t, &backend{err: errors.New("pod not found")})
	st.shows("opening the case: pod not found", "could not open the case", "? pod not found")
	if state, _ := freshnessOf(st.s); !strings.HasPrefix(state, "stale") {
		t.Errorf("the case is %s", state)
	}
}

func TestEnterOnAFindingLeadsToItsFileAndEscBack(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("open")
	st.shows("Files of layer 1", "x", "layer 1, added", "severity critical")
	st.do("open")
	if len(st.viewed) != 1 || st.viewed[0].DiffID != "sha256:l1" || st.viewed[0].Name != "/tmp/x" {
		t.Errorf("viewed %+v", st.viewed)
	}
	if st.do("back"); st.s.pane != pane.Overview {
		t.Errorf("esc leads to pane %d", st.s.pane)
	}
}

func TestAFileLeadsToTheLayerBelowAndToItsFindings(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("open",
		"file below").shows("/tmp/x in layer 0, shadowed by another layer", "Files of layer 0")
	if why := st.why("file below"); why != "there is no layer below" {
		t.Errorf("disabled because %q", why)
	}
	st.do("findings of file").shows("▸    CRIT")
	if st.s.pane != pane.Overview {
		t.Errorf("on pane %d", st.s.pane)
	}
	st.do("pane:6", "layer of file").shows("Files of layer 1")
}

func TestTheTreeIsSearchedAndShownChangedOnly(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("pane:2", "right").shows("Merged filesystem")
	st.run(st.s.SetFilter("app"))
	st.shows("Merged filesystem, filter app", "/app")
	if st.s.Filter() != "app" {
		t.Errorf("the filter is %q", st.s.Filter())
	}
	st.do("next", "previous", "back", "diff").shows("Merged filesystem, changed only", "tmp/")
}

func TestATreeThatCannotBeReadSaysWhy(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	st.b.err = errors.New("no listing")
	st.do("pane:2").shows("? could not be read: no listing")
}

func TestNotesAndMarksAreAddedInTheirOrder(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	a, _ := st.s.Action("mark")
	first, second, third := a.Run(""), a.Run(""), a.Run("")
	if second != nil || third != nil {
		t.Error("a mark does not wait for the one before it")
	}
	st.run(first)
	if len(st.b.notes) != 3 || st.s.marks["f1"] == "" {
		t.Errorf("the notes are %+v, the marks %v", st.b.notes, st.s.marks)
	}
	st.do("note").shows("On: unpackaged executable").answer("seen on call").shows("note added", "ada", "seen on call")
	st.b.err = errors.New("disk full")
	st.do("note").answer("lost").shows("adding to the case: disk full")
}

func TestMarksGoRound(t *testing.T) {
	mark := ""
	for _, want := range []string{"malicious", "benign", "open", "malicious"} {
		if mark = nextMark(mark); mark != want {
			t.Errorf("the next mark is %s, want %s", mark, want)
		}
	}
}

func TestWhatWasAddedIsWorded(t *testing.T) {
	k := inspect.Clock{Regime: "nis2"}
	withdrawn := k
	withdrawn.Withdrawn = &inspect.Withdrawal{Reason: "drill"}
	for want, f := range map[string]inspect.Fact{
		"note added": inspect.Note{Text: "x"}, "marked benign": inspect.Note{Mark: "benign"},
		"mark removed": inspect.Note{},
		"runtime state: not preserved (accepted)": inspect.Note{
			Subject: inspect.SubjectRuntime,
			Mark:    inspect.RuntimeGivenUp, Text: "x",
		},
		"started; 7 shows what is due": k, "withdrawn; both stay in the record": withdrawn,
	} {
		if got := addedText(inspect.Event{Fact: f}); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDeadlinesAreStartedAndWithdrawn(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	st.do("aware:now nis2").shows("Start the deadlines of NIS2",
		"Why? The reason is recorded with your name.").answer("told by on-call")
	if len(st.b.clocks) != 1 || st.b.clocks[0].Reason != "told by on-call" {
		t.Fatalf("the deadlines are %+v", st.b.clocks)
	}
	st.do("withdraw deadline").shows("Withdraw a deadline", "told by on-call").answer("a drill")
	if len(st.b.clocks) != 2 || st.b.clocks[1].Withdrawn == nil {
		t.Errorf("the deadlines are %+v", st.b.clocks)
	}
	for args, want := range map[string]string{
		"now": "a time and a law are needed", "never nis2": "aware: ",
		"now gdpr": "none of",
	} {
		st.sh.Errors = nil
		st.do("aware:" + args).shows(want)
	}
	st.do("aware").shows("They never start automatically")
}

func TestBlockedChecksAreRetried(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("again")
	if want := []inspect.Key{{Check: "layers", Container: "proxy"}}; !slices.Equal(st.b.retried, want) {
		t.Errorf("retried %v, want %v", st.b.retried, want)
	}
	st.shows("checking again: layers proxy")
	if st.s.running != 0 {
		t.Errorf("%d sources run", st.s.running)
	}
	st.b.err = errors.New("no cluster")
	st.do("again").shows("no cluster")
}

func TestAKnownGoodImageIsConfirmedByChoosingIt(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("known-good").shows("Known-good of web", "acme/web:1.3",
		"previous revision", "enter confirms, in your name").answer("")
	if st.b.confirmed != "web acme/web:1.3" {
		t.Errorf("confirmed %q", st.b.confirmed)
	}
}

func TestALayerIsSkippedWhileItIsRead(t *testing.T) {
	events := append(incident(), on("layers", "web", inspect.Layer{
		Position: 2, Number: 2, Digest: "sha256:l2",
		Status: inspect.Unknown, Reason: inspect.Running,
	}))
	st := open(t, &backend{}, events...).do("pane:2")
	st.s.Move(1)
	st.do("skip").shows("layer 2 is skipped; r reads it later")
	if want := []string{"sha256:l2 true"}; !slices.Equal(st.b.skipped, want) {
		t.Errorf("skipped %q, want %q", st.b.skipped, want)
	}
	st.s.Move(1)
	if why := st.why("skip"); why != "this layer has been read" {
		t.Errorf("disabled because %q", why)
	}
}

func TestAPolicyIsShownBeforeItIsWritten(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("policy").shows("Policy for this signer", "/policies/web.yaml",
		"  mode: enforce", "Nothing is sent to a cluster")
	if st.b.drafted.Identity != "ci@acme" {
		t.Errorf("drafted for %+v", st.b.drafted)
	}
	for _, k := range []string{"j", "k", "y"} {
		st.sh.Dialog.Update(tea.KeyPressMsg{Code: []rune(k)[0], Text: k})
	}
	st.shows("copied the policy").answer("").shows("it applies from the next case on")
	st.b.err = errors.New("there already")
	st.do("policy").answer("").shows("there already")
}

func TestAnExportShowsItsLine(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("export").shows("Export the evidence", "What goes in", "2 images",
		"1 finding")
	st.answer("").shows("✓ exported and read back", "path        bundle.tar.gz",
		"Unsigned. The digest below pins the contents.", "backtrail CASE", "• a layer")
	if st.b.exported != "bundle.tar.gz" || st.sh.Exporting {
		t.Errorf("exported to %q, still running: %v", st.b.exported, st.sh.Exporting)
	}
	if st.answer(""); st.sh.Dialog != nil {
		t.Error("enter does not close the dialog")
	}
}

func TestAnExportThatFailsCanBeTriedAgain(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("export")
	st.b.err = errors.New("no space left on device")
	st.answer("").shows("✗ not exported: no space left on device", "Nothing of the case is lost")
	st.b.err = nil
	st.answer("").shows("Where to").answer("").shows("exported and read back")
}

func TestALateExportReachesNoOtherDialog(t *testing.T) {
	st := open(t, &backend{err: nil}, incident()...).do("export")
	cmd := st.sh.Dialog.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	if st.sh.Dialog.Cancel() {
		t.Error("esc closes a running export")
	}
	st.sh.Close()
	st.b.err = errors.New("interrupted")
	st.run(cmd)
	st.shows("exporting: interrupted")
	if st.sh.Exporting {
		t.Error("the export still runs")
	}
}

func TestContainersAreChanged(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("pane:2").shows("Layers of web")
	st.do("container:]").shows("Layers of proxy", "could not run: 404", "container proxy")
	st.do("container:[").shows("Layers of web")
	if got := st.s.containers(); !slices.Equal(got, []string{"web", "proxy"}) {
		t.Errorf("the containers are %q", got)
	}
}

func TestFocusAndPanesGoLeftAndRight(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	for _, step := range []struct {
		name  string
		pane  pane.Kind
		focus widget.Region
	}{
		{"focus:tab", pane.Overview, widget.RegionDetail},
		{"focus:tab", pane.Overview, widget.RegionTop},
		{"focus:shift+tab", pane.Overview, widget.RegionDetail},
		{"right", pane.Layers, widget.RegionList},
		{"left", pane.Overview, widget.RegionList},
		{"pane:6", pane.Binaries, widget.RegionList},
		{"sort", pane.Binaries, widget.RegionList},
		{"left", pane.Packages, widget.RegionList},
	} {
		if st.do(step.name); st.s.pane != step.pane || st.s.state().focus != step.focus {
			t.Errorf("%s goes to pane %d, region %d", step.name, st.s.pane, st.s.state().focus)
		}
	}
}

func TestTheMouseSelectsRowsAndRegions(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	list, detail := st.s.places.List, st.s.places.Detail
	st.s.Click(list.X+2, list.Y+2)
	if st.s.state().list.At != 1 {
		t.Errorf("a click selects row %d", st.s.state().list.At)
	}
	if st.s.Click(detail.X+2, detail.Y+1); st.s.state().focus != widget.RegionDetail {
		t.Errorf("a click gives region %d the focus", st.s.state().focus)
	}
	st.do("pane:2", "right")
	if st.s.Click(st.s.places.Detail.X+2, st.s.places.Detail.Y+2); st.s.tree.At != 1 {
		t.Errorf("a click in the tree selects row %d", st.s.tree.At)
	}
}

func TestMovesStayInsideTheirRegion(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	for _, name := range []string{"focus:tab", "focus:tab", "focus:tab"} {
		for _, by := range []int{1 << 20, -1 << 20, 3} {
			st.s.Move(by)
			st.s.Arrange()
			st.s.Draw()
		}
		st.do(name)
	}
	if st.s.top.Top < 0 || st.s.state().detail.Top < 0 {
		t.Errorf("the headline begins at %d, the detail at %d", st.s.top.Top, st.s.state().detail.Top)
	}
}

func TestCopies(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	for name, want := range map[string]string{
		"brief": "copied the brief", "copy": "copied: unpackaged executable",
		"copy command": "copied: backtrail inspect pod/web:web",
	} {
		a, _ := st.s.Action(name)
		if a.Run(""); st.sh.Notice.Text != want {
			t.Errorf("%s: %q, want %q", name, st.sh.Notice.Text, want)
		}
	}
	if st.do("raw"); len(st.viewed) != 1 || !strings.Contains(string(st.viewed[0].Text), "unpackaged executable") {
		t.Errorf("viewed %+v", st.viewed)
	}
	st.do("save").shows("Save", "not executable")
}

func TestTheSummaryIsWhatTheListShows(t *testing.T) {
	signed, knownGood, ok := open(t, &backend{}, incident()...).s.Summary()
	if signed != inspect.Verified || knownGood != inspect.Absent || !ok {
		t.Errorf("signed %s, known-good %s, %v", signed, knownGood, ok)
	}
	if _, _, ok := open(t, &backend{}).s.Summary(); ok {
		t.Error("a case without an image has a summary")
	}
}

func TestTheHeaderIsTheWayDown(t *testing.T) {
	h := open(t, &backend{}, incident()...).s.Header()
	var trail []string
	for _, c := range h.Trail {
		trail = append(trail, c.Text)
	}
	if got := strings.Join(trail, " › "); got != "prod › shop › web-1 › web" ||
		h.Title != "backtrail pod/web-1" || h.Busy {
		t.Errorf("the trail is %q, the title %q", got, h.Title)
	}
	if saved := open(t, &backend{readOnly: "read-only: opened bundle"},
		incident()...).s.Header(); saved.State != "saved 03:20Z" {
		t.Errorf("a saved case is %q", saved.State)
	}
}

func TestMessagesOfAnotherCaseAreDropped(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	before := len(st.s.c.Findings)
	for _, msg := range []tea.Msg{
		eventsMsg{gen: -1, events: incident()},
		sourceMsg{gen: -1, err: errors.New("x")},
		treeMsg{gen: -1},
		matchesMsg{gen: -1},
		belowMsg{gen: -1, err: errors.New("x")},
		addedMsg{gen: -1, err: errors.New("x")},
	} {
		if cmd := st.s.Update(msg); cmd != nil {
			t.Errorf("%T goes on", msg)
		}
	}
	if len(st.s.c.Findings) != before || len(st.sh.Errors) != 0 {
		t.Errorf("%d findings, errors %v", len(st.s.c.Findings), st.sh.Errors)
	}
}

func TestEveryFrameFits(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	for k := range pane.Count {
		st.s.showPane(k)
		for _, size := range [][2]int{{30, 8}, {59, 14}, {80, 24}, {100, 30}, {200, 60}} {
			st.sh.Width, st.sh.Height = size[0], size[1]
			st.s.Arrange()
			lines, _ := st.s.Draw()
			if len(lines) != size[1]-3 {
				t.Errorf("pane %d in %v: %d lines", k, size, len(lines))
			}
			for _, l := range lines {
				if got := ansi.StringWidth(l); got > size[0] {
					t.Errorf("pane %d in %v: a line of %d", k, size, got)
				}
			}
		}
	}
}
