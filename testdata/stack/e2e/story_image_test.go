package e2e

import (
	"slices"
	"testing"

	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// An executable was dropped in the image's own build, and pushed under the tag that was running.
func TestStoryDroppedInOwnBuild(t *testing.T) {
	s := tell(t, "story-own-build", nil)
	tag := s.repository("shop") + ":1.4"
	// Editions of its own: a node names only a few of the repositories that have an image.
	good := s.push(tag, image.Edition(s.namespace))
	_, err := stack.Roll(s.ctx, stack.Deployment(s.namespace, "shop", tag), good)
	must(t, err)
	other := s.roll("worker", "1", image.BadEdition(s.namespace)) // of another repository, the same bytes: the same digest
	badDigest := s.push(tag, image.BadEdition(s.namespace))
	pod, err := stack.Restart(s.ctx, s.namespace, "shop", badDigest)
	must(t, err)
	must(t, awaitNodeImages(s.ctx, good, badDigest))

	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "shop", image.Dropped, harness.Lower))
	s.answers(c, whereFrom, image.Dropped+", which the alert names, is the image's own file, of layer 3", "curl -fsSL", "belongs to no package", image.Replaced+" does not match the checksum of package procps")
	s.answers(c, howIn, "2 files were added by the image's own build", "shared with the previous image", "rolled it out at", "so the tag was moved", "was restarted by kubectl-rollout")
	s.answers(c, whyMissed, "is not signed", "policy-controller not enforced in story-own-build", "the pod names tag 1.4, not a digest")
	if !slices.Contains(c.Pod.Others, s.namespace+"/"+other.Name) {
		t.Errorf("others with this digest: %v", c.Pod.Others)
	}
}

// A miner came with the base image: it is named by label, and another application begins with the same layers.
func TestStoryMinerInBaseImage(t *testing.T) {
	s := tell(t, "story-base-image", nil)
	base := stack.Registry.Host + "/story-base/debian:12"
	digest := s.push(base, image.MinedBase)
	cart := s.roll("cart", "1", image.OnMinedBase("cart", base, digest))
	s.roll("clean", "1", image.Good)
	pod := s.roll("web", "1", image.OnMinedBase("web", base, digest))

	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "web", image.Miner, harness.Lower))
	s.answers(c, whereFrom, image.Miner, "of layer 1 (build step: apt-get install -y --no-install-recommends kdev), which is of the base image",
		base, "claimed by the image itself", "runs in 1 other pod with another image: "+s.namespace+"/"+cart.Name)
	s.answers(c, howIn, image.Miner+" came in with the base image: "+s.repository("cart")+" begins with the same 2 layers", "revision 1")
	saysNot(t, answerOf(t, c, howIn).Text, "own build")
	s.answers(c, whyMissed, "is not signed", "policy-controller not enforced in "+s.namespace)

	sharing := c.Images[0].Sharing
	if sharing == nil || len(sharing.Others) != 1 || sharing.Others[0].Prefix != 2 || !slices.Equal(sharing.Suspect, []int{1}) || sharing.Looked < 2 {
		t.Fatalf("sharing %+v", sharing)
	}
	brief := s.r.run(exitFailed, "inspect", "pod/"+pod.Name, "-n", s.namespace, "--offline", "-o", "brief", "--alerts", s.r.file("falco.jsonl"))
	says(t, brief.Stdout, "1 more with this layer")
}

// A package was compromised: its version changed, and its files are what its own database says.
func TestStoryCompromisedPackage(t *testing.T) {
	s := tell(t, "story-package", nil)
	before := s.push(s.repository("shop")+":1", image.Good)
	_, err := stack.Roll(s.ctx, stack.Deployment(s.namespace, "shop", s.repository("shop")+":1"), before)
	must(t, err)
	tag := s.repository("shop") + ":2"
	digest := s.push(tag, image.Upgraded)
	pod, err := stack.SetImage(s.ctx, s.namespace, "shop", tag, digest)
	must(t, err)

	c := s.inspect(exitPassed, pod, "--alerts", s.alert(pod, "shop", image.Trojaned, harness.Lower),
		"--known-good", s.repository("shop")+"@"+before)
	s.answers(c, whereFrom, image.Trojaned+", which the alert names, is the image's own file, of layer 2 (build step: apt-get install -y procps)", "as package procps installed it")
	s.answers(c, howIn, "it came in with a package dependency: "+image.Trojaned+" is of package procps, which changed from "+image.TrojanFrom+" to "+image.TrojanTo,
		"revision 2", "the image of shop in Deployment shop was set by kubectl-set")
	s.answers(c, whyMissed, "is not signed", "policy-controller not enforced in "+s.namespace)
	if len(c.Images[0].Altered) != 0 {
		t.Errorf("altered files, although all fit their package: %+v", c.Images[0].Altered)
	}
}

// What runs is clean: there is nothing to explain, and the answers say so.
func TestStoryCleanControl(t *testing.T) {
	s := tell(t, "story-control", nil)
	pod := s.roll("shop", "1", image.Good)
	c := s.inspect(exitPassed, pod)
	for _, a := range c.Answers {
		if a.Status != "none" || a.Text != "nothing to explain: no alert, and no finding that failed" {
			t.Errorf("%s: %s %q", a.Question, a.Status, a.Text)
		}
	}
	for _, f := range c.Findings {
		if f.Status == "failed" {
			t.Errorf("a false alarm: %+v", f)
		}
	}
	plain := s.r.run(exitPassed, "inspect", "pod/"+pod.Name, "-n", s.namespace, "--offline")
	says(t, plain.Stdout, "nothing to explain")
}
