package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// incident is the story that most tests look at: Deployment shop was rolled out with a good, signed and attested image; somebody
// pushed a bad one under the same tag, and a restart pulled it. Deployment control runs the good one by its digest. Falco has
// seen the dropped program run.
type incident struct {
	namespace  string
	tag        string // of both images, one after the other
	good, bad  string // digests
	repository string
	shop       *corev1.Pod // runs the bad image
	control    *corev1.Pod // runs the good one
	signer     *harness.Signer
	alerts     string // file with Falco's alert about shop
}

var tellIncident = sync.OnceValues(func() (*incident, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir := filepath.Join(tmp, "incident")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return newIncident(ctx, dir)
})

// theIncident makes the incident once for all tests.
func theIncident(t *testing.T) *incident {
	t.Helper()
	in, err := tellIncident()
	must(t, err)
	return in
}

func newIncident(ctx context.Context, dir string) (in *incident, err error) {
	in = &incident{namespace: "shop", repository: stack.Registry.Host + "/acme/shop"}
	in.tag = in.repository + ":1.4"
	if err := stack.Namespace(ctx, in.namespace, nil); err != nil {
		return nil, err
	}
	if in.signer, err = harness.NewSigner(ctx, cosign, dir); err != nil {
		return nil, err
	}
	if in.good, err = pushImage(in.tag, image.Good); err != nil {
		return nil, err
	}
	if err := in.signer.Sign(ctx, in.repository+"@"+in.good); err != nil {
		return nil, err
	}
	if err := in.signer.Attest(ctx, in.repository+"@"+in.good, "slsaprovenance1", slsaV1()); err != nil {
		return nil, err
	}
	if _, err := stack.Roll(ctx, stack.Deployment(in.namespace, "shop", in.tag), in.good); err != nil {
		return nil, err
	}
	if in.control, err = stack.Roll(ctx, stack.Deployment(in.namespace, "control", in.repository+"@"+in.good), in.good); err != nil {
		return nil, err
	}
	if in.bad, err = pushImage(in.tag, image.Bad); err != nil {
		return nil, err
	}
	if in.shop, err = stack.Restart(ctx, in.namespace, "shop", in.bad); err != nil {
		return nil, err
	}
	in.alerts = filepath.Join(dir, "falco.jsonl")
	line, err := harness.FalcoAlert(in.shop, image.Dropped, harness.Lower, time.Now())
	if err != nil {
		return nil, err
	}
	return in, os.WriteFile(in.alerts, []byte(line), 0o600)
}

// awaitNextSecond waits until the clock of the API server, which counts seconds, has moved on since a pod was created.
func awaitNextSecond(ctx context.Context, pod *corev1.Pod) error {
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 10*time.Second, true, func(context.Context) (bool, error) {
		return time.Now().Unix() > pod.CreationTimestamp.Unix(), nil
	})
}

// awaitNodeImages waits until the node reports the digests, as the kubelet does within 40 seconds: after a restart under the same tag that
// is where the cluster still knows the image that ran before.
func awaitNodeImages(ctx context.Context, digests ...string) error {
	return wait.PollUntilContextTimeout(ctx, time.Second, 90*time.Second, true, func(ctx context.Context) (bool, error) {
		node, err := stack.Admin.CoreV1().Nodes().Get(ctx, stack.Node, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		var names []string
		for _, i := range node.Status.Images {
			names = append(names, i.Names...)
		}
		for _, digest := range digests {
			if !slices.ContainsFunc(names, func(name string) bool { return harness.HasDigest(name, digest) }) {
				return false, nil
			}
		}
		return true, nil
	})
}
