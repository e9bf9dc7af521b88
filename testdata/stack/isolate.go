package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// fixedFolders are used by servers whatever their flags: the kubelet's for its device plugin socket
// (k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1, DevicePluginPath), containerd's for the sockets of its shims
// (containerd 1.6, runtime/v2/shim, socketRoot).
var fixedFolders = []string{"/var/lib/kubelet", "/run/containerd"}

// isolateMounts gives this thread, and all servers that it starts, a mount namespace of their own: what they mount is not
// seen outside and goes with the last of them, and the fixed folders are the stack's, not this machine's.
func isolateMounts(dir string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("making a mount namespace: %w", err)
	}
	// Nothing goes out to the machine, but containerd, the kubelet and runc share with each other (mount_namespaces(7)).
	for _, flags := range []uintptr{unix.MS_REC | unix.MS_SLAVE, unix.MS_REC | unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", flags, ""); err != nil {
			return fmt.Errorf("setting the propagation of mounts: %w", err)
		}
	}
	for _, folder := range fixedFolders {
		own := filepath.Join(dir, "fixed", filepath.Base(folder))
		for _, name := range []string{own, folder} {
			if err := os.MkdirAll(name, 0o755); err != nil {
				return fmt.Errorf("making the stack's own %s: %w", folder, err)
			}
		}
		if err := unix.Mount(own, folder, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mounting the stack's own %s: %w", folder, err)
		}
	}
	return nil
}
