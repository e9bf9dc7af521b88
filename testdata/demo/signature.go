package shop

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// notary signs what the shop's workflows build: by certificate, with an entry in the log.
type notary struct {
	authority *authority
	log       *transparencyLog
}

func newNotary() (*notary, error) {
	a, err := newAuthority()
	if err != nil {
		return nil, err
	}
	l, err := newLog()
	if err != nil {
		return nil, err
	}
	return &notary{a, l}, nil
}

// payload is what cosign signs of an image, by the specification of simple signing
// (https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md).
type payload struct {
	Critical critical          `json:"critical"`
	Optional map[string]string `json:"optional"`
}

type critical struct {
	Identity struct {
		Reference string `json:"docker-reference"`
	} `json:"identity"`
	Image struct {
		Digest string `json:"docker-manifest-digest"`
	} `json:"image"`
	Type string `json:"type"`
}

// hashedrekord is the body of a log entry about signed bytes. The members of all bodies are in the order of canonical JSON.
type hashedrekord struct {
	Version string `json:"apiVersion"`
	Kind    string `json:"kind"`
	Spec    struct {
		Data struct {
			Hash algorithmValue `json:"hash"`
		} `json:"data"`
		Signature struct {
			Content   []byte `json:"content"`
			PublicKey struct {
				Content []byte `json:"content"` // PEM
			} `json:"publicKey"`
		} `json:"signature"`
	} `json:"spec"`
}

type algorithmValue struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

func sha256Of(data []byte) algorithmValue { return algorithmValue{"sha256", hashOf(data).Hex} }

// rekorBundle is what cosign keeps of a log entry in an annotation.
type rekorBundle struct {
	Promise []byte   `json:"SignedEntryTimestamp"`
	Payload promised `json:"Payload"`
}

// sign signs an image as cosign does: a manifest under the tag sha256-<hex>.sig in the same repository.
func (n *notary) sign(i image, r run, when time.Time) (image, error) {
	who, err := n.authority.issue(r, when)
	if err != nil {
		return image{}, err
	}
	p := payload{Critical: critical{Type: "cosign container image signature"}}
	p.Critical.Identity.Reference, p.Critical.Image.Digest = host+"/"+i.repository, i.digest()
	signed, err := document("application/vnd.dev.cosign.simplesigning.v1+json", p)
	if err != nil {
		return image{}, err
	}
	sig, err := sign(who.key, signed.data)
	if err != nil {
		return image{}, fmt.Errorf("signing %s: %w", i.repository, err)
	}
	layer := signed.descriptor()
	if layer.Annotations, err = n.annotations(who, signed.data, sig, when.Add(2*time.Second)); err != nil {
		return image{}, err
	}
	return wrap(i.repository, strings.Replace(i.digest(), ":", "-", 1)+".sig", signed, v1.Manifest{Layers: []v1.Descriptor{layer}})
}

func (n *notary) annotations(who credential, signed, sig []byte, when time.Time) (map[string]string, error) {
	body := hashedrekord{Version: "0.0.1", Kind: "hashedrekord"}
	body.Spec.Data.Hash = sha256Of(signed)
	body.Spec.Signature.Content, body.Spec.Signature.PublicKey.Content = sig, certificatePEM(who.der)
	entry, err := n.record(body, when)
	if err != nil {
		return nil, err
	}
	kept, err := json.Marshal(rekorBundle{entry.promise, n.log.promised(entry)})
	if err != nil {
		return nil, fmt.Errorf("keeping a log entry: %w", err)
	}
	return map[string]string{
		"dev.cosignproject.cosign/signature": base64Of(sig),
		"dev.sigstore.cosign/certificate":    string(certificatePEM(who.der)),
		"dev.sigstore.cosign/chain":          string(certificatePEM(n.authority.root.Raw)),
		"dev.sigstore.cosign/bundle":         string(kept),
	}, nil
}

// record writes the body of an entry into the log.
func (n *notary) record(body any, when time.Time) (logEntry, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return logEntry{}, fmt.Errorf("writing a log entry: %w", err)
	}
	return n.log.add(data, when)
}

// wrap makes a manifest around one blob. An artifact has the empty configuration of OCI 1.1, a cosign signature one that
// looks like an image's.
func wrap(repository, tag string, content blob, m v1.Manifest) (image, error) {
	config := newBlob("application/vnd.oci.empty.v1+json", []byte("{}"))
	if m.ArtifactType == "" {
		var err error
		config, err = document(types.OCIConfigJSON, v1.ConfigFile{RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{content.hash}}})
		if err != nil {
			return image{}, err
		}
	}
	m.SchemaVersion, m.MediaType, m.Config = 2, types.OCIManifestSchema1, config.descriptor()
	manifest, err := document(types.OCIManifestSchema1, m)
	return image{repository: repository, tag: tag, blobs: []blob{config, content}, manifests: []blob{manifest}}, err
}
