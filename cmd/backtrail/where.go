package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/where"
)

// whereFlags are those of the verb where: the file of an incident pack, and a window as its text.
type whereFlags struct{ incident, window string }

// whereCommand is the verb where. It answers from the journal alone, so that the question of the day (who runs the
// package that was compromised this morning?) needs no registry, which then is busy or down.
func whereCommand(f *flags, std streams) *cobra.Command {
	var own whereFlags
	cmd := &cobra.Command{
		Use:   "where WHAT",
		Short: "Which workloads run or ran a package, vulnerability, advisory, file, path or image",
		Long: `Which workloads run or ran something, since when and until when, by what cases and audits recorded in the
journal: no cluster, registry or network is needed. WHAT is one of

  log4j-core  log4j-core@2.14.1     a package by its name or the name of its source package, of one version or all
  pkg:npm/%40ctrl/tinycolor@4.1.1   a package URL, with or without version
  CVE-2021-44228  MAL-2025-1        a vulnerability or advisory; xz-2024-03 an incident pack
  sha256:…                          a file's content, an image or a layer
  /usr/lib/liblzma.so.5             a path in the image

Executables, libraries and start-up hooks are stored of an image's files. What could not be checked is counted and
listed with the reason, and never counted as not affected.`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return usage("%s takes one WHAT, not %d", cmd.CommandPath(), len(args))
			case len(args) == 1 && own.incident != "":
				return usage("%s takes WHAT or --incident, not both", cmd.CommandPath())
			case len(args) == 0 && own.incident == "" && own.window == "":
				return usage("%s: name WHAT, an --incident or a --window", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runWhere(cmd.Context(), f, std, first(args), own)
		},
	}
	cmd.Flags().StringVar(&own.incident, "incident", "", "all that an incident pack `FILE` (YAML) is recognized by")
	cmd.Flags().StringVar(&own.window, "window", "",
		"also list what was built between two dates or times, `FROM,TO`; one of them may be left out")
	return cmd
}

// runWhere searches the journal. It exits with 0 when it ran, whether anything was found or not; what could not be
// checked is in the result, with its reason.
func runWhere(ctx context.Context, f *flags, std streams, what string, own whereFlags) error {
	if err := f.checkOutput(where.Forms...); err != nil {
		return err
	}
	// What of the words is a package, a vulnerability, a digest or a path is decided by package where, from their form.
	q := where.Query{What: what}
	// The title is the first line of a report: what was looked for, as the person wrote it.
	title := cmp.Or(what, own.window)
	if own.window != "" {
		w, err := advisory.ParseWindow(own.window)
		if err != nil {
			return usage("reading --window: %w", err)
		}
		q.Window = w
	}
	if own.incident != "" {
		b, err := readBounded(own.incident, maxPackFile)
		if err != nil {
			return hinted(fmt.Errorf("reading --incident: %w", err))
		}
		if q.Pack, err = advisory.ReadPack(b); err != nil {
			return hinted(fmt.Errorf("%s: %w", filepath.Base(own.incident), err), "backtrail help data has the format")
		}
		title = q.Pack.ID
	}
	// An identifier is looked up in the advisories first, for the packages and digests that it is about.
	data, err := f.advisoryData()
	if err != nil {
		return err
	}
	j, err := openJournal(ctx, std)
	if err != nil {
		return err
	}
	defer j.Close()
	r, err := where.Search(ctx, j, data, q)
	if err != nil {
		return hinted(err, "backtrail where --help lists what can be looked up")
	}
	return where.Print(std.out, r, f.output, title)
}

// maxPackFile bounds an incident pack, in bytes. The packs that come with the program have a few kB each.
const maxPackFile = 1 << 20

// openJournal opens the journal of this person, which has to be there: an empty one would answer every question with
// "not affected". A damaged one is set aside by the opening, with a warning, and the new one is empty.
func openJournal(ctx context.Context, std streams) (*journal.Journal, error) {
	path, err := journalPath()
	if err != nil {
		return nil, err
	}
	if !journal.Exists(path) {
		return nil, hinted(fmt.Errorf("nothing has been recorded yet: there is no journal at %s", path),
			"backtrail inspect and the terminal UI record what they find; journal import takes that of another machine")
	}
	j, err := journal.Open(ctx, path)
	if err != nil {
		return nil, hinted(err)
	}
	if n := j.Notice(); n != "" {
		fmt.Fprintf(std.err, "warning: %s\n", n)
	}
	return j, nil
}

// Where searches what was recorded, for the terminal UI.
func (v *liveView) Where(ctx context.Context, what string) (where.Result, error) {
	path := cmp.Or(v.session.records, v.session.journal)
	switch {
	case path == "":
		return where.Result{}, errors.New("nothing is recorded with --no-journal: leave it out")
	case !journal.Exists(path):
		return where.Result{}, errors.New("nothing has been recorded yet: an audit or a case records what runs")
	}
	j, err := journal.Open(ctx, path)
	if err != nil {
		return where.Result{}, err
	}
	defer j.Close()
	return where.Search(ctx, j, v.session.advisories, where.Query{What: what})
}
