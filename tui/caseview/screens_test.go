package caseview

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/inspecttest"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// sizes are terminals: the smallest, one region at a time, the usual one, side by side, and a large one.
var sizes = [][2]int{{30, 8}, {40, 12}, {59, 14}, {80, 24}, {100, 30}, {200, 60}}

// everySize draws all panes in all sizes and with the focus on each region, and checks each frame.
func (st *story) everySize(check func(where string, lines []string)) {
	st.t.Helper()
	for k := range pane.Count {
		st.s.showPane(k)
		for _, size := range sizes {
			st.sh.Width, st.sh.Height = size[0], size[1]
			for _, focus := range st.s.regions() {
				st.s.state().focus = focus
				st.s.Arrange()
				lines, cursor := st.s.Draw()
				where := fmt.Sprintf("%s, %d×%d, focus %d", k.Spec().Name, size[0], size[1], focus)
				if len(lines) != size[1]-3 {
					st.t.Errorf("%s: %d lines", where, len(lines))
				}
				for _, l := range lines {
					if n := ansi.StringWidth(l); n > size[0] {
						st.t.Errorf("%s: a line of %d columns: %q", where, n, ansi.Strip(l))
					}
				}
				if cursor != nil && (cursor.X < 0 || cursor.X >= size[0] || cursor.Y < 0 || cursor.Y >= size[1]) {
					st.t.Errorf("%s: the cursor is at %d, %d", where, cursor.X, cursor.Y)
				}
				check(where, lines)
			}
		}
	}
}

// clean checks that no character of a frame draws.
func clean(t *testing.T) func(where string, lines []string) {
	return func(where string, lines []string) {
		t.Helper()
		text := ansi.Strip(strings.Join(lines, ""))
		if strings.ContainsAny(text, inspecttest.Drawing) || !utf8.ValidString(text) {
			t.Errorf("%s draws: %q", where, text)
		}
	}
}

// many is the incident with n executables and findings more.
func many(n int) []inspect.Event {
	events := incident()
	for at := range n {
		path := fmt.Sprintf("/opt/%05d", at)
		events = append(events, binary(path, inspect.Medium), of("m"+path, path, path+" is unpackaged"))
	}
	return events
}

func TestEveryCaseFitsEverySize(t *testing.T) {
	blocked := []inspect.Event{incident()[0], incident()[1], incident()[2]}
	for _, check := range []string{"layers", "signatures", "provenance", "packages", "binaries", "autoruns"} {
		blocked = append(blocked, on(check, "web", inspect.Begin{}),
			on(check, "web", inspect.End{
				Status: inspect.CheckBlocked,
				Reason: strings.Repeat("registry answered 401 ", 40),
			}))
	}
	marked := inspecttest.MarkedEvents(func(reflect.Type) string { return "failed" })
	for name, st := range map[string]*story{
		"no facts":               open(t, &backend{}),
		"no facts yet":           live(t),
		"the incident":           open(t, &backend{}, incident()...),
		"every check is blocked": open(t, &backend{}, blocked...),
		"could not be opened":    open(t, &backend{err: errors.New(inspecttest.Mark)}),
		"hostile strings":        open(t, &backend{}, marked...),
		"a bundle not intact":    open(t, &backend{readOnly: inspect.NotIntact + inspecttest.Mark}, incident()...),
		"thousands of rows":      open(t, &backend{}, many(3000)...),
		"a name without end": open(t, &backend{},
			append(incident(), binary("/"+strings.Repeat("a", 5000), "critical"))...),
		"a group that was opened": open(t, &backend{}, many(300)...).do("right"),
	} {
		t.Run(name, func(t *testing.T) {
			st.t = t
			st.everySize(clean(t))
		})
	}
}

// Drawing changes nothing: two frames without a message between them are the same bytes, and so is the case.
func TestDrawingChangesNothing(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	before, err := json.Marshal(&st.s.c)
	if err != nil {
		t.Fatal(err)
	}
	st.everySize(func(where string, first []string) {
		if again, _ := st.s.Draw(); !slices.Equal(first, again) {
			t.Errorf("%s: the second frame is another", where)
		}
		st.s.Arrange()
		if again, _ := st.s.Draw(); !slices.Equal(first, again) {
			t.Errorf("%s: the frame after one more message is another", where)
		}
	})
	if after, _ := json.Marshal(&st.s.c); string(before) != string(after) {
		t.Error("drawing has changed the case")
	}
}

// Without colors and without UTF-8 the same is read: every sign has letters, and nothing but ASCII is left.
func TestAFrameInLetters(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	*st.sh.Paint = *widget.NewPaint(true, true, true)
	st.do("pane:3")
	st.s.allStale()
	st.s.Arrange()
	lines, _ := st.s.Draw()
	text := widget.ASCII(ansi.Strip(strings.Join(lines, "\n")))
	for _, want := range []string{"> ", "ok   signature ci@acme", "verified"} {
		if !strings.Contains(text, want) {
			t.Errorf("the frame has no %q:\n%s", want, text)
		}
	}
	for _, r := range text {
		if r >= 0x80 {
			t.Fatalf("the frame has %q", r)
		}
	}
}

// The file tree of a case whose layers could not be read says which and why; an image that is lost, what is left of it.
func TestWhyThereIsNoTree(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []inspect.Event
		want   []string
	}{
		{"its layers are not known yet", incident()[:4], []string{"…"}},
		{
			"a layer is missing", append(incident()[:4], on("layers", "web", inspect.Layer{
				Number: 0, Digest: "sha256:l0",
				Status: inspect.Unknown, Reason: "missing-blob", Detail: "404",
			})),
			[]string{"? layer 0 has no files to show: missing-blob: 404"},
		},
		{
			"a layer is being read", append(incident()[:4], on("layers", "web", inspect.Layer{
				Number: 0,
				Digest: "sha256:l0", Status: inspect.Unknown, Reason: inspect.Running, Detail: "40%",
			})),
			[]string{"… layer 0: 40%"},
		},
		{
			"the registry lost the image", append(incident()[:2], on("subject", "web", inspect.ImageHead{
				Reference: "acme/web:1.4", Status: inspect.Unknown, Unresolved: inspect.UnresolvedGone,
				Detail: "404", Left: []string{"node-3 still has it"},
			})),
			[]string{"? the registry no longer has it: 404", "What is left of it", "• node-3 still has it"},
		},
		{
			"one of two layers is missing", append(incident()[:6],
				on("layers", "web", inspect.Layer{
					Position: 2, Number: 2,
					Digest: "sha256:l2", Status: inspect.Unknown, Reason: "missing-blob",
				})),
			[]string{"Merged filesystem, without layer 2", "app"},
		},
	} {
		open(t, &backend{}, c.events...).do("pane:2").shows(c.want...)
	}
}

// A build step without a layer has no files; what it did is read in place of a tree.
func TestAStepWithoutFiles(t *testing.T) {
	st := open(t, &backend{}, append(incident(), on("layers", "web", inspect.Layer{
		Position: 2, Number: -1, Empty: true,
		CreatedBy: `ENTRYPOINT ["/app"]`,
	}))...).do("pane:2")
	if !st.s.state().list.Choose("layer:2") {
		t.Fatal("there is no step")
	}
	st.run(st.s.Load())
	st.shows("A step without files", "A build step without a layer", `ENTRYPOINT ["/app"]`)
}

// Everything that is known of a file stands below the tree: its layer, its outcome, who deleted it, its alert.
func TestWhatIsKnownOfAFile(t *testing.T) {
	deleted := file("/etc/shadow-", 0)
	deleted.Change = inspect.Removed
	plain := file("/tmp/x", 1)
	plain.Kind, plain.Mode, plain.Xattrs = inspect.KindELF, 0o4755, map[string]string{"security.capability": "AQ=="}
	events := append(incident(), on("binaries", "web", inspect.Altered{
		Path: "/tmp/x", Package: "x 1", Layer: 1,
		Severity: inspect.High, Status: inspect.RowFailed, Detail: "larger",
	}),
		on("alert", "", inspect.Alert{
			ID: "a", Rule: "Drop", Priority: "Critical", Subject: "web", Path: "/tmp/x",
			Time: inspect.At(now),
		}), on("", "", inspect.Note{Subject: "/tmp/x", Author: "ada", Text: "seen"}))
	st := open(t, &backend{tree: map[int][]inspect.Node{1: {deleted, plain}}}, events...)
	st.do("pane:6", "layer of file")
	d := widget.NewDocument(st.sh.Paint, 200)
	fileDetail(st.s, d)
	text := strings.Join(d.Lines, "\n")
	for _, want := range []string{
		"/tmp/x", "severity critical", "does not match the checksum of package x 1: larger",
		"file  ", "0:0  10 B  elf  layer 1, added", "step        COPY 1", "sha256      ab",
		"xattr       security.capability",
		"Alerts that name it", "Critical Drop", "Notes", "ada  seen",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("below the tree is no %q:\n%s", want, text)
		}
	}
	if !st.s.tree.Reveal("/etc/shadow-") {
		t.Fatal("the deleted file is not in the tree")
	}
	d = widget.NewDocument(st.sh.Paint, 200)
	fileDetail(st.s, d)
	if text := strings.Join(d.Lines, "\n"); !strings.Contains(text, "removed by layer 1; layer 0 still contains it") {
		t.Errorf("a deleted file reads\n%s", text)
	}
}

// The container on screen is the one of the alert, else the first of the pod, until a person chooses.
func TestTheContainerOnScreen(t *testing.T) {
	head := func(name string) inspect.Event {
		return on("subject", name, inspect.ImageHead{Reference: "acme/" + name, Digest: "sha256:" + name})
	}
	pod := on("subject", "", inspect.Pod{Name: "web-1", Containers: []inspect.Container{
		{Name: "web"},
		{Name: "proxy"},
		{Name: "init"},
	}})
	alert := func(container string) inspect.Event {
		return on("alert", "", inspect.Alert{ID: container, Rule: "Drop", Subject: container})
	}
	for _, c := range []struct {
		name   string
		events []inspect.Event
		want   string
	}{
		{"no image yet", []inspect.Event{pod}, ""},
		{"the first of the pod", []inspect.Event{pod, head("proxy"), head("web")}, "web"},
		{"the first that has an image", []inspect.Event{pod, head("proxy")}, "proxy"},
		{"the one of the alert", []inspect.Event{pod, head("web"), head("proxy"), alert("proxy")}, "proxy"},
		{"an alert of a container without an image", []inspect.Event{pod, head("web"), alert("init")}, "web"},
		{"an image that the pod does not name", []inspect.Event{head("zz"), head("aa")}, "aa"},
	} {
		if got := open(t, &backend{}, c.events...).s.container; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	st := live(t, pod, head("web"), head("proxy")).do("container:]")
	if st.after(alert("web")); st.s.container != "proxy" {
		t.Errorf("an alert takes the screen from what a person chose to %q", st.s.container)
	}
}

func TestTheSummaryCountsTheBestSignature(t *testing.T) {
	signature := func(s inspect.Status) inspect.Event {
		return on("signatures", inspect.ImageContainer, inspect.Signature{ID: string(s), Status: s})
	}
	compared := func(confirmed bool) inspect.Event {
		return on("diff", inspect.ImageContainer, inspect.Diff{KnownGood: &inspect.KnownGood{
			Digest:    "sha256:o",
			Confirmed: confirmed,
		}})
	}
	for _, c := range []struct {
		name              string
		events            []inspect.Event
		signed, knownGood inspect.Status
	}{
		{"nothing", nil, inspect.Absent, inspect.Absent},
		{"one is not known", []inspect.Event{signature(inspect.Unknown)}, inspect.Unknown, inspect.Absent},
		{
			"one failed, one is not known",
			[]inspect.Event{signature(inspect.Unknown), signature(inspect.Failed)},
			inspect.Failed, inspect.Absent,
		},
		{"one of three is verified", []inspect.Event{
			signature(inspect.Failed), signature(inspect.Verified),
			signature(inspect.Unknown),
		}, inspect.Verified, inspect.Absent},
		{"compared with the previous one", []inspect.Event{compared(false)}, inspect.Absent, inspect.Unknown},
		{"compared with a confirmed one", []inspect.Event{compared(true)}, inspect.Absent, inspect.Verified},
	} {
		signed, knownGood, ok := open(t, &backend{}, slices.Concat(fine(), c.events)...).s.Summary()
		if signed != c.signed || knownGood != c.knownGood || !ok {
			t.Errorf("%s: signed %s, known-good %s, %v; want %s, %s", c.name, signed, knownGood, ok, c.signed,
				c.knownGood)
		}
	}
	if _, _, ok := live(t, fine()...).s.Summary(); ok {
		t.Error("a case whose checks run has a summary")
	}
}
