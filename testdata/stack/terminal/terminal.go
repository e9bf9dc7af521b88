package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// Terminal is a program in a pseudo-terminal, with the screen that a person would see.
type Terminal struct {
	cmd    *exec.Cmd
	tty    *os.File
	screen vt10x.Terminal
	mu     sync.Mutex
	done   chan struct{}
	err    error
}

// screenInterval is how often Await looks at the screen.
const screenInterval = 20 * time.Millisecond

// Terminal starts the program in a terminal of that size.
func (p *Program) Terminal(columns, rows int, args ...string) (*Terminal, error) {
	cmd := exec.Command(p.Path, args...)
	cmd.Dir = p.Dir
	cmd.Env = append(append(os.Environ(), "TERM=xterm-256color"), p.Env...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)})
	if err != nil {
		return nil, fmt.Errorf("starting %s in a terminal: %w", p.Path, err)
	}
	t := &Terminal{cmd: cmd, tty: tty, done: make(chan struct{})}
	t.screen = vt10x.New(vt10x.WithSize(columns, rows), vt10x.WithWriter(tty))
	go t.draw()
	return t, nil
}

// draw feeds the screen until the program closes its side.
func (t *Terminal) draw() {
	buf := make([]byte, 64<<10)
	for rest := 0; ; {
		n, err := t.tty.Read(buf[rest:])
		whole := wholeRunes(buf[:rest+n])
		t.mu.Lock()
		_, _ = t.screen.Write(buf[:whole])
		t.mu.Unlock()
		if err != nil { // EIO: the other side is closed (pty(7))
			break
		}
		rest = copy(buf, buf[whole:rest+n])
	}
	t.err = t.cmd.Wait()
	close(t.done)
}

// wholeRunes is how much of b the screen can be given: it drops a character that comes in two parts.
func wholeRunes(b []byte) int {
	for at := len(b) - 1; at >= 0 && at >= len(b)-utf8.UTFMax; at-- {
		if utf8.RuneStart(b[at]) {
			if utf8.FullRune(b[at:]) {
				return len(b)
			}
			return at
		}
	}
	return len(b)
}

// Type sends keys as the terminal would: "j", "\r" for enter, "\x1b" for escape.
func (t *Terminal) Type(keys string) error {
	if _, err := t.tty.WriteString(keys); err != nil {
		return fmt.Errorf("typing %q: %w", keys, err)
	}
	return nil
}

// Screen is the text on the screen, without trailing blanks.
func (t *Terminal) Screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rows []string
	for row := range strings.Lines(t.screen.String()) {
		rows = append(rows, strings.TrimRight(row, " \n"))
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}

// Await waits until all texts stand on the screen and returns it.
func (t *Terminal) Await(timeout time.Duration, texts ...string) (string, error) {
	deadline := time.Now().Add(timeout)
	for {
		screen := t.Screen()
		missing := ""
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		if missing == "" {
			return screen, nil
		}
		if time.Now().After(deadline) {
			return screen, fmt.Errorf("waiting %s for %q on the screen:\n%s", timeout, missing, screen)
		}
		select {
		case <-t.done:
			return screen, fmt.Errorf("waiting for %q: the program ended (%v):\n%s", missing, t.err, t.Screen())
		case <-time.After(screenInterval):
		}
	}
}

// Exit waits for the program's end and returns its exit code; past the timeout it is killed.
func (t *Terminal) Exit(timeout time.Duration) (int, error) {
	defer func() { _ = t.tty.Close() }()
	select {
	case <-t.done:
		return t.cmd.ProcessState.ExitCode(), nil
	case <-time.After(timeout):
		_ = t.cmd.Process.Kill()
		<-t.done
		return -1, fmt.Errorf("waiting for the program's end: killed after %s; the screen was:\n%s", timeout, t.Screen())
	}
}
