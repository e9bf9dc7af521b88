package files

import (
	"context"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// bench is a store, a client and a cache of their own.
type bench struct {
	client *registry.Client
	cache  *Cache
}

func newBench(t testing.TB) bench {
	t.Helper()
	return openBench(t, t.TempDir())
}

func openBench(t testing.TB, dir string) bench {
	t.Helper()
	store, err := registry.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return bench{client, NewCache(store)}
}

// examine runs the checks of this package on an image, with alerts matched to it, against a known-good where one is
// named.
func (b bench) examine(t testing.TB, target string, knownGood *inspect.KnownGood, alerts ...inspect.Alert) inspect.Case {
	t.Helper()
	return b.examineWith(t, target, knownGood, nil, alerts...)
}

// examineAfter is examine with a check that the search for the base image waits for.
func (b bench) examineAfter(t testing.TB, target string, first engine.Check) inspect.Case {
	t.Helper()
	return b.run(t, target, nil, []engine.Check{first, Base(b.cache, first.Name)}, nil)
}

// examineWith is examine with further checks.
func (b bench) examineWith(t testing.TB, target string, knownGood *inspect.KnownGood, more []engine.Check, alerts ...inspect.Alert) inspect.Case {
	t.Helper()
	return b.run(t, target, knownGood, append([]engine.Check{Base(b.cache)}, more...), alerts)
}

func (b bench) run(t testing.TB, target string, knownGood *inspect.KnownGood, more []engine.Check, alerts []inspect.Alert) inspect.Case {
	t.Helper()
	find := engine.Check{Name: "find", Scope: engine.PerCase, Resolves: true, Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
		for _, a := range alerts {
			a.Subject, a.Match = "image", inspect.MatchDigest
			emit(inspect.Event{Fact: a})
		}
		loc, err := registry.Parse(target)
		if err != nil {
			return err
		}
		img, err := b.client.Resolve(ctx, loc, v1.Platform{})
		if err != nil {
			return err
		}
		i := inspect.Image{
			ImageHead: inspect.ImageHead{Reference: target, Location: target, Index: img.Index.Digest, Digest: img.Digest(), Config: img.Config.Digest,
				Platform: img.Platform.String(), Status: inspect.Unknown, Reason: inspect.Running},
		}
		if c := img.ConfigFile; c != nil {
			c.Config.Env, _ = inspect.RedactEnv(c.Config.Env) // as package subject does it
			i.Settings = inspect.ImageConfig{User: c.Config.User, Entrypoint: c.Config.Entrypoint, Cmd: c.Config.Cmd, Env: c.Config.Env, WorkingDir: c.Config.WorkingDir, OnBuild: c.Config.OnBuild, Volumes: keys(c.Config.Volumes), Ports: keys(c.Config.ExposedPorts), Labels: c.Config.Labels}
			if c.Config.Healthcheck != nil {
				i.Settings.Health = c.Config.Healthcheck.Test
			}
		}
		emit(inspect.Event{Container: "image", Fact: i.ImageHead})
		return nil
	}}
	good := engine.Check{Name: "known-good", Run: func(_ context.Context, _ engine.On, emit func(inspect.Event)) error {
		if knownGood != nil {
			emit(inspect.Event{Fact: inspect.Diff{KnownGood: knownGood}})
		}
		return nil
	}}
	source, err := engine.NewSource(engine.Plan{Checks: append([]engine.Check{
		find, Layers(b.client, b.cache), Binaries(b.client, b.cache), good, Diff(b.client, b.cache),
	}, more...)})
	if err != nil {
		t.Fatal(err)
	}
	var c inspect.Case
	if err := source(t.Context(), c.Apply); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	return c
}

func defaultPlatform() v1.Platform { return v1.Platform{} }
