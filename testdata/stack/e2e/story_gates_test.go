package e2e

import (
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// A policy wants a signature, and policy-controller is not enforced in the namespace: its label is missing.
func TestStoryUnsignedWithoutLabel(t *testing.T) {
	s := tell(t, "story-unlabelled", nil)
	signer := newSigner(t)
	must(t, stack.Apply(s.ctx, s.imagePolicy("enforce", publicKey(t, signer))))
	pod := s.roll("shop", "1", image.Bad)
	if n := s.gate.Asked(s.namespace, "/validate"); n != 0 {
		t.Fatalf("policy-controller's webhook was asked %d times", n)
	}
	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "shop", image.Dropped, harness.Lower))
	s.answers(c, whereFrom, image.Dropped, "layer 3", "curl -fsSL")
	s.answers(c, howIn, "own build", "revision 1")
	s.answers(c, whyMissed, "the image is not signed", "policy-controller not enforced in story-unlabelled: label policy.sigstore.dev/include is missing",
		"policy story-unlabelled-signed would refuse the image today, but policy-controller is not enforced for this pod")
}

// The image is signed by somebody else than the policy wants, and the policy only warns.
func TestStoryWrongSignerUnderWarning(t *testing.T) {
	s := tell(t, "story-warned", includeLabel)
	ours, theirs := newSigner(t), newSigner(t)
	must(t, stack.Apply(s.ctx, s.imagePolicy("warn", publicKey(t, ours))))
	reference := s.repository("shop") + ":1"
	digest := s.push(reference, image.Bad)
	must(t, theirs.Sign(s.ctx, s.repository("shop")+"@"+digest))
	pod, err := stack.Roll(s.ctx, stack.Deployment(s.namespace, "shop", reference), digest)
	must(t, err)
	if n := s.gate.Asked(s.namespace, "/validate"); n == 0 {
		t.Fatal("policy-controller's webhook was not asked")
	}
	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "shop", image.Dropped, harness.Lower))
	s.answers(c, whereFrom, image.Dropped, "layer 3")
	s.answers(c, howIn, "own build", "revision 1")
	s.answers(c, whyMissed, "it carries 1 signature, which is not by the required signer", "policy-controller (webhook policy.sigstore.dev) evaluated the pod: admitted",
		"policy story-warned-signed would refuse the image, but is in mode warn")
	at := slices.IndexFunc(c.Images[0].Gates, func(g gateJSON) bool { return g.Name == "policy story-warned-signed" })
	if at < 0 || c.Images[0].Gates[at].Mode != "warn" || c.Images[0].Gates[at].By != "policy-controller" || c.Images[0].Gates[at].Status != "refused" {
		t.Errorf("gates %+v", c.Images[0].Gates)
	}
}

// Kyverno's policy enforces, except in this namespace; another one came after the pod; a third is about another namespace.
func TestStoryKyvernoLooksAway(t *testing.T) {
	s := tell(t, "story-kyverno", nil)
	webhook := s.gate.Validator("kyverno-resource-validating-webhook-cfg", "validate.kyverno.svc-fail", map[string]string{"kubernetes.io/metadata.name": s.namespace})
	_, err := stack.Admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(s.ctx, webhook, metav1.CreateOptions{})
	must(t, err)
	key := publicKey(t, newSigner(t))
	policy := func(name, spec, match string) string {
		return fmt.Sprintf("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: %s}\nspec:\n  validationFailureAction: Enforce\n%s  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]%s}}]}\n"+
			"    verifyImages:\n    - imageReferences: [\"%s/%s/*\"]\n      attestors:\n      - entries:\n        - keys:\n            publicKeys: |-\n%s",
			name, spec, match, stack.Registry.Host, s.namespace, indent(key, 14))
	}
	must(t, stack.Apply(s.ctx, policy("audited", "  validationFailureActionOverrides: [{action: Audit, namespaces: [\"story-*\"]}]\n", "")))
	must(t, stack.Apply(s.ctx, policy("elsewhere", "", ", namespaces: [production]")))
	pod := s.roll("shop", "1", image.Bad)
	must(t, awaitNextSecond(s.ctx, pod))
	must(t, stack.Apply(s.ctx, policy("too-late", "", "")))

	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "shop", image.Dropped, harness.Lower))
	s.answers(c, whereFrom, image.Dropped, "layer 3")
	s.answers(c, howIn, "own build")
	s.answers(c, whyMissed, "the image is not signed", "policy audited/signed would refuse the image, but is in mode warn", "policy too-late/signed would refuse the image today, but was set up at",
		"after the pod was admitted", "Kyverno (webhook validate.kyverno.svc-fail) evaluated the pod: admitted")
	saysNot(t, answerOf(t, c, whyMissed).Text, "elsewhere")

	// What the policies came to in this namespace follows again from the bundle.
	s.r.run(exitFailed, "inspect", "pod/"+pod.Name, "-n", s.namespace, "--offline", "--alerts", s.r.file("falco.jsonl"), "--export", s.r.file("evidence"))
	newResponder(t, env.Nobody).run(exitPassed, "verify", s.r.file("evidence"))
}
