package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// Whoever may get, list and watch pods and nothing else gets the answers all the same, and is told what could not be seen.
func TestStoryWithPodsOnly(t *testing.T) {
	s := tell(t, "story-pods-only", nil)
	pod := s.roll("shop", "1", image.Bad)
	s.r = newResponder(t, env.PodsOnly)
	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "shop", image.Dropped, harness.Lower), "--platform", "linux/amd64")
	s.answers(c, whereFrom, image.Dropped+", which the alert names, is the image's own file, of layer 3", "belongs to no package")
	s.answers(c, howIn, "own build", "who set the image is not known", "kubectl get replicaset")
	s.answers(c, whyMissed, "the image is not signed", "which webhooks verify images is unknown", "to know, run: kubectl get validatingwebhookconfigurations")
	var notices []string
	for _, n := range c.Notices {
		notices = append(notices, n.Text+" "+n.Hint)
	}
	says(t, strings.Join(notices, "\n"), "could not be read of the cluster: the namespace's labels, mutating webhooks, validating webhooks, admission policies, their bindings, network policies", "not all events are kept",
		"backtrail rbac prints the role", "the policies of the cluster could not be read: not permitted to list")
}

// slow is the link of a responder far away: so long each way, and so many bits a second.
const (
	slowLatency = 200 * time.Millisecond
	slowRate    = 4_000_000
	slowTarget  = 15 * time.Second
)

// Over a slow link the first things that a responder needs come first: the alert, the pod, the place of the alerted file,
// and who signed the image.
func TestStoryOverASlowLink(t *testing.T) {
	s := tellAlone(t, "story-slow-link", nil)
	signer := newSigner(t)
	reference := s.repository("shop") + ":1"
	digest := s.push(reference, image.Bad)
	must(t, signer.Sign(s.ctx, s.repository("shop")+"@"+digest))
	pod, err := stack.Roll(s.ctx, stack.Deployment(s.namespace, "shop", reference), digest)
	must(t, err)
	alerts := s.alert(pod, "shop", image.Dropped, harness.Lower)
	registry, err := harness.NewLink(stack.Registry.Host, slowLatency, slowRate)
	must(t, err)
	defer func() { _ = registry.Close() }()
	api, err := harness.NewLink(strings.TrimPrefix(stack.APIServer, "https://"), slowLatency, slowRate)
	must(t, err)
	defer func() { _ = api.Close() }()
	config, err := os.ReadFile(stack.Kubeconfigs[env.Responder])
	must(t, err)
	must(t, os.WriteFile(s.r.file("kubeconfig"), []byte(strings.ReplaceAll(string(config), stack.APIServer, "https://"+api.Addr)), 0o600))

	began := time.Now()
	result := s.r.run(exitFailed, "inspect", "pod/"+pod.Name, "-n", s.namespace, "--offline", "-o", "events", "--kubeconfig", s.r.file("kubeconfig"),
		"--registry-map", stack.Registry.Host+"="+registry.Addr, "--alerts", alerts, "--key", signer.Public)
	at := milestones(t, result.Stdout)
	for _, what := range []string{"alert", "pod", "signature", "place"} {
		when, ok := at[what]
		if !ok {
			t.Errorf("%s never came\n%s", what, result.Stderr)
			continue
		}
		took := when.Sub(began)
		t.Logf("%-9s after %.1f s", what, took.Seconds())
		if took > slowTarget {
			t.Errorf("%s came after %s, want at most %s", what, took, slowTarget)
		}
	}
	t.Logf("all       after %.1f s", result.Took.Seconds())
}

// milestones finds in a stream of events when each thing was known.
func milestones(t *testing.T, stream string) map[string]time.Time {
	t.Helper()
	at := map[string]time.Time{}
	lines := bufio.NewScanner(strings.NewReader(stream))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			Time  time.Time `json:"time"`
			Pod   *struct{} `json:"pod"`
			Alert *struct {
				File struct {
					Origin string `json:"origin"`
					Layer  int    `json:"layer"`
				} `json:"file"`
			} `json:"alert"`
			Gate *struct {
				Name   string `json:"name"`
				Status string `json:"status"`
			} `json:"gate"`
		}
		must(t, json.Unmarshal(lines.Bytes(), &e))
		note := func(what string, is bool) {
			if _, known := at[what]; is && !known {
				at[what] = e.Time
			}
		}
		note("pod", e.Pod != nil)
		note("alert", e.Alert != nil)
		note("place", e.Alert != nil && e.Alert.File.Origin == "image" && e.Alert.File.Layer == 3)
		note("signature", e.Gate != nil && e.Gate.Name == "signature" && e.Gate.Status == "passed")
	}
	must(t, lines.Err())
	return at
}
