package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// Run shows the terminal UI until the person leaves or the context ends. NO_COLOR (any value that is not empty),
// TERM=dumb and TERM=linux are heeded, and a locale without UTF-8 gets plain letters.
func Run(ctx context.Context, o Options) error {
	o = heed(o, os.Getenv)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := []tea.ProgramOption{tea.WithContext(ctx)}
	if o.NoColor {
		// colorprofile reads NO_COLOR as a boolean; any value counts.
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	if o.Input != nil {
		options = append(options, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		options = append(options, tea.WithOutput(o.Output))
	}
	m := New(ctx, o)
	_, err := tea.NewProgram(m, options...).Run()
	interrupted := errors.Is(err, tea.ErrInterrupted) || errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil
	cancel()
	m.settle(farewell)
	if interrupted {
		return context.Canceled
	}
	if err != nil {
		return fmt.Errorf("running the terminal UI: %w", err)
	}
	return nil
}

// farewell is how long sources may take to write down how they ended, once the person has left.
const farewell = 2 * time.Second

// settle waits until all sources have ended, so that a case that was interrupted says so on disk.
func (m *Model) settle(most time.Duration) {
	ended := make(chan struct{})
	go func() {
		m.pumps.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(most):
	}
}

// heed reads from the environment what the terminal can do.
func heed(o Options, env func(string) string) Options {
	term := env("TERM")
	if env("NO_COLOR") != "" || term == "dumb" {
		o.NoColor = true
	}
	if term == "linux" || term == "dumb" || !utf8Locale(env) {
		o.ASCII = true
	}
	return o
}

// utf8Locale says that the locale is one of UTF-8. Where none is set, most terminals of today are.
func utf8Locale(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}
