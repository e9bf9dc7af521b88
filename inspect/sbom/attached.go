package sbom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// maxAttached bounds the SBOMs of one image that are read. An image has one for each format and platform; a registry
// that lists thousands would keep the check reading.
const maxAttached = 64

// Attached is the check that counts the packages of the SBOMs that came with an image, and names who signed them. It is
// blocked where a place could not be queried, and does not apply where all were and none has one. Attested ones are
// verified by the checks of signatures, which it needs. Whoever may push to the repository can attach one, so that an
// unsigned SBOM is a hint of what to look for and never evidence.
func Attached(client *registry.Client) engine.Check {
	return engine.Check{
		Name: inspect.CheckAttachedSBOM, Needs: []string{inspect.CheckSignatures},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image := on.Image()
			if err := image.Read(); err != nil {
				return err
			}
			rows := attested(client.Store(), image.Signatures)
			a := attachments{client: client, image: image, emit: emit, seen: map[string]bool{}}
			err := a.collect(ctx)
			rows = append(rows, a.rows...)
			for _, r := range rows {
				emit(inspect.Event{Fact: r})
			}
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				return engine.Unchecked("not every place of SBOMs could be asked: %s", err)
			case len(rows) == 0:
				return engine.Nothing("no SBOM is stored with the image")
			default:
				return nil
			}
		},
	}
}

// attachments collects the SBOMs that nobody signed: under cosign's tag, among the referrers, marked in a layout, or
// put into the index by BuildKit. It serves one image and is used by one goroutine.
type attachments struct {
	client *registry.Client
	image  inspect.Image
	loc    registry.Location
	emit   func(inspect.Event)
	seen   map[string]bool // digests of manifests
	rows   []inspect.SBOM
}

// collect asks every place; one that fails hides no other. Errors of several places are joined, and each names what
// could not be read.
func (a *attachments) collect(ctx context.Context) error {
	if a.image.Digest == "" && a.image.Index == "" {
		return nil // docker-save: nothing can be attached to it
	}
	var err error
	if a.loc, err = registry.Parse(a.image.Location); err != nil {
		return err
	}
	var bad []error
	for _, digest := range []string{a.image.Digest, a.image.Index} {
		if digest == "" {
			continue
		}
		bad = append(bad, a.fromTag(ctx, digest), a.fromReferrers(ctx, digest))
	}
	bad = append(bad, a.fromLayout(ctx), a.fromIndex(ctx))
	return errors.Join(bad...)
}

// fromTag reads cosign's tag sha256-<hex>.sbom. (https://github.com/sigstore/cosign/blob/main/specs/SBOM_SPEC.md) A tag
// can be moved by whoever may push. An example of such a tag: sha256-9f86d0….sbom.
func (a *attachments) fromTag(ctx context.Context, digest string) error {
	part, err := a.client.Manifest(ctx, a.loc, strings.Replace(digest, ":", "-", 1)+".sbom")
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.fromManifest(ctx, part)
}

// fromReferrers reads the referrers that claim to be SBOMs. The artifact type is a claim of the descriptor; the
// form is read from the bytes. A list that a registry cut short is a gap of the check and not an empty list.
func (a *attachments) fromReferrers(ctx context.Context, digest string) error {
	list, err := a.referrers(ctx, digest)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	for _, d := range list {
		if isMediaType(d.ArtifactType) {
			err = errors.Join(err, a.fromDescriptor(ctx, d))
		}
	}
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	return err
}

// referrers lists what refers to a digest: by the index of a layout, by the API (OCI distribution-spec 1.1, "Listing
// Referrers"), or by the tag that stands in for it.
func (a *attachments) referrers(ctx context.Context, digest string) ([]v1.Descriptor, error) {
	if a.loc.Local() {
		inIndex, err := a.client.LayoutReferrers(ctx, a.loc, digest)
		byTag, tagErr := a.client.ReferrersTag(ctx, a.loc, digest)
		if errors.Is(tagErr, registry.ErrNotFound) {
			tagErr = nil
		}
		return append(inIndex, byTag...), errors.Join(err, tagErr)
	}
	list, err := a.client.ReferrersAPI(ctx, a.loc, digest, "")
	if errors.Is(err, registry.ErrNoReferrersAPI) || errors.Is(err, registry.ErrNotFound) {
		return a.client.ReferrersTag(ctx, a.loc, digest)
	}
	return list, err
}

// fromLayout reads what cosign's save marked as SBOMs.
func (a *attachments) fromLayout(ctx context.Context) error {
	list, err := a.client.LayoutDescriptors(ctx, a.loc)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Annotations[registry.AnnotationKind] == registry.KindSBOMs {
			err = errors.Join(err, a.fromDescriptor(ctx, d))
		}
	}
	return err
}

// fromIndex reads the SBOMs that BuildKit put into the index. Its statements are in-toto statements without a
// signature, in a manifest with the annotation vnd.docker.reference.type.
func (a *attachments) fromIndex(ctx context.Context) error {
	if a.image.Index == "" {
		return nil
	}
	part, err := a.client.Manifest(ctx, a.loc, a.image.Index)
	if err != nil {
		return err
	}
	var index v1.IndexManifest
	if !part.Holds() || json.Unmarshal(part.Bytes, &index) != nil {
		return nil // the check that found the image said so
	}
	for _, d := range registry.BuildKitAttestations(&index, a.image.Digest) {
		err = errors.Join(err, a.fromDescriptor(ctx, d))
	}
	return err
}

// fromDescriptor reads the manifest that a descriptor names.
func (a *attachments) fromDescriptor(ctx context.Context, d v1.Descriptor) error {
	part, err := a.client.Manifest(ctx, a.loc, d.Digest.String())
	if err != nil {
		return err
	}
	return a.fromManifest(ctx, part)
}

// fromManifest makes a row of each SBOM that a manifest lists as a layer. The same manifest may be reached by tag,
// referrer and index: it counts once. A manifest whose bytes are not its digest gives a row that is unreadable: it must
// not count as none.
func (a *attachments) fromManifest(ctx context.Context, part registry.Part) error {
	if a.seen[part.Digest] {
		return nil
	}
	a.seen[part.Digest] = true
	var m v1.Manifest
	if !part.Holds() || json.Unmarshal(part.Bytes, &m) != nil {
		a.rows = append(a.rows, inspect.SBOM{
			Origin: "attached", Format: formatOf(part.MediaType),
			Status: inspect.Unknown, Reason: inspect.ReasonUnreadable, Digest: part.Digest,
		})
		return nil
	}
	for n, l := range m.Layers {
		if n >= maxAttached || len(a.rows) >= maxAttached {
			return &registry.LimitError{What: "number of attached SBOMs", Limit: maxAttached}
		}
		predicate := l.Annotations[registry.AnnotationPredicateType]
		if !IsSBOM(predicate) && !isMediaType(string(l.MediaType)) {
			continue
		}
		row, err := a.row(ctx, l, predicate)
		if err != nil {
			return err
		}
		a.rows = append(a.rows, row)
		a.keep(part.Digest, part.Bytes, part.MediaType)
	}
	return nil
}

// row reads one attached SBOM. Nobody signed it, so that it proves nothing: unknown at best. A statement about another
// image is a subject-mismatch, which outranks that it is unsigned. Errors: the registry could not be reached.
func (a *attachments) row(ctx context.Context, l v1.Descriptor, predicate string) (inspect.SBOM, error) {
	row := inspect.SBOM{
		Origin: "attached", Format: formatOf(predicate + string(l.MediaType)),
		Status: inspect.Unknown, Reason: inspect.ReasonUnsigned, Digest: l.Digest.String(),
	}
	data, err := a.client.Fetch(ctx, a.loc, row.Digest, MaxDocument)
	var limit *registry.LimitError
	var digest *registry.DigestError
	switch {
	case errors.As(err, &limit), errors.As(err, &digest), errors.Is(err, registry.ErrNotFound):
		row.Reason = inspect.ReasonUnreadable
		return row, nil
	case err != nil:
		return row, fmt.Errorf("reading an attached SBOM: %w", err)
	}
	a.keep(row.Digest, data, string(l.MediaType))
	count := Count
	if predicate != "" {
		count = countPredicate
		if !about(data, a.image.Digest, a.image.Index) {
			row.Reason = inspect.ReasonSubjectMismatch
		}
	}
	format, n, err := count(data)
	if err != nil {
		row.Reason = inspect.ReasonUnreadable
		return row, nil
	}
	row.Format, row.Packages = format, n
	return row, nil
}

// keep puts bytes into the store and records that they came with the image. What the disk cannot take is only not kept.
// The bytes are kept under their digest as evidence, whatever they claim to be.
func (a *attachments) keep(digest string, data []byte, mediaType string) {
	if a.client.Store().Put(digest, data) != nil {
		return
	}
	a.emit(inspect.Event{Fact: inspect.Blob{
		Digest: digest, MediaType: mediaType, Size: int64(len(data)),
		Role: "sbom", State: "carried", Of: "image",
	}})
}

// isMediaType reports whether a media or artifact type is that of an SBOM, as cosign, ORAS and others write them. Types
// are compared by a part of them, since each tool has its own: application/spdx+json, application/vnd.cyclonedx+json,
// application/vnd.syft+json, text/spdx.
func isMediaType(t string) bool {
	return strings.Contains(t, "spdx") || strings.Contains(t, "cyclonedx") || strings.Contains(t, "vnd.syft")
}
