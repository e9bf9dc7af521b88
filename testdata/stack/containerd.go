package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// containerdConfig is for containerd 1.6, as Debian 12 has it: everything under the stack's folder, no process may raise
// its OOM score (that needs CAP_SYS_RESOURCE), no CNI (pods use the host's network), the stack's own
// pause image, and runc's state beside it, so that the janitor finds containers without containerd.
const containerdConfig = `version = 2
root = %[1]q
state = %[2]q
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

[grpc]
  address = %[3]q

[plugins."io.containerd.internal.v1.opt"]
  path = %[4]q

[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  sandbox_image = %[5]q

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %[6]q
    conf_dir = %[6]q

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = %[7]q
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = %[8]q
`

// The places of containerd's state in the stack's folder.
func containerdSocket(dir string) string { return filepath.Join(dir, "containerd.sock") }
func runcRoot(dir string) string         { return filepath.Join(dir, "runc") }

// writeContainerdConfig writes DIR/containerd.toml and returns its name.
func writeContainerdConfig(dir, pauseImage string) (string, error) {
	content := fmt.Sprintf(containerdConfig,
		filepath.Join(dir, "containerd", "root"), filepath.Join(dir, "containerd", "state"), containerdSocket(dir),
		filepath.Join(dir, "containerd", "opt"), pauseImage, filepath.Join(dir, "cni"), snapshotter(dir), runcRoot(dir))
	name := filepath.Join(dir, "containerd.toml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("writing containerd's configuration: %w", err)
	}
	return name, nil
}

// snapshotter is overlayfs where DIR can carry one (a container's own overlay root cannot), else the copying one.
func snapshotter(dir string) string {
	root := filepath.Join(dir, "overlay-probe")
	defer func() { _ = os.RemoveAll(root) }()
	for _, sub := range []string{"lower", "upper", "work", "merged"} {
		if err := os.MkdirAll(filepath.Join(root, sub), 0o700); err != nil {
			return "native"
		}
	}
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", root)
	if err := unix.Mount("overlay", filepath.Join(root, "merged"), "overlay", 0, options); err != nil {
		return "native"
	}
	_ = unix.Unmount(filepath.Join(root, "merged"), 0)
	return "overlayfs"
}
