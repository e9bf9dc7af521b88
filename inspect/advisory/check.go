package advisory

import (
	"context"
	"errors"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
)

// Advisories is the check that compares an image with known compromises. It waits for others, beside those of the
// packages, whose rows are compared too.
func Advisories(data *Data, cache *layer.Cache, others ...string) engine.Check {
	// It reads rows that other checks make: names of packages, who signed, what a lock file resolves to. Those that
	// were not run leave their part uncompared.
	needs := append([]string{inspect.CheckLayers, inspect.CheckPackages}, others...)
	return engine.Check{Name: inspect.CheckAdvisories, Needs: needs, Run: func(ctx context.Context, on engine.On,
		emit func(inspect.Event),
	) error {
		x, errData := data.load()
		m := newMatches(x, on.Image())
		m.window = data.Window
		if pod := on.Case().Pod; pod != nil {
			m.started = pod.Created
		}
		// Rows that were found before an error are facts, and are given: what could not be compared is named by the
		// outcome of the check.
		errTree := m.run(ctx, cache)
		for _, a := range m.rows {
			emit(inspect.Event{Fact: a})
		}
		for _, f := range findings(m.image, m.rows) {
			emit(inspect.Event{Fact: f})
		}
		for _, f := range lookalikes(m.image, x.squats(m.image, m.rows), x.imageLookalike(m.image.Reference)) {
			emit(inspect.Event{Fact: f})
		}
		switch {
		case errData != nil:
			return engine.Unchecked("not all advisories could be read: %s", errData)
		case errTree != nil:
			return engine.Unchecked("the files could not be compared: %s", errTree)
		case m.missed > 0:
			return engine.Unchecked("more than %d matches: the others are left out", maxRows)
		}
		return nil
	}}
}

// run matches all that an image has.
func (m *matches) run(ctx context.Context, cache *layer.Cache) error {
	m.packages()
	m.digests()
	m.identities()
	m.strings()
	m.windows()
	tree, err := cache.Tree(ctx, m.image.Layers)
	if err != nil {
		return fmt.Errorf("merging the layers: %w", err)
	}
	// The merged tree, not each layer: a file that an upper layer hides does not run. That it was there shows in its
	// layer's digest.
	for n := range tree.All() {
		m.file(n)
	}
	return nil
}

// Match compares what is known of an image with the data, without its files: its packages, digests, signers, sources
// and dates. It returns the rows and what a person should know of them. An error names what of the data could not be
// read, or that there are more matches than are listed; the rest is compared.
func (d *Data) Match(image inspect.Image) ([]inspect.Advisory, []inspect.Finding, error) {
	x, err := d.load()
	m := newMatches(x, image)
	m.window = d.Window
	m.packages()
	m.digests()
	m.identities()
	m.windows()
	if m.missed > 0 {
		err = errors.Join(err, fmt.Errorf("more than %d matches: the others are left out", maxRows))
	}
	return m.rows, findings(m.image, m.rows), err
}
