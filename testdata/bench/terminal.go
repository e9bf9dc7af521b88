package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// The terminal of somebody who works, and how long it is waited for.
const (
	terminalRows    = 40
	terminalColumns = 120
	showTimeout     = time.Minute
	lookInterval    = 20 * time.Millisecond
)

// terminal is backtrail in a pseudo-terminal, with the screen that a person would see.
type terminal struct {
	cmd    *exec.Cmd
	tty    *os.File
	began  time.Time
	mu     sync.Mutex
	screen vt10x.Terminal
	closed chan struct{}
}

// openTerminal starts the program; dir is its home.
func openTerminal(ctx context.Context, dir, program string, args ...string) (*terminal, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(append(os.Environ(), home(dir)...), "TERM=xterm-256color")
	cmd.Dir = dir
	t := &terminal{cmd: cmd, began: time.Now(), closed: make(chan struct{})}
	var err error
	if t.tty, err = pty.StartWithSize(cmd, &pty.Winsize{Rows: terminalRows, Cols: terminalColumns}); err != nil {
		return nil, fmt.Errorf("starting backtrail in a terminal: %w", err)
	}
	t.screen = vt10x.New(vt10x.WithSize(terminalColumns, terminalRows), vt10x.WithWriter(t.tty))
	go t.draw()
	return t, nil
}

// draw feeds the screen until the program closes its side.
func (t *terminal) draw() {
	defer close(t.closed)
	buf := make([]byte, 64<<10)
	for {
		n, err := t.tty.Read(buf)
		t.mu.Lock()
		_, _ = t.screen.Write(buf[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.String()
}

// shows waits until a text stands on the screen.
func (t *terminal) shows(text string) error {
	for deadline := time.Now().Add(showTimeout); !strings.Contains(t.text(), text); {
		select {
		case <-t.closed:
			return fmt.Errorf("waiting for %q: backtrail ended:\n%s", text, t.text())
		case <-time.After(lookInterval):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waiting %s for %q on the screen:\n%s", showTimeout, text, t.text())
		}
	}
	return nil
}

// step is what a person does: keys, and a text that is to stand on the screen then.
type step struct{ keys, shows string }

// walk does one step after the other.
func (t *terminal) walk(steps ...step) error {
	for _, s := range steps {
		if _, err := t.tty.WriteString(s.keys); err != nil {
			return fmt.Errorf("typing %q: %w", s.keys, err)
		}
		if err := t.shows(s.shows); err != nil {
			return err
		}
	}
	return nil
}

// quit ends the program and gives the most memory that it had.
func (t *terminal) quit() (peak int64, err error) {
	defer t.tty.Close()
	if peak, err = highWater(t.cmd.Process.Pid); err != nil {
		return 0, err
	}
	if _, err := t.tty.WriteString("\x03"); err != nil {
		return 0, fmt.Errorf("ending backtrail: %w", err)
	}
	<-t.closed
	return peak, t.cmd.Wait()
}

// highWater is the most memory that a process had until now (VmHWM, proc_pid_status(5)), bytes.
func highWater(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of backtrail: %w", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0, fmt.Errorf("reading the memory of backtrail: %w", err)
	}
	return kib << 10, nil
}

// kill ends a program that was left in the middle of something.
func (t *terminal) kill() {
	_ = t.cmd.Process.Kill()
	_ = t.cmd.Wait()
	_ = t.tty.Close()
}
