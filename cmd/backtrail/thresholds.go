package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
	"github.com/backtrail/backtrail/inspect/vuln"
)

// registerThresholds registers what vulnerabilities and findings may be there, and what is stated about them.
func (f *flags) registerThresholds(s *pflag.FlagSet) {
	s.StringVar(&f.thresholds, "thresholds", "",
		"`FILE` of thresholds: what blocks, what warns with a deadline (backtrail thresholds init prints one)")
	s.StringArrayVar(&f.vex, "vex", nil, "apply and show the statements of this OpenVEX `FILE` (repeatable)")
}

// setLevels prepares the comparison with vulnerabilities. The cache keeps the digest of the database, which has more
// than 1 GB and is hashed once for each version. Errors in named files are usage errors.
func (s *session) setLevels(cache string) error {
	folder, err := vuln.Folder()
	if err != nil {
		return err
	}
	s.vulns = vuln.NewData(folder, cache)
	if s.flags.thresholds != "" {
		t, err := s.flags.namedThresholds()
		if err != nil {
			return err
		}
		s.thresholds = &t
	}
	// A statement is shown with the name of its file and author, never as a fact: who wrote it is not verified.
	var documents []vuln.Document
	for _, path := range s.flags.vex {
		data, err := readBounded(path, vuln.MaxStatements)
		if err != nil {
			return &exitError{code: exitUsage, err: fmt.Errorf("reading --vex: %w", err)}
		}
		documents = append(documents, vuln.Document{Origin: filepath.Base(path), Data: data})
	}
	if s.statements, err = vuln.ReadStatements(documents...); err != nil {
		return &exitError{code: exitUsage, err: err, hints: []string{"--vex takes OpenVEX documents in JSON"}}
	}
	return nil
}

// namedThresholds reads the thresholds of the flag. A field that does not exist is an error: a misspelt criterion would
// block nothing.
func (f *flags) namedThresholds() (inspect.Thresholds, error) {
	data, err := readBounded(f.thresholds, threshold.MaxBytes)
	if err != nil {
		return inspect.Thresholds{}, &exitError{code: exitUsage, err: fmt.Errorf("reading --thresholds: %w", err)}
	}
	t, err := threshold.Read(data, filepath.Base(f.thresholds))
	if err != nil {
		return t, &exitError{
			code: exitUsage, err: fmt.Errorf("%s: %w", f.thresholds, err),
			hints: []string{"backtrail thresholds init prints a documented file to begin with"},
		}
	}
	return t, nil
}

// thresholdsCommand is the verb thresholds.
func thresholdsCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "thresholds",
		Short: "What blocks an image, what needs a remedy by a date: init, explain",
		Long: `Thresholds state which vulnerabilities and findings block an image, which need a remedy by a date, and
which are recorded only. Agree on them before an incident: --thresholds FILE has exit code and reports follow them.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	// init has its own refusal of --thresholds: the group of that flag is one that explain uses.
	init := &cobra.Command{
		Use: "init [FILE]", Short: "Print documented thresholds to begin with, or write them to a new FILE",
		Args: atMostOne,
		RunE: func(_ *cobra.Command, args []string) error {
			if f.thresholds != "" {
				return usage("thresholds init does not use --thresholds: leave it out")
			}
			return initThresholds(std, args)
		},
	}
	explain := &cobra.Command{
		Use: "explain [CASE]", Short: "Explain thresholds, or the level of everything in a case",
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error { return explainThresholds(cmd.Context(), f, std, args) },
	}
	cmd.AddCommand(init, explain)
	return cmd
}

// initThresholds prints the documented default, or writes it to a file that does not exist yet. Others may read the
// file: it is meant to be agreed upon.
func initThresholds(std streams, args []string) error {
	if len(args) == 0 {
		_, err := std.out.Write(threshold.DefaultText())
		return err
	}
	out, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // to be shared
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already: name another file", args[0])
	}
	if err != nil {
		return fmt.Errorf("writing the thresholds: %w", err)
	}
	_, err = out.Write(threshold.DefaultText())
	return errors.Join(err, out.Close())
}

// explainThresholds prints the rules, and with a case what they make of it.
func explainThresholds(ctx context.Context, f *flags, std streams, args []string) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	if len(args) == 0 {
		return f.printThresholds(std, nil)
	}
	return f.withSaved(ctx, std, args[0], func(_ *session, saved savedCase) error {
		c := &inspect.Case{}
		if err := saved.replay(ctx, c.Apply); err != nil {
			return fmt.Errorf("reading %s: %w", args[0], err)
		}
		return f.printThresholds(std, c)
	})
}

// printThresholds prints the thresholds of the flag, else those of the case, else the default. c may be nil. Deadlines
// are counted to the time of the case, not to today: an explanation of an old case is the same every day.
func (f *flags) printThresholds(std streams, c *inspect.Case) error {
	t, at := threshold.Default(), inspect.At(time.Now())
	if c != nil {
		at = c.Started
		t, _ = threshold.Of(c)
	}
	if f.thresholds != "" {
		var err error
		if t, err = f.namedThresholds(); err != nil {
			return err
		}
	}
	x := threshold.Explain(t, c, at)
	if f.output == "json" {
		b, err := inspect.EncodeJSON(x)
		if err != nil {
			return err
		}
		_, err = std.out.Write(b)
		return err
	}
	_, err := fmt.Fprint(std.out, x.Text())
	return err
}
