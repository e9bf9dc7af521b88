package pods

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/inspecttest"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// town is a list with a row of every kind: a workload with two flagged pods, a pod that is gone, one with an injected
// container, alerts that fit no pod, and calm pods.
func town() inspect.PodList {
	list := fleet()
	list.Pods[1].Alerts = []inspect.Alert{{
		ID: "a2", Rule: "Drop and execute new binary", Priority: "Critical",
		Time: ago(2), Count: 1,
	}}
	list.Pods = append(list.Pods,
		inspect.FlaggedPod{
			Pod:    inspect.Pod{Name: "job-x", Namespace: "shop", UID: "j", Created: ago(200)},
			Alerts: []inspect.Alert{{ID: "a3", Rule: "Read sensitive file", Priority: "Warning", Time: ago(30)}},
			Gone:   &inspect.Gone{Time: ago(20), ReplacedBy: "job-y", Digest: "same"},
		},
		inspect.FlaggedPod{Pod: inspect.Pod{
			Name: "mesh-0", Namespace: "basket", UID: "m", Created: ago(10),
			Containers: []inspect.Container{
				{Name: "app", Type: inspect.ContainerMain, Reference: "acme/mesh:2"},
				{Name: "proxy", Injected: true, Reference: "mesh/proxy:1"},
			},
		}})
	return list
}

// frame is what the screen shows, without the blanks at the ends of its lines.
func frame(s *Screen) string {
	var out []string
	for _, l := range lines(s) {
		out = append(out, strings.TrimRight(ansi.Strip(l), " "))
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}

func TestTheListAsText(t *testing.T) {
	for _, c := range []struct {
		width int
		want  string
	}{
		{40, `
Pods · alerts: 6, newest 2026-03-14 03:…
▸  CRIT ▸ web           Drop and execut…
   WARN job-x           gone 03:00:00Z,…
   NOTE gone-1          no matching pod…
        cart-0
        mesh-0          acme/mesh:2
`},
		{80, `
Pods · alerts: 6, newest 2026-03-14 03:18:00Z, 1 without a matching pod ━━━━━━━━
   flag        namespace pod                     n    age what
▸  ! Critical  shop      ▸ web                   1    1 h Drop and execute new …
   ! Warning   shop      job-x                        3 h gone 03:00:00Z, repla…
   ! Notice    old       gone-1                           no matching pod: Term…
               basket    cart-0                       2 d
               basket    mesh-0                 2+ 10 min acme/mesh:2
`},
		{120, `
Pods · alerts: 6, newest 2026-03-14 03:18:00Z, 1 without a matching pod  ▄        █     ▄ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
   flag        namespace pod                             n image                     age what
▸  ! Critical  shop      ▸ web                           1 acme/web:1.4@47dc540c…    1 h Drop and execute new binary ×4…
   ! Warning   shop      job-x                                                       3 h gone 03:00:00Z, replaced by jo…
   ! Notice    old       gone-1                                                          no matching pod: Terminal shell
               basket    cart-0                                                      2 d
               basket    mesh-0                         2+ acme/mesh:2            10 min
`},
	} {
		s := open(t, &backend{lists: []inspect.PodList{town()}}, Options{}, c.width)
		s.zoom = true
		if got, want := frame(s), strings.Trim(c.want, "\n"); got != want {
			t.Errorf("in %d columns the list is\n%s\nwant\n%s", c.width, got, want)
		}
	}
}

// No string of a pod or of an alert draws, breaks a line or makes it wider.
func TestHostileNamesInTheList(t *testing.T) {
	for name, text := range map[string]string{
		"marked": inspecttest.Mark, "empty": "", "long": strings.Repeat("n", 3000), "wide": strings.Repeat("日", 300),
		"not UTF-8": "\xff\xfe", "ours": "✓ verified", "combining": "e" + strings.Repeat("\u0301", 200),
	} {
		list := town()
		list.Context = text
		list.Sources = []inspect.AlertSource{{Kind: text, Name: text, Wrong: true}}
		for i := range list.Pods {
			p := &list.Pods[i]
			p.Name, p.Namespace, p.Node, p.Phase = text, text, text, text
			for n := range p.Containers {
				p.Containers[n] = inspect.Container{Name: text, Reference: text, ImageID: text, State: text}
			}
			for n := range p.Alerts {
				p.Alerts[n].Rule, p.Alerts[n].Output, p.Alerts[n].Path, p.Alerts[n].Why = text, text, text, text
				p.Alerts[n].Priority = text
			}
			if p.Gone != nil {
				p.Gone.ReplacedBy, p.Gone.Digest = text, text
			}
		}
		list.Unmatched[0].Pod, list.Unmatched[0].Rule, list.Unmatched[0].Image = text, text, text
		for _, size := range [][2]int{{30, 8}, {40, 12}, {80, 24}, {120, 40}} {
			s := open(t, &backend{lists: []inspect.PodList{list}}, Options{}, size[0])
			s.shell.Height = size[1]
			s.list.SetFilter("")
			for range s.list.Len() + 1 {
				first := lines(s)
				if len(first) != size[1]-3 {
					t.Errorf("%s in %v: %d lines", name, size, len(first))
				}
				for _, l := range first {
					text := ansi.Strip(l)
					if ansi.StringWidth(text) > size[0] || strings.ContainsAny(text, inspecttest.Drawing) ||
						!utf8.ValidString(text) {
						t.Fatalf("%s in %v: %q", name, size, text)
					}
				}
				if again := lines(s); !slices.Equal(first, again) {
					t.Errorf("%s in %v: the second frame is another", name, size)
				}
				s.Move(1)
			}
		}
	}
}

// The cursor stays on its pod: while more are listed, when it is flagged and its row moves up, and when it is gone.
func TestTheCursorStaysOnItsPod(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	s.list.Choose(podKey(fleet().Pods[2].Pod))
	for n := range 5 {
		list := fleet()
		for at := range 100 * (n + 1) {
			list.Pods = append(list.Pods, inspect.FlaggedPod{Pod: inspect.Pod{
				Namespace: "aaa",
				Name:      fmt.Sprint("a", at),
				UID:       fmt.Sprint(at),
			}})
		}
		s.take(newBoard(list))
		if r, _ := s.selected(); r.pod == nil || r.pod.Name != "cart-0" {
			t.Fatalf("with %d pods the cursor is on %s", len(list.Pods), r.id)
		}
	}
	list := fleet()
	list.Pods[2].Alerts = []inspect.Alert{{ID: "n", Rule: "Shell", Priority: "Critical", Time: ago(0)}}
	s.take(newBoard(list))
	if r, _ := s.selected(); r.pod == nil || r.pod.Name != "cart-0" || r.of == nil {
		t.Errorf("once flagged, the cursor is on %s", r.id)
	}
	list.Pods[2].Gone = &inspect.Gone{Time: ago(0)}
	s.take(newBoard(list))
	if r, _ := s.selected(); r.pod == nil || r.pod.Name != "cart-0" {
		t.Errorf("once gone, the cursor is on %s", r.id)
	}
	shows(t, s, "gone 03:20:00Z")
}

// A filter that was typed while the list loads holds for what comes in.
func TestAFilterHoldsWhileTheListLoads(t *testing.T) {
	s := open(t, &backend{}, Options{}, 120)
	s.loading = true
	s.SetFilter("web")
	shows(t, s, "Pods, filter web: 0 rows", "…")
	s.take(newBoard(fleet()))
	shows(t, s, "Pods, filter web: 2 rows", "web-1", "web-2")
	if text := frame(s); strings.Contains(text, "cart-0") {
		t.Errorf("the filter does not hold:\n%s", text)
	}
	s.SetFilter("drop web-2")
	shows(t, s, "no match among 4 rows; esc clears the filter")
	if s.Filter() != "drop web-2" {
		t.Errorf("the filter is %q", s.Filter())
	}
}

func TestWhyThereAreNoPods(t *testing.T) {
	for _, c := range []struct {
		name    string
		b       *backend
		o       Options
		loading bool
		want    string
	}{
		{"it is being read", &backend{}, Options{}, true, "…"},
		{
			"it could not be read", &backend{err: errors.New("forbidden")},
			Options{},
			false,
			"the pods could not be listed; r tries again",
		},
		{
			"one namespace has none", &backend{lists: []inspect.PodList{{}}},
			Options{Namespace: "shop"},
			false,
			"no pods here; A shows all namespaces",
		},
		{
			"no namespace has any", &backend{lists: []inspect.PodList{{}}},
			Options{},
			false,
			"no pods in any namespace that can be listed",
		},
	} {
		s := open(t, c.b, c.o, 80)
		s.loading = c.loading
		text, _ := s.emptyText()
		if text != c.want {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
		shows(t, s, text)
	}
}

func TestTheHeaderOfTheList(t *testing.T) {
	for _, c := range []struct {
		name  string
		list  inspect.PodList
		o     Options
		trail string
		state string
	}{
		{
			"a list that was read once",
			inspect.PodList{Context: "prod"},
			Options{},
			"prod › all namespaces › 0 pods",
			"0 s old",
		},
		{"a namespace", fleet(), Options{Namespace: "shop"}, "prod-eu › shop › 3 pods", "0 s old"},
		{
			"a context that fits no alert",
			inspect.PodList{Context: "dev", Wrong: &inspect.WrongContext{}},
			Options{},
			"dev (wrong context?) › all namespaces › 0 pods", "0 s old",
		},
		{
			"before a list names it",
			inspect.PodList{},
			Options{Context: "staging"},
			"staging › all namespaces › 0 pods",
			"0 s old",
		},
		{
			"a watch",
			inspect.PodList{State: inspect.ListState{Live: true, Whole: true}},
			Options{},
			"backtrail › all namespaces › 0 pods", "live",
		},
		{"read again every minute", inspect.PodList{State: inspect.ListState{
			Every: time.Minute, AsOf: ago(2),
			Whole: true,
		}}, Options{}, "backtrail › all namespaces › 0 pods", "every 1 min, 2 min old"},
		{
			"no answer any more",
			inspect.PodList{State: inspect.ListState{Lost: "EOF", AsOf: ago(2)}},
			Options{},
			"backtrail › all namespaces › 0 pods", "stale since 03:18:00Z",
		},
		{
			"never an answer",
			inspect.PodList{State: inspect.ListState{Lost: "EOF"}},
			Options{},
			"backtrail › all namespaces › 0 pods", "no answer yet",
		},
	} {
		h := open(t, &backend{lists: []inspect.PodList{c.list}}, c.o, 80).Header()
		var trail []string
		for _, crumb := range h.Trail {
			trail = append(trail, crumb.Text)
		}
		if got := strings.Join(trail, " › "); got != c.trail || h.State != c.state || h.Outcome != "" {
			t.Errorf("%s: %q, %q; want %q, %q", c.name, got, h.State, c.trail, c.state)
		}
	}
	if h := New(shell.New(t.Context(), widget.NewPaint(true, true, false), now), &backend{},
		Options{}).Header(); h.State !=
		"nothing read" {
		t.Errorf("before anything was read the state is %q", h.State)
	}
}

// The title is honest about alerts: none loaded is not none raised.
func TestWhereTheAlertsComeFrom(t *testing.T) {
	source := func(kind, name string, wrong bool) inspect.AlertSource {
		return inspect.AlertSource{Kind: kind, Name: name, Wrong: wrong}
	}
	for _, c := range []struct {
		name string
		list inspect.PodList
		from string
		want string
	}{
		{
			"none were loaded",
			inspect.PodList{},
			"",
			"alerts: none loaded (paste, --alerts FILE, --alerts-from-cluster)",
		},
		{"a file without any", inspect.PodList{}, "falco.json", "alerts: none yet from falco.json"},
		{
			"a file with broken lines",
			inspect.PodList{Broken: 2},
			"falco.json",
			"alerts: none yet from falco.json, 2 broken lines",
		},
		{
			"a webhook that is silent",
			inspect.PodList{Sources: []inspect.AlertSource{source("webhook", ":8080", false)}},
			"",
			"alerts: none yet from webhook :8080",
		},
		{"a source that was lost", inspect.PodList{Sources: []inspect.AlertSource{
			source("file", "a.json", true),
			source("file", "b.json", false),
		}}, "", "alerts: none yet from 2 × file, 1 source lost"},
		{
			"some, one fits no pod",
			inspect.PodList{Unmatched: []inspect.Alert{{ID: "u", Time: ago(3), Count: 4}}},
			"a.json",
			"alerts: 4 from a.json, newest 2026-03-14 03:17:00Z, 1 without a matching pod",
		},
		{"each counts once though it fits two pods", inspect.PodList{Said: 1, Pods: []inspect.FlaggedPod{
			{Pod: inspect.Pod{Name: "a"}, Alerts: []inspect.Alert{{ID: "x"}}},
			{Pod: inspect.Pod{Name: "b"}, Alerts: []inspect.Alert{{ID: "x"}}},
		}}, "", "alerts: 1"},
	} {
		s := open(t, &backend{lists: []inspect.PodList{c.list}}, Options{Alerts: c.from}, 80)
		if got := s.alertsLine(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFocusPagesAndZoomOfTheList(t *testing.T) {
	list := fleet()
	for at := range 100 {
		list.Pods = append(list.Pods, inspect.FlaggedPod{Pod: inspect.Pod{
			Namespace: "zz", Name: fmt.Sprint("p", at),
			UID: fmt.Sprint(at),
		}})
	}
	list.Pods[0].Alerts[0].Output = strings.Repeat("a long line of output ", 200)
	s := open(t, &backend{lists: []inspect.PodList{list}}, Options{}, 120)
	s.shell.Height = 40
	s.Arrange()
	s.Scroll(1)
	s.Arrange()
	if s.detail.Top == 0 || s.list.At != 0 || s.focus != widget.RegionList {
		t.Errorf("PgDn: the detail begins at %d, the cursor is on row %d", s.detail.Top, s.list.At)
	}
	do(t, s, "focus")
	top := s.detail.Top
	s.Move(-1)
	if s.detail.Top != top-1 || s.focus != widget.RegionDetail {
		t.Errorf("k in the detail goes from %d to %d", top, s.detail.Top)
	}
	do(t, s, "focus", "zoom")
	s.Arrange()
	if !s.places.Detail.Empty() || s.places.List.H < 35 {
		t.Errorf("zoomed, the list is at %+v", s.places.List)
	}
	s.Scroll(1)
	if s.list.At != s.Rows() {
		t.Errorf("PgDn in the zoomed list goes to row %d of pages of %d", s.list.At, s.Rows())
	}
	a, _ := s.Action("zoom")
	a.Run("_")
	s.Arrange()
	if s.places.Detail.Empty() {
		t.Error("_ does not bring the detail back")
	}
	s.Click(4, s.places.List.Y+headRows(s, s.places.List)+2)
	if s.list.At != s.list.Top+2 {
		t.Errorf("a click selects row %d, the first in sight is %d", s.list.At, s.list.Top)
	}
	s.Click(4, s.places.Detail.Y+1)
	if s.focus != widget.RegionDetail || s.Scope() != shell.InPods || s.Load() != nil {
		t.Error("a click in the detail does not give it the focus")
	}
	s.Refresh()
	s.Close()
}

// Ten thousand pods are listed; what is drawn is what can be seen, and a flagged one is still the first.
func TestTenThousandPods(t *testing.T) {
	list := fleet()
	for at := range 10_000 {
		list.Pods = append(list.Pods, inspect.FlaggedPod{Pod: inspect.Pod{
			Namespace: "zz",
			Name:      fmt.Sprintf("p%05d", at),
			UID:       fmt.Sprint(at),
		}})
	}
	s := open(t, &backend{lists: []inspect.PodList{list}}, Options{}, 80)
	if n := s.list.Len(); n != 10_004 {
		t.Fatalf("%d rows", n)
	}
	shows(t, s, "! Critical", "web-1")
	s.Move(1 << 20)
	shows(t, s, "p09999")
	s.SetFilter("p05000")
	shows(t, s, "Pods, filter p05000: 1 row")
}

// Two pods of a workload differ in the end of their names, two workloads in the beginning: a narrow list keeps both.
func TestLongNamesKeepBothEnds(t *testing.T) {
	list := inspect.PodList{}
	for _, name := range []string{
		"payments-reconciliation-worker-7c9f8d6b5-mnbvc",
		"payments-reconciliation-worker-7c9f8d6b5-x7k2p", "payouts-reconciliation-worker-5d6f7c8b9-mnbvc",
	} {
		list.Pods = append(list.Pods, inspect.FlaggedPod{Pod: inspect.Pod{Namespace: "shop", Name: name, UID: name}})
	}
	for _, width := range []int{40, 60, 80, 100} {
		seen := map[string]bool{}
		s := open(t, &backend{lists: []inspect.PodList{list}}, Options{}, width)
		for _, l := range lines(s) {
			name := strings.Fields(strings.ReplaceAll(strings.TrimLeft(ansi.Strip(l), "▸ "), "shop/", "shop "))
			if len(name) > 0 && strings.Contains(l, "pay") {
				seen[strings.Join(name, " ")] = true
			}
		}
		if len(seen) < 3 {
			t.Errorf("in %d columns the pods cannot be told apart: %v", width, seen)
		}
	}
}

// A pod that is flagged while its group is folded is found in the group's row; once the group unfolds, in its own.
func TestTheCursorFollowsAPodIntoItsGroup(t *testing.T) {
	s := open(t, &backend{lists: []inspect.PodList{fleet()}}, Options{}, 120)
	s.list.Choose(podKey(fleet().Pods[1].Pod))
	list := fleet()
	list.Pods[1].Alerts = []inspect.Alert{{ID: "a2", Rule: list.Pods[0].Alerts[0].Rule, Priority: "Critical"}}
	s.take(newBoard(list))
	group, ok := s.selected()
	if !ok || group.group() == nil || len(group.of.pods) != 2 {
		t.Fatalf("the cursor is on %+v", group)
	}
	do(t, s, "right")
	s.Move(2)
	if r, _ := s.selected(); r.pod == nil || r.pod.Name != "web-2" {
		t.Errorf("below the group the second pod is %+v", r.pod)
	}
	do(t, s, "left")
	if r, _ := s.selected(); r.id != group.id || s.unfolded[group.id] {
		t.Errorf("← goes to %s", r.id)
	}
}
