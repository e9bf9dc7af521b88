package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// The registry has lost the digest that runs: the case goes on with what is left, and says so.
func TestInspectDigestGoneFromRegistry(t *testing.T) {
	pod, digest := rollAndDelete(t, "gone", image.Edition("gone"))
	r := newResponder(t, env.Responder)
	c := r.inspect(exitIncomplete, "pod/"+pod.Name, "-n", pod.Namespace)
	if len(c.Images) != 1 || c.Images[0].Status != "unknown" || c.Status != "incomplete" {
		t.Fatalf("status %s, images %+v; want incomplete", c.Status, c.Images)
	}
	result := r.run(exitIncomplete, "inspect", "pod/"+pod.Name, "-n", pod.Namespace, "--offline", "--export", r.file("evidence"))
	says(t, result.Stdout+result.Stderr, digest[:19], "404")
	newResponder(t, env.Nobody).run(exitPassed, "verify", r.file("evidence"))
}

// The repository has lost the digest, but another one still has it, and that is the one the node names: an imageID may be of
// another repository than the spec's where both have the same image (kubernetes#40062).
func TestInspectDigestFoundElsewhere(t *testing.T) {
	if !stack.Kubelet {
		t.Skip("no kubelet here, and the stand-in names the spec's own repository")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	must(t, stack.Namespace(ctx, "elsewhere", nil))
	mirror := stack.Registry.Host + "/a-mirror/shop" // containerd names the first in alphabetical order
	digest := push(t, mirror+":1", image.Edition("elsewhere"))
	_, err := stack.Roll(ctx, stack.Deployment("elsewhere", "mirrored", mirror+":1"), digest)
	must(t, err)
	pod, _ := rollAndDelete(t, "elsewhere", image.Edition("elsewhere"))
	if id := pod.Status.ContainerStatuses[0].ImageID; id != mirror+"@"+digest {
		t.Fatalf("the imageID is %s, want the mirror's: this story cannot be told", id)
	}

	c := newResponder(t, env.Responder).inspect(exitPassed, "pod/"+pod.Name, "-n", pod.Namespace)
	if len(c.Images) != 1 || c.Images[0].Digest != digest || c.Images[0].Status != "verified" {
		t.Fatalf("images %+v; want %s, verified", c.Images, digest)
	}
	if gate := gateOf(c.Images[0], "signature"); gate != "absent" {
		t.Errorf("the gate signature is %q of an unsigned image that nobody expected to be signed, want absent", gate)
	}
}

// rollAndDelete rolls out an image and then deletes its manifest from the registry, as retention does.
func rollAndDelete(t *testing.T, namespace string, make func() (v1.Image, error)) (*corev1.Pod, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	must(t, stack.Namespace(ctx, namespace, nil))
	repository := stack.Registry.Host + "/" + namespace + "/shop"
	digest := push(t, repository+":1", make)
	pod, err := stack.Roll(ctx, stack.Deployment(namespace, "shop", repository+":1"), digest)
	must(t, err)
	ref, err := name.NewDigest(repository + "@" + digest)
	must(t, err)
	must(t, remote.Delete(ref))
	return pod, digest
}

// A registry that asks for credentials: without them and with wrong ones the case is unknown and names the host; with the right ones it is whole.
func TestInspectPrivateRegistry(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	pod := rollPrivate(ctx, t)
	args := []string{"pod/" + pod.Name, "-n", pod.Namespace}

	r := newResponder(t, env.Responder)
	none := r.run(exitIncomplete, append([]string{"inspect", "--offline"}, args...)...)
	says(t, none.Stdout+none.Stderr, stack.Private.Host, "401")

	dockerConfig(t, r, "not the password")
	wrong := r.run(exitIncomplete, append([]string{"inspect", "--offline"}, args...)...)
	says(t, wrong.Stdout+wrong.Stderr, stack.Private.Host, "401")

	dockerConfig(t, r, stack.Private.Password)
	if c := r.inspect(exitPassed, args...); c.Images[0].Status != "verified" {
		t.Errorf("with credentials the image is %s (%s)", c.Images[0].Status, c.Images[0].Reason)
	}
}

// rollPrivate rolls out an image from the private registry; the kubelet pulls it with a pull secret.
func rollPrivate(ctx context.Context, t *testing.T) *corev1.Pod {
	t.Helper()
	if !stack.Kubelet {
		t.Skip("no kubelet here, and the stand-in has no credentials for the private registry")
	}
	const namespace = "private"
	must(t, stack.Namespace(ctx, namespace, nil))
	reference := stack.Private.Host + "/acme/shop:1"
	img, err := image.Good()
	must(t, err)
	digest, err := image.Push(reference, img, remote.WithAuth(&authn.Basic{Username: stack.Private.User, Password: stack.Private.Password}))
	must(t, err)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "pull"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(authConfig(stack.Private.Password))},
	}
	_, err = stack.Admin.CoreV1().Secrets(namespace).Create(ctx, secret, metav1.CreateOptions{})
	must(t, err)
	deployment := stack.Deployment(namespace, "shop", reference)
	deployment.Spec.Template.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}}
	pod, err := stack.Roll(ctx, deployment, digest)
	must(t, err)
	return pod
}

// dockerConfig writes the responder's own docker configuration.
func dockerConfig(t *testing.T, r *responder, password string) {
	t.Helper()
	must(t, os.MkdirAll(r.file("docker"), 0o700))
	must(t, os.WriteFile(r.file("docker/config.json"), []byte(authConfig(password)), 0o600))
}

func authConfig(password string) string {
	auth := base64.StdEncoding.EncodeToString([]byte(stack.Private.User + ":" + password))
	return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, stack.Private.Host, auth)
}
