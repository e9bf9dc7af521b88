package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// A new version of a chart asks for another image: the release says so, where its Secrets may be read; without them the
// workload's labels name it, and the answer says what would tell more.
func TestStoryChartWithSwappedImage(t *testing.T) {
	s := tell(t, "story-chart", nil)
	goodTag, badTag := s.repository("shop")+":1", s.repository("shop-mirror")+":1"
	good, badDigest := s.push(goodTag, image.Good), s.push(badTag, image.Bad)
	h := stack.NewHelm(helm, t.TempDir())
	deployment := stack.Deployment(s.namespace, "web", goodTag)
	first, err := h.Chart("web", "1.0.0", goodTag, deployment)
	must(t, err)
	must(t, h.Release(s.ctx, s.namespace, "shop", first))
	_, err = stack.AwaitDigest(s.ctx, s.namespace, "web", good)
	must(t, err)
	second, err := h.Chart("web", "1.1.0", badTag, deployment)
	must(t, err)
	must(t, h.Release(s.ctx, s.namespace, "shop", second))
	pod, err := stack.AwaitDigest(s.ctx, s.namespace, "web", badDigest)
	must(t, err)
	alert := s.alert(pod, "web", image.Dropped, harness.Lower)

	c := s.inspect(exitFailed, pod, "--alerts", alert)
	s.answers(c, whereFrom, image.Dropped, "layer 3")
	s.answers(c, howIn, "Deployment web belongs to Helm release shop, chart web 1.1.0", "claimed by its labels and annotations", "--helm", "set by helm")

	s.r = newResponder(t, env.Releases)
	alert = s.alert(pod, "web", image.Dropped, harness.Lower)
	c = s.inspect(exitFailed, pod, "--alerts", alert, "--helm")
	s.answers(c, howIn, "own build", "Helm release shop (chart web 1.1.0, revision 2 at", "changed the image of web: revision 1 (chart web 1.0.0) renders "+goodTag+", this one renders "+badTag,
		"by the chart's own values (image)")
	s.answers(c, whyMissed, "is not signed", "policy-controller not enforced in "+s.namespace)
	at := slices.IndexFunc(c.Exhibits, func(x exhibitJSON) bool { return x.Path == "cluster/helm-story-chart-shop.v2.json" })
	if at < 0 || !slices.Contains(c.Exhibits[at].Redacted, ".chart.values.database.password") {
		t.Errorf("the release is not kept, or as it is: %+v", c.Exhibits)
	}
	s.r.run(exitFailed, "inspect", "pod/"+pod.Name, "-n", s.namespace, "--offline", "--alerts", alert, "--helm", "--export", s.r.file("evidence"))
	must(t, filepath.WalkDir(s.r.file("evidence"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte("hunter2")) {
			t.Errorf("%s holds a secret of the release", path)
		}
		return err
	}))
	newResponder(t, env.Nobody).run(exitPassed, "verify", s.r.file("evidence"))
}

// The image of a release was swapped behind Helm's back.
func TestStorySwappedPastHelm(t *testing.T) {
	s := tell(t, "story-past-helm", nil)
	goodTag, badTag := s.repository("shop")+":1", s.repository("shop")+":1-hotfix"
	good, badDigest := s.push(goodTag, image.Good), s.push(badTag, image.Bad)
	h := stack.NewHelm(helm, t.TempDir())
	chart, err := h.Chart("web", "1.0.0", "unset", stack.Deployment(s.namespace, "web", goodTag))
	must(t, err)
	must(t, h.Release(s.ctx, s.namespace, "shop", chart, "image="+goodTag))
	_, err = stack.AwaitDigest(s.ctx, s.namespace, "web", good)
	must(t, err)
	pod, err := stack.SetImage(s.ctx, s.namespace, "web", badTag, badDigest)
	must(t, err)

	s.r = newResponder(t, env.Releases)
	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "web", image.Dropped, harness.Lower), "--helm")
	f := findingOf(t, c, "helm-swapped")
	if f.Severity != "high" || f.Status != "failed" {
		t.Errorf("%+v", f)
	}
	s.answers(c, howIn, "the image of web was changed outside Helm: Helm release shop (chart web 1.0.0, revision 1 at", "renders "+goodTag+", and Deployment web has "+badTag, "as kubectl-set set it at")
	s.answers(c, whereFrom, image.Dropped, "layer 3")
	s.answers(c, whyMissed, "is not signed", "policy-controller not enforced in "+s.namespace)

	// Without the right to read Secrets --helm is an open question, not a failure of all else.
	s.r = newResponder(t, env.Reader)
	c = s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "web", image.Dropped, harness.Lower), "--helm")
	says(t, answerOf(t, c, howIn).Text, "not all could be looked at: helm: the Helm release shop could not be read: not permitted to list the Secrets of namespace story-past-helm", "set by kubectl-set", "by hand, although")
}

// Somebody set the image by hand, although a GitOps controller deploys it.
func TestStoryImageSetByHand(t *testing.T) {
	s := tell(t, "story-by-hand", nil)
	goodTag, badTag := s.repository("shop")+":1", s.repository("shop")+":2"
	good, badDigest := s.push(goodTag, image.Good), s.push(badTag, image.Bad)
	_, err := stack.RollByGitOps(s.ctx, stack.Deployment(s.namespace, "shop", goodTag), "argocd-controller", good)
	must(t, err)
	pod, err := stack.SetImage(s.ctx, s.namespace, "shop", badTag, badDigest)
	must(t, err)

	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "shop", image.Dropped, harness.Lower))
	f := findingOf(t, c, "image-set-by-hand")
	if f.Severity != "high" || f.Status != "failed" {
		t.Errorf("%+v", f)
	}
	s.answers(c, whereFrom, image.Dropped, "layer 3", "curl -fsSL")
	s.answers(c, howIn, "own build", "the image of shop in Deployment shop was set by kubectl-set at ", "by hand, although argocd-controller deploys it", "revision 2")
	s.answers(c, whyMissed, "is not signed", "policy-controller not enforced in "+s.namespace)
	top := c.Pod.Owner[len(c.Pod.Owner)-1]
	if len(top.Managers) < 2 || !slices.ContainsFunc(top.Managers, func(m managerJSON) bool { return m.Name == "kubectl-set" && slices.Contains(m.Images, "shop") }) {
		t.Errorf("managers of %s: %+v", top.Name, top.Managers)
	}
}
