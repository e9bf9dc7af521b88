package e2e

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

// Exit codes of backtrail.
const (
	exitPassed     = 0
	exitNotRun     = 1
	exitFailed     = 3
	exitIncomplete = 4
)

// runTimeout bounds one run of backtrail; the images here are small.
const runTimeout = time.Minute

var logOptions = &corev1.PodLogOptions{}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// push makes an image, pushes it and returns its digest.
func push(t *testing.T, reference string, make func() (v1.Image, error)) string {
	t.Helper()
	digest, err := pushImage(reference, make)
	must(t, err)
	return digest
}

func pushImage(reference string, make func() (v1.Image, error)) (string, error) {
	img, err := make()
	if err != nil {
		return "", err
	}
	return image.Push(reference, img)
}

// responder is backtrail on a laptop of its own: an empty home, one of the stack's kubeconfigs, and no way to the internet.
type responder struct {
	t       *testing.T
	program *terminal.Program
	home    string
}

func newResponder(t *testing.T, user string) *responder {
	t.Helper()
	home := t.TempDir()
	return &responder{t: t, home: home, program: &terminal.Program{Path: backtrail.Path, Dir: home, Env: []string{
		"HOME=" + home, "XDG_CACHE_HOME=" + home + "/cache", "XDG_DATA_HOME=" + home + "/data", "XDG_CONFIG_HOME=" + home + "/config",
		"DOCKER_CONFIG=" + home + "/docker", "REGISTRY_AUTH_FILE=", "KUBECONFIG=" + stack.Kubeconfigs[user], "LANG=C.UTF-8", "NO_COLOR=",
		"HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9",
	}}}
}

// run runs backtrail and expects an exit code; every other one than 0 must say why on standard error.
func (r *responder) run(want int, args ...string) *terminal.Result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	result, err := r.program.Run(ctx, args...)
	must(r.t, err)
	if result.Code != want {
		r.t.Fatalf("exit %d, want %d\n%s", result.Code, want, result)
	}
	if result.Code != 0 && strings.TrimSpace(result.Stderr) == "" {
		r.t.Fatalf("exit %d without a word on standard error\n%s", result.Code, result)
	}
	for _, sign := range []string{"panic:", "goroutine ", "runtime error"} {
		if strings.Contains(result.Stderr, sign) {
			r.t.Fatalf("the program panicked\n%s", result)
		}
	}
	return result
}

// inspect runs "backtrail inspect" and reads the case.
func (r *responder) inspect(want int, args ...string) *caseJSON {
	r.t.Helper()
	result := r.run(want, append([]string{"inspect", "-o", "json", "--offline"}, args...)...)
	var c caseJSON
	decode(r.t, result, &c)
	if c.Schema != "backtrail.dev/case/v1" {
		r.t.Fatalf("the schema is %q", c.Schema)
	}
	return &c
}

// file is a path in the responder's home.
func (r *responder) file(name string) string { return filepath.Join(r.home, name) }

func decode(t *testing.T, result *terminal.Result, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(result.Stdout), into); err != nil {
		t.Fatalf("decoding the output: %v\n%s", err, result)
	}
}

// says fails unless the text holds all of the words, in whatever case.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			t.Errorf("it does not say %q:\n%s", word, text)
		}
	}
}

// newSigner makes a key pair for one test.
func newSigner(t *testing.T) *harness.Signer {
	t.Helper()
	signer, err := harness.NewSigner(context.Background(), cosign, t.TempDir())
	must(t, err)
	return signer
}
