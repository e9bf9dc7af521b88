package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// pushed is an image in the registry.
type pushed struct {
	reference string   // HOST:PORT/bench@sha256:…
	blobs     []string // files of its layers in the layout
	packed    int64    // bytes of its layers as stored
}

// push copies an image of the layout to the registry.
func push(ctx context.Context, l layout.Path, host, tag string) (pushed, error) {
	img, err := imageOf(l, tag)
	if err != nil {
		return pushed{}, err
	}
	to, err := name.ParseReference(host + "/bench:" + tag)
	if err != nil {
		return pushed{}, fmt.Errorf("naming the image %s: %w", tag, err)
	}
	if err := remote.Write(to, img, remote.WithContext(ctx)); err != nil {
		return pushed{}, fmt.Errorf("pushing the image %s: %w", tag, err)
	}
	digest, err := img.Digest()
	if err != nil {
		return pushed{}, fmt.Errorf("pushing the image %s: %w", tag, err)
	}
	p := pushed{reference: to.Context().Digest(digest.String()).String()}
	layers, err := img.Layers()
	if err != nil {
		return pushed{}, fmt.Errorf("reading the layers of %s: %w", tag, err)
	}
	return p, p.addBlobs(l, layers)
}

func (p *pushed) addBlobs(l layout.Path, layers []v1.Layer) error {
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return fmt.Errorf("reading a layer: %w", err)
		}
		size, err := layer.Size()
		if err != nil {
			return fmt.Errorf("reading a layer: %w", err)
		}
		p.blobs = append(p.blobs, filepath.Join(string(l), "blobs", digest.Algorithm, digest.Hex))
		p.packed += size
	}
	return nil
}

// signer signs with a key pair of cosign's, without any log: nothing leaves the machine.
type signer struct {
	cosign, dir string
	env         []string
}

// newSigner has cosign make a key pair in dir. Cosign asks for Sigstore's trust root even where it has a key, hence the proxy
// at which nobody is.
func newSigner(ctx context.Context, cosign, dir string) (*signer, error) {
	s := &signer{cosign: cosign, dir: dir, env: []string{
		"COSIGN_PASSWORD=bench", "COSIGN_YES=true", "HOME=" + dir, "DOCKER_CONFIG=" + dir, "HTTPS_PROXY=http://127.0.0.1:9",
	}}
	return s, must(ctx, s.env, cosign, "generate-key-pair", "--output-key-prefix", filepath.Join(dir, "cosign"))
}

func (s *signer) public() string { return filepath.Join(s.dir, "cosign.pub") }

// sign signs an image and attests where it comes from.
func (s *signer) sign(ctx context.Context, reference string) error {
	predicate, err := json.Marshal(map[string]any{
		"buildDefinition": map[string]any{"buildType": "https://example.com/build/v1", "externalParameters": map[string]any{}},
		"runDetails":      map[string]any{"builder": map[string]any{"id": "https://example.com/builder"}},
	})
	if err != nil {
		return fmt.Errorf("encoding the provenance: %w", err)
	}
	file := filepath.Join(s.dir, "predicate.json")
	if err := os.WriteFile(file, predicate, 0o600); err != nil {
		return fmt.Errorf("writing the provenance: %w", err)
	}
	key := filepath.Join(s.dir, "cosign.key")
	if err := must(ctx, s.env, s.cosign, "sign", "--key", key, "--tlog-upload=false", reference); err != nil {
		return err
	}
	return must(ctx, s.env, s.cosign, "attest", "--key", key, "--tlog-upload=false", "--type", "slsaprovenance1", "--predicate", file, reference)
}
