package e2e

import (
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/image"
	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

// Keys as a terminal sends them.
const (
	enter     = "\r"
	escape    = "\x1b"
	clearLine = "\x15" // ctrl+u
	ctrlC     = "\x03"
)

// screenTimeout is how long a responder waits for a screen.
const screenTimeout = 20 * time.Second

// screen is a terminal with the test that watches it.
type screen struct {
	t        *testing.T
	terminal *terminal.Terminal
}

// openScreen starts backtrail in a terminal of 120×40.
func openScreen(t *testing.T, r *responder, args ...string) *screen {
	t.Helper()
	terminal, err := r.program.Terminal(120, 40, args...)
	must(t, err)
	return &screen{t: t, terminal: terminal}
}

// shows waits for texts on the screen.
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

// ends waits for the program's end and returns its exit code.
func (s *screen) ends() int {
	s.t.Helper()
	code, err := s.terminal.Exit(screenTimeout)
	must(s.t, err)
	return code
}

// The walk on the screen, from the list of pods to a bundle that holds: pods, enter, the case, its panes by number, x, quit.
func TestWalkOnScreen(t *testing.T) {
	in := theIncident(t)
	must(t, awaitNodeImages(t.Context(), in.good, in.bad))
	r := newResponder(t, env.Responder)
	s := openScreen(t, r, "-n", in.namespace, "--alerts", in.alerts, "--offline")
	s.shows("2 pods", in.shop.Name, in.control.Name)
	s.types(enter) // the flagged pod is the first row
	s.shows("1 Over", image.Dropped, "critical")
	s.types("2")
	s.shows("COPY server", "curl")
	s.types("3")
	s.shows("signature")
	s.types("5")
	s.shows(image.ChangedName, image.ChangedTo)
	s.types("6")
	s.shows(image.Dropped, image.Replaced)
	s.types("x")
	s.shows("Export the evidence")
	bundle := r.file("evidence")
	s.types(clearLine + bundle + enter)
	s.shows("exported and read back", "tagmanifest", bundle)
	s.types(enter)
	s.types("q")
	if code := s.ends(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}
	newResponder(t, env.Nobody).run(exitPassed, "verify", bundle)
}

// Escape goes back and never quits; ctrl+c always quits, and the case is on disk all the same.
func TestCaseSurvivesInterrupt(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	s := openScreen(t, r, "-n", in.namespace, "--alerts", in.alerts, "--offline")
	s.shows("2 pods", in.shop.Name)
	s.types(enter)
	s.shows("1 Over", image.Dropped)
	s.types(escape)
	s.shows("2 pods")
	s.types(ctrlC)
	s.ends()
	says(t, r.run(exitPassed, "cases").Stdout, in.shop.Name)
}
