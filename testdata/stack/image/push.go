package image

import (
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/testdata/stack/sleeper"
)

// Push stores img under a reference and returns its digest, "sha256:…".
func Push(reference string, img v1.Image, options ...remote.Option) (string, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return "", fmt.Errorf("reading the reference %q: %w", reference, err)
	}
	if err := remote.Write(ref, img, options...); err != nil {
		return "", fmt.Errorf("pushing %s: %w", reference, err)
	}
	digest, err := img.Digest()
	if err != nil {
		return "", fmt.Errorf("computing the digest of %s: %w", reference, err)
	}
	return digest.String(), nil
}

// PushPause stores the image that holds a pod's sandbox open.
func PushPause(reference string) error {
	img, err := Build(Spec{
		Steps:      []Step{{CreatedBy: "COPY pause /pause", Files: []File{{Path: "pause", Mode: 0o755, Body: sleeper.ELF("paused", "")}}}},
		Entrypoint: []string{"/pause"},
	})
	if err != nil {
		return err
	}
	_, err = Push(reference, img)
	return err
}
