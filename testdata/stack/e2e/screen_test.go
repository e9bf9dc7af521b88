package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// Keys as a terminal sends them.
const (
	enter     = "\r"
	escape    = "\x1b"
	clearLine = "\x15" // ctrl+u
)

// screenTimeout is how long a responder waits for a screen.
const screenTimeout = 20 * time.Second

// screen is a terminal with the test that watches it.
type screen struct {
	t        *testing.T
	terminal *harness.Terminal
}

func (s *screen) shows(texts ...string) {
	s.t.Helper()
	seen, err := s.terminal.Await(screenTimeout, texts...)
	must(s.t, err)
	if testing.Verbose() {
		s.t.Logf("\n%s", seen)
	}
}

func (s *screen) types(keys string) {
	s.t.Helper()
	must(s.t, s.terminal.Type(keys))
}

func (s *screen) quits() {
	s.t.Helper()
	code, err := s.terminal.Exit(screenTimeout)
	must(s.t, err)
	if code != 0 {
		s.t.Fatalf("the program ended with %d", code)
	}
}

// The walk on the screen, from the list of pods to a bundle that holds: pods, enter, the case, its panes by number, x, quit.
func TestWalkOnScreen(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	terminal, err := r.program.Terminal(120, 40, "-n", in.namespace, "--alerts", in.alerts, "--offline", "--known-good", in.repository+"@"+in.good)
	must(t, err)
	s := &screen{t: t, terminal: terminal}
	s.shows(in.shop.Name, in.control.Name)
	s.types(enter) // the flagged pod is the first row
	s.shows(image.Dropped, in.shop.Name)
	s.types("2")
	s.shows("Layers", "COPY server")
	s.types("5")
	s.shows(image.ChangedName)
	s.types("6")
	s.shows(image.Dropped, image.Replaced)
	s.types("x")
	s.shows("Export")
	bundle := r.file("evidence")
	s.types(clearLine + bundle + enter)
	s.shows("exported", "tagmanifest sha256:")
	s.types(enter)
	s.types("q")
	s.quits()
	if _, err := os.Stat(bundle + "/data/case.json"); err != nil {
		t.Fatal(err)
	}
	newResponder(t, env.Nobody).run(exitVerified, "verify", bundle)
}

// escape never quits; ctrl+c always does, and the case is on disk all the same.
func TestCaseSurvivesInterrupt(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	terminal, err := r.program.Terminal(120, 40, "-n", in.namespace, "--alerts", in.alerts, "--offline")
	must(t, err)
	s := &screen{t: t, terminal: terminal}
	s.shows(in.shop.Name, in.control.Name)
	s.types(enter)
	s.shows(image.Dropped)
	s.types(escape)
	s.shows(in.control.Name)
	s.types("\x03")
	if _, err := terminal.Exit(screenTimeout); err != nil {
		t.Fatal(err)
	}
	says(t, r.run(exitVerified, "cases").Stdout, in.shop.Name)
}
