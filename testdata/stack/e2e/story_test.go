package e2e

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
)

// The three questions.
const (
	whereFrom = "where-from"
	howIn     = "how-in"
	whyMissed = "why-missed"
)

// includeLabel is that of namespaces in which policy-controller looks at pods.
var includeLabel = map[string]string{"policy.sigstore.dev/include": "true"}

// story is an incident in a namespace of its own, told beside others. All of them happen in a cluster in which
// policy-controller's webhook stands, for the namespaces that are labelled for it.
type story struct {
	t         *testing.T
	ctx       context.Context
	namespace string
	r         *responder
	gate      *harness.Admission
}

// theCluster sets up once what all stories have around them.
var theCluster = sync.OnceValues(func() (*harness.Admission, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := stack.PolicyKinds(ctx); err != nil {
		return nil, err
	}
	gate, err := harness.NewAdmission()
	if err != nil {
		return nil, err
	}
	controller := gate.Validator("policy.sigstore.dev", "policy.sigstore.dev", includeLabel)
	_, err = stack.Admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, controller, metav1.CreateOptions{})
	return gate, err
})

// tell begins a story beside the others.
func tell(t *testing.T, namespace string, labels map[string]string) *story {
	t.Helper()
	t.Parallel()
	return tellAlone(t, namespace, labels)
}

// tellAlone begins one that is told by itself, as times are measured in it.
func tellAlone(t *testing.T, namespace string, labels map[string]string) *story {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	t.Cleanup(cancel)
	gate, err := theCluster()
	must(t, err)
	s := &story{t: t, ctx: ctx, namespace: namespace, r: newResponder(t, env.Responder), gate: gate}
	must(t, stack.Namespace(ctx, namespace, labels))
	return s
}

// repository is one of the story's own.
func (s *story) repository(name string) string {
	return stack.Registry.Host + "/" + s.namespace + "/" + name
}

// push pushes an image under a tag and gives its digest.
func (s *story) push(reference string, make func() (v1.Image, error)) string {
	s.t.Helper()
	return push(s.t, reference, make)
}

// roll pushes an image, rolls it out as a Deployment of the repository's name, and gives its pod.
func (s *story) roll(name, tag string, make func() (v1.Image, error)) *corev1.Pod {
	s.t.Helper()
	reference := s.repository(name) + ":" + tag
	pod, err := stack.Roll(s.ctx, stack.Deployment(s.namespace, name, reference), s.push(reference, make))
	must(s.t, err)
	return pod
}

// alert writes a file of alerts with one about a program of a container of a pod.
func (s *story) alert(pod *corev1.Pod, container, path, flags string) string {
	s.t.Helper()
	line, err := harness.FalcoAlertOf(pod, container, path, flags, time.Now())
	must(s.t, err)
	name := s.r.file("falco.jsonl")
	must(s.t, os.WriteFile(name, []byte(line), 0o600))
	return name
}

// inspect opens the case of a pod.
func (s *story) inspect(want int, pod *corev1.Pod, args ...string) *caseJSON {
	s.t.Helper()
	c := s.r.inspect(want, append([]string{"pod/" + pod.Name, "-n", s.namespace}, args...)...)
	if testing.Verbose() {
		for _, a := range c.Answers {
			s.t.Logf("%s (%s)\n%s", a.Question, a.Status, strings.ReplaceAll(a.Text, "). ", ").\n"))
		}
	}
	return c
}

// answers fails unless an answer follows from what was found, and says all of the words.
func (s *story) answers(c *caseJSON, question string, words ...string) {
	s.t.Helper()
	a := answerOf(s.t, c, question)
	if a.Status != "answered" && a.Status != "partial" {
		s.t.Errorf("the answer to %s is %s: %s", question, a.Status, a.Text)
	}
	says(s.t, a.Text, words...)
}

func answerOf(t *testing.T, c *caseJSON, question string) answerJSON {
	t.Helper()
	at := slices.IndexFunc(c.Answers, func(a answerJSON) bool { return a.Question == question })
	if at < 0 {
		t.Fatalf("no answer to %s: %+v", question, c.Answers)
	}
	return c.Answers[at]
}

// saysNot fails if a text holds any of the words.
func saysNot(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			t.Errorf("it says %q:\n%s", word, text)
		}
	}
}

// findingOf is the finding of a code.
func findingOf(t *testing.T, c *caseJSON, code string) findingJSON {
	t.Helper()
	at := slices.IndexFunc(c.Findings, func(f findingJSON) bool { return f.Code == code })
	if at < 0 {
		var codes []string
		for _, f := range c.Findings {
			codes = append(codes, f.Code)
		}
		t.Fatalf("no finding %s among %v", code, codes)
	}
	return c.Findings[at]
}

// imagePolicy is a ClusterImagePolicy that wants a signature by a key on the story's images.
func (s *story) imagePolicy(mode, public string) string {
	return fmt.Sprintf("apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: %s-signed}\nspec:\n  mode: %s\n  images: [{glob: \"%s/%s/**\"}]\n  authorities:\n  - name: release\n    key:\n      data: |\n%s",
		s.namespace, mode, stack.Registry.Host, s.namespace, indent(public, 8))
}

func indent(text string, by int) string {
	return strings.Repeat(" ", by) + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+strings.Repeat(" ", by)) + "\n"
}

// publicKey reads a signer's public key.
func publicKey(t *testing.T, signer *harness.Signer) string {
	t.Helper()
	content, err := os.ReadFile(signer.Public)
	must(t, err)
	if block, _ := pem.Decode(content); block == nil {
		t.Fatalf("no key in %s", signer.Public)
	}
	return string(content)
}
