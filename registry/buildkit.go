package registry

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Annotations by which BuildKit marks, inside an index, the manifest that holds the attestations of an image.
// https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
const (
	annotationReferenceType   = "vnd.docker.reference.type"
	annotationReferenceDigest = "vnd.docker.reference.digest"
	attestationManifest       = "attestation-manifest"
)

// AnnotationPredicateType is the annotation of an attestation's layer that says its predicate type.
const AnnotationPredicateType = "in-toto.io/predicate-type"

// BuildKitAttestations lists the manifests of an index that hold attestations of one of its images, by that image's
// digest. Nobody signed them: they are claims.
func BuildKitAttestations(index *v1.IndexManifest, digest string) []v1.Descriptor {
	if index == nil {
		return nil
	}
	var list []v1.Descriptor
	for _, d := range index.Manifests {
		if d.Annotations[annotationReferenceType] == attestationManifest &&
			d.Annotations[annotationReferenceDigest] == digest {
			list = append(list, d)
		}
	}
	return list
}
