package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/charmbracelet/colorprofile"
)

// Browse shows the pods of a cluster and their cases, until the person leaves or the context ends. It honors NO_COLOR
// (any value that is not empty), TERM=dumb and TERM=linux; a locale without UTF-8 gets plain letters. The error is
// context.Canceled where the context ended before the person left.
func Browse(ctx context.Context, c Cluster, o Options) error {
	return run(ctx, o, func(m *Model) { m.browse(c) })
}

// Show shows one case, as Browse does.
func Show(ctx context.Context, b caseview.Backend, source inspect.Source, o Options) error {
	return run(ctx, o, func(m *Model) { m.show(b, source) })
}

// run runs the program on the terminal, and gives its sources the time to write down how they ended.
func run(ctx context.Context, o Options, start func(m *Model)) error {
	o = applyEnv(o, os.Getenv)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := []tea.ProgramOption{tea.WithContext(ctx)}
	if o.NoColor {
		// colorprofile reads NO_COLOR as a boolean; any value counts (no-color.org).
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	if o.Input != nil {
		options = append(options, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		options = append(options, tea.WithOutput(o.Output))
	}
	m := newModel(ctx, o)
	start(m)
	_, err := tea.NewProgram(m, options...).Run()
	interrupted := errors.Is(err, tea.ErrInterrupted) || errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil
	cancel()
	m.Wait(shutdownTimeout)
	if interrupted {
		return context.Canceled
	}
	if err != nil {
		return fmt.Errorf("running the terminal UI: %w", err)
	}
	return nil
}

// shutdownTimeout is how long sources may take to write down how they ended, once the person has left.
const shutdownTimeout = 2 * time.Second

// applyEnv reads from the environment what the terminal can do. NO_COLOR counts with any value that is not empty
// (https://no-color.org). The Linux console has 256 or 512 glyphs, and lacks most of the signs.
func applyEnv(o Options, env func(string) string) Options {
	term := env("TERM")
	if env("NO_COLOR") != "" || term == "dumb" {
		o.NoColor = true
	}
	if term == "linux" || term == "dumb" || !utf8Locale(env) {
		o.ASCII = true
	}
	return o
}

// utf8Locale reports whether the locale is one of UTF-8. Where none is set, most terminals of today are. The first
// variable that is set counts, in the order of POSIX: LC_ALL, LC_CTYPE, LANG.
func utf8Locale(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}
