package tui

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
)

// Nobody's clock runs by itself; one that a person starts shows what is due, and stays in the record when it is
// withdrawn.
func TestReportClocks(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "7").seesNot("NIS2")
	s.press(":").write("withdraw deadline").sees("not now: no reporting deadline runs").press("esc")

	s.press(":").write("aware 03:10 nis2").press("enter").sees("Start the deadlines of NIS2 Art. 23",
		"essential and important entities", "early warning: 2026-03-15 03:10:00Z, 23 h 50 min left", "Why?")
	s.write("told by the on-call").press("enter").sees("deadlines of NIS2 Art. 23 started")
	s.sees("NIS2 Art. 23 clock started", "── now", "○ 23 h 50 min left: early")
	golden(t, "clock_120x40.txt", s.screen()+"\n")

	s.press(":").write("aware now nis2").press("enter").sees("it runs already, aware 2026-03-14T03:10:00Z according to ada").press("esc")
	s.press(":").write("withdraw").press("enter").sees("Withdraw a deadline",
		"told by the on-call").write("a drill").press("enter")
	s.sees("NIS2 Art. 23 clock withdrawn", "both stay in the record").seesNot("left:")
}

// The command asks for what was not typed behind it, and says what it does not understand.
func TestAwareAsks(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", ":").write("aware").press("enter").sees("Aware", "now nis2")
	s.write("dora").press("enter").sees("Start the deadlines of DORA Art. 19", "financial entities",
		"(4 h after").press("esc")
	for typed, says := range map[string]string{
		"aware yesterday nis2": "it is now, HH:MM", "aware now gdpr": "none of nis2, cra, dora",
		"aware now": "a time and a law are needed", "aware 23:50 cra": "lies ahead today",
	} {
		s.press(":").write(typed).press("enter").sees(says).press("esc")
	}
}

// Time left moves on with the clock on the wall.
func TestTimeLeftIsTrue(t *testing.T) {
	o, now := testProgram(), clock
	o.Now = func() time.Time { return now }
	s := tell(t, o, 120, 40).press("enter", "7",
		":").write("aware now nis2").press("enter").write("x").press("enter").sees("1 d 0 h left: early")
	now = now.Add(25 * time.Hour)
	s.m.ticking = false
	s.send(tickMsg(now))
	s.sees("over by 1 h 0 min: early", "1 d 23 h left: notif")
}

// What would destroy run-time state is suggested only after a person has said what became of it.
func TestRuntimeStateIsMarked(t *testing.T) {
	s := tell(t, testProgram(), 120, 60).press("enter").sees("Preserve the pod").seesNot("delete the pod")
	s.press(":").write("runtime preserved").press("enter").sees("Runtime state: preserved",
		"writable layers and the memory").write("a checkpoint on share 7").press("enter")
	s.sees("runtime state: preserved", "delete the pod").press("7").sees("run-time state saved a chec")
	s.press(":").write("runtime open").press("enter").write("the checkpoint is empty").press("enter")
	s.press("1").seesNot("delete the pod")
	s.press("/").write("next preserve").press("enter", "y")
	if !strings.HasPrefix(s.copied, "kubectl --context prod-eu -n shop annotate pod") {
		t.Errorf("y copied %q", s.copied)
	}
}

// What happens to the pod while its case is open is told beside the checks, and is no check that still runs.
func TestThePodIsFollowed(t *testing.T) {
	o := testProgram()
	asked := 0
	o.watch = func() inspect.Source {
		asked++
		return func(_ context.Context, emit func(inspect.Event)) error {
			emit(inspect.Event{Time: at(2), Fact: inspect.PodChange{
				Time: at(2), State: inspect.PodGone,
				What: []string{"it was deleted"}, Exhibit: "cluster/pod@9.json",
			}})
			emit(inspect.Event{Time: at(2), Fact: inspect.Notice{
				Level: shell.LevelWarning,
				Text:  "pod shop/web is gone",
			}})
			return nil
		}
	}
	s := tell(t, o, 120, 40).press("enter").sees("! POD   gone: it was deleted", "x7k2p (gone)", "pod shop/web is gone")
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	s.sees("03:21Z")
	s.press("r", "8", "/").write("pod gone").press("enter").sees("gone: it was deleted",
		"seen at     2026-03-14 03:22:00Z", "collected as cluster/pod@9.json")
	if asked != 1 {
		t.Error("a retry watches twice")
	}
}

func TestASavedCaseIsNotAddedTo(t *testing.T) {
	o := testProgram()
	o.source, o.readOnly = sourceOf(incidentEvents()), "read-only: opened bundle"
	tell(t, o, 160,
		40).press(":").write("aware now nis2").sees("not now: read-only: opened bundle; use backtrail aware").
		press("esc", ":").write("runtime preserved").sees("not now: read-only: opened bundle; use backtrail runtime")
}

// An image that its registry lost says what is left of it, where its layers would stand.
func TestALostImageSaysWhatIsLeft(t *testing.T) {
	pod := incidentPod()
	i := inspect.Image{ImageHead: inspect.ImageHead{
		Container: "web", Reference: "registry.example.com/acme/web:1.4",
		Digest: digest(1),
		Status: inspect.Unknown, Reason: "missing-blob", Detail: "the registry no longer has it",
		Left: []string{"node node-3 still has it"},
	}}
	o := testProgram()
	o.source = sourceOf([]inspect.Event{
		{Time: at(0), Fact: inspect.Header{
			Schema: inspect.Schema,
			Target: inspect.Target{Kind: inspect.TargetPod, Name: "pod/web"}, Started: at(0),
		}},
		on("subject", "", inspect.Event{Fact: pod}), on("subject", "web", inspect.Event{Fact: i.ImageHead}),
		ended("layers", "web", inspect.CheckBlocked, "there is no manifest"),
		{Time: at(0), Fact: inspect.End{Status: inspect.CheckDone}},
	})
	tell(t, o, 120, 40).press("2").sees("the registry no longer has it", "What is left of it",
		"node node-3 still has it")
}
