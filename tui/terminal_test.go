package tui

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/backtrail/backtrail/inspect"
)

// console is what a pseudo-terminal received.
type console struct {
	mu  sync.Mutex
	got bytes.Buffer
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.Write(b)
}

// waits until the terminal has received a text.
func (c *console) waits(t *testing.T, text string) {
	t.Helper()
	for range 500 {
		c.mu.Lock()
		found := strings.Contains(c.got.String(), text)
		c.mu.Unlock()
		if found {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the terminal never showed %q", text)
}

// open starts the UI in a pseudo-terminal.
func open(ctx context.Context, t *testing.T, p *program) (keys *os.File, screen *console, ended <-chan error) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("there is no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { _, _ = master.Close(), slave.Close() })
	if err := pty.Setsize(master, &pty.Winsize{Rows: 40, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	screen = &console{}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			if err != nil {
				return
			}
			_, _ = screen.Write(b[:n])
		}
	}()
	p.Input, p.Output = slave, slave
	done := make(chan error, 1)
	go func() { done <- Browse(ctx, p, p.Options) }()
	return master, screen, done
}

func TestFromStartToTheExportedBundleInATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("LC_ALL", "C.UTF-8")
	keys, screen, ended := open(t.Context(), t, testProgram())
	screen.waits(t, "web-6d4cf56db6-x7k2p")
	for _, step := range []struct{ key, want string }{
		{"\r", "Findings"},
		{"2", "Layers of web"},
		{"x", "Where to"},
		{"\r", "Post this line"},
	} {
		if _, err := keys.WriteString(step.key); err != nil {
			t.Fatal(err)
		}
		screen.waits(t, step.want)
	}
	_, _ = keys.WriteString("\rq")
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("q did not end it")
	}
	screen.waits(t, "\x1b[?1049l") // the screen that was there before is back
}

func TestItEndsWithItsContext(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	ctx, cancel := context.WithCancel(t.Context())
	_, screen, ended := open(ctx, t, testProgram())
	screen.waits(t, "backtrail")
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it outlived its context")
	}
}

func TestACaseThatIsLeftMayWriteDownHowItEnded(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	o := testProgram()
	wrote := make(chan string, 1)
	o.open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
		return func(ctx context.Context, emit func(inspect.Event)) error {
			emit(incidentEvents()[0])
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			wrote <- "interrupted"
			return ctx.Err()
		}, nil
	}
	keys, screen, ended := open(t.Context(), t, o)
	screen.waits(t, "web-6d4cf56db6-x7k2p")
	_, _ = keys.WriteString("\r")
	screen.waits(t, "still checking")
	_, _ = keys.WriteString("\x03")
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	select {
	case <-wrote:
	default:
		t.Error("the program left before the case had written down how it ended")
	}
}
