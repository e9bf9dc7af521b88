package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/where"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/fleet"
)

// to moves the cursor down to a row.
func (s *story) to(text string) *story {
	s.t.Helper()
	for range 40 {
		if strings.Contains(s.selected(), text) {
			return s
		}
		s.press("j")
	}
	s.t.Fatalf("there is no row %q:\n%s", text, s.screen())
	return s
}

func (s *story) palette(text string) *story { return s.press(":").write(text).press("enter") }

// The audit is one command away; a case that is opened from it comes back to its row.
func TestFromTheAuditToACaseAndBack(t *testing.T) {
	p := testProgram()
	var opened []fleet.Place
	p.place = func(_ context.Context, at fleet.Place) (inspect.Source, error) {
		opened = append(opened, at)
		return sourceOf(incidentEvents()), nil
	}
	s := tell(t, p, 120, 40).palette("audit").sees("prod-eu › audit", "1 past block, 1 not allowed, 1 not known",
		"1 h old")
	s.press("o", "j").sees("by namespace")
	row := s.selected()
	s.press("enter").sees("Findings by cause", "1 critical 2 high").press("3", "esc", "esc").sees("by namespace")
	if s.selected() != row || len(opened) != 1 {
		t.Errorf("back at %q, not at %q; opened %+v", s.selected(), row, opened)
	}
	s.press("esc").sees("Pods · alerts")
	s.palette("audit").sees("by namespace")
	if s.selected() != row {
		t.Errorf("the audit is begun again at %q", s.selected())
	}
	s.palette("audit full").sees("the audit has ended: 1 not allowed, 1 not known")
	s.palette("audit deep").sees("audit takes identity, packages or full, and not deep")
	s.palette("pods").sees("Pods · alerts")
}

// An audit goes on while a case is looked at, and its end is told there.
func TestAnAuditGoesOnBelowACase(t *testing.T) {
	p, updates := testProgram(), make(feed[fleet.Update])
	p.live = true
	p.stored = func(context.Context) (*fleet.Stored, error) { return nil, nil }
	p.audit = func(ctx context.Context, _ string, emit func(fleet.Update)) error { return updates.source()(ctx, emit) }
	s := tell(t, p, 120, 40).palette("audit").sees("listing what runs …").press("esc",
		"enter").until("Findings by cause")
	r := incidentAudit()
	updates <- fleet.Update{Report: &r, Ended: true}
	close(updates)
	s.until("the audit has ended: 1 not allowed, 1 not known (:audit)").sees("Findings by cause")
	s.palette("audit").sees("4 containers of 4 images", "unsigned; policy shop-images")
}

func TestWhereAsksAndAnswers(t *testing.T) {
	p := testProgram()
	var asked []string
	p.where = func(_ context.Context, what string) (where.Result, error) {
		asked = append(asked, what)
		return incidentWhere(), nil
	}
	s := tell(t, p, 120, 40).palette("where log4j-core").sees("where log4j-core", "2 hit", "1 could not be checked",
		"/srv/copy/log4j-core-2.14.1.jar")
	s.palette("where CVE-2021-44228").sees("CVE-2021-44228: 2 hit").press("esc").sees("log4j-core: 2 hit")
	s.press("j", "enter").sees("it runs in prod-us, and this is prod-eu").press("k", "enter").sees("Findings by cause")
	// the selected file is proposed
	s.press("6").palette("where").sees("A package (log4j-core").press("enter")
	if fmt.Sprint(asked) != "[log4j-core CVE-2021-44228 "+dropped+"]" {
		t.Errorf("asked %v", asked)
	}
	s.press("esc").sees("Unexpected, altered, missing")
}

// Notes are written to the case that is open: one that is left below another is opened again on the way back.
func TestCasesBelowCasesAreOpenedAgain(t *testing.T) {
	p := testProgram()
	var opened []string
	p.open = func(_ context.Context, pod inspect.FlaggedPod) (inspect.Source, error) {
		opened = append(opened, pod.Name)
		return sourceOf(incidentEvents()), nil
	}
	s := tell(t, p, 120, 40).press("enter", "8", "/").write("same image").press("enter", "enter")
	s.sees("Findings by cause")
	if got := strings.Join(opened, " "); got != "web-6d4cf56db6-x7k2p web-6d4cf56db6-9qz4m" {
		t.Fatalf("opened %s", got)
	}
	s.press("esc").sees("Blast radius")
	if len(opened) != 3 || opened[2] != opened[0] {
		t.Errorf("esc opened %v", opened)
	}
	if !strings.Contains(s.selected(), "same image") {
		t.Errorf("it comes back to %q", s.selected())
	}
	s.press("esc").sees("Pods · alerts")
	for _, one := range s.m.stack {
		if _, is := one.(*openCase); is {
			t.Error("a case is left on the stack")
		}
	}
}

// A case that was left is at the place where it was left.
func TestACaseIsWhereItWasLeft(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "6", "j")
	row := s.selected()
	s.palette("pods").sees("Pods · alerts").press("enter").sees("Unexpected, altered, missing")
	if s.selected() != row {
		t.Errorf("the cursor is on %q, not on %q", s.selected(), row)
	}
}

func TestPivotsOfTheBlastRadius(t *testing.T) {
	for _, c := range []struct{ row, title, has, lacks string }{
		{"account      web", "Pods with account shop/web · 2 pods", "web-6d4cf56db6-9qz4m", "agent-0"},
		{"secret       web-db", "Pods with secret shop/web-db · 2 pods", "web-6d4cf56db6-9qz4m", "cart-0"},
		{"config map   web-config", "Pods with config map shop/web-config · 2 pods", "9qz4m", "cart-0"},
		{"node         node-3", "Pods on node node-3 · 2 pods", "9qz4m", "cart-0"},
		{"owner        Deployment", "Pods with owner shop/Deployment/web · 2 pods", "9qz4m", "cart-0"},
		{"and 36 more", "Pods on node node-3 · 2 pods", "9qz4m", "billing"},
	} {
		s := tell(t, testProgram(), 120, 40).press("enter", "8").to(c.row).press("enter")
		s.sees(c.title, c.has).seesNot(c.lacks)
		s.press("A").sees("not in a part of the list")
		s.press("j", "enter").sees("Findings by cause")
		s.press("esc").sees(c.title).press("esc").sees("Blast radius")
	}
	// a saved case has no cluster: the row copies a command, as before
	p := testProgram()
	p.source = sourceOf(incidentEvents())
	s := tell(t, p, 120, 40).press("8", "/").write("same image").press("enter", "enter")
	if s.copied == "" {
		t.Error("nothing was copied")
	}
	s.palette("audit").sees("a saved case is open, without its cluster")
}

func TestAllChecksRunAgainWhenAsked(t *testing.T) {
	p := testProgram()
	var keys []inspect.Key
	again := p.again
	p.again = func(ctx context.Context, c *inspect.Case, k []inspect.Key) (inspect.Source, error) {
		keys = k
		return again(ctx, c, k)
	}
	s := tell(t, p, 120, 40).press("enter").palette("all checks again")
	if len(keys) < 5 {
		t.Errorf("ran %v again", keys)
	}
	s.sees("Findings by cause")
}

// Every screen of the fleet is drawn at every size, in both themes and without UTF-8.
func TestFramesOfTheFleet(t *testing.T) {
	screens := map[string]string{"audit": "audit", "where": "where log4j-core"}
	for name, command := range screens {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}, {200, 60}} {
			s := tell(t, testProgram(), size[0], size[1]).palette(command)
			golden(t, fmt.Sprintf("%s_%dx%d.txt", name, size[0], size[1]), s.screen()+"\n")
		}
		for theme, of := range map[string]Theme{"dark": ThemeDark, "light": ThemeLight} {
			p := testProgram()
			p.Theme = of
			s := tell(t, p, 100, 30).palette(command)
			golden(t, name+"_"+theme+"_100x30.txt", strings.ReplaceAll(s.m.View().Content, "\x1b", "␛")+"\n")
		}
		p := testProgram()
		p.ASCII = true
		screen := tell(t, p, 80, 24).palette(command).screen()
		golden(t, name+"_ascii_80x24.txt", screen+"\n")
		for _, r := range screen {
			if r > 0x7e {
				t.Errorf("%s without UTF-8 has %q", name, r)
			}
		}
	}
	s := tell(t, testProgram(), 80, 24).palette("audit").press("z").press("enter")
	golden(t, "audit_grouped_80x24.txt", s.screen()+"\n")
}

// tourSteps are a walk through the incident of the tests.
func tourSteps() []TourStep {
	steps := []TourStep{{At: "pods", Text: "A pod is flagged. Press enter."}}
	for _, k := range []pane.Kind{pane.Overview, pane.Layers, pane.Signatures, pane.Overview} {
		steps = append(steps, TourStep{At: strings.ToLower(k.Spec().Name), Text: "See " + k.Spec().Name + "."})
	}
	return append(steps, TourStep{At: "exported", Text: "That was all."})
}

func TestATourGoesOnWhereThePersonIs(t *testing.T) {
	p := testProgram()
	p.Tour = tourSteps()
	s := tell(t, p, 80, 24).sees("Tour 1/6", "A pod is flagged. Press enter.")
	s.press("j", "3").sees("Tour 1/6")
	s.press("k", "enter").sees("Tour 2/6", "See Overview.")
	s.press("3").sees("Tour 2/6")
	s.press("2").sees("Tour 3/6").press("3").sees("Tour 4/6", "See Signatures.")
	s.press("1").sees("Tour 5/6").press("x").sees("Tour 5/6", "Export the evidence").press("enter").sees("Tour 6/6",
		"That was all.", "exported and read back")
	s.press("enter", "q")
	if !s.quit {
		t.Error("q does not quit a tour")
	}
	// lower and narrow terminals keep their rows
	for size, rows := range map[[2]int]int{{100, 40}: 4, {80, 24}: 2, {40, 12}: 1, {80, 9}: 0, {20, 24}: 0} {
		s := tell(t, p, size[0], size[1])
		if s.m.tourHeight != rows {
			t.Errorf("%v: %d rows", size, s.m.tourHeight)
		}
		if lines := strings.Split(s.screen(), "\n"); len(lines) > size[1] {
			t.Errorf("%v: %d lines", size, len(lines))
		}
	}
}
