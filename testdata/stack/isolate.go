package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// kubeletHome is where the kubelet puts its device plugin socket whatever its flags say
// (k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1, DevicePluginPath).
const kubeletHome = "/var/lib/kubelet"

// isolateMounts gives this thread, and all servers that it starts, a mount namespace of their own: what they mount is not
// seen outside and goes with the last of them, and kubeletHome is a folder of the stack's, not this machine's. It
// returns what undoes the rest.
func isolateMounts(dir string) (undo func() error, err error) {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return nil, fmt.Errorf("making a mount namespace: %w", err)
	}
	// Nothing goes out to the machine, but containerd, the kubelet and runc share with each other (mount_namespaces(7)).
	for _, flags := range []uintptr{unix.MS_REC | unix.MS_SLAVE, unix.MS_REC | unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", flags, ""); err != nil {
			return nil, fmt.Errorf("setting the propagation of mounts: %w", err)
		}
	}
	home := filepath.Join(dir, "kubelet-home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("making the kubelet's home: %w", err)
	}
	made := os.Mkdir(kubeletHome, 0o755) == nil
	if err := unix.Mount(home, kubeletHome, "", unix.MS_BIND, ""); err != nil {
		return nil, fmt.Errorf("mounting the kubelet's home: %w", err)
	}
	return func() error {
		if err := unix.Unmount(kubeletHome, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmounting the kubelet's home: %w", err)
		}
		if !made {
			return nil
		}
		if err := os.Remove(kubeletHome); err != nil {
			return fmt.Errorf("removing the kubelet's home: %w", err)
		}
		return nil
	}, nil
}

// podCgroups lists the cgroups below which containerd puts containers whose pod has none of its own, one in each hierarchy
// (v1) or in the only one (v2); the name is that of its namespace.
func podCgroups() []string {
	v1, _ := filepath.Glob("/sys/fs/cgroup/*/k8s.io") // the pattern is good
	v2, _ := filepath.Glob("/sys/fs/cgroup/k8s.io")
	return append(v1, v2...)
}

// removeCgroups removes the pods' cgroups that were not there before; they are empty by now.
func removeCgroups(before []string) error {
	var errs []error
	for _, group := range podCgroups() {
		if slices.Contains(before, group) {
			continue
		}
		if err := syscall.Rmdir(group); err != nil {
			errs = append(errs, fmt.Errorf("removing cgroup %s: %w", group, err))
		}
	}
	return errors.Join(errs...)
}
