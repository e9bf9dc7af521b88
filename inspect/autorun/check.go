package autorun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/inspect/redact"
	"github.com/backtrail/backtrail/registry"
)

// Check lists what an image starts by itself, and compares it with the previous or known-good image where there is one.
// needs names the check that finds that one. The rows of a comparison that could not be made have no New. It is
// blocked, after its rows were emitted, where not all texts were read or the other image could not be. A damaged blob
// is fetched again once, by its digest. Rows are emitted before the error is returned, so that a gap never hides what
// was found.
func Check(client *registry.Client, cache *layer.Cache, owners *owner.Cache, needs ...string) engine.Check {
	return engine.Check{
		Name: inspect.CheckAutoruns, Needs: append([]string{inspect.CheckLayers}, needs...),
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image := on.Image()
			if !slices.ContainsFunc(image.Layers, func(l inspect.Layer) bool { return l.DiffID != "" && !l.Empty }) {
				return engine.Unchecked("no layer could be read")
			}
			rows, err := examineImage(ctx, cache, owners, image)
			if errors.Is(err, registry.ErrDamagedStore) {
				if err := cache.Reread(ctx, client, image); err != nil {
					return err
				}
				rows, err = examineImage(ctx, cache, owners, image)
			}
			if err != nil {
				return err
			}
			p := report{container: image.Container, config: image.Config, layers: image.Layers}
			unread := rows.compareWith(ctx, client, cache, image, &p)
			rows.alerted(on.Case().Alerts, image.Container)
			rows.emit(p, emit)
			return cmp.Or(unread, rows.scene.unread())
		},
	}
}

// rows are the hooks of an image, judged.
type rows struct {
	scene *scene
	list  []*row
}

// examineImage collects and examines the hooks of an image. It reads the merged tree only: a hook that an upper layer
// took away starts nothing, and what layers hide is for the check of binaries. Errors are those of the cache and of the
// context; a text that cannot be parsed is no error, since an attacker could otherwise end the check with one broken
// file.
func examineImage(ctx context.Context, cache *layer.Cache, owners *owner.Cache, image inspect.Image) (*rows, error) {
	tree, err := cache.Tree(ctx, image.Layers)
	if err != nil {
		return nil, err
	}
	own, err := owners.Of(ctx, tree)
	if err != nil {
		return nil, err
	}
	all := &rows{scene: &scene{tree: tree, own: own, config: image.Settings}}
	hooks, err := all.scene.collect(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range hooks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all.list = append(all.list, all.scene.examine(ctx, h))
	}
	return all, nil
}

// unread is the error of a check that did not look at all that starts by itself, nil where it did: whoever makes an
// image may put more before it than is read.
func (s *scene) unread() error {
	if s.skipped == 0 {
		return nil
	}
	return engine.Unchecked("%d texts were not read, or not to their end: the image has more than %d files that "+
		"start something, more than %d MiB of them, or one of more than %d MiB", s.skipped, MaxFound, MaxTextAll>>20,
		MaxWhole>>20)
}

// compareWith compares the rows with the image that the case names for that. An error states that there is one and that
// it could not be read; the rows stand without it.
func (all *rows) compareWith(ctx context.Context, client *registry.Client, cache *layer.Cache, image inspect.Image,
	p *report,
) error {
	if image.Diff == nil || image.Diff.KnownGood == nil {
		return nil
	}
	good := *image.Diff.KnownGood
	read, err := cache.ReadKnownGood(ctx, client, good, nil)
	if err != nil {
		return fmt.Errorf("comparing with the %s image: %w", good.Word(), err)
	}
	if why := layer.Unread(read.Layers); why != "" {
		return engine.Unchecked("the %s image cannot be compared with: %s", good.Word(), why)
	}
	before, err := cache.Tree(ctx, read.Layers)
	if err != nil {
		return err
	}
	config := inspect.ImageConfig{}
	if read.Image.ConfigFile != nil {
		config = settings(read.Image.ConfigFile.Config)
	}
	was, err := newOther(ctx, before, config, good.Confirmed)
	if err != nil {
		return err
	}
	p.good = &good
	for _, r := range all.list {
		was.compare(ctx, all.scene, r)
	}
	return nil
}

// settings is what of a config starts something.
func settings(c v1.Config) inspect.ImageConfig {
	env, _ := redact.Environ(c.Env) // as the ledger has the image's
	s := inspect.ImageConfig{Entrypoint: c.Entrypoint, Cmd: c.Cmd, Env: env, WorkingDir: c.WorkingDir}
	if c.Healthcheck != nil {
		s.Health = c.Healthcheck.Test
	}
	return s
}

// alerted marks the rows that an interpreter runs which an alert names. Alerts that were matched to no container, or to
// another one, raise nothing. Alerts name programs and not hooks: a python that misbehaves raises each hook that Python
// runs by itself, since any of them may be the cause.
func (all *rows) alerted(alerts []inspect.Alert, container string) {
	var programs []string
	for _, a := range alerts {
		if a.Match != inspect.MatchNone && a.Match != "" && a.Subject == container {
			programs = append(programs, a.Path)
		}
	}
	for _, r := range all.list {
		if alertedBy(r.kind, programs) {
			r.add(inspect.CodeAlerted)
		}
	}
}

// emit judges the rows and emits them, the worst MaxRows of them, each with its finding where it is at least medium.
// What is cut off is the least severe by then. Severities are decided for all rows first, since a strong sign replaces
// the command that is shown.
func (all *rows) emit(p report, emit func(inspect.Event)) {
	codes := map[*row]string{}
	for _, r := range all.list {
		r.severity, codes[r] = r.judge()
		if s, ok := r.strong(); ok && !r.inline {
			r.command = shorten(s.Excerpt)
		}
	}
	slices.SortStableFunc(all.list, func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.severity.Rank(), b.severity.Rank()), cmp.Compare(len(b.codes), len(a.codes)))
	})
	for _, r := range all.list[:min(len(all.list), MaxRows)] {
		a := p.fact(r)
		emit(inspect.Event{Fact: a})
		if r.severity.Rank() <= inspect.Medium.Rank() {
			emit(inspect.Event{Fact: p.finding(r, codes[r], a)})
		}
	}
}
