package signature

import (
	"context"
	"errors"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// judge reads one signature and verifies it. Errors: bytes that could not be had.
//
// Bytes that are not their digest make a row that failed, and are kept as damaged: whoever can serve them has touched
// the registry or the way to it.
func (e *examiner) judge(ctx context.Context, it item) error {
	digest := it.desc.Digest.String()
	data, err := e.Client.Fetch(ctx, e.shelf.place(it.match), digest, maxBundle)
	var wrong *registry.DigestError
	if errors.As(err, &wrong) {
		row := malformedRow(it.kind(), []byte(digest), e.image.main,
			fmt.Errorf("the bytes of the signature are not their digest: %w", err))
		row.Digest = digest
		e.add(it, row)
		e.out.blobs = append(e.out.blobs, inspect.Blob{
			Digest: digest, MediaType: string(it.desc.MediaType), Size: it.desc.Size, Role: it.role,
			State: "damaged", Actual: wrong.Have, Of: "image",
		})
		return nil
	}
	if err != nil {
		return fmt.Errorf("signature %s: %w", digest, err)
	}
	e.put(digest, data)
	if it.form != mediaNotation {
		e.load()
	}
	switch it.form {
	case mediaBundle:
		e.judgeBundle(ctx, it, data)
	case mediaNotation:
		e.judgeNotation(ctx, it, data)
	default:
		e.judgeAnnotated(ctx, it, data)
	}
	return nil
}

// judgeBundle reads and verifies a Sigstore bundle, and adds its row.
func (e *examiner) judgeBundle(ctx context.Context, it item, data []byte) {
	s, err := readBundle(data)
	if err != nil {
		row := malformedRow(KindBundle, data, e.image.main, err)
		row.Raw = e.raw(part{"bundle", data})
		e.add(it, row)
		return
	}
	a := e.widen(ctx, s.claim.digests)
	row := s.row(a)
	o := s.verify(e.out.roots, a, e.expect)
	o.fill(&row)
	row.Raw = e.raw(s.parts()...)
	if row.Reason == inspect.ReasonUntrustedRoot && s.ofGitHub() {
		row.Notes = append(row.Notes,
			"GitHub signs for private repositories with an authority of its own; for its trusted root: gh "+
				"attestation trusted-root > roots.jsonl, then --trusted-root roots.jsonl")
	}
	e.note(&row, o, s.claim)
	e.add(it, row)
}

// judgeAnnotated reads and verifies a signature with cosign's annotations, and adds its row.
func (e *examiner) judgeAnnotated(ctx context.Context, it item, data []byte) {
	s, err := readAnnotated(data, it.desc.Annotations, it.form == mediaEnvelope)
	if err != nil {
		row := malformedRow(KindCosign, data, e.image.main, err)
		row.Raw = e.raw(s.parts()...)
		e.add(it, row)
		return
	}
	a := e.widen(ctx, s.claim.digests)
	if it.store == StoreLayout && e.anothers(a, s.claim.digests) {
		return
	}
	row := s.row(a, it.desc.Digest.String())
	o := s.verify(ctx, e.out.roots, a, e.expect)
	o.fill(&row)
	row.Raw = e.raw(s.parts()...)
	e.note(&row, o, s.claim)
	e.add(it, row)
}

// anothers reports whether a signature which cosign saved without saying whose it is belongs to another image of the
// layout.
func (e *examiner) anothers(a artifact, digests []string) bool {
	if _, ours := a.matching(digests); ours {
		return false
	}
	for _, d := range digests {
		if e.others[d] {
			return true
		}
	}
	return false
}

// note keeps the signed time of a row, and what is worth a word.
// A reference that is not where the image is now is common, as with mirrors, and a note only.
func (e *examiner) note(row *inspect.Signature, o outcome, c claim) {
	if !o.time.IsZero() && o.status(inspect.StepTimestamp) == inspect.Verified {
		by := "timestamp"
		if o.status(inspect.StepLog) == inspect.Verified {
			by = fmt.Sprintf("transparency log, entry %d", row.LogIndex)
		}
		e.out.times[row.ID] = observed{o.time, by}
	}
	if c.reference != "" && e.shelf.loc.Repository != "" {
		if named, err := registry.Parse(c.reference); err == nil && (named.Host != e.shelf.loc.Host ||
			named.Repository != e.shelf.loc.Repository) {
			row.Notes = append(row.Notes, fmt.Sprintf("it was signed as %s, which is not where the image is now",
				c.reference))
		}
	}
}

// add keeps a row unless it is there: one signature may lie in several stores, of which the first is named.
func (e *examiner) add(it item, row inspect.Signature) {
	row.Store = it.store
	if e.first("row " + row.ID) {
		e.out.rows = append(e.out.rows, row)
	}
}

// widen adds to the image those indexes that a signature names and that contain it: whoever signed them signed it.
// It makes requests for digests that a stranger wrote, a few at most, and only to the image's own repository.
func (e *examiner) widen(ctx context.Context, digests []string) artifact {
	if _, ok := e.image.matching(digests); ok {
		return e.image
	}
	for i, d := range digests {
		if i >= maxNamedIndexes || !e.first("index "+d) {
			continue
		}
		part, err := e.Client.Manifest(ctx, e.shelf.loc, d)
		if err != nil || !part.Holds() {
			continue
		}
		if contains(part.Bytes, e.image.names) {
			e.image.names[d] = "an index that contains the image"
			e.put(part.Digest, part.Bytes)
			e.out.blobs = append(e.out.blobs, inspect.Blob{
				Digest: d, MediaType: part.MediaType, Size: int64(len(part.Bytes)), Role: "index", State: "carried",
				Of: "image",
			})
		}
	}
	return e.image
}
