package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// screens measures the terminal UI as a person has it: in a terminal, with keys pressed and every screen looked at.
func (b *bench) screens(ctx context.Context) error {
	dump := filepath.Join(b.work, "pods.json")
	if err := writeDump(dump); err != nil {
		return err
	}
	for range b.rounds {
		if err := b.visit(ctx, stepScreen, []step{{"", "shop-0"}}, nil, "--snapshot", dump); err != nil {
			return err
		}
	}
	dump, alerts := filepath.Join(b.work, "flood.json"), filepath.Join(b.work, "falco.jsonl")
	for range b.rounds {
		if err := b.visit(ctx, stepFloodScreen, []step{{"", fmt.Sprint(floodPods, " pods")}}, floodWalk, "--snapshot", dump, "--alerts", alerts); err != nil {
			return err
		}
	}
	if err := b.visitCase(ctx, stepCaseScreen, suspect, knownGood); err != nil || !b.large {
		return err
	}
	return b.visitCase(ctx, stepLargeScreen, large, large)
}

// floodWalk is to the last row and back, another order, a filter that many rows fit, and one that few do.
var floodWalk = []step{
	{"G", "svc-"}, {"g", "svc-"}, {"o", "svc-"}, {"/svc-1", "svc-1"}, {"\r", "svc-1"}, {"\x1b", "filter"}, {"/01185", "svc-118"}, {"\r", "svc-118"},
}

// caseWalk is all panes of a case, to their last rows.
var caseWalk = []step{
	{"2", "Layers · "}, {"G", "Layers · "}, {"\t", "Files"}, {"G", "Files"}, {"/.js", "filter"}, {"\r", "Files"}, {"\x1b", "Files"}, {"3", "Signatures"}, {"4", "Provenance"}, {"5", "SBOM generated"}, {"d", "packages"}, {"G", "packages"},
	{"6", "Unexpected, altered"}, {"G", "Unexpected, altered"}, {"7", "Timeline (UTC)"}, {"8", "Blast radius · "}, {"1", "Findings ("},
	{"x", "Where to"}, {"\r", "Post this line"}, {"\r", "Findings ("},
}

// visitCase opens the pod that runs an image, waits for all checks, looks at all panes and exports the bundle.
func (b *bench) visitCase(ctx context.Context, name, image, before string) error {
	dump := filepath.Join(b.work, "rollout-"+image+".json")
	if err := writeRollout(dump, b.images[before].reference, b.images[image].reference); err != nil {
		return err
	}
	return b.visit(ctx, name, []step{{"", "shop-2-xyz"}, {"\r", "serious"}, {"5", "SBOM generated"}, {"6", "Unexpected, altered"}}, caseWalk, "--snapshot", dump, "--key", b.signer.public())
}

// visit opens the terminal UI, goes to where it is ready, and walks. The time is that until it was ready.
func (b *bench) visit(ctx context.Context, name string, ready, walk []step, args ...string) error {
	dir := filepath.Join(b.work, "screen")
	defer os.RemoveAll(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a home: %w", err)
	}
	t, err := openTerminal(ctx, dir, b.backtrail, append(args, "--offline", "--cache", filepath.Join(dir, "cache"))...)
	if err != nil {
		return err
	}
	err = t.walk(ready...)
	took := time.Since(t.began)
	if err == nil {
		err = t.walk(walk...)
	}
	if err != nil {
		t.kill()
		return fmt.Errorf("measuring %s: %w", name, err)
	}
	peak, err := t.quit()
	if err != nil {
		return fmt.Errorf("measuring %s: %w", name, err)
	}
	m := measured{used: used{Took: took, CPU: t.cmd.ProcessState.UserTime() + t.cmd.ProcessState.SystemTime(), Peak: peak}}
	b.results[name] = append(b.results[name], m)
	say("%-42s %8.2f s %6d MiB", name, m.Took.Seconds(), m.Peak>>20)
	return nil
}
