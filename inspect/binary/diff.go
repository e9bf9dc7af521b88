package binary

import (
	"context"
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

// Diff is the check that compares the files with those of the known-good image, and judges the programs again by what
// that states. A comparison that nobody confirmed may raise, never lower. The check is not applicable without a
// known-good, and unchecked where a layer of either image is missing: a comparison with half of the files would report
// the other half as added.
func Diff(client *registry.Client, cache *layer.Cache, owners *owner.Cache) engine.Check {
	return engine.Check{
		Name: inspect.CheckDiff, Needs: []string{
			inspect.CheckLayers, inspect.CheckBinaries,
			inspect.CheckKnownGood,
		},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image := on.Image()
			if image.Diff == nil || image.Diff.KnownGood == nil {
				return engine.Nothing("no known-good to compare with")
			}
			good := *image.Diff.KnownGood
			progress := func(p inspect.Progress) { emit(inspect.Event{Fact: p}) }
			other, err := cache.ReadKnownGood(ctx, client, good, progress)
			if err != nil {
				return fmt.Errorf("comparing with the %s: %w", good.Word(), err)
			}
			for _, b := range other.Blobs {
				emit(inspect.Event{Fact: b})
			}
			if why := layer.Unread(other.Layers); why != "" {
				return engine.Unchecked("the %s cannot be compared with: %s", good.Word(), why)
			}
			before, err := cache.Tree(ctx, other.Layers)
			if err != nil {
				return err
			}
			h, err := newScanner(ctx, cache, owners, on, func(inspect.Event) {}) // said by the binaries check
			if err != nil {
				return err
			}
			layers := layer.CompareLayers(image.Layers, other.Layers)
			emit(inspect.Event{Fact: inspect.Diff{
				Files: layer.Compare(h.tree, before), Layers: layers, Settings: compareSettings(ctx, client, image,
					other.Image),
			}})
			with := &comparison{
				now: h, before: before, good: good, group: applicationGroup(ctx, h),
				image: imageRelease(image.Settings, earlier(other.Image), image.Reference, good.Reference,
					systemVersion(ctx, h.tree)),
			}
			if img, err := layer.Resolve(ctx, client, image); err == nil && img.ConfigFile != nil &&
				other.Image.ConfigFile != nil {
				d := configDrift{
					now: img.ConfigFile.Config, before: other.Image.ConfigFile.Config, config: image.Config,
					container: image.Container,
					good:      good, layers: layers, release: with.image,
				}
				for _, f := range d.findings() {
					emit(inspect.Event{Fact: f})
				}
			}
			return h.against(ctx, with, emit)
		},
	}
}

// earlier is the part of an earlier image's config that names its version. It is the zero value for an image without a
// config, which compares as unknown release.
func earlier(i *registry.Image) inspect.ImageConfig {
	if i == nil || i.ConfigFile == nil {
		return inspect.ImageConfig{}
	}
	return inspect.ImageConfig{Labels: i.ConfigFile.Config.Labels, Env: i.ConfigFile.Config.Env}
}

// compareSettings describes what would run otherwise. It returns an empty list and not nil, so that JSON has []
// and a reader sees that a comparison was made.
func compareSettings(ctx context.Context, client *registry.Client, image inspect.Image,
	other *registry.Image,
) []string {
	img, err := layer.Resolve(ctx, client, image)
	if err != nil || img.ConfigFile == nil || other.ConfigFile == nil {
		return []string{}
	}
	return configChanges(img.ConfigFile.Config, other.ConfigFile.Config)
}

// configChanges words what differs between two configs, one line each, in one order: what is started, as whom, where,
// with which variables and ports. Values are compared as the runtime applies them: an empty user is root, an empty stop
// signal is SIGTERM. Variables pass through package redact before they are worded.
func configChanges(now, before v1.Config) []string {
	changes := []string{}
	say := func(what string, now, before any) {
		if a, b := fmt.Sprint(now), fmt.Sprint(before); a != b {
			changes = append(changes, fmt.Sprintf("%s changed from %s to %s", what, b, a))
		}
	}
	say("entrypoint", quoted(now.Entrypoint), quoted(before.Entrypoint))
	say("command", quoted(now.Cmd), quoted(before.Cmd))
	say("user", or(now.User, "root"), or(before.User, "root"))
	say("working directory", or(now.WorkingDir, "/"), or(before.WorkingDir, "/"))
	say("stop signal", or(now.StopSignal, "SIGTERM"), or(before.StopSignal, "SIGTERM"))
	say("build triggers", quoted(now.OnBuild), quoted(before.OnBuild))
	say("health check", healthCheck(now), healthCheck(before))
	came, _ := redact.Environ(missingFrom(now.Env, before.Env))
	for _, e := range came {
		changes = append(changes, "environment now has "+e)
	}
	went, _ := redact.Environ(missingFrom(before.Env, now.Env))
	for _, e := range went {
		changes = append(changes, "environment no longer has "+e)
	}
	for _, p := range missingFrom(keys(now.ExposedPorts), keys(before.ExposedPorts)) {
		changes = append(changes, "port "+p+" is now exposed")
	}
	for _, v := range missingFrom(keys(now.Volumes), keys(before.Volumes)) {
		changes = append(changes, "volume "+v+" is now declared")
	}
	return changes
}

// healthCheck is the test of a health check as one line; "" without one.
func healthCheck(c v1.Config) string {
	if c.Healthcheck == nil {
		return "none"
	}
	return quoted(c.Healthcheck.Test)
}

// quoted writes words so that their borders are seen. The words are redacted first: a password on a command line must
// not reach a report.
func quoted(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	words, _ = redact.Words(words)
	return fmt.Sprintf("%q", words)
}

// or is the first text, or another one where it is empty.
func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// missingFrom lists what a list has and another one lacks, in its order.
func missingFrom(all, from []string) []string {
	var list []string
	for _, s := range all {
		if !slices.Contains(from, s) {
			list = append(list, s)
		}
	}
	return list
}

// keys lists the names of a set, sorted.
func keys(set map[string]struct{}) []string {
	list := make([]string, 0, len(set))
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
