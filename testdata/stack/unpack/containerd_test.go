package unpack

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var daemonImages = flag.Int("daemon-images", 50, "images that a running containerd unpacks")

// TestContainerd has the containerd of this machine unpack images, and lists where its version does so in another way.
func TestContainerd(t *testing.T) {
	d := startContainerd(t)
	ours := start(t)
	first := firstSeed()
	t.Logf("%d images from seed %d with %s, snapshotter %s", *daemonImages, first, d.version, d.snapshotter)
	differ, refused := 0, 0
	for s := first; s < first+uint64(*daemonImages); s++ {
		list, no := d.compare(t, ours, s)
		if no {
			refused++
		}
		if len(list) > 0 {
			differ++
			t.Logf("seed %d:\n  %s", s, strings.Join(list, "\n  "))
		}
	}
	t.Logf("%d of %d images differ, %d are refused", differ, *daemonImages, refused)
	if differ*10 > *daemonImages {
		t.Errorf("%d of %d images differ: these are no differences of versions", differ, *daemonImages)
	}
}

// daemon is a containerd of its own.
type daemon struct{ dir, socket, version, snapshotter string }

const daemonConfig = `version = 2
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

[grpc]
  address = %q

[plugins."io.containerd.internal.v1.opt"]
  path = %q
`

func startContainerd(t *testing.T) *daemon {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("containerd needs root")
	}
	for _, name := range []string{"containerd", "ctr"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	dir, err := os.MkdirTemp("", "unpack-containerd-")
	must(t, err)
	d := &daemon{dir: dir, socket: filepath.Join(dir, "containerd.sock"), snapshotter: "overlayfs"}
	version, err := exec.CommandContext(t.Context(), "containerd", "--version").Output()
	must(t, err)
	d.version = strings.TrimSpace(string(version))
	config := filepath.Join(dir, "config.toml")
	must(t, os.WriteFile(config, fmt.Appendf(nil, daemonConfig, filepath.Join(dir, "root"), filepath.Join(dir, "state"), d.socket, filepath.Join(dir, "opt")), 0o600))
	ctx, stop := context.WithCancel(context.Background())
	run := exec.CommandContext(ctx, "containerd", "--config", config, "--log-level", "error")
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGTERM) }
	must(t, run.Start())
	t.Cleanup(func() {
		stop()
		_ = run.Wait()
		_ = os.RemoveAll(dir)
	})
	for range 100 {
		if _, err = d.ctr(t.Context(), "version"); err == nil {
			return d
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("containerd does not start: %v", err)
	return nil
}

func (d *daemon) ctr(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "ctr", append([]string{"--address", d.socket, "--namespace", "unpack"}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// compare makes an image, has both unpack it, and lists the differences.
func (d *daemon) compare(t *testing.T, ours *peer, seed uint64) (list []string, refused bool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "unpack-")
	must(t, err)
	defer os.RemoveAll(dir)
	want, err := unpacked(t.Context(), dir, newGenerator(seed))
	must(t, err)
	layout, name := filepath.Join(dir, "layout"), fmt.Sprintf("docker.io/unpack/image:%d", seed)
	must(t, writeLayout(layout, want.data, name))
	got := ours.unpack(t, layout)
	archive := filepath.Join(dir, "layout.tar")
	if out, err := exec.CommandContext(t.Context(), "tar", "-C", layout, "-cf", archive, ".").CombinedOutput(); err != nil {
		t.Fatalf("packing an image: %v\n%s", err, out)
	}
	tree, err := d.unpack(t.Context(), archive, name, filepath.Join(dir, "mounted"))
	odd := got.odd()
	said := odd.refused || odd.stopped
	switch {
	case err != nil && !said:
		return []string{fmt.Sprintf("it refuses the image: %v", err)}, true
	case err == nil && said:
		return []string{"it does not refuse the image"}, false
	case err != nil:
		return nil, true
	}
	return differences(got.tree(), tree), false
}

// unpack gives the tree of an image as containerd mounts it for a container.
func (d *daemon) unpack(ctx context.Context, archive, name, at string) (tree map[string]node, err error) {
	if _, err := d.ctr(ctx, "images", "import", "--snapshotter", d.snapshotter, archive); err != nil {
		return nil, err
	}
	if err := os.Mkdir(at, 0o755); err != nil {
		return nil, err
	}
	if _, err := d.ctr(ctx, "images", "mount", "--snapshotter", d.snapshotter, "--rw", name, at); err != nil {
		return nil, err
	}
	defer func() {
		_, gone := d.ctr(ctx, "images", "unmount", "--rm", "--snapshotter", d.snapshotter, at)
		err = errors.Join(err, gone)
	}()
	return walked(at)
}
