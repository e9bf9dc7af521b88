package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// peer is a program that a responder has today, at the version that it is compared in.
type peer struct {
	name, pkg, version string
}

// peerList is pinned: a table is only worth something where it names what was compared.
var peerList = []peer{
	{"crane", "github.com/google/go-containerregistry/cmd/crane", "v0.22.1"},
	{"cosign", "github.com/sigstore/cosign/v2/cmd/cosign", "v2.6.5"},
	{"syft", "github.com/anchore/syft/cmd/syft", "v1.54.1"},
	{"dive", "github.com/wagoodman/dive", "v0.13.1"},
}

// programs are those that could be built, by name; the words of those that could not stand in broken.
type programs struct {
	path   map[string]string
	broken map[string]string
}

// buildPeers builds each with the versions of its own go.mod, into bin/NAME@VERSION/NAME of the cache.
func buildPeers(ctx context.Context, dir string) programs {
	built := programs{path: map[string]string{}, broken: map[string]string{}}
	for _, p := range peerList {
		name := fmt.Sprintf("bin/%s@%s-%s/%s", p.name, p.version, runtime.Version(), p.name)
		path, err := made(dir, name, func(to string) error { return p.install(ctx, to) })
		if err != nil {
			built.broken[p.name] = err.Error()
			continue
		}
		built.path[p.name] = path
	}
	return built
}

func (p peer) install(ctx context.Context, to string) error {
	say("building %s %s", p.name, p.version)
	bin := filepath.Join(filepath.Dir(to), "gobin")
	defer os.RemoveAll(bin)
	cmd := gently(ctx, "go", "install", p.pkg+"@"+p.version)
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s@%s: %w: %s", p.pkg, p.version, err, tail(out))
	}
	return os.Rename(filepath.Join(bin, filepath.Base(p.pkg)), to)
}

// buildBacktrail builds the program from the packages that its tests have compiled already.
func buildBacktrail(ctx context.Context, root, to string) error {
	say("building backtrail")
	cmd := gently(ctx, "go", "build", "-ldflags", "-s -w", "-o", to, "./cmd/backtrail")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building backtrail: %w: %s", err, tail(out))
	}
	return nil
}
