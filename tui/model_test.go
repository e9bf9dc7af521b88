package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/shell"
)

func TestAResponderFindsTheFileItsLayerAndTheSigner(t *testing.T) {
	s := tell(t, testProgram(), 120, 40)
	s.sees("! Critical", "web-6d4cf56db6-x7k2p", "Drop and execute new binary")
	s.press("enter").sees("1 critical 2 high", "▸  ▸ CRIT", dropped+" ran; it is in the image (layer 2)")
	s.press("enter").sees("Files of layer 2", "▸ A !         kworkerd", "COPY cache /usr/lib/.cache")
	s.press("enter").sees("ELF headers", "writable and executable")
	s.press("esc", "3", "j", "j").sees("signed by   https://github.com/acme/web", "✗ subject", "the payload names")
	s.press("x").sees("Export the evidence", "What goes in",
		"backtrail-pod-web").press("enter").sees("exported and read back", "Post this line")
	s.press("y")
	if !strings.HasPrefix(s.copied, "backtrail CASE tagmanifest sha256:") {
		t.Errorf("y copied %q", s.copied)
	}
}

func TestEscGoesBackAndNeverQuits(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "enter", "enter")
	for range 10 {
		s.press("esc")
	}
	if s.quit {
		t.Error("esc quit")
	}
	s.sees("Pods · alerts")
	s.press("q")
	if !s.quit {
		t.Error("q did not quit")
	}
}

func TestNothingGreenIsShownOverAnOpenAlert(t *testing.T) {
	alert := incidentAlert()
	alert.Subject = "image"
	events := append(cleanEvents(), on("alert", "", inspect.Event{Fact: alert}))
	for _, c := range []struct {
		name   string
		events []inspect.Event
		want   string
	}{
		{"clean", cleanEvents(), "no problems found"},
		{"clean, but an alert is open", events, "1 alert open"},
		{"the incident", incidentEvents(), "1 critical 2 high"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testProgram()
			p.source = sourceOf(c.events)
			tell(t, p, 120, 40).sees(c.want)
		})
	}
	p := testProgram()
	p.live, p.source = true, feed[inspect.Event](nil).source(cleanEvents()[:4]...)
	tell(t, p, 120, 40).sees("still checking").seesNot("no problems")
}

func TestSelectionFollowsItsRow(t *testing.T) {
	p, more := testProgram(), make(feed[inspect.Event])
	p.live, p.source = true, more.source(incidentEvents()...)
	s := tell(t, p, 120, 40).press("6", "j")
	if !strings.Contains(s.selected(), "/usr/bin/top") {
		t.Fatalf("the second row is %q", s.selected())
	}
	more <- on("binaries", "web", inspect.Event{Fact: inspect.Binary{
		Path: "/tmp/worse", Severity: inspect.Critical, Codes: []string{"alerted", "a", "b", "c", "d", "e"},
	}})
	if s.until("/tmp/worse"); !strings.Contains(s.selected(), "/usr/bin/top") {
		t.Errorf("a worse row came in, and the selection went to %q", s.selected())
	}
}

func TestTheWorstRowStaysSelectedUntilAPersonMoves(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter")
	if !strings.Contains(s.selected(), "CRIT") {
		t.Errorf("selected is %s", s.selected())
	}
}

func TestMessagesOfAClosedCaseAreDropped(t *testing.T) {
	p, left := testProgram(), make(chan struct{})
	opened := 0
	p.live = true
	p.open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
		if opened++; opened > 1 {
			return sourceOf(incidentEvents()), nil
		}
		return func(ctx context.Context, emit func(inspect.Event)) error {
			emit(incidentEvents()[0])
			<-ctx.Done()
			emit(on("binaries", "web", inspect.Event{Fact: inspect.Binary{
				Path:     "/tmp/stale",
				Severity: inspect.Critical,
			}}))
			close(left)
			return ctx.Err()
		}, nil
	}
	s := tell(t, p, 120, 40).press("enter", "esc", "enter")
	select {
	case <-left:
	case <-time.After(10 * time.Second):
		t.Fatal("the source of a case that was left goes on")
	}
	s.press("6").until("/usr/bin/top").seesNot("/tmp/stale")
}

func TestAFilterNarrowsAsOneTypes(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("/").write("cart")
	s.sees("cart-0", "cart-1", "/cart").seesNot("billing")
	s.press("enter").sees("filter cart: 2 rows").press("n")
	if !strings.Contains(s.selected(), "cart-1") {
		t.Errorf("n went to %s", s.selected())
	}
	s.press("esc").sees("billing")
}

func TestTheFileTreeIsSearched(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "2", "tab", "/").write("kwork").press("enter")
	s.sees("/usr/lib/.cache/kworkerd", "filter kwork")
	s.press("esc").seesNot("filter kwork").sees("▸ A !         kworkerd")
}

func TestDirectoriesOpenAndClose(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "2", "l", "g")
	s.press("j", "l").sees("passwd")
	s.press("h").seesNot("passwd")
	s.press("d").sees("changed only").seesNot("etc/")
}

func TestADisabledKeySaysWhy(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
		want string
	}{
		{"no filter", []string{"n"}, "n next: no filter is set"},
		{"all namespaces already", []string{"A"}, "A all namespaces: all namespaces are shown already"},
		{"nothing to compare", []string{"enter", "]", "K"}, "K known-good: no previous image is known"},
		{"diff elsewhere", []string{"enter", "3", "d"}, "d diff: only Layers, Packages and Autoruns"},
		{"one order", []string{"enter", "3", "o"}, "o sort: no other sort here"},
		{"one part", []string{"v", "]"}, "[ ] container: there is only one part"},
	} {
		tell(t, testProgram(), 120, 40).press(c.keys...).sees(c.want)
	}
}

func TestMarksAndNotesStay(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "6", "space")
	s.sees("▸M CRIT", "marked malicious").press("space").sees("▸b CRIT", "marked benign")
	s.press("a").write("seen on call").press("enter").sees("note added", "ada", "seen on call")
	s.press("7").sees("note: seen on call")
}

func TestContainersAreChanged(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "2").sees("Layers of web")
	s.press("]").sees("Layers of proxy", "could not run: getting layer 1", "answered 404")
	s.press("[").sees("Layers of web")
}

func TestAFailedCheckIsTriedAgain(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter").sees("layers of proxy could not run")
	s.press("r").seesNot("layers of proxy could not run")
	s.press("r").sees("r again: nothing to retry")
}

func TestKnownGoodIsConfirmedByChoosing(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "5").sees("compared with the previous acme/web")
	s.press("K").sees("Known-good of web", "previous revision 3", "enter confirms").press("enter")
	s.sees("compared with the known-good acme/web")
}

func TestErrorsStayUntilDismissed(t *testing.T) {
	o := testProgram()
	o.open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
		return nil, errors.New("reading the pod: not found")
	}
	s := tell(t, o, 120, 40).press("enter").sees("✗ opening the case: reading the pod: not found (esc)",
		"could not open the case")
	s.press("j", "2").sees("(esc)").press("esc").seesNot("(esc)")
}

func TestAPanicOfOurOwnBecomesAnError(t *testing.T) {
	o := testProgram()
	o.open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
		return func(context.Context, func(inspect.Event)) error { panic("index out of range") }, nil
	}
	tell(t, o, 120, 40).press("enter").sees("index out of range")
}

func TestAnExportThatFailsCanBeTriedAgain(t *testing.T) {
	o := testProgram()
	o.export = func(context.Context, *inspect.Case, string, func(inspect.Progress)) (caseview.ExportResult, error) {
		return caseview.ExportResult{}, errors.New("writing the bundle: no space left on device")
	}
	s := tell(t, o, 120, 40).press("enter", "x", "enter").sees("no space left on device", "Nothing of the case is lost")
	s.press("enter").sees("Where to")
}

func TestHostileStringsDoNotReachTheTerminal(t *testing.T) {
	pods := incidentPods()
	pods.Pods[0].Name = "web\x1b[2J\x1b]0;gone\a\u202e\r\n"
	pods.Pods[0].Alerts[0].Output = "\x1b]52;c;AAAA\a red\u2066"
	o := testProgram()
	o.pods = func(_ context.Context, _ bool, emit func(inspect.PodList)) error { emit(pods); return nil }
	events := incidentEvents()
	for i := range events {
		if f, ok := events[i].Fact.(inspect.Finding); ok {
			f.Title, f.Detail = "\x1b[31m"+f.Title+"\x07", "line\r\x1b[1A\u200b"
			events[i].Fact = f
		}
		if events[i].Check == "answers" {
			events[i].Check = "\x1b[2Jcheck"
		}
	}
	o.open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) { return sourceOf(events), nil }
	s := tell(t, o, 120, 40)
	look := func(where string) {
		for _, r := range s.screen() {
			if r < 0x20 && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' || r == '\u2066' ||
				r == '\u200b' {
				t.Fatalf("%s: the screen holds %U", where, r)
			}
		}
	}
	look("pods")
	s.press("enter")
	for _, k := range []string{"1", "j", "2", "3", "4", "5", "6", "7", "8", "v", "tab", "?"} {
		s.press(k)
		look("after " + k)
	}
}

func TestEveryFrameFitsItsTerminal(t *testing.T) {
	for _, w := range []int{0, 1, 29, 30, 41, 59, 60, 79, 99, 100, 133} {
		for _, h := range []int{0, 1, 7, 8, 11, 15, 24, 41} {
			s := tell(t, testProgram(), w, h)
			for _, k := range []string{
				"j", "enter", "tab", "tab", "2", "tab", "enter", "esc", "3", "4", "5", "6", "7",
				"8", "?", "esc", ":", "esc", "x", "enter", "esc", "a",
			} {
				s.press(k)
				lines := strings.Split(s.screen(), "\n")
				if len(lines) > max(1, h) {
					t.Fatalf("%dx%d after %s: %d lines", w, h, k, len(lines))
				}
				for _, l := range lines {
					if got := len([]rune(l)); got > w {
						t.Fatalf("%dx%d after %s: a line of %d: %q", w, h, k, got, l)
					}
				}
			}
		}
	}
}

// watching is a story of a list that is kept fresh: what is sent to the feed replaces the list.
func watching(t *testing.T, width, height int, first ...inspect.PodList) (*story, func(inspect.PodList, string)) {
	t.Helper()
	p, lists := testProgram(), make(feed[inspect.PodList])
	p.live = true
	p.pods = func(ctx context.Context, _ bool, emit func(inspect.PodList)) error {
		return lists.source(first...)(ctx, emit)
	}
	s := tell(t, p, width, height)
	return s, func(list inspect.PodList, text string) {
		list.State.Whole = true
		lists <- list
		s.until(text)
	}
}

// whole is a list of which nothing is missing.
func whole(list inspect.PodList) inspect.PodList {
	list.State.Whole = true
	return list
}

func TestAFlaggedPodThatIsGoneNamesItsReplacement(t *testing.T) {
	s, list := watching(t, 120, 40, whole(incidentPods()))
	before := s.press("j", "j", "j", "j").selected()
	next := incidentPods()
	next.Pods[0].Gone = &inspect.Gone{Time: at(2), ReplacedBy: "web-6d4cf56db6-9qz4m", Digest: inspect.SameDigest}
	list(next, "gone 03:22:00Z, replaced by")
	if after := s.selected(); after != before {
		t.Errorf("the cursor went from %s to %s", before, after)
	}
	s.press("g").sees("gone 03:22:00Z, replaced by web-6d4cf56db6-9qz4m, same digest")
}

// Alerts that come in later are sorted in, and the cursor stays on its row.
func TestLiveAlertsDoNotMoveTheCursor(t *testing.T) {
	for _, at := range []int{0, 3, 7} {
		s, list := watching(t, 120, 40, whole(incidentPods()))
		for range at {
			s.press("j")
		}
		before := s.selected()
		next := incidentPods()
		fresh := incidentAlert()
		fresh.ID, fresh.Rule, fresh.Priority = "a9", "Modify binary dirs", "Emergency"
		next.Pods[2].Alerts = append(next.Pods[2].Alerts, fresh)
		next.Unmatched = append(next.Unmatched, inspect.Alert{
			ID: "s9", Rule: "Another", Priority: "Alert",
			Namespace: "old", Pod: "gone-2",
		})
		list(next, "Modify binary dirs")
		s.sees("no matching pod: Another")
		if after := s.selected(); after != before {
			t.Errorf("the cursor went from %s to %s", before, after)
		}
	}
}

// The cursor stays with its pod when that is flagged, alone or among others of its workload.
func TestTheCursorStaysWithAPodThatIsFlagged(t *testing.T) {
	s, list := watching(t, 120, 40, whole(incidentPods()))
	s.press("G", "k", "k")
	if !strings.Contains(s.selected(), "cart-0") {
		t.Fatalf("on %s", s.selected())
	}
	next := incidentPods()
	for i := range next.Pods {
		if next.Pods[i].Name == "cart-0" || next.Pods[i].Name == "cart-1" {
			a := incidentAlert()
			a.ID, a.Rule = next.Pods[i].Name, "Modify binary dirs of "+next.Pods[i].Name
			next.Pods[i].Alerts = []inspect.Alert{a}
		}
	}
	if list(next, "Modify binary dirs"); !strings.Contains(s.selected(), "cart-0") {
		t.Errorf("on %s", s.selected())
	}
	s.press(":").write("mute").press("enter").write("drill").press("enter")
	if !strings.Contains(s.selected(), "cart-0") {
		t.Errorf("muted: on %s", s.selected())
	}
}

// What there was at the beginning may come in parts: until it is whole the worst row is selected.
func TestTheWorstRowIsSelectedOnceTheListIsWhole(t *testing.T) {
	part := incidentPods()
	part.Pods, part.Unmatched = part.Pods[1:4], nil
	s, list := watching(t, 120, 40, part)
	s.sees("reading …")
	list(incidentPods(), "agent")
	if !strings.Contains(s.selected(), "! Critical") {
		t.Errorf("selected is %s", s.selected())
	}
}

func TestTheHeaderShowsHowTheListIsKeptFresh(t *testing.T) {
	for want, state := range map[string]inspect.ListState{
		"live":                  {Whole: true, Live: true, AsOf: at(0)},
		"stale since 03:17:00Z": {Whole: true, Live: true, AsOf: at(-3), Lost: "no answer"},
		"every 30 s, 1 min old": {Whole: true, Every: 30 * time.Second, AsOf: at(-1)},
		"0 s old":               {Whole: true},
		"no answer yet":         {Lost: "no answer"},
	} {
		list := incidentPods()
		list.State = state
		s, _ := watching(t, 120, 40, list)
		s.sees(want)
	}
}

// listing is a program with another list.
func listing(list inspect.PodList) *program {
	p := testProgram()
	p.pods = func(_ context.Context, _ bool, emit func(inspect.PodList)) error { emit(whole(list)); return nil }
	return p
}

func TestAWrongContextIsAsked(t *testing.T) {
	list := incidentPods()
	list.Wrong = &inspect.WrongContext{
		Text:     "wrong context? …; the kubeconfig also has: stage",
		Contexts: []string{"stage"},
	}
	list.Notices = []inspect.Notice{{Level: shell.LevelWarning, Text: list.Wrong.Text}}
	tell(t, listing(list), 120, 40).sees("prod-eu (wrong context?)", "the kubeconfig also has: stage")
	tell(t, listing(list), 40, 12).sees("(wrong context?)")
}

func TestTheTitleSaysWhereAlertsComeFrom(t *testing.T) {
	list := incidentPods()
	list.Said = 412
	list.Sources = []inspect.AlertSource{
		{Kind: "log of Falco", Name: "/api/v1/namespaces/falco/pods/a/log"},
		{Kind: "log of Falco", Name: "/api/v1/namespaces/falco/pods/b/log", Wrong: true},
		{Kind: "webhook", Name: "127.0.0.1:2801"},
		{Kind: "file", Name: "falco.log"},
	}
	tell(t, listing(list), 200, 60).sees("alerts: 412 from 2 × log of Falco, webhook 127.0.0.1:2801, falco.log, newest",
		"1 source lost")
	none := inspect.PodList{Context: "prod-eu", Pods: []inspect.FlaggedPod{{Pod: incidentPod()}}}
	o := listing(none)
	o.Alerts = ""
	tell(t, o, 120, 40).sees("alerts: none loaded (paste, --alerts FILE, --alerts-from-cluster)")
	none.Sources = list.Sources[2:3]
	tell(t, listing(none), 120, 40).sees("alerts: none yet from webhook 127.0.0.1:2801")
}

// Alerts without a matching pod are folded by rule and namespace; each name opens a case of its own.
func TestUnmatchedAlertsAreFolded(t *testing.T) {
	list := incidentPods()
	list.Unmatched = nil
	for i := range 30 {
		list.Unmatched = append(list.Unmatched, inspect.Alert{
			ID: fmt.Sprint("s", i), Number: i + 1, Rule: "Terminal shell in container", Priority: "Notice",
			Time:      at(-i),
			Namespace: "old", Pod: fmt.Sprint("gone-", i/10), Earlier: i < 10, Why: "why",
		})
	}
	opened := inspect.FlaggedPod{}
	o := listing(list)
	open := o.open
	o.open = func(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error) {
		opened = pod
		return open(ctx, pod)
	}
	s := tell(t, o, 200, 40).sees("▸ 3 names", "no matching pod: Terminal shell in container ×30")
	s.press("/").write("matching terminal").press("enter").sees("1 row").press("esc")
	for range 12 {
		if strings.Contains(s.selected(), "3 names") {
			break
		}
		s.press("j")
	}
	s.press("enter").sees("gone-0 (earlier)", "gone-2")
	s.press("j").sees("No matching pod: why", "backtrail inspect alert:1 does").press("enter")
	if opened.Name != "" || len(opened.Alerts) != 10 || opened.Alerts[0].ID != "s0" {
		t.Errorf("opened %+v", opened)
	}
}

func TestAlertsArePasted(t *testing.T) {
	pasted := ""
	o := testProgram()
	o.paste = func(_ context.Context, text string) error { pasted = text; return nil }
	s := tell(t, o, 120, 40)
	s.send(tea.PasteMsg{Content: `{"rule":"x"}`})
	if pasted != `{"rule":"x"}` {
		t.Errorf("pasted %q", pasted)
	}
}

func TestARuleIsMutedWithAReason(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press(":").write("mute").press("enter").write("drill").press("enter")
	s.seesNot("! Critical").sees("muted")
	s.press("/").write("x7k2p").press("enter").sees("muted Drop and execute new binary in container: drill")
}

func TestQuitAsksOnlyWhileAnExportRuns(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter")
	s.m.Exporting = true
	s.press("q").sees("An export runs")
	if s.quit {
		t.Fatal("it quit")
	}
	if s.press("ctrl+c"); !s.quit {
		t.Error("ctrl+c did not quit")
	}
}

func TestCtrlCQuitsEvenRightAfterEsc(t *testing.T) {
	if s := tell(t, testProgram(), 120, 40).press("ctrl+alt+c"); !s.quit {
		t.Error("it did not quit")
	}
}

func TestLeftAndRightGoThroughRegionsAndPanes(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "5")
	for _, step := range []struct{ key, focused string }{
		{"l", "Detail ━"},
		{"l", "Unexpected, altered, missing of web · 3 ━"},
		{"h", "Packages of web"},
		{"left", "Statements of web · 2 ━"},
		{"right", "Detail ━"},
		{"h", "Statements of web · 2 ━"},
	} {
		s.press(step.key).sees(step.focused)
	}
}

func TestTheMouseSelects(t *testing.T) {
	s := tell(t, testProgram(), 120, 40)
	click := tea.MouseClickMsg{X: 10, Y: 6, Button: tea.MouseLeft}
	if s.send(click); !strings.Contains(s.selected(), "! Critical") {
		t.Errorf("the mouse is off, and a click selected %s", s.selected())
	}
	s.press("m")
	if s.send(click); !strings.Contains(s.selected(), "billing-7c9f8d6b5-mnbvc") {
		t.Errorf("a click on the seventh line selected %s", s.selected())
	}
	if s.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp}); !strings.Contains(s.selected(), "! Critical") {
		t.Errorf("the wheel went to %s", s.selected())
	}
}

func TestNotesAreKeptOneAfterTheOther(t *testing.T) {
	o := testProgram()
	at := 0
	o.note = func(_ context.Context, c *inspect.Case, n inspect.Note) (inspect.Event, error) {
		if at++; at == 1 {
			panic("nil map")
		}
		if len(c.Notes) != at-2 {
			t.Errorf("note %d does not see the one before it", at)
		}
		n.Text = string(rune('a' + at))
		return inspect.Event{Fact: n}, nil
	}
	s := tell(t, o, 120, 40).press("enter", "6")
	var waiting []tea.Cmd
	for range 3 {
		_, cmd := s.m.Update(keyPress("space"))
		waiting = append(waiting, cmd)
	}
	for _, cmd := range waiting {
		s.do(cmd)
	}
	if at != 3 {
		t.Errorf("%d notes were added, want 3", at)
	}
	s.sees("adding to the case: internal error in backtrail")
}

func TestWarningsOfAListStayAboveItsOtherNotices(t *testing.T) {
	list := incidentPods()
	list.Notices = []inspect.Notice{
		{Level: "warning", Text: "namespace shop only: listing all is forbidden"},
		{Level: "info", Text: "line 6 is none"},
	}
	o := testProgram()
	o.pods = func(_ context.Context, _ bool, emit func(inspect.PodList)) error { emit(list); return nil }
	s := tell(t, o, 120, 40).sees("namespace shop only: listing all is forbidden")
	s.press(":").write("messages").press("enter").sees("line 6 is none")
}

func TestTheBaseIsNotMarkedInTheMergedTree(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "2", "tab", "g").sees("A !         kworkerd")
	s.press("/").write("passwd").press("enter")
	s.sees("▸     /etc/passwd").seesNot("A     /etc/passwd")
	s.press("esc", "d").seesNot("passwd")
}
