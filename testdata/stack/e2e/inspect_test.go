package e2e

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// A responder inspects the pod that Falco flagged, with the key that should have signed and the last digest that was good.
func TestInspectFlaggedPod(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	c := r.inspect(exitFailed, "pod/"+in.shop.Name, "-n", in.namespace, "--alerts", in.alerts,
		"--key", in.signer.Public, "--known-good", in.repository+"@"+in.good)

	if c.Status != "failed" || !c.Complete {
		t.Errorf("status %s, complete %t; want failed, true", c.Status, c.Complete)
	}
	checkShopPod(t, in, c)
	if len(c.Images) != 1 {
		t.Fatalf("%d images, want one", len(c.Images))
	}
	img := c.Images[0]
	if img.Digest != in.bad || img.Container != "shop" || img.Reference != in.tag || img.Status != "verified" || img.Platform != "linux/amd64" {
		t.Errorf("image %s of container %s (%s, %s) is %s; want the bad one, its bytes verified", img.Digest, img.Container, img.Reference, img.Platform, img.Status)
	}
	t.Run("unsigned", func(t *testing.T) { checkUnsigned(t, c) })
	t.Run("files", func(t *testing.T) { checkFiles(t, img) })
	t.Run("diff", func(t *testing.T) { checkDiff(t, in, img.Diff) })
	t.Run("alert", func(t *testing.T) { checkAlert(t, in, c) })
	t.Run("answers", func(t *testing.T) { checkAnswers(t, c) })
	t.Run("audit", checkAudit)
}

// checkAudit: the API server saw the program under its own name. That all of it was reading is proven at the end for all stories together.
func checkAudit(t *testing.T) {
	requests, err := stack.Requests(env.Responder)
	must(t, err)
	if len(requests) == 0 {
		t.Fatal("the audit log holds no request of the responder")
	}
	for _, r := range requests {
		if !strings.HasPrefix(r.UserAgent, "backtrail/") {
			t.Errorf("%s %s came from %q", r.Verb, r.RequestURI, r.UserAgent)
		}
	}
}

func checkShopPod(t *testing.T, in *incident, c *caseJSON) {
	t.Helper()
	if c.Pod == nil {
		t.Fatal("the case has no pod")
	}
	var owners []string
	for _, owner := range c.Pod.Owner {
		owners = append(owners, owner.Kind)
	}
	if c.Pod.Name != in.shop.Name || c.Pod.Node != stack.Node || !slices.Contains(owners, "Deployment") || !slices.Contains(owners, "ReplicaSet") {
		t.Errorf("pod %s on %s, owned by %v", c.Pod.Name, c.Pod.Node, owners)
	}
	if len(c.Pod.Containers) != 1 || c.Pod.Containers[0].Injected || !strings.HasSuffix(c.Pod.Containers[0].ImageID, in.bad) {
		t.Errorf("containers %+v", c.Pod.Containers)
	}
}

// checkUnsigned: a key was expected and nothing is signed, so the case failed for it.
func checkUnsigned(t *testing.T, c *caseJSON) {
	img := c.Images[0]
	if len(img.Signatures) != 0 || len(img.Provenance) != 0 {
		t.Errorf("signatures %+v, provenance %+v; want none", img.Signatures, img.Provenance)
	}
	found := slices.ContainsFunc(c.Findings, func(f findingJSON) bool { return strings.HasPrefix(f.Check, "signature") && f.Status == "failed" })
	if !found {
		t.Errorf("no failed finding says that the signature is missing: %+v", c.Findings)
	}
	if gate := gateOf(img, "signature"); gate != "absent" && gate != "refused" {
		t.Errorf("the gate signature is %q of an unsigned image", gate)
	}
	if len(c.Expected.Keys) != 1 || !strings.HasPrefix(c.Expected.Keys[0].Digest, "sha256:") {
		t.Errorf("expected keys %+v", c.Expected.Keys)
	}
}

// gateOf is the status of the image's gate of that name.
func gateOf(img imageJSON, name string) string {
	for _, g := range img.Gates {
		if g.Name == name {
			return g.Status
		}
	}
	return ""
}

// checkFiles: the dropped executable is the first row, with its digest, layer and build step; top is not what procps says.
func checkFiles(t *testing.T, img imageJSON) {
	if len(img.Binaries) == 0 {
		t.Fatal("no unexpected binaries")
	}
	first := img.Binaries[0]
	digest := fmt.Sprintf("%x", sha256.Sum256(image.DroppedFile().Body))
	if first.Path != image.Dropped || strings.TrimPrefix(first.SHA256, "sha256:") != digest || first.Kind != "elf" || first.Status != "failed" {
		t.Errorf("the first row is %+v; want %s with %s", first, image.Dropped, digest)
	}
	if !slices.Contains(first.Codes, "unowned") || !slices.Contains(first.Codes, "alerted") || first.CreatedBy != image.DroppedStep || first.Layer != 3 {
		t.Errorf("codes %v, layer %d, step %q; want unowned and alerted from layer 3", first.Codes, first.Layer, first.CreatedBy)
	}
	at := slices.IndexFunc(img.Altered, func(a alteredJSON) bool { return a.Path == image.Replaced })
	if at < 0 {
		t.Fatalf("%s is not among the altered files %+v", image.Replaced, img.Altered)
	}
	if a := img.Altered[at]; a.Package != "procps" || a.Layer != 3 || a.Status != "failed" || !strings.HasPrefix(a.Expected, "md5:") {
		t.Errorf("altered %+v; want procps in layer 3, failed, by md5", a)
	}
	if len(img.Altered) != 1 {
		t.Errorf("%d altered files, want one: %+v", len(img.Altered), img.Altered)
	}
	var packages []string
	for _, p := range img.Packages {
		if p.Type == "deb" {
			packages = append(packages, p.Name+" "+p.Version)
		}
	}
	if len(packages) != 4 || !slices.Contains(packages, image.ChangedName+" "+image.ChangedTo) {
		t.Errorf("packages %q", packages)
	}
}

// checkDiff: one package changed, one file came, one was replaced.
func checkDiff(t *testing.T, in *incident, diff *diffJSON) {
	if diff == nil {
		t.Fatal("no diff")
	}
	if diff.KnownGood.Digest != in.good || !diff.KnownGood.Confirmed {
		t.Errorf("known-good %+v, want %s, confirmed", diff.KnownGood, in.good)
	}
	changed := diff.Packages.Changed
	if len(changed) != 1 || changed[0].Name != image.ChangedName || changed[0].From != image.ChangedFrom || changed[0].To != image.ChangedTo {
		t.Errorf("changed packages %+v", changed)
	}
	if len(diff.Packages.Added)+len(diff.Packages.Removed) != 0 {
		t.Errorf("packages added %+v, removed %+v; want none", diff.Packages.Added, diff.Packages.Removed)
	}
	changes := map[string]string{}
	for _, f := range diff.Files.List {
		changes[f.Path] = f.Change
	}
	if changes[image.Dropped] != "added" || changes[image.Replaced] != "changed" {
		t.Errorf("file changes %v", changes)
	}
}

func checkAlert(t *testing.T, in *incident, c *caseJSON) {
	if len(c.Alerts) != 1 {
		t.Fatalf("%d alerts, want one", len(c.Alerts))
	}
	a := c.Alerts[0]
	if a.Match != "container-id" || a.Pod != in.shop.Name || a.File.Path != image.Dropped || a.File.Origin != "image" {
		t.Errorf("alert %+v; want it matched by container id and its file found in the image", a)
	}
}

func checkAnswers(t *testing.T, c *caseJSON) {
	var questions []string
	for _, a := range c.Answers {
		questions = append(questions, a.Question)
		if a.Text == "" {
			t.Errorf("no answer to %s", a.Question)
		}
	}
	slices.Sort(questions)
	if !slices.Equal(questions, []string{"how-in", "where-from", "why-missed"}) {
		t.Errorf("questions %v", questions)
	}
	for _, a := range c.Answers {
		if a.Question == "where-from" {
			says(t, a.Text, image.Dropped)
		}
	}
}

// Without --known-good the cluster itself still knows what ran before under the same tag.
func TestInspectFindsPreviousImage(t *testing.T) {
	in := theIncident(t)
	must(t, awaitNodeImages(t.Context(), in.good, in.bad))
	r := newResponder(t, env.Responder)
	c := r.inspect(exitFailed, "pod/"+in.shop.Name, "-n", in.namespace)
	img := c.Images[0]
	var candidates []string
	for _, candidate := range img.Candidates {
		candidates = append(candidates, candidate.Digest)
	}
	if !slices.Contains(candidates, in.good) {
		t.Fatalf("the candidates for the known-good are %v, want %s among them", candidates, in.good)
	}
	if img.Diff == nil || img.Diff.KnownGood.Digest != in.good || img.Diff.KnownGood.Confirmed {
		t.Fatalf("compared with %+v, want %s, not confirmed by anybody", img.Diff, in.good)
	}
}

// The control runs the good image: signed by the key, with provenance, and nothing in it that failed.
func TestInspectGoodPod(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	c := r.inspect(exitPassed, "pod/"+in.control.Name, "-n", in.namespace, "--key", in.signer.Public)
	if c.Status != "passed" || len(c.Images) != 1 || c.Images[0].Digest != in.good {
		t.Fatalf("status %s, images %+v", c.Status, c.Images)
	}
	img := c.Images[0]
	if len(img.Signatures) != 2 { // the signature, and the signed attestation
		t.Fatalf("%d signatures, want two: %+v", len(img.Signatures), img.Signatures)
	}
	for _, s := range img.Signatures {
		if s.Kind != "cosign" || s.Store != "tag" || s.Status != "verified" || s.Subject != in.good || len(s.Steps) != 8 {
			t.Errorf("signature %+v; want cosign's, from a tag, verified", s)
		}
	}
	if len(img.Provenance) != 1 {
		t.Fatalf("%d provenance statements, want one", len(img.Provenance))
	}
	p := img.Provenance[0]
	if p.Status != "verified" || !p.Signed || p.Builder != builderID || p.Commit != commit || !strings.Contains(p.Source, "github.com/example/shop") {
		t.Errorf("provenance %+v", p)
	}
	for _, b := range img.Binaries {
		if b.Status == "failed" {
			t.Errorf("a false alarm: %+v", b)
		}
	}
	if len(img.Altered) != 0 {
		t.Errorf("altered files in the good image: %+v", img.Altered)
	}
}

// Under another key each signature is unknown, neither verified nor failed; the case failed, as what was expected is not there.
func TestInspectWithAnotherKey(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	stranger := newSigner(t)
	c := r.inspect(exitFailed, "pod/"+in.control.Name, "-n", in.namespace, "--key", stranger.Public)
	for _, s := range c.Images[0].Signatures {
		if s.Status != "unknown" || s.Reason != "unknown-key" {
			t.Errorf("signature %+v; want unknown, unknown-key", s)
		}
	}
}

// The same pod by its Deployment, in words for people.
func TestInspectDeploymentPlain(t *testing.T) {
	in := theIncident(t)
	r := newResponder(t, env.Responder)
	result := r.run(exitFailed, "inspect", "deploy/shop", "-n", in.namespace, "--offline", "--alerts", in.alerts)
	says(t, result.Stdout, in.shop.Name, image.Dropped, image.Replaced, in.bad[:19])
}
