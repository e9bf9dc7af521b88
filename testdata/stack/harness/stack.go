// Package harness lets a test drive the real stack: start and stop it, push and roll out images, run the built
// programs against it, headless or in a terminal, and ask afterwards what they did. It uses nothing of backtrail's
// code.
package harness

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/backtrail/backtrail/testdata/stack/env"
)

const (
	readyTimeout = 3 * time.Minute // for the whole stack, on a machine that is busy
	stopTimeout  = 150 * time.Second
)

// Stack is a running stack.
type Stack struct {
	*env.Env
	Admin kubernetes.Interface // a client with all rights; what it does stands in the audit log under env.Admin

	cmd     *exec.Cmd
	stdin   io.Closer // its end is the stack's end
	output  *lockedBuffer
	standIn context.CancelFunc
	waiting *sync.WaitGroup
}

// CanKubelet describes why real pods cannot run on this machine, or "" if they can.
func CanKubelet() string {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "the images are for linux/amd64"
	}
	if os.Geteuid() != 0 {
		return "not root"
	}
	for _, program := range []string{"containerd", "containerd-shim-runc-v2", "runc"} {
		if _, err := exec.LookPath(program); err != nil {
			return "no " + program
		}
	}
	probe := exec.Command("true")
	probe.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS} // and a mount, by which Go makes / private in it
	if err := probe.Run(); err != nil {
		return fmt.Sprintf("no mounts allowed (%v)", err)
	}
	return ""
}

// Start runs the stack program with its state in dir, and returns when it is ready. Without a kubelet, a stand-in sets
// the pods' status from the registry.
func Start(program, dir string, kubelet bool) (*Stack, error) {
	cmd := exec.Command(program, "up", "--dir", dir, fmt.Sprintf("--kubelet=%t", kubelet))
	s := &Stack{cmd: cmd, output: &lockedBuffer{}, waiting: &sync.WaitGroup{}}
	cmd.Stderr = s.output
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the stack: %w", err)
	}
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("starting the stack: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the stack: %w", err)
	}
	if err := s.awaitReady(stdout); err != nil {
		_ = s.Stop()
		return nil, err
	}
	if s.Env, err = env.Read(dir); err == nil {
		s.Admin, err = s.Client(env.Admin)
	}
	if err == nil && !kubelet {
		err = s.startStandIn()
	}
	if err != nil {
		_ = s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Stack) awaitReady(stdout io.Reader) error {
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		said <- line
		_, _ = io.Copy(io.Discard, stdout)
	}()
	select {
	case line := <-said:
		if strings.HasPrefix(line, "ready") {
			return nil
		}
		return fmt.Errorf("starting the stack: %s%s", line, s.output)
	case <-time.After(readyTimeout):
		return fmt.Errorf("starting the stack: not ready after %s: %s", readyTimeout, s.output)
	}
}

// Stop ends the stack as a person's ctrl+c would, waits for it, and returns what it complained of.
func (s *Stack) Stop() error {
	if s.standIn != nil {
		s.standIn()
		s.waiting.Wait()
	}
	_ = s.stdin.Close()
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("stopping the stack: %w: %s", err, s.output)
		}
		return nil
	case <-time.After(stopTimeout):
		_ = s.cmd.Process.Kill()
		return fmt.Errorf("stopping the stack: still there after %s: %s", stopTimeout, s.output)
	}
}

// Kill ends the stack as a crash would: no order, no output. Its janitor is left to clean up.
func (s *Stack) Kill() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("killing the stack: %w", err)
	}
	_ = s.cmd.Wait()
	return nil
}

// Client is a client with the rights of one of env.Users.
func (s *Stack) Client(user string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfigs[user])
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig of %s: %w", user, err)
	}
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for %s: %w", user, err)
	}
	return client, nil
}

// lockedBuffer is a buffer that a process writes while a test may read.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
