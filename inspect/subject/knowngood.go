package subject

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Choice is what a person chose as known-good, by the flag or in the terminal UI. It may be changed while a case is
// open: the check is then run again. It is safe for concurrent use, but for Flag and By, which are set before. The
// choice is a statement of a person and is recorded with the name in By; nothing derives it.
type Choice struct {
	Flag string // --known-good
	By   string // who chooses

	mu     sync.Mutex
	picked map[string]inspect.Candidate // by subject
}

// Pick confirms a candidate as the known-good of a subject.
func (c *Choice) Pick(subject string, candidate inspect.Candidate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.picked == nil {
		c.picked = map[string]inspect.Candidate{}
	}
	c.picked[subject] = candidate
}

// pick is the candidate that a person chose for a container.
func (c *Choice) pick(subject string) (inspect.Candidate, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	candidate, ok := c.picked[subject]
	return candidate, ok
}

// KnownGood finds the image that a subject's image is compared with: the one that a person chose, else the best of what
// ran before. What nobody confirmed is called previous. Its word matters to all that follows: only a confirmed one
// lowers what is found. It does not apply where there is nothing to compare with; it is unchecked where there may be
// something that could not be read.
func KnownGood(o Options) engine.Check {
	return engine.Check{
		Name: inspect.CheckKnownGood, Needs: []string{inspect.CheckWorkload},
		Run: func(ctx context.Context,
			on engine.On, emit func(inspect.Event),
		) error {
			i := on.Image()
			platform, err := v1.ParsePlatform(i.Platform)
			if err != nil || platform == nil {
				platform = &v1.Platform{}
			}
			s := search{o: o, image: i, platform: *platform, emit: emit}
			if chosen, ok := s.chosen(on.Case()); ok {
				return s.take(ctx, chosen, true)
			}
			best, err := s.best(ctx, on.Case().Pod)
			if err != nil {
				return err
			}
			return s.take(ctx, best, false)
		},
	}
}

// search looks for the known-good of one image. It is used by one goroutine, for one container.
type search struct {
	o        Options
	image    inspect.Image
	platform v1.Platform
	emit     func(inspect.Event)
}

// chosen returns what a person chose for this image. A pick in the terminal UI outranks the flag, since it is the later
// decision.
func (s search) chosen(c inspect.Case) (inspect.Candidate, bool) {
	if picked, ok := s.o.Choice.pick(s.image.Container); ok {
		return picked, true
	}
	if s.o.Choice.Flag == "" || !s.meant(c) {
		return inspect.Candidate{}, false
	}
	return inspect.Candidate{
		Reference: s.o.Choice.Flag, Location: s.o.Choice.Flag, Why: "--known-good",
		Confidence: "high",
	}, true
}

// meant reports whether the flag is about this image: the only one, the one of the same repository, or else that of the
// pod's first container. A pod may have a sidecar of another repository, for which the flag would compare two unrelated
// images.
func (s search) meant(c inspect.Case) bool {
	if c.Pod == nil || s.o.Container != "" {
		return true
	}
	flag, err := registry.Parse(s.o.Choice.Flag)
	if err != nil {
		return true
	}
	if same := sameRepository(c.Pod.Containers, flag.Name()); len(same) > 0 {
		return slices.Contains(same, s.image.Container)
	}
	return len(c.Pod.Containers) > 0 && c.Pod.Containers[0].Name == s.image.Container
}

// sameRepository are the containers whose image is of the same repository. Names are compared as the registry package
// normalizes them: nginx and docker.io/library/nginx are one.
func sameRepository(containers []inspect.Container, name string) []string {
	var same []string
	for _, c := range containers {
		if loc, err := registry.Parse(c.Reference); err == nil && loc.Name() == name {
			same = append(same, c.Name)
		}
	}
	return same
}

// take resolves the candidate and makes it the known-good. A candidate that was chosen and cannot be resolved blocks
// the check: nothing else is taken in its place. Manifest and config are kept before the fact is emitted, so that a
// case never names a known-good whose manifest it does not have.
func (s search) take(ctx context.Context, c inspect.Candidate, confirmed bool) error {
	img, err := s.resolve(ctx, c.Location)
	if err != nil {
		return engine.Unchecked("resolving %s, the %s: %v", c.Location,
			inspect.KnownGood{Confirmed: confirmed}.Word(), err)
	}
	if err := keep(s.o.Client.Store(), img); err != nil {
		return fmt.Errorf("keeping manifest and config of the known-good: %w", err)
	}
	for _, b := range Blobs(img, "known-good") {
		s.emit(inspect.Event{Fact: b})
	}
	found := FromImage(c.Reference, img)
	k := inspect.KnownGood{
		Reference: c.Reference, Location: found.Location, Digest: found.Digest, Index: found.Index,
		Config: found.Config,
		Why:    c.Why, Confidence: c.Confidence, Confirmed: confirmed,
	}
	if confirmed {
		k.By = s.o.Choice.By
	}
	c.Location, c.Digest = found.Location, found.Key()
	s.emit(inspect.Event{Fact: c})
	s.emit(inspect.Event{Fact: inspect.Diff{KnownGood: &k}})
	return nil
}

// resolve asks the registry for a candidate.
func (s search) resolve(ctx context.Context, location string) (*registry.Image, error) {
	loc, err := registry.Parse(location)
	if err != nil {
		return nil, err
	}
	return s.o.Client.Resolve(ctx, loc, s.platform)
}

// best returns the best candidate that is another image than this one, and emits all of them. All of them are resolved,
// so that those with the digest of this image can be left out. Unreadable ones block the check only if none is left.
// Candidates of one digest count once, the first of them. Equal confidence keeps the order of the list, newest first.
func (s search) best(ctx context.Context, pod *inspect.Pod) (inspect.Candidate, error) {
	if pod == nil {
		return inspect.Candidate{}, engine.Nothing("no known-good: none was named (--known-good)")
	}
	var candidates []inspect.Candidate
	var unread error
	for _, c := range s.candidates(ctx, pod) {
		img, err := s.resolve(ctx, c.Location)
		if err != nil {
			unread = errors.Join(unread, fmt.Errorf("%s: %w", c.Location, err))
			continue
		}
		found := FromImage(c.Reference, img)
		if found.Key() == s.image.Key() {
			continue
		}
		c.Location, c.Digest = found.Location, found.Key()
		if !slices.ContainsFunc(candidates, func(o inspect.Candidate) bool { return o.Digest == c.Digest }) {
			candidates = append(candidates, c)
			s.emit(inspect.Event{Fact: c})
		}
	}
	if len(candidates) == 0 {
		if unread != nil {
			return inspect.Candidate{}, engine.Unchecked("what ran before could not be read: %v", unread)
		}
		return inspect.Candidate{},
			engine.Nothing("no known-good: no other image is known to have run here (--known-good names one)")
	}
	slices.SortStableFunc(candidates, func(a, b inspect.Candidate) int {
		return cmp.Compare(confidenceRank(a.Confidence), confidenceRank(b.Confidence))
	})
	return candidates[0], nil
}

// confidenceRank orders confidences, the highest first. A word that is none of the three gives -1 and sorts first; the
// candidates of this package have no other.
func confidenceRank(c string) int { return slices.Index([]string{"high", "medium", "low"}, c) }
