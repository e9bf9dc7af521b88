package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// mesh sets up an injector that gives the pods of the story's namespace a sidecar, and the workloads a, b and c, which got
// it. odd picks the pods that get another image.
func (s *story) mesh(odd func(pod *corev1.Pod) bool) (proxy, swapped string) {
	s.t.Helper()
	host := stack.Registry.Host + "/" + s.namespace + "-mesh/proxy"
	proxy, swapped = s.push(host+":1", image.Proxy), s.push(host+":1-next", image.SwappedProxy)
	s.gate.Inject(s.namespace, func(pod *corev1.Pod) corev1.Container {
		c := corev1.Container{Name: s.sidecar(), Image: host + "@" + proxy, ImagePullPolicy: corev1.PullIfNotPresent}
		if odd(pod) {
			c.Image = host + "@" + swapped
		}
		return c
	})
	label := map[string]string{"mesh.example/" + s.namespace: "enabled"}
	config := s.gate.Injector(s.namespace+"-injector", "inject."+s.namespace+".example", label)
	_, err := stack.Admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(s.ctx, config, metav1.CreateOptions{})
	must(s.t, err)
	for _, name := range []string{"a", "b", "c"} {
		s.roll(name, "1", image.Good)
	}
	return proxy, swapped
}

// sidecar is the name of the story's sidecar: others of the same name in the cluster would be its siblings.
func (s *story) sidecar() string { return strings.TrimPrefix(s.namespace, "story-") + "-proxy" }

// A sidecar that the cluster's own injector adds, and that others got too, is no mystery: one line, and it explains itself.
func TestStoryInjectedSidecar(t *testing.T) {
	s := tell(t, "story-sidecar", map[string]string{"mesh.example/story-sidecar": "enabled"})
	s.mesh(func(*corev1.Pod) bool { return false })
	pod := s.roll("web", "1", image.Good)
	if s.gate.Asked(s.namespace, "/inject") < 4 || len(pod.Spec.Containers) != 2 {
		t.Fatalf("the injector was asked %d times, and the pod has %d containers", s.gate.Asked(s.namespace, "/inject"), len(pod.Spec.Containers))
	}
	c := s.inspect(exitPassed, pod)
	f := findingOf(t, c, "injected-everywhere")
	if f.Severity != "info" || f.Subject != "sidecar-proxy" {
		t.Errorf("%+v", f)
	}
	says(t, f.Title, "sidecar-proxy was injected by the cluster, with the same image as in 3 other workloads")

	c = s.inspect(exitFailed, pod, "--alerts", s.alert(pod, s.sidecar(), image.ProxyBinary, harness.Lower))
	s.answers(c, whereFrom, "the image's own file", "of layer 1 (build step: COPY mesh-proxy /usr/local/bin/)")
	s.answers(c, howIn, "in sidecar-proxy: it came in with an injected sidecar: sidecar-proxy was injected by the cluster", "inject.story-sidecar.example explains it", "it was added when the pod was created, at")
	s.answers(c, whyMissed, "in sidecar-proxy: the image is not signed")
}

// A sidecar that runs another image than its siblings is loud, although a webhook explains it.
func TestStorySwappedSidecar(t *testing.T) {
	s := tell(t, "story-swapped-sidecar", map[string]string{"mesh.example/story-swapped-sidecar": "enabled"})
	s.mesh(func(pod *corev1.Pod) bool { return pod.Labels["app"] == "web" })
	pod := s.roll("web", "1", image.Good)
	c := s.inspect(exitFailed, pod, "--alerts", s.alert(pod, s.sidecar(), image.ProxyDrop, harness.Lower))
	f := findingOf(t, c, "injected-other-image")
	if f.Severity != "high" || f.Status != "failed" || f.Subject != s.sidecar() {
		t.Errorf("%+v", f)
	}
	s.answers(c, whereFrom, image.ProxyDrop+", which the alert names, is the image's own file, of layer 2 (build step: COPY mesh-helper /usr/local/bin/)", "belongs to no package")
	s.answers(c, howIn, "in swapped-sidecar-proxy: it came in with an injected sidecar: swapped-sidecar-proxy was injected, and runs another image than 3 other workloads with this sidecar",
		"webhook inject.story-swapped-sidecar.example explains it")
	saysNot(t, answerOf(t, c, howIn).Text, "in web:", "own build")
	s.answers(c, whyMissed, "in swapped-sidecar-proxy: the image is not signed", "policy-controller not enforced in "+s.namespace)
}
