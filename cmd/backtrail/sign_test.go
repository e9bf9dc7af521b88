package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// signLayout signs the image of a layout with a new key, as cosign stores it, and writes the public key: sign DIR KEY.
func signLayout(ts *testscript.TestScript, _ bool, args []string) {
	path, err := layout.FromPath(ts.MkAbs(args[0]))
	ts.Check(err)
	all, err := path.ImageIndex()
	ts.Check(err)
	index, err := all.IndexManifest()
	ts.Check(err)
	digest := index.Manifests[0].Digest.String()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	pem, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem, 0o600))

	payload := fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":%q},"type":"cosign container image signature"},"optional":null}`, digest)
	sum := sha256.Sum256(payload)
	sig, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	ts.Check(err)
	img, err := mutate.Append(empty.Image, mutate.Addendum{
		Layer:       static.NewLayer(payload, types.MediaType("application/vnd.dev.cosign.simplesigning.v1+json")),
		Annotations: map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(sig)},
	})
	ts.Check(err)
	tag := strings.Replace(digest, ":", "-", 1) + ".sig"
	ts.Check(path.AppendImage(mutate.MediaType(img, types.OCIManifestSchema1), layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag})))
}
