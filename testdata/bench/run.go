package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// bench is one run: what is compared, and what came out, by step, in the order of the rounds.
type bench struct {
	options
	programs
	work    string // removed in the end
	signer  *signer
	images  map[string]pushed
	results map[string][]measured
	parts   []parts // of each whole inspection
	notes   []string
}

// Steps of a round.
const (
	stepFloor       = "gunzip + sha256 of the layers"
	stepPull        = "crane pull"
	stepVerify      = "cosign verify"
	stepAttestation = "cosign verify-attestation"
	stepSuspect     = "syft, suspect"
	stepGood        = "syft, known-good"
	stepDive        = "dive"
	stepAlone       = "backtrail, cold, one image"
	stepWhole       = "backtrail, cold, with the diff"
	stepWarm        = "backtrail, warm, with the diff"
	stepLarge       = "backtrail, cold, 2 GB with 200,000 files"
	stepScreen      = "backtrail, first screen, 1,000 pods"
	stepFlood       = "backtrail, 5,000 pods and 20,000 alerts"
	stepFloodJSON   = "backtrail, the same as JSON"
	stepFloodScreen = "terminal UI, 5,000 pods and 20,000 alerts"
	stepCaseScreen  = "terminal UI, the whole case, every pane"
	stepLargeScreen = "terminal UI, 2 GB with 200,000 files"
)

// peerSteps are what a responder would run one after the other in place of stepWhole.
var peerSteps = []string{stepPull, stepVerify, stepAttestation, stepSuspect, stepGood, stepDive}

func (o options) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	dir, err := cacheDir()
	if err != nil {
		return err
	}
	b := &bench{options: o, results: map[string][]measured{}, images: map[string]pushed{}, programs: buildPeers(ctx, dir)}
	if b.path["cosign"] == "" {
		return fmt.Errorf("nothing can be signed: %s", b.broken["cosign"])
	}
	if b.work, err = os.MkdirTemp(dir, "run-"); err != nil {
		return fmt.Errorf("making a folder for the run: %w", err)
	}
	defer os.RemoveAll(b.work)
	if err := b.prepare(ctx, dir); err != nil {
		return err
	}
	before := load()
	if b.onlyScreens {
		if err := b.flood(ctx); err != nil {
			return err
		}
		return b.screens(ctx)
	}
	for n := range b.rounds {
		say("round %d of %d", n+1, b.rounds)
		if err := b.round(ctx, n); err != nil {
			return err
		}
	}
	if err := b.once(ctx); err != nil {
		return err
	}
	return b.print(os.Stdout, before, load())
}

// prepare has everything in its place: programs, images in the registry, signatures.
func (b *bench) prepare(ctx context.Context, dir string) error {
	if b.backtrail == "" {
		b.backtrail = filepath.Join(b.work, "backtrail")
		if err := buildBacktrail(ctx, filepath.Join("..", ".."), b.backtrail); err != nil {
			return err
		}
	}
	l, err := images(ctx, dir)
	if err != nil {
		return err
	}
	host, err := startRegistry(ctx, filepath.Join(b.work, "registry"))
	if err != nil {
		return err
	}
	say("pushing to the registry at %s, signing", host)
	for _, tag := range []string{suspect, knownGood, large} {
		if tag == large && !b.large {
			continue
		}
		if b.images[tag], err = push(ctx, l, host, tag); err != nil {
			return err
		}
	}
	if b.signer, err = newSigner(ctx, b.path["cosign"], b.work); err != nil {
		return err
	}
	for _, tag := range []string{suspect, knownGood} {
		if err := b.signer.sign(ctx, b.images[tag].reference); err != nil {
			return err
		}
	}
	return nil
}

// round runs everything once, backtrail between what it is compared with.
func (b *bench) round(ctx context.Context, n int) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if err := b.step(ctx, stepFloor, nil, nil, self, append([]string{verbFloor}, b.images[suspect].blobs...)...); err != nil {
		return err
	}
	if err := b.inspect(ctx, n); err != nil {
		return err
	}
	if !b.peers {
		return nil
	}
	return b.peerRound(ctx)
}

// step measures one program. What is still on its way to the disk is waited for, so that it is not at the next one's cost.
func (b *bench) step(ctx context.Context, name string, env []string, allowed []int, program string, args ...string) error {
	unix.Sync()
	m, err := measure(ctx, env, append([]int{0}, allowed...), program, args...)
	if err != nil {
		return fmt.Errorf("measuring %s: %w", name, err)
	}
	say("%-42s %8.2f s %6d MiB", name, m.Took.Seconds(), m.Peak>>20)
	b.results[name] = append(b.results[name], m)
	return nil
}

// peerRound runs the peers on the same images. One that cannot run is left out and noted: the sum is then smaller, never larger.
func (b *bench) peerRound(ctx context.Context) error {
	empty := filepath.Join(b.work, "home")
	tarball := filepath.Join(b.work, "pulled.tar")
	defer os.Remove(tarball)
	env := append(slices.Clone(b.signer.env), "HOME="+empty, "XDG_CACHE_HOME="+empty, "CI=true",
		"SYFT_REGISTRY_INSECURE_USE_HTTP=true", "SYFT_CHECK_FOR_APP_UPDATE=false")
	key, image, good := b.signer.public(), b.images[suspect].reference, b.images[knownGood].reference
	for _, s := range []struct {
		name, program string
		allowed       []int
		args          []string
	}{
		{stepPull, "crane", nil, []string{"pull", "--platform", "linux/amd64", image, tarball}},
		{stepVerify, "cosign", nil, []string{"verify", "--key", key, "--insecure-ignore-tlog=true", image}},
		{stepAttestation, "cosign", nil, []string{"verify-attestation", "--key", key, "--insecure-ignore-tlog=true", "--type", "slsaprovenance1", image}},
		{stepSuspect, "syft", nil, []string{"scan", "-q", "-o", "syft-json", "registry:" + image}},
		{stepGood, "syft", nil, []string{"scan", "-q", "-o", "syft-json", "registry:" + good}},
		{stepDive, "dive", []int{1}, []string{"--ci", "--source", "docker-archive", tarball}}, // 1: its rules on waste do not hold
	} {
		program := b.path[s.program]
		if program == "" {
			continue
		}
		if err := b.step(ctx, s.name, env, s.allowed, program, s.args...); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.notes = append(b.notes, err.Error())
		}
	}
	return os.RemoveAll(empty)
}
