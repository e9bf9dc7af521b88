package e2e

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/testdata/stack/image"
)

var logOptions = &corev1.PodLogOptions{}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// push makes an image, pushes it and returns its digest.
func push(t *testing.T, reference string, make func() (v1.Image, error)) string {
	t.Helper()
	img, err := make()
	must(t, err)
	digest, err := image.Push(reference, img)
	must(t, err)
	return digest
}
