//go:build unix

package kube

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/klog/v2"
)

// While quiet, klog and a credential plugin (whose stderr client-go fixed earlier) give notices;
// before and after, they write on stderr. The real stderr of the test is swapped, so it runs in a process of its own.
func TestQuiet(t *testing.T) {
	if os.Getenv("BACKTRAIL_TEST_QUIET") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestQuiet$")
		cmd.Env = append(os.Environ(), "BACKTRAIL_TEST_QUIET=1")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if got := stderr.String(); got != "please log in\nback again\n" {
			t.Errorf("on stderr: %q", got)
		}
		return
	}
	// A token that has expired makes the plugin run for each request.
	asked := filepath.Join(t.TempDir(), "asked")
	grant := strings.Replace(grant, `"token"`, `"expirationTimestamp":"2020-01-01T00:00:00Z","token"`, 1)
	c := serve(t, shop()...).open(t, plugin(t, "IfAvailable", "[ -e "+asked+" ] && echo token renewed >&2 || echo please log in >&2\ntouch "+asked+"\n"+grant))
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Detach()
	var mu sync.Mutex
	var got []string
	restore, err := Quiet(func(line string) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, line)
	})
	if err != nil {
		t.Fatal(err)
	}
	klog.ErrorS(nil, "something failed")
	mustPod(t, c, "bare")
	restore()
	restore()
	os.Stderr.WriteString("back again\n")
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]string{`"something failed"`, "token renewed"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNotices(t *testing.T) {
	var got []string
	text := "E1123 08:00:00.123456   77 exec.go:12] refreshing\n\n  two \n" + strings.Repeat("x", 3*maxNotice) + "\nend"
	handOn(strings.NewReader(text), func(s string) { got = append(got, s) })
	want := []string{"refreshing", "two", strings.Repeat("x", maxNotice), "end"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
