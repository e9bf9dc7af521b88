// Package e2e tells backtrail's stories on the real test stack: real API server, controllers, kubelet, containers,
// registry and cosign. It runs built programs only and imports nothing of backtrail.
//
//	make e2e
//
// BACKTRAIL_BIN, STACK_BIN, COSIGN_BIN and HELM_BIN name programs that are built already; STACK_KUBELET=false has the test
// take the kubelet's place even where it could run.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

// The stack is shared by all stories; each has a namespace and repositories of its own.
var (
	stack        *harness.Stack
	stackProgram *terminal.Program
	backtrail    *terminal.Program
	cosign       *terminal.Program
	helm         *terminal.Program
	tmp          string // a folder for what outlives a test
)

const (
	stackModule = ".."
	mainModule  = "../../.."
)

// sideBySide is how many stories are told at once where nobody says otherwise: they wait for pods most of the time.
const sideBySide = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" })
	if !told {
		_ = flag.Set("test.parallel", sideBySide)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// run builds, starts, tests, stops and looks for what is left, in that order and whatever fails.
func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	if tmp, err = os.MkdirTemp("", "stack-"); err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := build(ctx, filepath.Join(tmp, "bin")); err != nil {
		return 1, err
	}
	reason := harness.CanKubelet()
	if os.Getenv("STACK_KUBELET") == "false" {
		reason = "STACK_KUBELET=false"
	}
	if reason != "" {
		fmt.Printf("e2e: no kubelet here (%s): the test takes its place and sets the pods' status; nothing runs in the pods\n", reason)
	}
	dir := filepath.Join(tmp, "run")
	began := time.Now()
	if stack, err = harness.Start(stackProgram.Path, dir, reason == ""); err != nil {
		showLogs(dir)
		return 1, err
	}
	fmt.Printf("e2e: the stack is up after %.1f s\n", time.Since(began).Seconds())
	code = m.Run()
	return code, errors.Join(readOnly(), stopClean(dir))
}

// readOnly proves from the audit log that no user of backtrail asked for anything but reading, in all stories together.
func readOnly() error {
	for _, user := range env.Users[1:] {
		requests, err := stack.Requests(user)
		if err != nil {
			return err
		}
		verbs := map[string]int{}
		for _, r := range requests {
			verbs[r.Verb]++
			if !r.ReadOnly() {
				return fmt.Errorf("%s asked to %s %s (%s)", user, r.Verb, r.RequestURI, r.UserAgent)
			}
			if r.ObjectRef.Resource == "secrets" && (user != env.Releases && user != env.Reader || !isRelease(r)) {
				return fmt.Errorf("%s read secrets, unasked: %s", user, r.RequestURI)
			}
		}
		fmt.Printf("e2e: the API server saw from %s only %v\n", user, verbs)
	}
	return nil
}

// isRelease says that a request is for the Secrets of one Helm release, and for no others.
func isRelease(r harness.Request) bool {
	u, err := url.Parse(r.RequestURI)
	if err != nil || r.Verb != "list" {
		return false
	}
	labels := u.Query().Get("labelSelector")
	return u.Query().Get("fieldSelector") == "type=helm.sh/release.v1" && strings.Contains(labels, "owner=helm") && strings.Contains(labels, "name=")
}

// build builds the programs.
func build(ctx context.Context, bin string) (err error) {
	began := time.Now()
	if stackProgram, err = terminal.Build(ctx, "STACK_BIN", stackModule, ".", filepath.Join(bin, "stack")); err != nil {
		return err
	}
	if backtrail, err = terminal.Build(ctx, "BACKTRAIL_BIN", mainModule, "./cmd/backtrail", filepath.Join(bin, "backtrail")); err != nil {
		return err
	}
	if cosign, err = harness.BuildCosign(ctx, mainModule, bin); err != nil {
		return err
	}
	if helm, err = terminal.Build(ctx, "HELM_BIN", stackModule, "helm.sh/helm/v4/cmd/helm", filepath.Join(bin, "helm")); err != nil {
		return err
	}
	fmt.Printf("e2e: programs built in %.1f s\n", time.Since(began).Seconds())
	return nil
}

// stopClean stops the stack and proves that nothing of it is left.
func stopClean(dir string) error {
	if err := stack.Stop(); err != nil {
		return err
	}
	left, err := harness.Leftovers(dir)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("the stack left %d things behind: %q", len(left), left)
	}
	fmt.Println("e2e: the stack is gone: no process and no mount is left")
	return nil
}

// showLogs prints the end of each server's log.
func showLogs(dir string) {
	const tail = 3000
	logs, _ := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	for _, name := range logs {
		content, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		fmt.Printf("=== %s\n%s\n", filepath.Base(name), content[max(0, len(content)-tail):])
	}
}
