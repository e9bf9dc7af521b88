package e2e

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// A stack that is killed in the middle of its work, as a crash or a CI's time-out does it, leaves nothing behind either.
func TestKilledStackLeavesNothing(t *testing.T) {
	if !stack.Kubelet {
		t.Skip("no kubelet here, so there are no containers to leave behind")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	dir := filepath.Join(t.TempDir(), "s")
	doomed, err := harness.Start(stackProgram.Path, dir, true)
	must(t, err)
	tag := doomed.Registry.Host + "/shop:1"
	_, err = doomed.Roll(ctx, doomed.Deployment("default", "shop", tag), push(t, tag, image.Good))
	must(t, err)
	before, err := harness.Leftovers(dir)
	must(t, err)
	if len(before) < 10 { // seven servers, containerd, the janitor, shims and containers
		t.Fatalf("the running stack shows only %q: leftovers would not be found", before)
	}
	must(t, doomed.Kill())
	var left []string
	for range 100 {
		if left, err = harness.Leftovers(dir); err == nil && len(left) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("ten seconds after the stack was killed: %v %q", err, left)
}
