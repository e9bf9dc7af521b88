package caseview

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// selected is the identity of the row under the cursor.
func (st *story) selected() string { return st.s.state().list.SelectedKey() }

// at checks where the cursor is.
func (st *story) at(id string) *story {
	st.t.Helper()
	if got := st.selected(); got != id {
		st.t.Errorf("the cursor is on %q, not on %q", got, id)
	}
	return st
}

// lacks checks that the screen does not show some texts.
func (st *story) lacks(texts ...string) *story {
	st.t.Helper()
	st.s.Arrange()
	lines, _ := st.s.Draw()
	for _, text := range texts {
		if strings.Contains(strings.Join(lines, "\n"), text) {
			st.t.Errorf("the screen shows %q:\n%s", text, strings.Join(lines, "\n"))
		}
	}
	return st
}

// binary is an unexpected executable of web.
func binary(path string, s inspect.Severity) inspect.Event {
	return on("binaries", "web", inspect.Binary{Path: path, Layer: 1, Severity: s, Status: inspect.RowFailed})
}

// of is a finding about a file of layer 1 of web: all of these have one cause.
func of(id, path, title string) inspect.Event {
	return on("binaries", "web", inspect.Finding{
		ID: id, Check: "binaries", Code: "unexpected-binary",
		Severity: inspect.High,
		Status:   inspect.RowFailed, Subject: "web:" + path, Title: title,
		Evidence: []inspect.Evidence{{Kind: "layer", Digest: "sha256:l1"}},
	})
}

func TestTheCursorStaysOnItsRowWhileRowsArrive(t *testing.T) {
	st := live(t, incident()...).after(binary("/usr/bin/b", inspect.High)).do("pane:6")
	st.at("binary:/tmp/x")
	st.s.Move(1)
	st.at("binary:/usr/bin/b")
	for n := range 20 {
		st.after(binary(fmt.Sprintf("/a/worse-%d", n), inspect.Critical)).at("binary:/usr/bin/b")
	}
	st.after(on("binaries", "web", inspect.Binary{Path: "/usr/bin/b", Layer: 1, Severity: inspect.Low})).
		at("binary:/usr/bin/b")
	st.do("sort").at("binary:/usr/bin/b").do("sort").at("binary:/usr/bin/b")
}

// Until a person moves, the worst row is the one to look at.
func TestTheWorstRowIsSelectedUntilAPersonMoves(t *testing.T) {
	st := live(t, incident()...).do("pane:6").at("binary:/tmp/x")
	st.after(binary("/aaa", inspect.Critical)).at("binary:/aaa")
	st.s.Move(1)
	st.at("binary:/tmp/x").after(binary("/aa", inspect.Critical)).at("binary:/tmp/x")
}

// A retry drops the facts of its check before it emits new ones.
func TestTheCursorFindsItsRowAgainAfterARetry(t *testing.T) {
	st := live(t, incident()...).after(binary("/usr/bin/b", inspect.High)).do("pane:6")
	st.s.Move(1)
	st.at("binary:/usr/bin/b").after(inspect.Event{Fact: inspect.Reset{Drop: []inspect.Key{
		{Check: "binaries", Container: "web"},
	}}})
	if st.s.state().list.Len() != 0 {
		t.Fatalf("%d rows are left", st.s.state().list.Len())
	}
	st.after(binary("/0", inspect.Critical)).after(binary("/1", inspect.High), binary("/usr/bin/b", inspect.High)).
		at("binary:/usr/bin/b")
}

func TestAFilterHoldsWhileRowsArrive(t *testing.T) {
	st := live(t, incident()[:4]...).do("pane:6")
	st.run(st.s.SetFilter("usr"))
	st.shows("…").lacks("/tmp/x")
	st.after(incident()...).lacks("/tmp/x").shows("no match among 1 row; esc clears the filter")
	st.after(binary("/usr/bin/b", inspect.High), binary("/opt/c", inspect.High)).shows(`1 of 3, filter "usr"`,
		"/usr/bin/b").
		lacks("/opt/c")
	if st.s.Filter() != "usr" {
		t.Errorf("the filter is %q", st.s.Filter())
	}
	st.do("pane:7", "pane:6").shows(`filter "usr"`).do("back").lacks("filter").shows("/tmp/x", "/opt/c")
}

func TestNextAndPreviousGoRoundTheMatches(t *testing.T) {
	st := open(t, &backend{}, append(incident(), binary("/usr/a", inspect.High), binary("/usr/b", inspect.High))...)
	st.do("pane:6")
	st.run(st.s.SetFilter("usr"))
	for _, step := range []struct{ name, want string }{
		{"next", "binary:/usr/b"},
		{"next", "binary:/usr/a"},
		{"previous", "binary:/usr/b"},
		{"previous", "binary:/usr/a"},
	} {
		st.do(step.name).at(step.want)
	}
	st.run(st.s.SetFilter("nothing has this"))
	st.do("next").at("")
}

func TestAGroupOpensAndCloses(t *testing.T) {
	st := open(t, &backend{}, append(incident(), of("f1", "/tmp/x", "x is unpackaged"),
		of("f2", "/bin/y", "y is unpackaged"))...)
	const group = "group:layer:web:1"
	st.at(group).shows("▸ HIGH  layer 1").lacks("  HIGH  y is unpackaged")
	st.do("right").at(group).shows("▾ HIGH  layer 1", "y is unpackaged")
	st.s.Move(2)
	st.at("finding:f1").do("left").at(group).shows("▸ HIGH")
	st.do("right", "right")
	if st.s.state().focus != widget.RegionDetail {
		t.Error("a second → does not go to the detail")
	}
	st.do("back", "left").shows("▸ HIGH  layer 1")
	st.run(st.s.SetFilter("y is"))
	st.shows("▾ HIGH  layer 1", "HIGH  y is unpackaged")
	st.run(st.s.SetFilter(""))
	st.shows("▸ HIGH  layer 1")
}

// New findings of a group that is closed change its count, not the cursor.
func TestAGroupGrowsWhereItIs(t *testing.T) {
	st := live(t, append(incident(), of("f1", "/tmp/x", "x is unpackaged"), of("f2", "/bin/y", "y is unpackaged"))...)
	st.do("right", "left").at("group:layer:web:1").shows("2 files")
	st.after(of("f3", "/bin/z", "z is unpackaged"), on("signatures", "web", inspect.Finding{
		ID: "c", Subject: "web",
		Severity: inspect.Critical, Status: inspect.RowFailed, Title: "worse",
	}))
	st.at("group:layer:web:1").shows("3 files", "CRIT  worse")
}

func TestPagesAndZoom(t *testing.T) {
	var events []inspect.Event
	for n := range 200 {
		events = append(events, binary(fmt.Sprintf("/x/%03d", n), inspect.High))
	}
	st := open(t, &backend{}, append(incident(), events...)...).do("pane:6")
	page := st.s.Rows()
	if page < 20 || page > 40 {
		t.Fatalf("a page has %d rows", page)
	}
	st.s.Move(page)
	st.at(fmt.Sprintf("binary:/x/%03d", page-1))
	st.do("zoom:+")
	if st.s.places.List.W != 120 || !st.s.places.Detail.Empty() {
		t.Errorf("zoomed, the list is at %+v, and the detail at %+v", st.s.places.List, st.s.places.Detail)
	}
	st.do("zoom:_").at(fmt.Sprintf("binary:/x/%03d", page-1))
	st.do("zoom:+", "back")
	if st.s.zoom {
		t.Error("esc does not leave the zoom")
	}
	st.s.Move(1 << 20)
	st.at("binary:/x/199")
	st.s.Move(-1 << 20)
	st.at("binary:/tmp/x")
}

// PgDn in the list scrolls the detail beside it; where there is no detail on screen, the list.
func TestPagesOfTheDetailFromTheList(t *testing.T) {
	note := on("", "", inspect.Note{Subject: "f1", Text: strings.Repeat("a long note ", 400)})
	st := open(t, &backend{}, append(incident(), note)...)
	before := st.s.state().detail.Top
	st.s.Scroll(1)
	st.s.Arrange()
	if st.s.state().detail.Top <= before || st.s.state().focus != widget.RegionList {
		t.Errorf("the detail begins at line %d, the focus is on region %d", st.s.state().detail.Top, st.s.state().focus)
	}
	st.s.Scroll(-5)
	if st.s.state().detail.Top != 0 {
		t.Errorf("five pages up the detail begins at line %d", st.s.state().detail.Top)
	}
	st.sh.Width, st.sh.Height = 50, 14
	st.s.Arrange()
	st.s.Scroll(1)
	if st.s.state().list.At == 0 {
		t.Error("without a detail PgDn moves nothing")
	}
	st.sh.Width, st.sh.Height = 120, 40
	st.do("pane:2")
	st.s.Scroll(1)
	if st.s.tree.At == 0 {
		t.Error("on Layers PgDn does not move in the tree")
	}
	st.do("focus:tab")
	st.s.Scroll(-1)
	if st.s.tree.At != 0 {
		t.Errorf("PgUp in the tree goes to row %d", st.s.tree.At)
	}
}

// The detail of another row begins at its first line.
func TestTheDetailBeginsAnewForAnotherRow(t *testing.T) {
	note := on("", "", inspect.Note{Subject: "f1", Text: strings.Repeat("a long note ", 400)})
	st := open(t, &backend{}, append(incident(), note)...)
	st.s.Scroll(1)
	st.s.Arrange()
	st.after(on("", "", inspect.Note{Subject: "f1", Text: "one more"}))
	if st.s.state().detail.Top == 0 {
		t.Error("a fact that came in scrolls the detail back")
	}
	st.s.Move(1)
	st.s.Arrange()
	if st.s.state().detail.Top != 0 {
		t.Error("the detail of the next row does not begin at its first line")
	}
}

// esc goes back along the places where one was, with their rows, and never further than there are panes.
func TestEscWalksBackThroughThePlaces(t *testing.T) {
	st := open(t, &backend{}, append(incident(), binary("/usr/b", inspect.High))...).do("pane:6")
	st.s.Move(1)
	st.do("layer of file", "pane:3", "pane:7")
	for _, want := range []pane.Kind{pane.Signatures, pane.Layers, pane.Binaries, pane.Overview} {
		if st.do("back"); st.s.pane != want {
			t.Errorf("esc leads to %s, not to %s", st.s.pane.Spec().Name, want.Spec().Name)
		}
		if want == pane.Binaries {
			st.at("binary:/usr/b")
		}
	}
	if why := st.why("back"); why != "nothing to go back to; q quits" {
		t.Errorf("at the first place esc is disabled because %q", why)
	}
	for range 30 {
		st.do("pane:2", "pane:3", "pane:4")
	}
	if n := len(st.s.from); n > int(pane.Count) {
		t.Errorf("the way back has %d places", n)
	}
}

// A jump to a file of another container changes the container, and esc changes it back.
func TestAJumpToAnotherContainerAndBack(t *testing.T) {
	events := append(incident(), on("layers", "proxy",
		inspect.Layer{
			Number: 0, Digest: "sha256:p0", DiffID: "sha256:p0",
			Status: inspect.Verified,
		}), on("binaries", "proxy",
		inspect.Finding{
			ID: "p", Check: "binaries", Subject: "proxy:/app",
			Severity: inspect.Low, Status: inspect.RowFailed, Title: "in the proxy",
		}))
	st := open(t, &backend{}, events...)
	if !st.s.state().list.Choose("finding:p") {
		t.Fatal("there is no finding of the proxy")
	}
	st.do("open")
	if st.s.container != "proxy" || st.s.pane != pane.Layers {
		t.Fatalf("enter leads to %s of %s", st.s.pane.Spec().Name, st.s.container)
	}
	st.do("back")
	if st.s.container != "web" || st.s.pane != pane.Overview {
		t.Errorf("esc leads to %s of %s", st.s.pane.Spec().Name, st.s.container)
	}
	st.at("finding:p")
}

func TestRuntimeStateIsMarkedWithAReason(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	for _, c := range []struct{ name, title, about, mark, said string }{
		{"runtime preserved", "Runtime state: preserved", "How was it preserved", inspect.RuntimeSaved, "preserved"},
		{"runtime open", "Runtime state: open", "Why is it open again?", inspect.RuntimeOpen, "open"},
		{
			"runtime not preserved", "Runtime state: not preserved (accepted)", "why is its loss accepted",
			inspect.RuntimeGivenUp, "not preserved (accepted)",
		},
	} {
		st.do(c.name).shows(c.title, c.about).answer("by snapshot").shows("runtime state: " + c.said)
		last := st.b.notes[len(st.b.notes)-1]
		if last.Subject != inspect.SubjectRuntime || last.Mark != c.mark || last.Text != "by snapshot" {
			t.Errorf("%s adds %+v", c.name, last)
		}
	}
	n := len(st.b.notes)
	if st.do("runtime preserved").answer(""); len(st.b.notes) != n {
		t.Error("a mark without a reason was added")
	}
}

func TestOneOfSeveralDeadlinesIsWithdrawn(t *testing.T) {
	clock := func(r inspect.Regime) inspect.Event {
		return on("", "", inspect.Clock{
			Regime: r, Aware: inspect.At(now), Author: "ada",
			Reason: "told of " + string(r),
		})
	}
	st := open(t, &backend{}, append(incident(), clock(inspect.NIS2), clock(inspect.CRA))...)
	st.do("withdraw deadline").shows("Withdraw which deadline?", "told of nis2", "told of cra")
	st.answer("cra").shows("Withdraw a deadline", "told of cra").answer("a drill")
	st.do("withdraw deadline:NIS2").shows("told of nis2").answer("a drill too")
	if got := []inspect.Regime{st.b.clocks[0].Regime, st.b.clocks[1].Regime}; !slices.Equal(got,
		[]inspect.Regime{inspect.CRA, inspect.NIS2}) {
		t.Errorf("withdrawn are %v", got)
	}
	if why := st.why("withdraw deadline"); why != "no reporting deadline runs" {
		t.Errorf("with none left it is disabled because %q", why)
	}
}

// A layer that was skipped is read again by r: the selected one, or all of the images that are read again.
func TestSkippedLayersAreReadAgain(t *testing.T) {
	skipped := func(n int) inspect.Event {
		return on("layers", "web", inspect.Layer{
			Position: n, Number: n, Digest: fmt.Sprint("sha256:s", n),
			Status: inspect.Unknown, Reason: "skipped",
		})
	}
	st := open(t, &backend{}, append(incident(), skipped(2), skipped(3))...).do("pane:2")
	st.s.state().list.Choose("layer:3")
	if why := st.why("skip"); why != "this layer is skipped already; r reads it" {
		t.Errorf("skipping it again is disabled because %q", why)
	}
	st.do("again")
	if want := []string{"sha256:s3 false"}; !slices.Equal(st.b.skipped, want) {
		t.Errorf("read again are %q, want %q", st.b.skipped, want)
	}
	if want := []inspect.Key{pane.LayersKey("web")}; !slices.Equal(st.b.retried, want) {
		t.Errorf("retried %v, want %v", st.b.retried, want)
	}
	st.b.skipped = nil
	st.do("pane:1")
	st.s.state().list.Choose("finding:f1")
	st.do("again")
	if want := []string{"sha256:s2 false", "sha256:s3 false"}; !slices.Equal(st.b.skipped, want) {
		t.Errorf("from the overview read again are %q, want %q", st.b.skipped, want)
	}
	if want := []inspect.Key{{Check: "layers", Container: "proxy"}, pane.LayersKey("web")}; !slices.Equal(st.b.retried,
		want) {
		t.Errorf("retried %v, want %v", st.b.retried, want)
	}
}

func TestWhatCannotBeMarkedSavedOrCopied(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	for _, c := range []struct {
		before []string
		row    string
		name   string
		want   string
	}{
		{nil, "answer:where-from", "mark", "can't mark this row"},
		{[]string{"pane:7"}, "", "open", "nothing is selected"},
		{[]string{"pane:7"}, "", "raw", "nothing is kept behind this row"},
		{[]string{"pane:7"}, "", "save", "nothing is kept behind this row"},
		{[]string{"pane:7"}, "", "copy", "this row has no value"},
		{[]string{"pane:3"}, "signature:g", "layer of file", "no file whose layer is known is selected"},
		{[]string{"pane:3"}, "signature:g", "file below", "no file whose layer is known is selected"},
		{[]string{"pane:3"}, "signature:g", "findings of file", "no finding is about the selected file"},
		{[]string{"pane:9"}, "", "diff", "nothing to compare with yet; K chooses a known-good image"},
	} {
		st.do(c.before...)
		if c.row != "" && !st.s.state().list.Choose(c.row) {
			t.Fatalf("there is no row %s", c.row)
		}
		if got := st.why(c.name); got != c.want {
			t.Errorf("%s on %q: disabled because %q, want %q", c.name, c.row, got, c.want)
		}
	}
	if _, ok := st.s.Action("no such command"); ok {
		t.Error("the screen has a command that is not in the table")
	}
}

// Enter on a file that has no bytes to show says why.
func TestAFileThatCannotBeShownSaysWhy(t *testing.T) {
	link := file("/link", 1)
	link.Type = inspect.EntrySymlink
	lost := file("/lost", 9)
	st := open(t, &backend{tree: map[int][]inspect.Node{pane.MergedTree: {link, lost}}}, incident()...)
	st.do("pane:2", "right")
	for _, want := range []string{"open: not a regular file", "open: its layer is not known"} {
		st.do("open").shows(want)
		if why := st.why("save"); why != strings.TrimPrefix(want, "open: ") {
			t.Errorf("saving it is disabled because %q", why)
		}
		st.s.Move(1)
	}
	if st.viewed != nil {
		t.Errorf("viewed %+v", st.viewed)
	}
}

// What takes long and what fails: a search below, a tree that comes late, a source that cannot be followed.
func TestWorkThatFails(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("open")
	st.b.err = errors.New("unexpected EOF")
	st.do("file below").shows("searching the layers below: unexpected EOF")
	st.b.err = nil
	st.b.tree = map[int][]inspect.Node{0: {}, 1: {file("/tmp/x", 1)}}
	st.do("file below").shows("no layer below has /tmp/x")
	reveal(st.s, "/nowhere/\x1b[2J")
	st.shows("/nowhere/␛[2J is not in this tree")

	broken := open(t, &backend{err: errors.New("no cluster")})
	reopened := 0
	broken.s.o.Reopen = func() tea.Cmd { reopened++; return nil }
	if broken.do("again"); reopened != 1 {
		t.Errorf("r opens the case anew %d times", reopened)
	}
}

// What happens beside the checks never ends a case, and an error of it is shown.
func TestTheWatchOfThePodMayFail(t *testing.T) {
	st := live(t, incident()...)
	st.s.onEvents(eventsMsg{gen: st.s.gen, beside: true, ended: true, err: errors.New("watch closed")})
	st.shows("watching the pod: watch closed")
	if st.s.running != 1 || st.s.broken != nil {
		t.Errorf("%d sources run, the case is broken: %v", st.s.running, st.s.broken)
	}
	st.sh.Errors = nil
	st.s.onEvents(eventsMsg{gen: st.s.gen, beside: true, ended: true})
	if len(st.sh.Errors) != 0 {
		t.Errorf("a watch that ended well is an error: %v", st.sh.Errors)
	}
	st.s.Close()
	st.s.onEvents(eventsMsg{gen: st.s.gen, ended: true, err: errors.New("canceled")})
	if len(st.sh.Errors) != 0 || st.s.Scope() != shell.InCase {
		t.Errorf("a case that was closed fails: %v", st.sh.Errors)
	}
}

// A notice of a check stands on the status line, and is kept.
func TestNoticesOfChecksAreShown(t *testing.T) {
	st := live(t, on("layers", "web", inspect.Notice{
		Level: shell.LevelWarning, Text: "rate limited",
		Hint: "--mirror",
	}))
	if st.sh.Notice.Text != "rate limited" || len(st.sh.Notices) != 1 {
		t.Errorf("the notice is %+v, kept are %d", st.sh.Notice, len(st.sh.Notices))
	}
}
