package pods

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

var now = time.Date(2026, 3, 14, 3, 20, 0, 0, time.UTC)

// ago is a time that many minutes before now.
func ago(minutes int) inspect.Time { return inspect.At(now.Add(-time.Duration(minutes) * time.Minute)) }

// fleet has two pods of web, of which one is flagged, a calm one, and an alert that no pod matches.
func fleet() inspect.PodList {
	web := func(name string) inspect.Pod {
		return inspect.Pod{
			Name: name, Namespace: "shop", UID: name, Created: ago(95),
			Owner: []inspect.Owner{{Kind: "ReplicaSet", Name: "web-6d4"}},
			Containers: []inspect.Container{{
				Name: "web", Type: inspect.ContainerMain, Reference: "registry.example.com/acme/web:1.4",
				ImageID: "registry.example.com/acme/web@sha256:47dc540c94ceb704a23875c11273e16bb0b8a87aed84de911f2133568115f254",
			}},
		}
	}
	alert := inspect.Alert{
		ID: "a1", Rule: "Drop and execute new binary", Priority: "Critical", Time: ago(12), Count: 3,
		Output: "raw",
	}
	return inspect.PodList{
		Context: "prod-eu",
		Pods: []inspect.FlaggedPod{
			{Pod: web("web-1"), Alerts: []inspect.Alert{alert}},
			{Pod: web("web-2")},
			{Pod: inspect.Pod{Name: "cart-0", Namespace: "basket", UID: "c", Created: ago(3000)}},
		},
		Unmatched: []inspect.Alert{{
			ID: "u1", Rule: "Terminal shell", Priority: "Notice", Namespace: "old",
			Pod: "gone-1", Number: 7,
		}},
	}
}

// backend lists what it is given.
type backend struct {
	lists  []inspect.PodList
	err    error
	pasted string
	asked  []bool // all namespaces
}

func (b *backend) Pods(_ context.Context, all bool, emit func(inspect.PodList)) error {
	b.asked = append(b.asked, all)
	for _, l := range b.lists {
		emit(l)
	}
	return b.err
}

// Command is as that of the program, which adds the flags of the session.
func (b *backend) Command(c *inspect.Case, _ string) string {
	return "backtrail inspect " + c.Target.Name + " -n " + c.Target.Namespace + " --context " + c.Target.Context
}

func (b *backend) PasteAlerts(_ context.Context, text string) error {
	b.pasted = text
	return b.err
}

// open shows what a backend lists, in a terminal of a width.
func open(t *testing.T, b *backend, o Options, width int) *Screen {
	t.Helper()
	sh := shell.New(t.Context(), widget.NewPaint(true, true, false), now)
	sh.Width, sh.Height = width, 24
	s := New(sh, b, o)
	run(s, s.Read())
	return s
}

// run does a command and what follows from it.
func run(s *Screen, cmd tea.Cmd) {
	for cmd != nil {
		msg := cmd()
		if done, ok := msg.(shell.DoneMsg); ok {
			if done.Err != nil {
				s.shell.Fail(done.Text, done.Err)
				return
			}
			cmd = done.Then()
			continue
		}
		cmd = s.Update(msg)
	}
}

// do runs a command of the screen by its name.
func do(t *testing.T, s *Screen, names ...string) {
	t.Helper()
	for _, name := range names {
		a, ok := s.Action(name)
		if !ok {
			t.Fatalf("there is no command %s", name)
		}
		if why := a.Why(); why != "" {
			t.Fatalf("%s is disabled: %s", name, why)
		}
		run(s, a.Run(""))
	}
}

// why is the reason why a command is disabled.
func why(s *Screen, name string) string {
	a, _ := s.Action(name)
	return a.Why()
}

// lines are what the screen shows.
func lines(s *Screen) []string {
	s.Arrange()
	all, _ := s.Draw()
	for i := range all {
		all[i] = strings.TrimRight(ansi.Strip(all[i]), " ")
	}
	return all
}

// shows checks that the screen shows some texts.
func shows(t *testing.T, s *Screen, texts ...string) {
	t.Helper()
	screen := strings.Join(lines(s), "\n")
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			t.Errorf("the screen does not show %q:\n%s", text, screen)
		}
	}
}

func TestFlaggedPodsAreFirstThenUnmatchedAlertsThenTheOthers(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	var keys []string
	for _, r := range s.rows() {
		keys = append(keys, r.Key())
	}
	want := []string{
		"group:shop/web/Drop and execute new binary", "unmatched:old/Terminal shell",
		"pod:basket/cart-0/c", "pod:shop/web-2/web-2",
	}
	if len(keys) != 4 || !slices.Equal(keys[1:], want[1:]) {
		t.Errorf("the rows are %q, want %q", keys, want)
	}
	shows(t, s, "! Critical", "Drop and execute new binary ×3", "! Notice", "no matching pod: Terminal shell", "basket",
		"cart-0")
}

func TestColumnsGoWhereThereIsNoRoom(t *testing.T) {
	for _, c := range []struct {
		width      int
		want, none string
	}{
		{160, "image", "nothing at all"},
		{90, "namespace", "image "},
		{70, "shop/web-2", "namespace"},
		{50, "CRIT", "shop/web-2"},
	} {
		s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, c.width)
		screen := strings.Join(lines(s), "\n")
		if !strings.Contains(screen, c.want) || strings.Contains(screen, c.none) {
			t.Errorf("in %d columns the screen shows\n%s", c.width, screen)
		}
	}
}

func TestTheDetailOfAPodNamesItsAlertsAndContainers(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	shows(t, s, "shop/web-1", "! Critical Drop and execute new binary ×3", "raw", "owner       ReplicaSet web-6d4",
		"acme/web:1.4")
	s.Move(1)
	shows(t, s, "No matching pod: it names no pod that runs", "backtrail inspect alert:7 does")
}

func TestSortsKeepFlaggedPodsFirst(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	for _, want := range []string{"newest", "name", "namespace"} {
		do(t, s, "sort")
		if s.shell.Notice.Text != "pods by "+want+"; flagged ones stay first" {
			t.Errorf("the notice is %q", s.shell.Notice.Text)
		}
		if first := s.rows()[0]; first.pod == nil || first.pod.Name != "web-1" {
			t.Errorf("by %s the first row is %s", want, first.Key())
		}
	}
}

func TestAGroupIsUnfoldedAndFolded(t *testing.T) {
	list := fleet()
	second := list.Pods[0].Alerts[0]
	second.ID = "a2"
	list.Pods[1].Alerts = []inspect.Alert{second}
	s := open(t, &backend{lists: []inspect.PodList{list}}, Options{}, 120)
	shows(t, s, "▸ web", "on 2 pods", "enter shows its pods.")
	if why(s, "copy command") != "no pod is selected" {
		t.Error("a group has a command")
	}
	do(t, s, "open")
	shows(t, s, "▾ web", "web-1", "web-2")
	do(t, s, "left")
	if _, unfolded := s.unfolded[s.list.SelectedKey()]; !unfolded ||
		slices.ContainsFunc(lines(s), func(l string) bool { return strings.Contains(l, "▾") }) {
		t.Error("the group is not folded")
	}
	do(t, s, "right")
	s.Move(1)
	do(t, s, "left")
	if r, _ := s.selected(); r.group() == nil {
		t.Errorf("left on a pod goes to %s, not to its group", r.Key())
	}
}

func TestEnterOpensThePodOfTheRow(t *testing.T) {
	var opened []string
	o := Options{Open: func(pod inspect.FlaggedPod) tea.Cmd {
		opened = append(opened, pod.Namespace+"/"+pod.Name+" "+fmt.Sprint(len(pod.Alerts)))
		return nil
	}}
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, o, 120)
	do(t, s, "open")
	s.Move(1)
	do(t, s, "open")
	s.Move(1)
	do(t, s, "open")
	if want := []string{"shop/web-1 1", "old/ 1", "basket/cart-0 0"}; !slices.Equal(opened, want) {
		t.Errorf("opened %q, want %q", opened, want)
	}
}

func TestMutedAlertsAreShownWithTheirReason(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	do(t, s, "mute rule")
	for _, r := range "drill" {
		s.shell.Dialog.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	s.shell.Dialog.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	if s.flagged(&s.board.list.Pods[0]) {
		t.Error("a pod whose rule is muted is still flagged")
	}
	s.SetFilter("web-1")
	shows(t, s, "muted", "muted Drop and execute new binary: drill")
	s.SetFilter("cart")
	if got := why(s, "mute rule"); got != "the selected row has no alert" {
		t.Errorf("disabled because %q", got)
	}
}

func TestADisabledCommandSaysWhy(t *testing.T) {
	empty := open(t, &backend{}, Options{}, 120)
	for name, want := range map[string]string{
		"open": "nothing is selected", "raw": "nothing is selected", "copy": "this row has no value",
		"copy command": "no pod is selected",
		"next":         "no filter is set; / sets one", "back": "nothing to go back to; q quits",
		"all namespaces": "all namespaces are shown already",
	} {
		if got := why(empty, name); got != want {
			t.Errorf("%s is disabled because %q, want %q", name, got, want)
		}
	}
}

func TestEscClearsTheFilterThenLeavesTheDetail(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	s.SetFilter("cart")
	do(t, s, "focus")
	shows(t, s, "Pods, filter cart: 1 row", "Detail ━")
	do(t, s, "back")
	if s.Filter() != "" || s.focus != widget.RegionDetail {
		t.Errorf("filter %q, focus %v", s.Filter(), s.focus)
	}
	if do(t, s, "back"); s.focus != widget.RegionList {
		t.Error("the detail still has the focus")
	}
}

func TestAFilterWithoutAMatchCountsWhatWasSearched(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	s.SetFilter("nowhere")
	shows(t, s, "no match among 4 rows; esc clears the filter", "Pods, filter nowhere: 0 rows")
}

func TestNextGoesAroundTheEnd(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	s.SetFilter("web")
	first := s.list.SelectedKey()
	do(t, s, "next")
	second := s.list.SelectedKey()
	do(t, s, "next")
	if second == first || s.list.SelectedKey() != first {
		t.Errorf("next goes from %s to %s and to %s", first, second, s.list.SelectedKey())
	}
	if do(t, s, "previous"); s.list.SelectedKey() != second {
		t.Errorf("previous goes to %s", s.list.SelectedKey())
	}
}

func TestNamespacesAreChanged(t *testing.T) {
	b := &backend{lists: []inspect.PodList{fleet()}}
	s := open(t, b, Options{Namespace: "shop"}, 120)
	do(t, s, "all namespaces", "all namespaces", "again")
	if want := []bool{false, true, false, false}; !slices.Equal(b.asked, want) {
		t.Errorf("asked for all namespaces: %v, want %v", b.asked, want)
	}
	if trail := s.Header().Trail; trail[0].Text != "prod-eu" || trail[1].Text != "shop" || trail[2].Text != "3 pods" {
		t.Errorf("the trail is %v", trail)
	}
}

func TestAListThatCannotBeReadIsAnError(t *testing.T) {
	s := open(t, &backend{err: errors.New("connection refused")}, Options{}, 120)
	if len(s.shell.Errors) != 1 || s.shell.Errors[0].Text != "listing pods: connection refused" {
		t.Errorf("the errors are %v", s.shell.Errors)
	}
	shows(t, s, "the pods could not be listed; r tries again")
}

func TestAnOldListIsDropped(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	s.Update(podsMsg{gen: s.gen - 1, board: newBoard(inspect.PodList{})})
	if len(s.board.list.Pods) != 3 {
		t.Error("a list that was asked for earlier has replaced the newer one")
	}
}

func TestPastedTextIsReadAsAlerts(t *testing.T) {
	b := &backend{lists: []inspect.PodList{fleet()}}
	s := open(t, b, Options{}, 120)
	run(s, s.Update(tea.PasteMsg{Content: `{"rule":"x"}`}))
	if b.pasted != `{"rule":"x"}` || len(b.asked) != 2 {
		t.Errorf("pasted %q, listed %d times", b.pasted, len(b.asked))
	}
	run(s, s.Update(tea.PasteMsg{Content: strings.Repeat("x", maxPaste+1)}))
	if !strings.Contains(s.shell.Notice.Text, "too much text to paste") {
		t.Errorf("the notice is %q", s.shell.Notice.Text)
	}
}

func TestCopies(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	for name, want := range map[string]string{
		"copy":         "copied: shop/web-1",
		"copy command": "copied: backtrail inspect pod/web-1 -n shop --context prod-eu",
	} {
		a, _ := s.Action(name)
		if a.Run(""); s.shell.Notice.Text != want {
			t.Errorf("%s: %q, want %q", name, s.shell.Notice.Text, want)
		}
	}
}

func TestRawShowsThePodAsJSON(t *testing.T) {
	var shown []viewer.Part
	o := Options{View: func(parts []viewer.Part) tea.Cmd { shown = parts; return nil }}
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, o, 120)
	do(t, s, "raw")
	if len(shown) != 1 || !strings.Contains(string(shown[0].Text), `"web-1"`) {
		t.Errorf("shown %v", shown)
	}
}

func TestWhatCasesFoundIsShownInColumns(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 160)
	s.Remember(inspect.FlaggedPod{}, Summary{})
	if slices.ContainsFunc(lines(s), func(l string) bool { return strings.Contains(l, "signed") }) {
		t.Error("a case without an image has made columns")
	}
	s.Remember(fleet().Pods[0], Summary{Signed: inspect.Verified, KnownGood: inspect.Absent})
	shows(t, s, "signed known", "✓      –")
}

func TestTheMainImageIsThatOfTheAlert(t *testing.T) {
	pod := inspect.FlaggedPod{Pod: inspect.Pod{Containers: []inspect.Container{
		{Name: "setup", Type: inspect.ContainerInit, Reference: "setup"},
		{Name: "web", Type: inspect.ContainerMain, Reference: "web"},
		{Name: "proxy", Type: inspect.ContainerSidecar, Reference: "proxy", Injected: true},
	}}}
	if got, _ := mainImage(&pod); got != "web" || !injected(&pod) {
		t.Errorf("without an alert: %s", got)
	}
	pod.Alerts = []inspect.Alert{{Container: "proxy"}}
	if got, _ := mainImage(&pod); got != "proxy" {
		t.Errorf("with an alert on proxy: %s", got)
	}
	if got, digest := mainImage(&inspect.FlaggedPod{}); got != "" || digest != "" {
		t.Errorf("without containers: %s %s", got, digest)
	}
}

func TestPrioritiesAreFourLetters(t *testing.T) {
	for priority, want := range map[string]string{
		"Emergency": "EMRG", "Critical": "CRIT", "Error": "ERR",
		"Warning": "WARN", "Debug": "DBG", "": "-",
	} {
		cell := flagCell(priority, 4)
		if cell.Text != want {
			t.Errorf("%q is %q, want %q", priority, cell.Text, want)
		}
		if bad := cell.Tone == widget.ToneBad; bad != slices.Contains([]string{"Emergency", "Critical", "Error"},
			priority) {
			t.Errorf("%q stands out: %v", priority, bad)
		}
	}
}

func TestGroupsCountAndSort(t *testing.T) {
	pods := []inspect.FlaggedPod{
		{
			Pod:    inspect.Pod{Namespace: "a", Name: "1"},
			Alerts: []inspect.Alert{{Rule: "often", Priority: "Warning", Count: 20, Time: ago(5)}},
		},
		{
			Pod:    inspect.Pod{Namespace: "a", Name: "2"},
			Alerts: []inspect.Alert{{Rule: "rare", Priority: "Warning", Time: ago(5)}},
		},
		{
			Pod:    inspect.Pod{Namespace: "a", Name: "3"},
			Alerts: []inspect.Alert{{Rule: "bad", Priority: "Critical", Count: 99, Time: ago(9)}},
		},
	}
	var got []string
	for _, g := range groupPods(pods) {
		got = append(got, fmt.Sprint(g.rule, " ", g.count))
	}
	if want := []string{"bad 99", "rare 1", "often 20"}; !slices.Equal(got, want) {
		t.Errorf("the groups are %q, want %q", got, want)
	}
}

func TestUnmatchedAlertsAreGroupedByRuleAndNamed(t *testing.T) {
	groups := groupUnmatched([]inspect.Alert{
		{Rule: "r", Namespace: "n", Pod: "p"},
		{Rule: "r", Namespace: "n", Pod: "p", Earlier: true},
		{Rule: "r", Namespace: "n", Image: "i"},
		{Rule: "r"},
	})
	if len(groups) != 2 || len(groups[1].pods)+len(groups[0].pods) != 4 {
		t.Fatalf("%d groups", len(groups))
	}
	for a, want := range map[*inspect.Alert]string{
		{Pod: "p"}: "p", {Pod: "p", Earlier: true}: "p (earlier)", {Image: "i"}: "i", {ContainerID: "c"}: "c",
		{}: "no name",
	} {
		if got := unmatchedName(a); got != want {
			t.Errorf("named %q, want %q", got, want)
		}
	}
}

func TestAPodThatIsGoneNamesItsReplacement(t *testing.T) {
	for want, gone := range map[string]inspect.Gone{
		"gone 03:18:00Z":                    {Time: ago(2)},
		"gone 03:18:00Z, replaced by web-2": {Time: ago(2), ReplacedBy: "web-2"},
		"gone 03:18:00Z, replaced by web-2, same digest": {
			Time: ago(2), ReplacedBy: "web-2",
			Digest: inspect.SameDigest,
		},
	} {
		if got := goneText(&gone); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestASparklineNeedsThreeAlerts(t *testing.T) {
	list := inspect.PodList{Unmatched: []inspect.Alert{{Time: ago(9)}, {Time: ago(1)}}}
	if got := newBoard(list).spark; got != "" {
		t.Errorf("two alerts are drawn as %q", got)
	}
	list.Unmatched = append(list.Unmatched, inspect.Alert{Time: ago(1), Count: 9})
	if got := []rune(newBoard(list).spark); len(got) != sparkWidth || got[sparkWidth-1] != '█' {
		t.Errorf("three alerts are drawn as %q", string(got))
	}
}

func TestSourcesAreNamedOrCounted(t *testing.T) {
	all := []inspect.AlertSource{
		{Kind: "log of Falco", Name: "/api/v1/a"},
		{Kind: "log of Falco", Name: "/api/v1/b", Wrong: true},
		{Kind: "log of Tetragon", Name: "/api/v1/c"},
		{Kind: "webhook", Name: "127.0.0.1:2801"},
		{Kind: "file", Name: "falco.log"},
	}
	if got, want := sourcesText(all),
		"2 × log of Falco, log of Tetragon, webhook 127.0.0.1:2801, falco.log"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := lostSources(all); got != ", 1 source lost" {
		t.Errorf("lost: %q", got)
	}
	if sourcesText(nil) != "" || lostSources(nil) != "" {
		t.Error("no source is named")
	}
}
