package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Leftovers lists what still runs or is mounted of a stack in dir: processes that name the folder on their command line or
// work below it, processes inside one of its containers, and mounts. This process and its parents do not count.
func Leftovers(dir string) ([]string, error) {
	found, err := leftProcesses(dir)
	if err != nil {
		return nil, err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading mounts: %w", err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, dir+"/") {
			found = append(found, "mount: "+strings.TrimSpace(line))
		}
	}
	return found, nil
}

func leftProcesses(dir string) ([]string, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("reading processes: %w", err)
	}
	own := ancestors()
	var found []string
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || own[pid] {
			continue
		}
		proc := filepath.Join("/proc", entry.Name())
		cmdline, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(proc, "cwd"))
		mounts, _ := os.ReadFile(filepath.Join(proc, "mountinfo"))
		args := string(bytes.ReplaceAll(cmdline, []byte{0}, []byte{' '}))
		// A container's root is an overlay whose options name the snapshots below the stack's folder.
		switch {
		case strings.Contains(args, dir+"/"), strings.Contains(args, dir+" "), strings.HasPrefix(cwd, dir+"/"), bytes.Contains(mounts, []byte(dir+"/containerd")):
			found = append(found, fmt.Sprintf("process %d: %s", pid, strings.TrimSpace(args)))
		}
	}
	return found, nil
}

// ancestors are this process and those that started it.
func ancestors() map[int]bool {
	own := map[int]bool{}
	for pid := os.Getpid(); pid > 1 && !own[pid]; {
		own[pid] = true
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			break
		}
		// The command's name stands in parentheses and may hold anything; the parent is the second field behind it (proc_pid_stat(5)).
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 2 {
			break
		}
		if pid, err = strconv.Atoi(fields[1]); err != nil {
			break
		}
	}
	return own
}
