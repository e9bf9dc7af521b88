package triage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/kube"
)

// opened is what turns the alerts of some lines into events, and what it kept.
func opened(t *testing.T, lines ...string) (*CaseAlerts, map[string]string) {
	t.Helper()
	kept := map[string]string{}
	s := &AlertSources{
		Store: alert.NewStore(0), Preset: strings.NewReader(strings.Join(lines, "\n")), PresetName: "a test",
	}
	if err := s.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &CaseAlerts{
		Sources: s,
		Keep: func(digest, data string) error {
			kept[digest] = data
			return nil
		},
	}, kept
}

// sorted takes events apart.
func sorted(events []inspect.Event) (
	alerts []*inspect.Alert, exhibits []*inspect.Exhibit, moments []*inspect.Moment, notices []string,
) {
	for _, e := range events {
		switch fact := e.Fact.(type) {
		case inspect.Alert:
			alerts = append(alerts, &fact)
		case inspect.Exhibit:
			exhibits = append(exhibits, &fact)
		case inspect.Moment:
			moments = append(moments, &fact)
		case inspect.Notice:
			notices = append(notices, fact.Text)
		}
	}
	return alerts, exhibits, moments, notices
}

// The alerts of a pod come into its case, with their lines, and without secrets.
func TestAlertsOfACase(t *testing.T) {
	c, kept := opened(
		t, said("Shell", "Notice", hex64[:12], "web-0"), said("Shell", "Notice", hex64[:12], "web-0")+" ",
		said("Else", "Notice", containerOf("b")[:12], "web-1"),
	)
	alerts, exhibits, moments, _ := sorted(c.Of(webPod("web-0", hex64, digestA)))
	if len(alerts) != 1 || alerts[0].Rule != "Shell" || alerts[0].Subject != "web" || alerts[0].Count != 2 ||
		alerts[0].Match != inspect.MatchContainer {
		t.Fatalf("alerts %+v", alerts)
	}
	if strings.Contains(alerts[0].Output, "hunter2") || len(exhibits) != 1 || alerts[0].Raw != exhibits[0].Digest ||
		len(exhibits[0].Redacted) != 1 {
		t.Errorf("output %q, exhibits %+v", alerts[0].Output, exhibits)
	}
	if line := kept[exhibits[0].Digest]; !strings.Contains(line, "REDACTED") || strings.Contains(line, "hunter2") ||
		exhibits[0].Size != int64(len(line)) || exhibits[0].Source != "a test" {
		t.Errorf("kept %q as %+v", line, exhibits[0])
	}
	if len(moments) != 1 || moments[0].What != "Notice alert: Shell" || moments[0].Trust != inspect.ByAlert {
		t.Errorf("moments %+v", moments)
	}
	if events := c.Of(webPod("web-9", containerOf("9"), digestB)); events != nil {
		t.Errorf("a pod without alerts has %+v", events)
	}
}

// All alerts of a pod that is gone come into its case: those of its container, and those of its
// name that name no container.

func TestAlertsOfAPodThatIsGone(t *testing.T) {
	c, _ := opened(t,
		said("Shell", "Notice", hex64[:12], "web-0"), said("Drop", "Critical", hex64[:12], "web-0"),
		said("Name", "Notice", "", "web-0"),
		said("Another container", "Notice", containerOf("b")[:12], "web-0"), said("Another pod", "Notice", "", "web-1"))
	a, _ := c.Sources.Store.Find("1")
	alerts, _, _, _ := sorted(c.OfGone(a, "web", "its pod is gone"))
	var rules []string
	for _, a := range alerts {
		rules = append(rules, a.Rule)
		if a.Subject != "web" || a.Why != "its pod is gone" || a.Match != inspect.MatchImage {
			t.Errorf("%s: %+v", a.Rule, a)
		}
	}
	if got := strings.Join(rules, ", "); got != "Shell, Drop, Name" {
		t.Errorf("rules %s", got)
	}
}

// Of too many alerts the most urgent are in the case, and the case says so.
func TestAlertsOfACaseAreBounded(t *testing.T) {
	var lines []string
	for i := range maxAlertsInCase + 10 {
		lines = append(lines, said(fmt.Sprint("rule ", i), "Notice", hex64[:12], "web-0"))
	}
	c, _ := opened(t, append(lines, said("Drop", "Critical", hex64[:12], "web-0"))...)
	alerts, _, _, notices := sorted(c.Of(webPod("web-0", hex64, digestA)))
	if len(alerts) != maxAlertsInCase || alerts[0].Rule != "Drop" || len(notices) != 1 ||
		!strings.Contains(notices[0], "the case contains the 1000 most urgent") {
		t.Errorf("%d alerts, the first %s, notices %v", len(alerts), alerts[0].Rule, notices)
	}
}

func TestALineThatCannotBeKept(t *testing.T) {
	c, _ := opened(t, said("Shell", "Notice", hex64[:12], "web-0"))
	c.Keep = func(string, string) error { return errors.New("disk full") }
	if _, exhibits, _, notices := sorted(c.Of(webPod("web-0", hex64, digestA))); len(exhibits) != 0 ||
		len(notices) != 1 || !strings.Contains(notices[0], "disk full") {
		t.Errorf("exhibits %v, notices %v", exhibits, notices)
	}
}

func TestMomentOf(t *testing.T) {
	first, last := inspect.At(at), inspect.At(at.Add(time.Minute))
	for _, tt := range []struct {
		alert inspect.Alert
		time  inspect.Time
		want  string
	}{
		{inspect.Alert{Rule: "Shell", Priority: "Notice", Time: first}, first, "Notice alert: Shell"},
		{inspect.Alert{Rule: "process_exec", Time: first}, first, "alert: process_exec"},
		{
			inspect.Alert{Title: "Binary", Priority: "Error", Time: first, Count: 3, Last: last},
			last,
			"Error alert: Binary, the last of 3",
		},
		{inspect.Alert{Output: "text", Priority: "Error", Time: first}, first, "Error alert: text"},
	} {
		if got := momentOf(tt.alert, tt.time); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestTracesOf(t *testing.T) {
	for name, tt := range map[string]struct {
		alert              alert.Alert
		reference, imageID string
		image              string
	}{
		"a tag": {alert.Alert{
			Alert: inspect.Alert{Image: "reg.example/web:1"},
		}, "reg.example/web:1", "", "reg.example/web:1"},
		"a tag and a digest": {alert.Alert{
			Alert: inspect.Alert{Image: "reg.example:5000/web:1"}, Digest: digestA,
		}, "reg.example:5000/web:1", "reg.example:5000/web@" + digestA, "reg.example:5000/web@" + digestA},
		"pinned": {alert.Alert{
			Alert: inspect.Alert{Image: "reg.example/web@" + digestA}, Digest: digestA,
		}, "reg.example/web@" + digestA, "reg.example/web@" + digestA, "reg.example/web@" + digestA},
		"the digest of a config": {alert.Alert{
			Alert: inspect.Alert{Image: "reg.example/web:1"}, Digest: digestA, Config: true,
		}, "reg.example/web:1", digestA, "reg.example/web:1"},
		"a digest cut at a colon": {alert.Alert{
			Alert: inspect.Alert{Image: digestA}, Digest: digestA,
		}, "", digestA, ""},
		"nothing": {alert.Alert{}, "", "", ""},
	} {
		got := TracesOf(&tt.alert, nil)
		if got.Reference != tt.reference || got.ImageID != tt.imageID || got.Image() != tt.image {
			t.Errorf("%s: reference %q, image ID %q, image %q", name, got.Reference, got.ImageID, got.Image())
		}
	}
}

// The header names one source.
func TestNameOfSources(t *testing.T) {
	cluster := func() (kube.Source, error) { return &fakeCluster{}, nil }
	for want, s := range map[string]*AlertSources{
		"": {}, "falco.log": {File: "falco.log", Cluster: cluster}, "stdin": {FromStdin: true},
		"the cluster": {Cluster: cluster}, "the demo": {Preset: strings.NewReader(""), PresetName: "the demo"},
	} {
		if got := s.Name(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Stdin is read to its end; if it has none, the person is told, and can interrupt.
func TestStdin(t *testing.T) {
	s := &AlertSources{
		Store: alert.NewStore(0), FromStdin: true,
		Stdin: strings.NewReader(said("Shell", "Notice", hex64[:12], "web-0")),
	}
	if err := s.Read(t.Context()); err != nil || s.Store.Summary().Alerts != 1 {
		t.Errorf("%v, %+v", err, s.Store.Summary())
	}
	if err := s.Read(t.Context()); err != nil || s.Store.Summary().Alerts != 1 {
		t.Errorf("a second time: %v, %+v", err, s.Store.Summary())
	}
	r, w := io.Pipe()
	defer w.Close()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s = &AlertSources{Store: alert.NewStore(0), FromStdin: true, Stdin: r, OnStdinWait: func() {}}
	if err := s.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// Read for one pod keeps the alerts of that pod, unless alerts are followed: then the list decides.
func TestReadForOnePod(t *testing.T) {
	var lines []string
	for i := range 200 {
		lines = append(lines, said(fmt.Sprint("invented ", i), "Notice", fmt.Sprintf("%012x", i), "nowhere"))
	}
	lines = append([]string{said("Shell", "Notice", hex64[:12], "web-0")}, lines...)
	s := &AlertSources{
		Store: alert.NewStore(50), Preset: strings.NewReader(strings.Join(lines, "\n")), PresetName: "a test",
	}
	index := NewIndex()
	index.Add(webPod("web-0", hex64, digestA))
	if err := s.ReadFor(t.Context(), index.PodOf); err != nil {
		t.Fatal(err)
	}
	if a, ok := s.Store.Find("1"); !ok || a.Rule != "Shell" {
		t.Errorf("alert 1 is %q, %v", a.Rule, ok)
	}
}

func TestNoticesOfSources(t *testing.T) {
	s := &AlertSources{Store: alert.NewStore(0), Preset: strings.NewReader("{\n"), PresetName: "a test"}
	if err := s.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Store.Open(alert.KindFile, "falco.log").SetCondition(true, "lost")
	for i := range maxNotes + 10 {
		s.note(fmt.Sprint("note ", i))
	}
	text := texts(s.Notices())
	if !strings.Contains(text, "a test line 1 skipped") || !strings.Contains(text, "alerts of falco.log: lost") ||
		strings.Contains(text, fmt.Sprint("note ", maxNotes)) {
		t.Errorf("notices %s", text)
	}
}

// defect is a reader with a defect.
type defect struct{}

func (defect) Read([]byte) (int, error) { panic("no reader") }

// A panic in a goroutine ends the source that it was in, with a message, and nothing else.
func TestAPanicEndsOneSource(t *testing.T) {
	s := &AlertSources{Store: alert.NewStore(0), FromStdin: true, Stdin: defect{}}
	if err := s.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "a defect of backtrail") {
		t.Errorf("read once: %v", err)
	}
	s = &AlertSources{Store: alert.NewStore(0), FromStdin: true, Stdin: defect{}}
	if err := s.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitFirst(t.Context())
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if text := texts(s.Notices()); strings.Contains(text, "alerts of stdin: a defect of backtrail") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("notices %s", texts(s.Notices()))
		}
	}
}
