package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/spf13/cobra"
)

// openCommand is the verb open. Opening works offline and changes nothing in the case; that it was opened, when and by
// whom, is noted in the access log beside it.
func openCommand(f *flags, std streams) *cobra.Command {
	var own inspectFlags
	cmd := &cobra.Command{
		Use:   "open CASE|BUNDLE",
		Short: "Open a saved case, offline, in the terminal UI or printed",
		Args:  oneArgument("CASE or BUNDLE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := own.checkExport(cmd); err != nil {
				return err
			}
			return runOpen(cmd.Context(), f, std, args[0], own)
		},
	}
	cmd.Flags().StringVar(&own.export, "export", "",
		"write the evidence bundle to `PATH`, a directory, a .tar.gz or a .tar.zst (without the terminal UI)")
	cmd.Flags().StringVar(&own.layers, "layers", string(evidence.LayersSuspect),
		"layers in the bundle: all, suspect or none")
	cmd.Flags().BoolVar(&own.withoutConfig, "without-config", false,
		"leave the images' configurations out of the bundle: they may contain secrets")
	return cmd
}

// savedCase is a case that is not live any more: of this disk, or of a bundle.
type savedCase struct {
	recorded
	replay inspect.Source // its events, to be folded; may be run more than once
	store  inspect.Store  // the bytes that the events name: the cache, or the bundle
	unfit  string         // what is wrong with the files of the bundle; empty: nothing, or no bundle
	close  func()
}

// runOpen shows, prints or exports a saved case. An export alone prints nothing and ends with 0 whatever the status of
// the case is: with -o the case is printed beside, and ends as it did.
func runOpen(ctx context.Context, f *flags, std streams, name string, own inspectFlags) error {
	if own.export != "" && f.output == "" {
		return f.withSaved(ctx, std, name, func(s *session, saved savedCase) error {
			return s.exportSaved(ctx, saved, name, own)
		})
	}
	if !f.interactive(std) {
		return f.printSaved(ctx, std, name, own)
	}
	return f.withSaved(ctx, std, name, func(s *session, saved savedCase) error { return s.showSaved(ctx, saved) })
}

// withSaved opens a saved case for as long as do works on it. Its session has no target: what the flags name about
// clusters and images was refused for verbs that come here.
func (f *flags) withSaved(ctx context.Context, std streams, name string, do func(*session, savedCase) error) error {
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	saved, err := s.findSaved(ctx, name)
	if err != nil {
		return err
	}
	defer saved.close()
	return do(s, saved)
}

// exportSaved writes the bundle of a saved case, as the terminal UI does with x.
func (s *session) exportSaved(ctx context.Context, saved savedCase, name string, own inspectFlags) error {
	r, err := exportCase(ctx, s, saved.recorded, saved.store, own.export,
		evidence.Options{Layers: evidence.Layers(own.layers), WithoutConfig: own.withoutConfig}, nil)
	if err != nil {
		return hinted(fmt.Errorf("exporting %s to %s: %w", name, own.export, err), "the case is as it was")
	}
	printExport(s, r)
	return nil
}

// printSaved prints a saved case as inspect would have, and exports it where --export names a path. The exit code is
// that of the case: 3 for a saved case with problems, as when it was made.
func (f *flags) printSaved(ctx context.Context, std streams, name string, own inspectFlags) error {
	if err := f.checkOutput(outputs...); err != nil {
		return err
	}
	return f.withSaved(ctx, std, name, func(s *session, saved savedCase) error {
		c := &inspect.Case{}
		err := saved.replay(ctx, func(e inspect.Event) {
			c.Apply(e)
			if f.output == "events" {
				_ = writeEvent(std.out, e)
			}
		})
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if err := f.printBanner(std.out, saved.unfit); err != nil {
			return err
		}
		if err := f.printCase(std.out, *c); err != nil {
			return err
		}
		if own.export != "" {
			if err := s.exportSaved(ctx, saved, name, own); err != nil {
				return err
			}
		}
		return endOf(c, false)
	})
}

// findSaved opens a bundle, or a case of this disk by its name. A path of a bundle comes first: the name of a case is
// never one, since it has no separator. The caller closes what it gets.
func (s *session) findSaved(ctx context.Context, name string) (savedCase, error) {
	if evidence.IsBag(name) {
		bag, err := evidence.OpenBag(ctx, name, "")
		if err != nil {
			return savedCase{}, hinted(fmt.Errorf("opening bundle %s: %w", name, err),
				"backtrail verify lists what is wrong with it")
		}
		if bag.NoCase("data/audit.json") {
			_ = bag.Close()
			return savedCase{}, hinted(fmt.Errorf("opening bundle %s: it is one of an audit, and has no case", name),
				"data/audit.html in it shows the audit, backtrail verify checks it")
		}
		return s.openBag(ctx, bag)
	}
	dir, err := casesDir()
	if err != nil {
		return savedCase{}, err
	}
	saved, err := ledger.FindCase(ctx, dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return savedCase{}, hinted(fmt.Errorf("opening %s: there is no such bundle, and no case of that name in %s",
			name, dir), "backtrail cases lists the cases of this machine")
	}
	if err != nil {
		return savedCase{}, err
	}
	// Before its content is shown: an access that fails half-way was one.
	s.logOpening(saved.Dir)
	return savedCase{recorded: saved, replay: saved.Replay(), store: s.cache, close: func() {}}, nil
}

// openedBag is a bundle with what is wrong with its files, for the export that names it as its parent: a bundle cannot
// be cleaned by opening and exporting it again.
type openedBag struct {
	*evidence.Bag
	unfit string
}

// openBag opens the case of a bundle. One whose files do not fit its manifests opens with a banner: what it shows may
// not be what was exported. It opens all the same, since a damaged bundle may be the only copy of what it has; whoever
// sends it on sends the banner with it.
func (s *session) openBag(ctx context.Context, bag *evidence.Bag) (savedCase, error) {
	reason, err := evidence.Unfit(ctx, bag)
	if err != nil {
		_ = bag.Close()
		return savedCase{}, err
	}
	replay := bag.Replay()
	if reason != "" {
		fmt.Fprintf(s.std.err, "%s: %s\n", inspect.NotIntact, text.Clean(reason))
		replay = withBanner(replay, reason)
	}
	return savedCase{
		recorded: openedBag{bag, reason}, replay: replay, store: bag, unfit: reason, close: func() { _ = bag.Close() },
	}, nil
}

// withBanner adds the banner to the notices of a case, which every form of a report has. It comes last, after the
// events of the bundle: a forged ledger cannot contain an event that takes it back, since notices are only ever added.
func withBanner(replay inspect.Source, reason string) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		err := replay(ctx, emit)
		emit(inspect.Event{Fact: inspect.Notice{
			Level: "error", Text: inspect.NotIntact + ": " + text.Clean(reason),
			Hint: "backtrail verify names all that is wrong",
		}})
		return err
	}
}

// printBanner prints the banner above a report. JSON, events and HTML have it among the notices only: text above them
// would make them unreadable to programs. In Markdown no * of a path can end the emphasis.
func (f *flags) printBanner(w io.Writer, reason string) error {
	if reason == "" || f.output == "json" || f.output == "events" || f.output == "html" {
		return nil
	}
	text := inspect.NotIntact + ": " + text.Clean(reason)
	if f.output == "markdown" {
		text = "> **" + strings.ReplaceAll(text, "*", "") + "**"
	}
	_, err := fmt.Fprintf(w, "%s\n\n", text)
	return err
}

// logOpening notes beside a case of this disk that it was opened. A case that cannot be written to, such as one on a
// read-only medium, opens all the same, with a line on stderr: its chain of custody lacks this entry.
func (s *session) logOpening(dir string) {
	_, err := ledger.LogAccess(dir, ledger.Access{
		Time: inspect.At(s.now()), Who: s.operator.String(), Tool: "backtrail " + version, What: ledger.Opened,
	})
	if err != nil {
		fmt.Fprintf(s.std.err, "the opening is not logged: %v\n", err)
	}
}
