package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/creack/pty"
)

const (
	dumpPods      = 1000
	screenTimeout = 20 * time.Second
)

// firstScreen starts the terminal UI on a saved dump of 1,000 pods in a pseudo-terminal and waits for the first pod on it.
func firstScreen(ctx context.Context, program, work string) (measured, error) {
	dump := filepath.Join(work, "pods.json")
	if err := writeDump(dump); err != nil {
		return measured{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, screenTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--snapshot", dump, "--offline", "--cache", filepath.Join(work, "screen"))
	cmd.Env = append(append(os.Environ(), home(filepath.Join(work, "screen"))...), "TERM=xterm-256color")
	began := time.Now()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		return measured{}, fmt.Errorf("starting backtrail in a terminal: %w", err)
	}
	defer terminal.Close()
	var seen []byte
	buf := make([]byte, 32<<10)
	for !bytes.Contains(seen, []byte("shop-0")) {
		n, err := terminal.Read(buf)
		if seen = append(seen, buf[:n]...); err != nil {
			return measured{}, fmt.Errorf("waiting for the first pod on the screen: %w: %q", err, tail(seen))
		}
	}
	m := measured{took: time.Since(began)}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return m, nil
}

// writeDump writes what kubectl get pods -A -o json prints of a cluster with many pods.
func writeDump(to string) error {
	type object = map[string]any
	var items []object
	for i := range dumpPods {
		name := fmt.Sprintf("shop-%04d", i)
		items = append(items, object{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": object{"name": name, "namespace": fmt.Sprintf("team-%d", i/50), "uid": name, "creationTimestamp": "2026-01-02T03:04:05Z"},
			"spec":     object{"nodeName": "node-1", "containers": []object{{"name": "shop", "image": "registry.example/shop:v1"}}},
			"status": object{"phase": "Running", "containerStatuses": []object{{
				"name": "shop", "image": "registry.example/shop:v1", "ready": true,
				"imageID":     fmt.Sprintf("registry.example/shop@sha256:%064x", i),
				"containerID": fmt.Sprintf("containerd://%064x", i),
			}}},
		})
	}
	body, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		return fmt.Errorf("encoding the dump: %w", err)
	}
	if err := os.WriteFile(to, body, 0o600); err != nil {
		return fmt.Errorf("writing the dump: %w", err)
	}
	return nil
}
