package layertest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/redact"
	"github.com/backtrail/backtrail/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Run runs checks on an image, with alerts matched to it, as a case of one image that is compared with a known-good
// where one is named. Each of checks that needs the known-good stands behind it. It fails the test where a check fails
// to run; a check that is blocked or finds nothing is a fact of the case. No ledger is written: what the ledger removes
// from facts is removed here from the environment alone.
func Run(t testing.TB, client *registry.Client, target string, knownGood *inspect.KnownGood, checks []engine.Check,
	alerts ...inspect.Alert,
) inspect.Case {
	t.Helper()
	find := engine.Check{Name: "find", Scope: engine.PerCase, Resolves: true, Run: func(ctx context.Context,
		on engine.On, emit func(inspect.Event),
	) error {
		for _, a := range alerts {
			a.Subject, a.Match = "image", inspect.MatchDigest
			emit(inspect.Event{Fact: a})
		}
		loc, err := registry.Parse(target)
		if err != nil {
			return err
		}
		img, err := client.Resolve(ctx, loc, v1.Platform{})
		if err != nil {
			return err
		}
		i := inspect.Image{
			ImageHead: inspect.ImageHead{
				Reference: target, Location: target, Index: img.Index.Digest, Digest: img.Digest(),
				Config:   img.Config.Digest,
				Platform: img.Platform.String(), Status: inspect.Unknown, Reason: inspect.Running,
			},
		}
		if c := img.ConfigFile; c != nil {
			c.Config.Env, _ = redact.Environ(c.Config.Env) // as the ledger does it
			i.Settings = inspect.ImageConfig{
				User: c.Config.User, Entrypoint: c.Config.Entrypoint, Cmd: c.Config.Cmd,
				Env: c.Config.Env, WorkingDir: c.Config.WorkingDir, OnBuild: c.Config.OnBuild,
				Volumes: slices.Sorted(maps.Keys(c.Config.Volumes)),
				Ports:   slices.Sorted(maps.Keys(c.Config.ExposedPorts)), Labels: c.Config.Labels,
			}
			if c.Config.Healthcheck != nil {
				i.Settings.Health = c.Config.Healthcheck.Test
			}
		}
		emit(inspect.Event{Container: "image", Fact: i.ImageHead})
		return nil
	}}
	good := engine.Check{Name: inspect.CheckKnownGood, Run: func(_ context.Context, _ engine.On,
		emit func(inspect.Event),
	) error {
		if knownGood != nil {
			emit(inspect.Event{Fact: inspect.Diff{KnownGood: knownGood}})
		}
		return nil
	}}
	source, err := engine.NewSource(engine.Plan{Checks: append([]engine.Check{find, good}, checks...)})
	if err != nil {
		t.Fatal(err)
	}
	var c inspect.Case
	if err := source(t.Context(), c.Apply); err != nil {
		t.Fatal(err)
	}
	return c
}
