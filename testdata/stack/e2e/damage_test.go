package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

// A registry whose disk has rotted, or whose content somebody changed, serves a layer that is not its digest: the case failed, says which
// layer, and goes on with the others.
func TestInspectDamagedLayer(t *testing.T) {
	tests := []struct {
		name   string
		damage func(content []byte) []byte
	}{
		{"changed", func(content []byte) []byte { content[len(content)/2] ^= 1; return content }},
		{"truncated", func(content []byte) []byte { return content[:len(content)/2] }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			make := image.Edition(test.name)
			reference := stack.Registry.Host + "/damaged/shop:" + test.name
			push(t, reference, make)
			damageLayer(t, lastLayer(t, make), test.damage)

			r := newResponder(t, env.Nobody)
			ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
			defer cancel()
			result, err := r.program.Run(ctx, "inspect", "-o", "json", "--offline", reference)
			must(t, err)
			if result.Code != exitFailed && result.Code != exitIncomplete {
				t.Fatalf("a damaged layer ended with %s", result)
			}
			var c caseJSON
			decode(t, result, &c)
			layers := c.Images[0].Layers
			for _, layer := range layers {
				bad := layer.CreatedBy == image.EditionStep
				if bad && (layer.Status == "verified" || layer.Reason == "") {
					t.Errorf("the damaged layer is %s (%s)", layer.Status, layer.Reason)
				}
				if !bad && !layer.Empty && layer.Status != "verified" {
					t.Errorf("layer %d is %s (%s), want verified", layer.Number, layer.Status, layer.Reason)
				}
			}
			if test.name == "changed" && result.Code != exitFailed {
				t.Errorf("exit %d for bytes that are not their digest, want %d", result.Code, exitFailed)
			}
		})
	}
}

// Ctrl+c in the middle of a slow transfer: a partial case that says so, exit 130, and it is on disk.
func TestInterruptedInspect(t *testing.T) {
	r, result := interrupt(t, 400_000)
	var c caseJSON
	if err := json.Unmarshal([]byte(result.Stdout), &c); err != nil || c.Complete {
		t.Fatalf("want a partial case that says so (%v)\n%s", err, result)
	}
	says(t, r.run(exitPassed, "cases").Stdout, "shop")
}

// Ctrl+c before the first manifest has come: there is no case yet, but the exit is the same.
func TestInterruptedResolve(t *testing.T) {
	interrupt(t, 1_000)
}

// Over a slow link a layer that is too large is left out: the case is there long before that layer could be, says what is
// missing, and exports a bundle that verifies. The next run, over a better link, has all of it.
func TestInspectLeavesALargeLayerOut(t *testing.T) {
	reference := stack.Registry.Host + "/slow/shop:2"
	push(t, reference, image.Heavy)
	link, err := harness.NewLink(stack.Registry.Host, 20*time.Millisecond, 2_000_000) // the layer alone takes eight seconds
	must(t, err)
	t.Cleanup(func() { _ = link.Close() })
	r := newResponder(t, env.Nobody)
	slow := []string{reference, "--registry-map", stack.Registry.Host + "=" + link.Addr}
	started := time.Now()
	c := r.inspect(exitIncomplete, append(slow, "--max-layer", "1MB", "--export", r.file("evidence"))...)
	if took := time.Since(started); took > 7*time.Second {
		t.Errorf("it took %v: the layer was read", took)
	}
	heavy := c.Images[0].Layers[len(c.Images[0].Layers)-2]
	if heavy.Status != "unknown" || heavy.Reason != "skipped" || c.Images[0].Status != "unknown" {
		t.Errorf("layer %+v, image %s", heavy, c.Images[0].Status)
	}
	newResponder(t, env.Nobody).run(exitPassed, "verify", r.file("evidence"))
	if c := r.inspect(exitPassed, reference); c.Images[0].Status != "verified" {
		t.Errorf("the image is %s (%s), want verified", c.Images[0].Status, c.Images[0].Reason)
	}
}

// interrupt inspects an image over a slow link and presses ctrl+c after three seconds.
func interrupt(t *testing.T, bitsPerSecond int) (*responder, *terminal.Result) {
	t.Helper()
	reference := stack.Registry.Host + "/slow/shop:1"
	push(t, reference, image.Heavy)
	link, err := harness.NewLink(stack.Registry.Host, 50*time.Millisecond, bitsPerSecond)
	must(t, err)
	t.Cleanup(func() { _ = link.Close() })
	r := newResponder(t, env.Nobody)
	result, err := r.program.Interrupt(context.Background(), 3*time.Second, "inspect", "-o", "json", "--offline",
		"--registry-map", stack.Registry.Host+"="+link.Addr, reference)
	must(t, err)
	if result.Code != 130 || strings.TrimSpace(result.Stderr) == "" {
		t.Fatalf("exit %d, want 130 and words\n%s", result.Code, result)
	}
	return r, result
}

// lastLayer is the digest of the image's last layer.
func lastLayer(t *testing.T, make func() (v1.Image, error)) v1.Hash {
	t.Helper()
	img, err := make()
	must(t, err)
	layers, err := img.Layers()
	must(t, err)
	hash, err := layers[len(layers)-1].Digest()
	must(t, err)
	return hash
}

// damageLayer changes a blob in distribution's folder, behind its back.
func damageLayer(t *testing.T, hash v1.Hash, damage func([]byte) []byte) {
	t.Helper()
	file := filepath.Join(stack.Registry.Root, "docker/registry/v2/blobs/sha256", hash.Hex[:2], hash.Hex, "data")
	content, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, damage(content), 0o600))
}
