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
//
// Rows are unique by their ID. open keeps an absent signature from being certain.
type collection struct {
	// in the order in which they were found, each once
	rows    []inspect.Signature
	times   map[string]observed // of rows whose time is signed, by ID
	replies []inspect.StoreReply
	blobs   []inspect.Blob
	open    []string // what could not be asked, in words
	roots   []Root   // that verdicts rest on
}

// examiner looks for the signatures of one image and judges them.
// It is used by one goroutine, but for the queries of run, which write to a slot each.
type examiner struct {
	Options
	shelf  storeSet
	image  artifact
	expect expectation
	source string          // where the image says that its source is
	scope  string          // host/repository, as the image was named
	loaded bool            // the roots, or the words why not
	seen   map[string]bool // manifests and rows
	others map[string]bool // digests of the layout's other images
	out    collection
}

// asked bounds how many stores are asked at once.
// It bounds the load on one registry: all queries of an image go to the same one, or to two.
const asked = 4

// run asks all stores, for each digest, and judges what they hold. A store that fails hides no other.
//
// The answers are judged in the order of the queries, so that the same stores give the same rows.
func (e *examiner) run(ctx context.Context, digests []string, p place) collection {
	questions := e.shelf.queries(digests, p.digest, p.index)
	answers := make([]storeResult, len(questions))
	var wait sync.WaitGroup
	slots := make(chan struct{}, asked)
	for i, q := range questions {
		wait.Add(1)
		go func() {
			defer wait.Done()
			// Registries answer a burst of requests with 429.
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
		e.collect(ctx, q, answers[i])
	}
	e.askGitHub(ctx, digests)
	return e.out
}

// take judges what one store gave, and emits its answer.
func (e *examiner) collect(ctx context.Context, q query, a storeResult) {
	found := 0
	for _, h := range a.hits {
		items, err := h.items()
		if err != nil && h.altered() {
			row := malformedRow(KindCosign, h.part.Bytes, e.image.main, err)
			row.Digest = h.part.Digest
			e.add(item{match: h}, row)
			found++
		} else if err != nil {
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
	if q.store == AskedIndex && len(a.hits) == 0 && a.err == nil {
		return // few indexes hold signed statements; what else they hold is the provenance check's
	}
	e.reply(q, q.reply(a, found))
}

// first reports whether a name is new, and remembers it: the same manifest may be in two stores.
func (e *examiner) first(name string) bool {
	if e.seen[name] {
		return false
	}
	e.seen[name] = true
	return true
}

// load loads the trusted roots when the first signature needs them: an unsigned image needs none.
// An error leaves the image open, and every signature that needs a root unknown.
func (e *examiner) load() {
	if e.loaded {
		return
	}
	e.loaded = true
	var err error
	if e.out.roots, err = e.Trust.Roots(); err != nil {
		e.out.open = append(e.out.open, err.Error())
	}
}

// keep puts a manifest into the store and names it, so that a bundle can carry it.
// A manifest that was altered is kept under the digest that it has.
func (e *examiner) keep(ctx context.Context, h match) {
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
		if data, err := e.Client.Fetch(ctx, e.shelf.place(h), d.Digest.String(), maxBundle); err == nil {
			e.put(d.Digest.String(), data)
		}
	}
}

// attachments are the parts that are no signatures and yet belong into a bundle: attached SBOMs.
// The parts of signatures are fetched where they are judged.
func (e *examiner) attachments(h match, m *v1.Manifest) []v1.Descriptor {
	if h.role == "sbom" {
		return m.Layers
	}
	return nil
}

// put keeps bytes in the store, where there is one.
func (e *examiner) put(digest string, data []byte) {
	if e.Store != nil && registry.IsDigest(digest) && data != nil {
		_ = e.Store.Put(digest, data) // a cache that is full costs the bundle its copy, not the verdict
	}
}
