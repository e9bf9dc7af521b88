package e2e

import (
	"testing"

	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// Somebody wrote a program into a running container; the image is clean.
func TestStoryDroppedAtRunTime(t *testing.T) {
	s := tell(t, "story-run-time", nil)
	pod := s.roll("shop", "1", image.Good)
	const path = "/tmp/.x/kinsing"
	if stack.Kubelet {
		must(t, stack.Drop(pod, "shop", path, image.DroppedFile().Body))
	} else {
		t.Log("no kubelet here: there is no container to write into, the alert alone tells of it")
	}
	c := s.inspect(exitIncomplete, pod, "--alerts", s.alert(pod, "shop", path, harness.Upper))
	s.answers(c, whereFrom, path+", which the alert names, was written at run time: it is not in the image, and we do not have its bytes", "nothing in the image itself stands out: all of its layers were read")
	s.answers(c, howIn, path+" was written after the container had started: it did not come in with the image", "who wrote it is not known")
	saysNot(t, answerOf(t, c, howIn).Text, "added by the image's own build", "base image")
	s.answers(c, whyMissed, "no gate could have seen it: signatures and admission look at images and pods on their way in")
	if c.Alerts[0].File.Origin != "runtime" || c.Images[0].Status != "verified" {
		t.Errorf("alert %+v, image %s", c.Alerts[0].File, c.Images[0].Status)
	}
}

// Somebody attached a container to the running pod: it came by another door than its pod, and other gates stand there.
func TestStoryDebugContainer(t *testing.T) {
	s := tell(t, "story-debug", includeLabel)
	if !stack.Kubelet {
		t.Skip("no kubelet here, and nothing starts a container that is attached")
	}
	pod := s.roll("shop", "1", image.Good)
	tools := s.repository("tools") + ":latest"
	s.push(tools, image.Bad)
	pod, err := stack.Debug(s.ctx, pod, "debugger", tools)
	must(t, err)

	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, "debugger", image.Dropped, harness.Lower))
	s.answers(c, whereFrom, image.Dropped+", which the alert names, is the image's own file, of layer 3")
	s.answers(c, howIn, "in debugger: it came in with a debug container, attached to the running pod", "debug container debugger with image "+tools+" was attached to the pod by kubectl-debug at")
	saysNot(t, answerOf(t, c, howIn).Text, "in shop:", "rolled it out", "who set the image")
	s.answers(c, whyMissed, "in debugger: the image is not signed", "no admission webhook verifies the images of a debug container")
	if f := findingOf(t, c, "debug-container"); f.Subject != "debugger" || f.Severity != "medium" {
		t.Errorf("%+v", f)
	}
}
