package signature

import (
	"context"
	"errors"
	"fmt"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// collection is everything that the stores hold about an image, and what became of it.
type collection struct {
	rows    []inspect.Signature
	times   map[string]observed // of rows whose time is signed, by ID
	replies []inspect.StoreReply
	blobs   []inspect.Blob
	open    []string // stores that could not be asked, in words
	roots   []Root
}

// examiner looks for the signatures of one image and judges them.
type examiner struct {
	Options
	shelf  shelf
	image  artifact
	expect expectation
	roots  []Root
	seen   map[string]bool // manifests and rows
	others map[string]bool // digests of the layout's other images
	out    collection
}

// asked bounds how many stores are asked at once.
const asked = 4

// run asks all stores, for each digest, and judges what they hold. A store that fails hides no other.
func (e *examiner) run(ctx context.Context, digests []string) collection {
	questions := e.shelf.questions(digests)
	answers := make([]answer, len(questions))
	var wait sync.WaitGroup
	slots := make(chan struct{}, asked)
	for i, q := range questions {
		wait.Add(1)
		go func() {
			defer wait.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			answers[i].err = protect("asking "+q.store, func() (err error) {
				answers[i].hits, err = q.ask(ctx)
				return err
			})
		}()
	}
	wait.Wait()
	for i, q := range questions {
		e.take(ctx, q, answers[i])
	}
	return e.out
}

// take judges what one store gave, and says what it answered.
func (e *examiner) take(ctx context.Context, q question, a answer) {
	found := 0
	for _, h := range a.hits {
		items, err := h.items()
		if err != nil {
			a.err = errors.Join(a.err, err)
		}
		found += len(items)
		if !e.first("manifest " + h.part.Digest) {
			continue
		}
		e.keep(ctx, h)
		for _, it := range items {
			if len(e.out.rows) >= maxSignatures {
				a.err = errors.Join(a.err, fmt.Errorf("there are more than %d signatures", maxSignatures))
				break
			}
			if err := e.judge(ctx, it); err != nil {
				a.err = errors.Join(a.err, err)
			}
		}
	}
	r := q.reply(a, found)
	e.out.replies = append(e.out.replies, r)
	if r.Status == inspect.Unknown {
		e.out.open = append(e.out.open, fmt.Sprintf("%s for %s: %s", q.store, q.subject, r.Detail))
	}
}

func (e *examiner) first(name string) bool {
	if e.seen[name] {
		return false
	}
	e.seen[name] = true
	return true
}

// keep puts a manifest into the store and names it, so that a bundle can carry it.
func (e *examiner) keep(ctx context.Context, h hit) {
	b := inspect.Blob{
		Digest: h.part.Digest, MediaType: h.part.MediaType, Size: int64(len(h.part.Bytes)),
		Role: h.role, State: "carried", Of: "image", Tag: h.tag,
	}
	if h.part.Bytes == nil {
		b.State = "missing"
	} else if h.part.Actual != h.part.Digest {
		b.State, b.Actual = "damaged", h.part.Actual
	}
	e.put(h.part.Actual, h.part.Bytes)
	e.out.blobs = append(e.out.blobs, b)
	m, err := h.manifest()
	if err != nil {
		return
	}
	// The config is small and empty mostly; a layout without it could not be opened by other tools.
	for _, d := range append([]v1.Descriptor{m.Config}, e.attachments(h, m)...) {
		if data, err := e.Client.Fetch(ctx, e.shelf.loc, d.Digest.String(), maxBundle); err == nil {
			e.put(d.Digest.String(), data)
		}
	}
}

// attachments are the parts that are no signatures and yet belong into a bundle: attached SBOMs.
func (e *examiner) attachments(h hit, m *v1.Manifest) []v1.Descriptor {
	if h.role == "sbom" {
		return m.Layers
	}
	return nil
}

func (e *examiner) put(digest string, data []byte) {
	if e.Store != nil && registry.IsDigest(digest) && data != nil {
		_ = e.Store.Put(digest, data) // a cache that is full costs the bundle its copy, not the verdict
	}
}

// judge reads one signature and verifies it. Errors: bytes that could not be had.
func (e *examiner) judge(ctx context.Context, it item) error {
	loc := e.shelf.loc
	if it.store == StoreTag {
		loc = e.shelf.tags
	}
	digest := it.desc.Digest.String()
	data, err := e.Client.Fetch(ctx, loc, digest, maxBundle)
	var wrong *registry.DigestError
	if errors.As(err, &wrong) {
		e.add(it, malformedRow(it.kind(), []byte(digest), e.image.main, fmt.Errorf("the bytes of the signature are not their digest: %w", err)))
		return nil
	}
	if err != nil {
		return fmt.Errorf("signature %s: %w", digest, err)
	}
	e.put(digest, data)
	switch it.form {
	case mediaBundle:
		e.judgeBundle(ctx, it, data)
	case mediaNotation:
		e.add(it, notationRow(data, e.image.main))
	default:
		e.judgeAnnotated(ctx, it, data)
	}
	return nil
}

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
	o := s.verify(e.roots, a, e.expect)
	o.fill(&row)
	row.Raw = e.raw(s.parts()...)
	e.note(&row, o, s.claim)
	e.add(it, row)
}

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
	o := s.verify(ctx, e.roots, a, e.expect)
	o.fill(&row)
	row.Raw = e.raw(s.parts()...)
	e.note(&row, o, s.claim)
	e.add(it, row)
}

// anothers says that a signature which cosign saved without saying whose it is belongs to another image of the layout.
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
func (e *examiner) note(row *inspect.Signature, o outcome, c claim) {
	if !o.time.IsZero() && o.status(inspect.StepTimestamp) == inspect.Verified {
		by := "timestamp"
		if o.status(inspect.StepLog) == inspect.Verified {
			by = fmt.Sprintf("transparency log, entry %d", row.LogIndex)
		}
		e.out.times[row.ID] = observed{o.time, by}
	}
	if c.reference != "" && e.shelf.loc.Repository != "" {
		if named, err := registry.Parse(c.reference); err == nil && (named.Host != e.shelf.loc.Host || named.Repository != e.shelf.loc.Repository) {
			row.Notes = append(row.Notes, fmt.Sprintf("it was signed as %s, which is not where the image is now", c.reference))
		}
	}
}

func (e *examiner) add(it item, row inspect.Signature) {
	row.Store = it.store
	if e.first("row " + row.ID) {
		e.out.rows = append(e.out.rows, row)
	}
}

// widen adds to the image those indexes that a signature names and that contain it: whoever signed them signed it.
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
				Digest: d, MediaType: part.MediaType, Size: int64(len(part.Bytes)), Role: "referrer", State: "carried", Of: "image",
			})
		}
	}
	return e.image
}
