package provenance

import (
	"context"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// storeBuildKit is the name of the index as a store of attestations.
const storeBuildKit = "buildkit"

// maxAttestations bounds the attestations of one image that are read out of its index.
// BuildKit writes one manifest for each platform, with an SBOM and a provenance in it.
const maxAttestations = 64

// Whose blobs are kept, in the words of inspect.Blob.
const (
	ofImage     = "image"
	ofKnownGood = "known-good"
)

// claimed reads the statements that BuildKit put into the index of an image. Nobody signed them. of names whose blobs
// they are.
//
// An error comes with what was read before it. Whoever may push to the repository may write such an index: what is in
// it never counts as signed.
func claimed(ctx context.Context, client *registry.Client, image inspect.Image, of string,
	emit func(inspect.Event),
) ([]found, error) {
	// BuildKit attaches attestations to an index alone, by the annotation vnd.docker.reference.digest of its entries
	// (BuildKit, docs/attestations/attestation-storage.md).
	if image.Index == "" || image.Digest == "" {
		return nil, nil
	}
	loc, err := registry.Parse(image.Location)
	if err != nil {
		return nil, err
	}
	part, err := client.Manifest(ctx, loc, image.Index)
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	if !part.Holds() {
		return nil, fmt.Errorf("reading the index: %s", part.Detail)
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(part.Bytes, &index); err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	var all []found
	var bad error
	for _, d := range registry.BuildKitAttestations(&index, image.Digest) {
		if len(all) >= maxAttestations {
			return all, &registry.LimitError{What: "number of attestations in the index", Limit: maxAttestations}
		}
		list, err := attestations(ctx, client, loc, d, of, emit)
		all = append(all, list...)
		if err != nil {
			bad = err
		}
	}
	return all, bad
}

// attestations reads the provenance out of one attestation manifest, and keeps what it reads.
// A layer is one statement in plain JSON, with its predicate type as annotation.
func attestations(ctx context.Context, client *registry.Client, loc registry.Location, d v1.Descriptor, of string,
	emit func(inspect.Event),
) ([]found, error) {
	part, err := client.Manifest(ctx, loc, d.Digest.String())
	if err != nil {
		return nil, fmt.Errorf("reading an attestation manifest: %w", err)
	}
	if !part.Holds() {
		return nil, fmt.Errorf("reading an attestation manifest: %s", part.Detail)
	}
	var m v1.Manifest
	if err := json.Unmarshal(part.Bytes, &m); err != nil {
		return nil, fmt.Errorf("reading an attestation manifest: %w", err)
	}
	if err := keep(client.Store(), part.Digest, part.Bytes, string(d.MediaType), of, emit); err != nil {
		return nil, err
	}
	// The config states nothing, and no tool copies the manifest without it: a layout that is to be closed has it too.
	// Where it is not to be had, the bundle names it as missing.
	if config := m.Config.Digest.String(); m.Config.Digest.Hex != "" {
		if data, err := client.Fetch(ctx, loc, config, MaxStatement); err == nil {
			if err := keep(client.Store(), config, data, string(m.Config.MediaType), of, emit); err != nil {
				return nil, err
			}
		}
	}
	var list []found
	for _, l := range m.Layers {
		predicate := l.Annotations[registry.AnnotationPredicateType]
		if !IsProvenance(predicate) || len(list) >= maxAttestations || registry.IsSignedStatement(string(l.MediaType)) {
			continue // a signed one is among the signatures
		}
		data, err := client.Fetch(ctx, loc, l.Digest.String(), MaxStatement)
		if err != nil {
			return list, fmt.Errorf("reading an attestation: %w", err)
		}
		if err := keep(client.Store(), l.Digest.String(), data, string(l.MediaType), of, emit); err != nil {
			return list, err
		}
		list = append(list, found{data: data, digest: l.Digest.String(), predicate: predicate})
	}
	return list, nil
}

// keep puts bytes into the store and records that the case rests on them.
func keep(store *registry.Store, digest string, data []byte, mediaType, of string, emit func(inspect.Event)) error {
	if err := store.Put(digest, data); err != nil {
		return fmt.Errorf("keeping an attestation: %w", err)
	}
	emit(inspect.Event{Fact: inspect.Blob{
		Digest: digest, MediaType: mediaType, Size: int64(len(data)),
		Role: "attestation", State: "carried", Of: of,
	}})
	return nil
}
