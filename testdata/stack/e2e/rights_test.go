package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// Whoever may read only pods still gets a case, and is told what could not be seen.
func TestInspectWithPodsOnly(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.PodsOnly)
	c := r.inspect(exitFailed, "pod/"+in.shop.Name, "-n", in.namespace, "--alerts", in.alerts)
	if len(c.Images) != 1 || c.Images[0].Digest != in.bad || len(c.Images[0].Binaries) == 0 || c.Images[0].Binaries[0].Path != image.Dropped {
		t.Errorf("images %+v", c.Images)
	}
}

// Whoever may read all but Secrets gets the whole case.
func TestInspectWithReader(t *testing.T) {
	in := theIncident(t)
	c := newResponder(t, env.Reader).inspect(exitPassed, "pod/"+in.control.Name, "-n", in.namespace, "--key", in.signer.Public)
	if !c.Complete {
		t.Error("the case is not complete")
	}
}

// Each of these ends in words that say what is wrong and what to try.
func TestRefusals(t *testing.T) {
	in := theIncident(t)
	tests := []struct {
		name  string
		user  string
		args  []string
		words []string
	}{
		{"no permission to list", env.Nobody, []string{"pods", "-n", in.namespace}, []string{"pods", "forbidden"}},
		{"no permission to get", env.Nobody, []string{"inspect", "pod/" + in.shop.Name, "-n", in.namespace}, []string{"pod", "forbidden"}},
		{"unknown pod", env.Responder, []string{"inspect", "pod/nobody-home", "-n", in.namespace}, []string{"nobody-home", "not found"}},
		{"unknown deployment", env.Responder, []string{"inspect", "deploy/nothing", "-n", in.namespace}, []string{"nothing", "not found"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result := newResponder(t, test.user).run(exitNotRun, test.args...)
			says(t, result.Stderr, test.words...)
		})
	}
}

// The API server is not there: said in words with its address, soon.
func TestDeadAPIServer(t *testing.T) {
	r := newResponder(t, env.Responder)
	content, err := os.ReadFile(stack.Kubeconfigs[env.Responder])
	must(t, err)
	const dead = "https://127.0.0.1:9"
	config := r.file("kubeconfig")
	must(t, os.WriteFile(config, []byte(strings.ReplaceAll(string(content), stack.APIServer, dead)), 0o600))
	result := r.run(exitNotRun, "pods", "--kubeconfig", config)
	says(t, result.Stderr, "127.0.0.1:9", "refused")
}
