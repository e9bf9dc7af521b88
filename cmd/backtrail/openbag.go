package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
)

// openedBag is a bundle with what is wrong with its files, for the export that names it as its parent.
type openedBag struct {
	*evidence.Bag
	unfit string
}

// openBag opens the case of a bundle. One whose files do not fit its manifests opens with a banner: what it shows may
// not be what was exported.
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

// withBanner adds the banner to the notices of a case, which every form of a report has.
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

// printBanner prints the banner above a report; JSON has it among its notices.
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

// logOpening notes beside a case of this disk that it was opened. A case that cannot be written to opens all the same.
func (s *session) logOpening(dir string) {
	_, err := ledger.LogAccess(dir, ledger.Access{
		Time: inspect.At(s.now()), Who: s.operator.String(), Tool: "backtrail " + version, What: ledger.Opened,
	})
	if err != nil {
		fmt.Fprintf(s.std.err, "the opening is not logged: %v\n", err)
	}
}
