package report

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// The list of pods begins with how many alerts there are and how they came: a list without one is not yet calm.
func TestTheListOfPodsCountsItsAlerts(t *testing.T) {
	list := podList()
	list.Said = 7
	list.Sources = []inspect.AlertSource{
		{Kind: "file", Name: "falco.jsonl"}, {Kind: "policy report", Name: "a"}, {Kind: "policy report", Name: "b"},
	}
	list.Pods[1].Alerts[0].Time = began
	list.Unmatched[0].Time = inspect.At(began.Add(time.Minute))
	out := lines(t, func(w io.Writer) error { return Pods(w, list, Style{}) })
	first, _, _ := strings.Cut(out, "\n")
	want := "7 alerts of falco.jsonl, 2 × policy report, 3 different, newest 2026-11-23T03:13:04Z, 1 fit no pod"
	if first != want {
		t.Errorf("%s\nwant %s", first, want)
	}
}

func TestAListWithoutPods(t *testing.T) {
	for context, want := range map[string]string{
		"": "no pods\n", "prod": "no pods in prod\n",
		"p\x1b[2J": "no pods in p",
	} {
		out := lines(t, func(w io.Writer) error { return Pods(w, inspect.PodList{Context: context}, Style{}) })
		if !strings.HasPrefix(out, want) || strings.Contains(out, "\x1b") {
			t.Errorf("%q: %q", context, out)
		}
	}
}

// Alerts that are of another cluster look like an empty list of this one: that comes first, in bold.
func TestTheWrongContextIsNamedFirst(t *testing.T) {
	list := podList()
	list.Wrong = &inspect.WrongContext{Text: "98 % of the alerts fit no pod of context prod"}
	plain := lines(t, func(w io.Writer) error { return Pods(w, list, Style{}) })
	if !strings.HasPrefix(plain, "! 98 % of the alerts fit no pod of context prod\n") {
		t.Errorf("%.200s", plain)
	}
	colored := lines(t, func(w io.Writer) error { return Pods(w, list, Style{Color: true}) })
	if !strings.HasPrefix(colored, "\x1b[1m! 98 %") {
		t.Errorf("%.200q", colored)
	}
}

// A hundred thousand alerts of a wrong context are a hundred lines, those of one rule and pod folded.
func TestUnmatchedAlertsAreFoldedAndBounded(t *testing.T) {
	var list inspect.PodList
	for n := range 3 * maxStrays {
		a := inspect.Alert{Rule: "r", Priority: "Notice", Namespace: "n", Pod: fmt.Sprintf("gone-%d", n)}
		list.Unmatched = append(list.Unmatched, a, a)
	}
	list.Unmatched = append(list.Unmatched, inspect.Alert{
		Rule: "node alert", ContainerID: "host", Number: 12,
		Why: "it is about the node",
	})
	out := lines(t, func(w io.Writer) error { return Pods(w, list, Style{}) })
	if n := strings.Count(out, "Notice: r ×2"); n != maxStrays {
		t.Errorf("%d rows", n)
	}
	if !strings.Contains(out, fmt.Sprintf("and %d more; -o json has all", 2*maxStrays+1)) {
		t.Errorf("the rest is not counted: %s", out[max(0, len(out)-300):])
	}
	list.Unmatched = list.Unmatched[len(list.Unmatched)-1:]
	out = lines(t, func(w io.Writer) error { return Pods(w, list, Style{}) })
	if !strings.Contains(out, "it is about the node") || !strings.Contains(out,
		"backtrail inspect alert:12 opens what is left of it") {
		t.Errorf("%s", out)
	}
}

func TestImagesInTheListOfPods(t *testing.T) {
	for _, tt := range []struct{ reference, id, want string }{
		{"127.0.0.1:5000/shop/web:1", "127.0.0.1:5000/shop/web@" + digestA, "web@aaaaaaaaaaaa"},
		{"ghcr.io/acme/web", "ghcr.io/acme/web@" + digestB, "web@bbbbbbbbbbbb"},
		{"ghcr.io/acme/web@" + digestA, "sha256:" + sumD, "web@dddddddddddd"},
		{"ghcr.io/acme/web:2", "", "web:2"},
		{"web", "", "web"},
	} {
		if got := imageName(inspect.Container{Reference: tt.reference, ImageID: tt.id}); got != tt.want {
			t.Errorf("%s, %s: %q, want %q", tt.reference, tt.id, got, tt.want)
		}
	}
}

// The next steps by themselves are those of the report, in their order.
func TestStepsAloneAreThoseOfTheReport(t *testing.T) {
	c := incidentCase()
	steps := lines(t, func(w io.Writer) error { return Steps(w, c, Style{}) })
	whole := lines(t, func(w io.Writer) error { return Plain(w, c, Style{}) })
	if !strings.Contains(whole, steps) || !strings.Contains(steps, "Preserve the pod") {
		t.Errorf("%s\nis not in\n%s", steps, whole)
	}
}

func TestClocksAloneNameWhatIsDue(t *testing.T) {
	aware := inspect.At(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	c := fold(header(inspect.TargetPod, "pod/web"))
	if out := lines(t, func(w io.Writer) error { return Clocks(w, c, Style{}) }); out != "" {
		t.Errorf("a case without clocks: %q", out)
	}
	c.Clocks = []inspect.Clock{{
		Regime: inspect.NIS2, Aware: aware, Started: aware, Author: "ada",
		Reason: "customer data\x1b[2J",
	}}
	out := lines(t, func(w io.Writer) error { return Clocks(w, c, Style{Now: aware.Add(time.Hour)}) })
	for _, want := range []string{
		"aware 2026-11-23T09:00:00Z", "by ada: customer data",
		"Time left is as of 2026-11-23T10:00:00Z", "This is no legal advice.",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("a reason draws: %q", out)
	}
}

// Colors are around signs and headings only, so that a report without them reads the same.
func TestColorsAddNothing(t *testing.T) {
	for name, c := range map[string]inspect.Case{"incident": incidentCase(), "clean": cleanCase()} {
		colored := lines(t, func(w io.Writer) error { return Plain(w, c, Style{Color: true}) })
		for _, code := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"} {
			colored = strings.ReplaceAll(colored, code, "")
		}
		if plain := lines(t, func(w io.Writer) error { return Plain(w, c, Style{}) }); plain != colored {
			t.Errorf("%s: the colored report is another text", name)
		}
	}
	for status, code := range map[inspect.Status]string{
		inspect.Verified: "32", inspect.Failed: "31",
		inspect.Unknown: "33", inspect.Absent: "2",
	} {
		if got := (Style{Color: true}).Paint(status, "x"); got != "\x1b["+code+"mx\x1b[0m" {
			t.Errorf("%s: %q", status, got)
		}
	}
}

func TestTheWideListHasWhatIsCompared(t *testing.T) {
	list := podList()
	list.Pods[0].Node, list.Pods[0].Reach.ServiceAccount = "node\x1b-7", "shop-web"
	list.Pods[0].Owner = []inspect.Owner{{Kind: "ReplicaSet", Name: "web-5"}, {Kind: "Deployment", Name: "web"}}
	digest := "sha256:" + strings.Repeat("ab", 32)
	list.Pods[0].Containers = []inspect.Container{
		{Name: "web", Reference: "r.example/web:1", ImageID: "r.example/web@" + digest},
		{Name: "init", Reference: "r.example/web:1", ImageID: "r.example/web@" + digest},
	}
	out := lines(t, func(w io.Writer) error { return PodsWide(w, list, Style{}) })
	for _, want := range []string{"node ", "account", "owner", "digests", "shop-web", "ReplicaSet/web-5", digest} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") || strings.Count(out, digest) != 1 {
		t.Errorf("a control character, or a digest twice:\n%q", out)
	}
}

func TestNamesAreTargetsWithFlaggedPodsFirst(t *testing.T) {
	list := inspect.PodList{Pods: []inspect.FlaggedPod{
		{Pod: inspect.Pod{Name: "calm"}},
		{Pod: inspect.Pod{Name: "flagged"}, Alerts: []inspect.Alert{{}}},
	}}
	if out := lines(t, func(w io.Writer) error { return PodNames(w, list) }); out != "pod/flagged\npod/calm\n" {
		t.Errorf("%q", out)
	}
}
