package where

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/journal"
)

// Query is what is asked about. One of What and Pack is set, or Window alone.
type Query struct {
	What   string           // see parse.go
	Pack   *advisory.Pack   // an incident
	Window *advisory.Window // nil: none besides the incident's own
}

// maxPerImage bounds the matches of one image at one place: a package may lie at thousands of paths.
// The first, by layer and path, are enough to find it in the image; CSV and JSON have the same ones.
const maxPerImage = 50

// oldest is the earliest time that is taken for a build's: reproducible builds write 1970 or 1980, which is none.
var oldest = time.Date(2013, 3, 1, 0, 0, 0, 0, time.UTC) // Docker was published

// search is a query at work.
// It lives for one question and is used by one goroutine.
type search struct {
	ctx    context.Context
	lookup journal.Lookup
	data   *advisory.Data

	hits    map[int64][]journal.Hit // by image
	digest  string                  // of an image, also where nothing else is stored of it
	named   map[string][]string     // references under which images ran, by their digests
	windows []*advisory.Window
	depth   journal.Depth // how deep an image must have been looked into to have nothing of it
	// unsure returns why an image without a hit is not certain to have nothing; empty where it is
	// It is what a wrong "not affected" would come from: each kind of question sets it for what its index cannot rule
	// out.
	unsure func(*journal.StoredImage) string
}

// Search answers a query from a journal. data is what IDs of advisories are looked up in. Errors: a What that cannot be
// read, and those of the journal.
func Search(ctx context.Context, j *journal.Journal, data *advisory.Data, q Query) (Result, error) {
	s := &search{
		ctx: ctx, lookup: j.Lookup(), data: data, hits: map[int64][]journal.Hit{},
		named:  map[string][]string{},
		unsure: func(*journal.StoredImage) string { return "" },
	}
	if q.Window != nil {
		s.windows = append(s.windows, q.Window)
	}
	runs, err := j.Runs(ctx)
	if err != nil {
		return Result{}, err
	}
	for _, r := range runs {
		if !slices.Contains(s.named[r.Digest], r.Reference) {
			s.named[r.Digest] = append(s.named[r.Digest], r.Reference)
		}
	}
	if err := s.find(q); err != nil {
		return Result{}, err
	}
	// What ran is read before what is stored: an image that an audit stores between the two is an outcome, and one that
	// came after is none of this answer.
	images, byDigest, err := s.lookup.Stored(ctx, len(s.windows) > 0)
	if err != nil {
		return Result{}, err
	}
	r := Result{Schema: Schema, Matches: []Match{}, Window: []Match{}, NotChecked: []Skipped{}}
	for _, run := range runs {
		var of []*journal.StoredImage
		for _, id := range byDigest[run.Digest] {
			of = append(of, images[id])
		}
		s.judge(&r, run, of)
	}
	return r, nil
}

// judge puts an image at a place under its outcome. Under the digest of an index several images may be stored, of
// several platforms: a hit in one of them is one.
func (s *search) judge(r *Result, run journal.Run, of []*journal.StoredImage) {
	if hits := s.hitsOf(run, of); len(hits) > 0 {
		for _, h := range hits {
			r.Matches = append(r.Matches, match(run, h))
		}
		return
	}
	for _, i := range of {
		if built := s.built(i); built != "" {
			r.Window = append(r.Window, match(run, journal.Hit{What: built, Layer: -1}))
			return
		}
	}
	if reason := s.notChecked(of); reason != "" {
		r.NotChecked = append(r.NotChecked, Skipped{
			Cluster: run.Cluster, Namespace: run.Namespace,
			Workload: run.Workload, Container: run.Container, Digest: run.Digest, Reason: reason,
			FirstSeen: run.First, LastSeen: run.Last,
		})
		return
	}
	r.NotAffected++
	r.Clear = append(r.Clear, Skipped{
		Cluster: run.Cluster, Namespace: run.Namespace, Workload: run.Workload, Container: run.Container,
		Digest: run.Digest, FirstSeen: run.First, LastSeen: run.Last,
	})
}

// hitsOf are the hits of what ran, each once, in the order of layers and paths.
func (s *search) hitsOf(run journal.Run, of []*journal.StoredImage) []journal.Hit {
	// What ran is known by its digest alone, also where no facts of it are stored.
	if s.digest != "" && run.Digest == s.digest {
		return []journal.Hit{{What: s.digest, Layer: -1}}
	}
	var all []journal.Hit
	for _, i := range of {
		for _, h := range s.hits[i.ID] {
			h.Image = 0 // the same thing in the images of several platforms is one
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b journal.Hit) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Path, b.Path), cmp.Compare(a.What, b.What))
	})
	all = slices.Compact(all)
	return all[:min(len(all), maxPerImage)]
}

func match(run journal.Run, h journal.Hit) Match {
	return Match{
		Cluster: run.Cluster, Namespace: run.Namespace, Workload: run.Workload, Container: run.Container,
		Digest: run.Digest, What: h.What, Path: h.Path, Layer: h.Layer, FirstSeen: run.First, LastSeen: run.Last,
	}
}

// built words what of an image was built in a window; empty where nothing was.
func (s *search) built(i *journal.StoredImage) string {
	for _, w := range s.windows {
		if known(i.Created) && w.Holds(i.Created) {
			return "image built " + i.Created.Format(time.RFC3339)
		}
		for at := len(i.Layers) - 1; at >= 0; at-- { // the youngest layer first
			if l := i.Layers[at]; known(l.Created) && w.Holds(l.Created) {
				return fmt.Sprintf("layer %d built %s", l.Number, l.Created.Format(time.RFC3339))
			}
		}
	}
	return ""
}

// known reports whether a time of a build is one.
func known(t inspect.Time) bool { return !t.Before(oldest) }

// notChecked is why it is not certain that what ran has nothing of what is asked about; empty where it is.
func (s *search) notChecked(of []*journal.StoredImage) string {
	if len(of) == 0 {
		return "nothing is stored of this image"
	}
	for _, i := range of {
		switch {
		case !i.Current:
			return "what is stored was read by an older version"
		case i.Depth < s.depth:
			return fmt.Sprintf("looked into to depth %s only, and %s is needed", i.Depth, s.depth)
		}
		// one image of an index that is not certain leaves the place open: which platform ran is not known
		if reason := s.unsure(i); reason != "" {
			return reason
		}
	}
	return ""
}

// add takes hits.
func (s *search) add(hits []journal.Hit, err error) error {
	for _, h := range hits {
		s.hits[h.Image] = append(s.hits[h.Image], h)
	}
	return err
}
