package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// driver is the built program in a pseudo-terminal: it presses keys as a person would, counts them, and reads the
// screen.
type driver struct {
	t       *testing.T
	tty     *os.File
	mu      sync.Mutex
	screen  vt10x.Terminal
	ended   chan error
	presses int
	pid     int // of the program
}

// drive starts backtrail with arguments in a terminal of some size, in a folder of its own.
func drive(t *testing.T, columns, rows int, args ...string) *driver {
	t.Helper()
	path, err := exec.LookPath("backtrail")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "NO_COLOR=", "HOME="+home,
		"KUBECONFIG="+filepath.Join(home, "none"))
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"} {
		cmd.Env = append(cmd.Env, name+"="+home)
	}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)})
	if err != nil {
		t.Skipf("there is no pseudo-terminal: %v", err)
	}
	d := &driver{t: t, tty: tty, ended: make(chan error, 1), pid: cmd.Process.Pid}
	d.screen = vt10x.New(vt10x.WithSize(columns, rows), vt10x.WithWriter(tty))
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := tty.Read(buf)
			d.mu.Lock()
			_, _ = d.screen.Write(buf[:n])
			d.mu.Unlock()
			if err != nil { // EIO: the other side is closed (pty(7))
				d.ended <- cmd.Wait()
				return
			}
		}
	}()
	t.Cleanup(func() { _ = tty.Close() })
	return d
}

// text is what stands on the screen, with the words of wrapped lines beside each other.
func (d *driver) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "┃", " ").Replace(d.screen.String())), " ")
}

// frame is the screen as it is, without blanks at the ends of lines.
func (d *driver) frame() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for line := range strings.Lines(d.screen.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

// press presses keys, one after the other.
func (d *driver) press(keys ...string) {
	d.t.Helper()
	for _, k := range keys {
		d.presses++
		if _, err := d.tty.WriteString(k); err != nil {
			d.t.Fatal(err)
		}
	}
}

// sees waits until all texts stand on the screen in full.
func (d *driver) sees(texts ...string) {
	d.t.Helper()
	var screen, missing string
	for range 600 {
		screen, missing = d.text(), ""
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.t.Fatalf("after %d keys %q is not on the screen:\n%s", d.presses, missing, d.screen.String())
}

// quits waits for the end of the program.
func (d *driver) quits() {
	d.t.Helper()
	select {
	case <-d.ended:
	case <-time.After(20 * time.Second):
		d.t.Fatalf("it does not end:\n%s", d.text())
	}
}

// maxPresses is how many keys a responder may need for the seven answers.
const maxPresses = 20

// A responder who has never seen it answers all seven questions of the demo at 80×24, each in full on the screen.
func TestTheSevenAnswersOfTheDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole demo")
	}
	d := drive(t, 80, 24, "demo")
	d.sees("web-7d9c5b6f48-x2kqp")
	for _, step := range []struct {
		question string
		keys     []string
		answer   []string
	}{
		{
			"which file is suspicious",
			[]string{"\r"},
			[]string{"miner /var/tmp/.font/fontd ran; it is in the image (layer 6)"},
		},
		{
			"which layer and build step", nil,
			[]string{"STEP COPY fonts/ /", "same layer runs in shop/report-29102885-v6hqn"},
		},
		{
			"who signed, and who should have", nil,
			[]string{"SIGNED no · required: shop-example/*/release.yml@refs/tags/*"},
		},
		{"why nothing blocked it", nil, []string{"MISSED shop-images would deny it; policy-controller not enforced " +
			"in shop: label policy.sigstore.dev/include is missing"}},
		{
			"how the provenance differs",
			[]string{"4"},
			[]string{"builder ✓ shop-example/web/release.yml – none –", "github.com/shop-example/web"},
		},
		{"what changed", []string{"5"}, []string{
			"liblzma5 5.4.1-1 → 5.6.1-1", "xz-utils 5.4.1-1 → 5.6.1-1",
			"/usr/bin/top",
		}},
		{"export", []string{"x"}, []string{"Export the evidence"}},
		{"and verify", []string{"\r"}, []string{"exported and read back", "backtrail verify --demo", "tagmanifest"}},
	} {
		d.press(step.keys...)
		d.sees(step.answer...)
		t.Logf("%2d keys: %s", d.presses, step.question)
	}
	if d.presses > maxPresses {
		t.Errorf("the seven answers took %d keys, at most %d", d.presses, maxPresses)
	}
	d.press("\r", "q")
	d.quits()
	d.sees("case saved: ", "backtrail open ")
}

// The first screen of the second incident leads with the cause, not with the interpreter that the alert names, nor with
// the signature, which is valid. Every line of the headline is on it.
func TestTheFirstScreenOfThePoisonedDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole demo")
	}
	d := drive(t, 80, 24, "demo", "poisoned")
	d.sees("forecast-84…d7bb-k7w2m", "Unexpected outbound")
	d.press("\r")
	// the last fact to come is in the answers, and the line of keys has no checks left to count
	d.sees("WHAT python package example_metrics 4.2.1", "1 high · 09:58Z", "NEXT Preserve the pod", "ans. Origin: python")
	const name = "testdata/poisoned_80x24.txt"
	want, err := os.ReadFile(name)
	var got string
	for range 200 { // the frame is drawn in parts
		if got = d.frame(); got == string(want) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if *update {
		err = os.WriteFile(name, []byte(got), 0o644)
		want = []byte(got)
	}
	if err != nil || got != string(want) {
		t.Errorf("the first screen is\n%s\nwant\n%s%v", got, want, err)
	}
	d.press("\x03")
	d.quits()
}

// The tour asks the seven questions one by one, and each answer that it names is on the screen at 80×24.
func TestTheTourOfTheDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole demo")
	}
	d := drive(t, 80, 24, "demo", "--tour")
	for _, step := range []struct {
		keys   []string
		answer []string
	}{
		{nil, []string{"Tour 1/8 Falco flagged pod web-7d9c5b6f48-x2kqp", "Press enter: open its case.", "! Critical"}},
		{[]string{"\r"}, []string{"Tour 2/8 1 Which file", "/var/tmp/.font/fontd ran; it is in the image (layer 6)"}},
		{[]string{"2"}, []string{"Tour 3/8 2 Which layer", "6 COPY fonts/ /)", "5 shared, 2 new"}},
		{[]string{"3"}, []string{"Tour 4/8 3 Who signed", "– none", "shop-example/"}},
		{[]string{"4"}, []string{"Tour 5/8 4 How does", "github.com/shop-example/web", "– none"}},
		{[]string{"5"}, []string{
			"Tour 6/8 5 What changed?", "liblzma5 5.4.1-1 → 5.6.1-1", "xz-utils 5.4.1-1 → 5.6.1-1",
		}},
		{[]string{"1"}, []string{
			"Tour 7/8 6 Why not blocked?", "MISSED shop-images would deny it; policy-controller not enforced in " +
				"shop: label policy.sigstore.dev/include is missing",
		}},
		{[]string{"x", "\r"}, []string{"Tour 8/8 7 Hand it over", "exported and read back", "backtrail verify --demo"}},
	} {
		d.press(step.keys...)
		d.sees(step.answer...)
	}
	if d.presses > maxPresses {
		t.Errorf("the tour took %d keys, at most %d", d.presses, maxPresses)
	}
	d.press("\r", "q")
	d.quits()
	for _, s := range tourOf("web-7d9c5b6f48-x2kqp") {
		if len("Tour 8/8 ")+len(s.Text) > 2*78 {
			t.Errorf("more than two lines of 80 columns: %s", s.Text)
		}
	}
}

// Without a kubeconfig the demo is offered, and enter opens it.
func TestWithoutAClusterTheDemoIsOffered(t *testing.T) {
	d := drive(t, 80, 24)
	d.sees("no kubeconfig", "Open the built-in incident instead, with a tour?")
	d.press("\r")
	d.sees("Tour 1/8", "web-7d9c5b6f48-x2kqp")
	d.press("q")
	d.quits()
	d = drive(t, 80, 24)
	d.sees("[Y/n]")
	d.press("n", "\r")
	d.quits()
	d.sees("hint: `backtrail demo` shows a built-in incident")
}

// The audit, a search and a case that is left and opened again, on the built-in incident.
func TestTheFleetOfTheDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole demo")
	}
	d := drive(t, 80, 24, "demo")
	d.sees("web-7d9c5b6f48-x2kqp")
	d.press("\r")
	d.sees("miner /var/tmp/.font/fontd ran", "· 14:09Z") // the checks have ended
	d.press("a", "seen on call", "\r")
	d.sees("note added")
	d.press("7", "G")
	d.sees("note: seen on call")
	d.press("\x1b")
	d.sees("Findings by cause")
	d.press("\x1b")
	d.sees("Pods · alerts")
	d.press(":", "audit", "\r")
	d.sees("the audit has ended: 2 not allowed, 0 not known", "BLOCK", "deploy/web")
	d.press("j", "\r")
	d.sees("Findings by cause", "miner /var/tmp/.font/fontd ran")
	d.press("7", "G")
	d.sees("note: seen on call") // the same case, with its notes
	d.press(":", "where liblzma5@5.6.1-1", "\r")
	d.sees("1 hit", "liblzma5 5.6.1-1", "2 ?", "looked into to d")
	d.press("q")
	d.quits()
	d.sees("case saved: ")
	if n := strings.Count(d.text(), "case saved: "); n != 1 {
		t.Errorf("%d cases of one pod", n)
	}
}

// ctrl+c always ends it, also while the case is being collected.
func TestInterruptEndsTheDemo(t *testing.T) {
	d := drive(t, 80, 24, "demo")
	d.sees("web-7d9c5b6f48-x2kqp")
	d.press("\r", "\x03")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	select {
	case <-d.ended:
	case <-ctx.Done():
		t.Fatalf("it does not end:\n%s", d.text())
	}
}
