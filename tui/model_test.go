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
	"github.com/backtrail/backtrail/tui/widget"
)

func TestAResponderFindsTheFileItsLayerAndTheSigner(t *testing.T) {
	s := tell(t, testOptions(), 120, 40)
	s.sees("! Critical", "web-6d4cf56db6-x7k2p", "Drop and execute new binary")
	s.press("enter").sees("failed: 3 serious, 1 alert", "▸  ALERT", dropped, "The image's own file ran")
	s.press("enter").sees("Files of layer 2", "▸ A !         kworkerd", "COPY cache /usr/lib/.cache")
	s.press("enter").sees("ELF headers", "writable and executable")
	s.press("esc", "3", "j", "j").sees("signed by   https://github.com/acme/web", "✗ subject", "the payload names")
	s.press("x").sees("Export the evidence", "What goes in", "backtrail-pod-web").press("enter").sees("exported and read back", "Post this line")
	s.press("y")
	if !strings.HasPrefix(s.copied, "backtrail CASE tagmanifest sha256:") {
		t.Errorf("y copied %q", s.copied)
	}
}

func TestEscGoesBackAndNeverQuits(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "enter", "enter")
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

func TestNothingGreenStandsOverAnOpenAlert(t *testing.T) {
	alert := incidentAlert()
	alert.Subject = "image"
	events := append(cleanEvents(), on("alert", "", inspect.Event{Fact: alert}))
	for _, c := range []struct {
		name   string
		events []inspect.Event
		want   string
	}{
		{"clean", cleanEvents(), "✓ verified"},
		{"clean, but an alert is open", events, "? nothing found, 1 alert open"},
		{"a check still runs", cleanEvents()[:4], "? still checking"},
		{"the incident", incidentEvents(), "✗ failed: 3 serious, 1 alert"},
	} {
		o := testOptions()
		o.Case = sourceOf(c.events)
		s := tell(t, o, 120, 40)
		if c.name == "a check still runs" {
			s.m.open.running = 1
		}
		if !strings.Contains(s.screen(), c.want) {
			t.Errorf("%s: the screen does not say %q", c.name, c.want)
		}
	}
}

func TestSelectionFollowsItsRow(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "6", "j")
	r, _ := s.m.row()
	if r.path != "/usr/bin/top" {
		t.Fatalf("the second row is %q", r.path)
	}
	worse := on("binaries", "web", inspect.Event{Fact: inspect.Binary{Path: "/tmp/worse", Severity: inspect.Critical, Codes: []string{"alerted", "a", "b", "c", "d", "e"}}})
	s.send(eventsMsg{gen: s.m.open.gen, events: []inspect.Event{worse}, ended: true})
	if r, _ := s.m.row(); r.path != "/usr/bin/top" {
		t.Errorf("a worse row came, and the selection went to %q", r.path)
	}
	s.sees("/tmp/worse")
}

func TestTheWorstRowStaysSelectedUntilAPersonMoves(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter")
	if id := s.m.open.state().list.SelectedKey(); id != "alert:a1" {
		t.Errorf("selected is %s", id)
	}
}

func TestMessagesOfAClosedCaseAreDropped(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter")
	old := s.m.open
	s.press("esc", "enter")
	worse := on("binaries", "web", inspect.Event{Fact: inspect.Binary{Path: "/tmp/stale", Severity: inspect.Critical}})
	s.send(eventsMsg{gen: old.gen, events: []inspect.Event{worse}})
	s.press("6").seesNot("/tmp/stale")
	if old.ctx.Err() == nil {
		t.Error("the context of a case that was left goes on")
	}
}

func TestAFilterNarrowsAsOneTypes(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("/").write("cart")
	s.sees("cart-0", "cart-1", "/cart").seesNot("billing")
	s.press("enter").sees("filter cart: 2 rows").press("n")
	if r, _ := s.m.row(); r.value != "shop/cart-1" {
		t.Errorf("n went to %s", r.value)
	}
	s.press("esc").sees("billing")
}

func TestTheFileTreeIsSearched(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "2", "tab", "/").write("kwork").press("enter")
	s.sees("/usr/lib/.cache/kworkerd", "filter kwork")
	s.press("esc").seesNot("filter kwork").sees("▸ A !         kworkerd")
}

func TestDirectoriesOpenAndClose(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "2", "l", "g")
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
		{"no filter", []string{"n"}, "n next: there is no filter"},
		{"all namespaces already", []string{"A"}, "A all namespaces: all namespaces are shown already"},
		{"nothing to compare", []string{"enter", "]", "K"}, "K known-good: no earlier image is known"},
		{"diff elsewhere", []string{"enter", "3", "d"}, "d diff: only Layers and Packages"},
		{"one order", []string{"enter", "3", "o"}, "o sort: these rows have one order only"},
		{"one part", []string{"v", "]"}, "[ ] container: there is one part only"},
	} {
		tell(t, testOptions(), 120, 40).press(c.keys...).sees(c.want)
	}
}

func TestMarksAndNotesStay(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "6", "space")
	s.sees("▸M CRIT", "marked malicious").press("space").sees("▸b CRIT", "marked benign")
	s.press("a").write("seen on call").press("enter").sees("note kept", "ada", "seen on call")
	s.press("7").sees("note: seen on call")
}

func TestContainersAreChanged(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "2").sees("Layers of web")
	s.press("]").sees("Layers of proxy", "could not check: getting layer 1", "registry answered 404")
	s.press("[").sees("Layers of web")
}

func TestAFailedCheckIsTriedAgain(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter").sees("not checked: layers of proxy")
	s.press("r").seesNot("not checked: layers of proxy")
	s.press("r").sees("r again: no check failed to look")
}

func TestKnownGoodIsConfirmedByChoosing(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "5").sees("against previous acme/web")
	s.press("K").sees("Known-good of web", "previous revision 3", "enter confirms").press("enter")
	s.sees("against known-good acme/web")
}

func TestErrorsStayUntilDismissed(t *testing.T) {
	o := testOptions()
	o.Open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
		return nil, errors.New("reading the pod: not found")
	}
	s := tell(t, o, 120, 40).press("enter").sees("✗ opening the case: reading the pod: not found (esc)", "could not open the case")
	s.press("j", "2").sees("(esc)").press("esc").seesNot("(esc)")
}

func TestAPanicOfOurOwnBecomesAnError(t *testing.T) {
	o := testOptions()
	o.Open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
		return func(context.Context, func(inspect.Event)) error { panic("index out of range") }, nil
	}
	tell(t, o, 120, 40).press("enter").sees("index out of range")
}

func TestAnExportThatFailsCanBeTriedAgain(t *testing.T) {
	o := testOptions()
	o.Export = func(context.Context, *inspect.Case, string, func(inspect.Progress)) (ExportResult, error) {
		return ExportResult{}, errors.New("writing the bundle: no space left on device")
	}
	s := tell(t, o, 120, 40).press("enter", "x", "enter").sees("no space left on device", "Nothing of the case is lost")
	s.press("enter").sees("Where to")
}

func TestHostileStringsDoNotReachTheTerminal(t *testing.T) {
	pods := incidentPods()
	pods.Pods[0].Name = "web\x1b[2J\x1b]0;gone\a\u202e\r\n"
	pods.Pods[0].Alerts[0].Output = "\x1b]52;c;AAAA\a red\u2066"
	o := testOptions()
	o.Pods = func(_ context.Context, _ bool, emit func(inspect.PodList)) error { emit(pods); return nil }
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
	o.Open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) { return sourceOf(events), nil }
	s := tell(t, o, 120, 40)
	look := func(where string) {
		for _, r := range s.screen() {
			if r < 0x20 && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' || r == '\u2066' || r == '\u200b' {
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
			s := tell(t, testOptions(), w, h)
			for _, k := range []string{"j", "enter", "tab", "tab", "2", "tab", "enter", "esc", "3", "4", "5", "6", "7", "8", "?", "esc", ":", "esc", "x", "enter", "esc", "a"} {
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

// came brings a list that is kept fresh.
func (s *story) came(list inspect.PodList) *story {
	list.State.Whole = true
	s.send(podsMsg{gen: s.m.pods.gen, board: newPodBoard(list), ended: true})
	return s
}

func TestAFlaggedPodThatIsGoneSaysWhatTookItsPlace(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("j", "j", "j", "j")
	before, _ := s.m.row()
	next := incidentPods()
	next.Pods[0].Gone = &inspect.Gone{Time: at(2), ReplacedBy: "web-6d4cf56db6-9qz4m", Digest: inspect.SameDigest}
	s.came(next).sees("gone 03:22:00Z, replaced by")
	if after, _ := s.m.row(); after.id != before.id {
		t.Errorf("the cursor went from %s to %s", before.id, after.id)
	}
	s.press("g").sees("gone 03:22:00Z, replaced by web-6d4cf56db6-9qz4m, same digest")
}

// Alerts that come later stand where they belong, and the cursor stays on its row.
func TestLiveAlertsDoNotMoveTheCursor(t *testing.T) {
	for _, at := range []int{0, 3, 7} {
		s := tell(t, testOptions(), 120, 40)
		for range at {
			s.press("j")
		}
		before, _ := s.m.row()
		next := incidentPods()
		fresh := incidentAlert()
		fresh.ID, fresh.Rule, fresh.Priority = "a9", "Modify binary dirs", "Emergency"
		next.Pods[2].Alerts = append(next.Pods[2].Alerts, fresh)
		next.Unmatched = append(next.Unmatched, inspect.Alert{ID: "s9", Rule: "Another", Priority: "Alert", Namespace: "old", Pod: "gone-2"})
		s.came(next).sees("Modify binary dirs", "fits no pod: Another")
		if after, _ := s.m.row(); after.id != before.id {
			t.Errorf("the cursor went from %s to %s", before.id, after.id)
		}
	}
}

// The cursor stays with its pod when that is flagged, alone or among others of its workload, and when its rule is muted.
func TestTheCursorStaysWithAPodThatIsFlagged(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).came(incidentPods()).press("G", "k", "k")
	pod := func() string {
		r, _ := s.m.row()
		p, _ := r.object.(inspect.FlaggedPod)
		return p.Name
	}
	if pod() != "cart-0" {
		t.Fatalf("on %s", pod())
	}
	next := incidentPods()
	for i := range next.Pods {
		if next.Pods[i].Name == "cart-0" || next.Pods[i].Name == "cart-1" {
			a := incidentAlert()
			a.ID, a.Rule = next.Pods[i].Name, "Modify binary dirs of "+next.Pods[i].Name
			next.Pods[i].Alerts = []inspect.Alert{a}
		}
	}
	if s.came(next); pod() != "cart-0" {
		t.Errorf("on %s", pod())
	}
	s.m.pods.muted["Modify binary dirs of cart-0"] = "drill"
	if s.m.pods.refresh(s.m); pod() != "cart-0" {
		t.Errorf("muted: on %s", pod())
	}
}

// What there was at the beginning may come in parts: until it is whole the worst row is selected.
func TestTheWorstRowIsSelectedOnceTheListIsWhole(t *testing.T) {
	o := testOptions()
	o.Pods = func(ctx context.Context, _ bool, emit func(inspect.PodList)) error { return nil }
	s := tell(t, o, 120, 40)
	s.m.pods.loading = true
	part := incidentPods()
	part.Pods, part.Unmatched = part.Pods[1:4], nil
	s.send(podsMsg{gen: s.m.pods.gen, board: newPodBoard(part)})
	s.sees("reading …")
	s.came(incidentPods())
	if r, _ := s.m.row(); !strings.HasPrefix(r.id, "group:shop/web/") {
		t.Errorf("selected is %s", r.id)
	}
}

func TestTheHeaderSaysHowTheListIsKeptFresh(t *testing.T) {
	for want, state := range map[string]inspect.ListState{
		"live":                  {Whole: true, Live: true, AsOf: at(0)},
		"stale since 03:17:00Z": {Whole: true, Live: true, AsOf: at(-3), Lost: "no answer"},
		"every 30 s, 1 min old": {Whole: true, Every: 30 * time.Second, AsOf: at(-1)},
		"0 s old":               {Whole: true},
		"no answer yet":         {Lost: "no answer"},
	} {
		s := tell(t, testOptions(), 120, 40)
		list := incidentPods()
		list.State = state
		s.send(podsMsg{gen: s.m.pods.gen, board: newPodBoard(list)})
		s.sees(want)
	}
}

func TestAWrongContextIsAsked(t *testing.T) {
	list := incidentPods()
	list.Wrong = &inspect.WrongContext{Text: "wrong context? …; the kubeconfig also has: stage", Contexts: []string{"stage"}}
	list.Notices = []inspect.Notice{{Level: levelWarning, Text: list.Wrong.Text}}
	tell(t, testOptions(), 120, 40).came(list).sees("prod-eu (wrong context?)", "the kubeconfig also has: stage")
	tell(t, testOptions(), 40, 12).came(list).sees("(wrong context?)")
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
	tell(t, testOptions(), 200, 60).came(list).sees("alerts: 412 from 2 × log of Falco, webhook 127.0.0.1:2801, falco.log, newest", "1 source lost")
	none := inspect.PodList{Context: "prod-eu", Pods: []inspect.FlaggedPod{{Pod: incidentPod()}}}
	o := testOptions()
	o.Alerts, o.Paste = "", func(context.Context, string) error { return nil }
	tell(t, o, 120, 40).came(none).sees("alerts: none loaded (paste, --alerts FILE, --alerts-from-cluster)")
	none.Sources = list.Sources[2:3]
	tell(t, o, 120, 40).came(none).sees("alerts: none yet from webhook 127.0.0.1:2801")
}

// Alerts that fit no pod are folded by rule and namespace; each name opens a case of its own.
func TestStraysAreFolded(t *testing.T) {
	list := incidentPods()
	list.Unmatched = nil
	for i := range 30 {
		list.Unmatched = append(list.Unmatched, inspect.Alert{ID: fmt.Sprint("s", i), Number: i + 1, Rule: "Terminal shell in container", Priority: "Notice", Time: at(-i), Namespace: "old", Pod: fmt.Sprint("gone-", i/10), Earlier: i < 10, Why: "why"})
	}
	opened := inspect.FlaggedPod{}
	o := testOptions()
	open := o.Open
	o.Open = func(ctx context.Context, pod inspect.FlaggedPod) (inspect.Source, error) {
		opened = pod
		return open(ctx, pod)
	}
	s := tell(t, o, 200, 40).came(list).sees("▸ 3 names", "fits no pod: Terminal shell in container ×30")
	s.press("/").write("fits terminal").press("enter")
	s.press("esc")
	for range 12 {
		if r, _ := s.m.row(); strings.HasPrefix(r.id, "strays:") {
			break
		}
		s.press("j")
	}
	s.press("enter").sees("gone-0 (earlier)", "gone-2")
	s.press("j").sees("This alert fits no pod: why", "backtrail inspect alert:1 does").press("enter")
	if opened.Name != "" || len(opened.Alerts) != 10 || opened.Alerts[0].ID != "s0" {
		t.Errorf("opened %+v", opened)
	}
}

// What alerts say is read when somebody looks at them, outside of Update.
func TestTextsOfAlertsComeWhenTheyAreLookedAt(t *testing.T) {
	asked := 0
	o := testOptions()
	o.Fill = func(a *inspect.Alert) { asked++; a.Output = "filled " + a.ID }
	list := incidentPods()
	list.Pods[0].Alerts[0].Output = ""
	s := tell(t, o, 120, 40).came(list).sees("filled a1")
	s.press("j", "k", "j", "k")
	if asked > 3 {
		t.Errorf("asked %d times for two rows", asked)
	}
}

func TestAlertsArePasted(t *testing.T) {
	pasted := ""
	o := testOptions()
	o.Paste = func(_ context.Context, text string) error { pasted = text; return nil }
	s := tell(t, o, 120, 40)
	s.send(tea.PasteMsg{Content: `{"rule":"x"}`})
	if pasted != `{"rule":"x"}` {
		t.Errorf("pasted %q", pasted)
	}
}

func TestARuleIsMutedWithAReason(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press(":").write("mute").press("enter").write("drill").press("enter")
	s.seesNot("! Critical").sees("muted")
	if s.m.pods.muted["Drop and execute new binary in container"] != "drill" {
		t.Errorf("muted: %v", s.m.pods.muted)
	}
}

func TestQuitAsksOnlyWhileAnExportRuns(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter")
	s.m.looking = true
	s.press("q").sees("An export runs")
	if s.quit {
		t.Fatal("it quit")
	}
	if s.press("ctrl+c"); !s.quit {
		t.Error("ctrl+c did not quit")
	}
}

func TestCtrlCQuitsEvenRightAfterEsc(t *testing.T) {
	if s := tell(t, testOptions(), 120, 40).press("ctrl+alt+c"); !s.quit {
		t.Error("it did not quit")
	}
}

func TestLeftAndRightGoThroughRegionsAndPanes(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "5")
	for _, step := range []struct {
		key   string
		pane  pane
		focus widget.Region
	}{
		{"l", panePackages, widget.RegionDetail}, {"l", paneBinaries, widget.RegionList}, {"h", panePackages, widget.RegionList}, {"left", paneProvenance, widget.RegionList}, {"right", paneProvenance, widget.RegionDetail}, {"h", paneProvenance, widget.RegionList},
	} {
		s.press(step.key)
		if s.m.open.pane != step.pane || s.m.focus() != step.focus {
			t.Errorf("%s went to pane %d, region %d", step.key, s.m.open.pane, s.m.focus())
		}
	}
}

func TestTheMouseSelects(t *testing.T) {
	s := tell(t, testOptions(), 120, 40)
	s.send(tea.MouseClickMsg{X: 10, Y: 6, Button: tea.MouseLeft})
	if r, _ := s.m.row(); r.id != "group:shop/web/Drop and execute new binary in container" {
		t.Errorf("the mouse is off, and a click selected %s", r.id)
	}
	s.press("m")
	s.send(tea.MouseClickMsg{X: 10, Y: 6, Button: tea.MouseLeft})
	if r, _ := s.m.row(); r.value != "shop/billing-7c9f8d6b5-mnbvc" {
		t.Errorf("a click on the seventh line selected %s", r.value)
	}
	s.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	if s.m.pods.rowsOf.At != 0 {
		t.Errorf("the wheel went to row %d", s.m.pods.rowsOf.At)
	}
}

func TestNotesAreKeptOneAfterTheOther(t *testing.T) {
	o := testOptions()
	at := 0
	o.Note = func(_ context.Context, c *inspect.Case, n inspect.Note) (inspect.Event, error) {
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
	if len(s.m.open.c.Notes) != 2 {
		t.Errorf("%d notes were kept, want 2", len(s.m.open.c.Notes))
	}
	s.sees("keeping what you said: a part of backtrail broke")
}

func TestWarningsOfAListStayAboveItsOtherNotices(t *testing.T) {
	list := incidentPods()
	list.Notices = []inspect.Notice{{Level: "warning", Text: "namespace shop only: listing all is forbidden"}, {Level: "info", Text: "line 6 is none"}}
	o := testOptions()
	o.Pods = func(_ context.Context, _ bool, emit func(inspect.PodList)) error { emit(list); return nil }
	s := tell(t, o, 120, 40).sees("namespace shop only: listing all is forbidden")
	s.press(":").write("messages").press("enter").sees("line 6 is none")
}

func TestTheBaseIsNotMarkedInTheMergedTree(t *testing.T) {
	s := tell(t, testOptions(), 120, 40).press("enter", "2", "tab", "g").sees("A !         kworkerd")
	s.press("/").write("passwd").press("enter")
	s.sees("▸     /etc/passwd").seesNot("A     /etc/passwd")
	s.press("esc", "d").seesNot("passwd")
}
