package harness

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Drop writes a program into the writable layer of a running container, as somebody in it would do, and proves that it lies
// there and not in a layer of the image. It needs the real kubelet.
func (s *Stack) Drop(pod *corev1.Pod, container, path string, content []byte) error {
	id := ContainerID(pod, container)
	pid, err := processIn(id)
	if err != nil {
		return err
	}
	name := filepath.Join("/proc", pid, "root", path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("writing into container %s: %w", id, err)
	}
	if err := os.WriteFile(name, content, 0o755); err != nil {
		return fmt.Errorf("writing into container %s: %w", id, err)
	}
	upper, err := upperDir(pid)
	if err != nil || upper == "" {
		return err // a snapshotter without overlays has no such place
	}
	have, err := os.ReadFile(filepath.Join(upper, path))
	if err != nil || !bytes.Equal(have, content) {
		return fmt.Errorf("looking into the writable layer of container %s: %w", id, err)
	}
	return nil
}

// processIn finds a process of a container by its control group, which containerd names by the container's id.
func processIn(id string) (string, error) {
	if id == "" {
		return "", fmt.Errorf("looking for a process: the container has not started")
	}
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return "", fmt.Errorf("looking for a process: %w", err)
	}
	for _, name := range groups {
		content, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(content), id) {
			return filepath.Base(filepath.Dir(name)), nil
		}
	}
	return "", fmt.Errorf("looking for a process of container %s: there is none", id)
}

// upperDir is the writable layer of a process's overlay, "" where its root is none (mountinfo: proc_pid_mountinfo(5)).
func upperDir(pid string) (string, error) {
	f, err := os.Open(filepath.Join("/proc", pid, "mountinfo"))
	if err != nil {
		return "", fmt.Errorf("reading the mounts of a container: %w", err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 || fields[4] != "/" {
			continue
		}
		for _, option := range strings.Split(fields[len(fields)-1], ",") {
			if dir, ok := strings.CutPrefix(option, "upperdir="); ok {
				return dir, nil
			}
		}
	}
	return "", lines.Err()
}
