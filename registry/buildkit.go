package registry

import (
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Annotations by which BuildKit marks, inside an index, the manifest that holds the attestations of an image.
// https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
const (
	annotationReferenceType   = "vnd.docker.reference.type"
	annotationReferenceDigest = "vnd.docker.reference.digest"
	attestationManifest       = "attestation-manifest"
)

// AnnotationPredicateType is the annotation of an attestation's layer with its predicate type.
const AnnotationPredicateType = "in-toto.io/predicate-type"

// BuildKitAttestations lists the manifests of an index that hold attestations of one of its images, by that image's
// digest. Those that are no signed statements are claims.
func BuildKitAttestations(index *v1.IndexManifest, digest string) []v1.Descriptor {
	if index == nil {
		return nil
	}
	var list []v1.Descriptor
	// An index is written by whoever pushed it: that a manifest claims to be about an image proves nothing about its
	// maker.
	for _, d := range index.Manifests {
		if d.Annotations[annotationReferenceType] == attestationManifest &&
			d.Annotations[annotationReferenceDigest] == digest {
			list = append(list, d)
		}
	}
	return list
}

// IsSignedStatement reports whether a media type is that of an in-toto statement in a DSSE envelope, as Docker stores
// it in attestation manifests and referrers: application/vnd.in-toto.provenance+dsse.
func IsSignedStatement(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.in-toto") && strings.HasSuffix(mediaType, "+dsse")
}
