package provenance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// recordSeen is the kind of the store's records of what was seen, by repository.
const recordSeen = "seen"

// sighting is who signed the last image of a repository, and how it was built.
// It is stored as JSON under the name of the repository, and replaced by each later one.
type sighting struct {
	Digest  string       `json:"digest"`
	Time    inspect.Time `json:"time"`
	Signers []seenSigner `json:"signers"`
	Builder string       `json:"builder"`
	Source  string       `json:"source"`
	Ref     string       `json:"ref"`
	Type    string       `json:"buildType"`
}

// seenSigner is a signer as it is stored: what signer has, with names for JSON.
type seenSigner struct {
	Identity string `json:"identity"`
	Ref      string `json:"ref"`
	Issuer   string `json:"issuer"`
	Key      string `json:"key"`
}

// Seen describes where signers, builder or source are others than those of the last signed image of the same
// repository that this machine has seen. It may raise a finding, to medium at most: what one machine happened to see
// is no expectation.
//
// An attacker who can run this program on the machine can write the record too; it never lowers anything.
//
// Where there is a journal, earlier gives its images, and nothing else is kept: cases and audits feed it. Without one a
// record beside the cache remembers the last signed image of each repository. Of both the newer one is compared.
func Seen(client *registry.Client, earlier inspect.PastImages, now func() time.Time) engine.Check {
	return engine.Check{
		Name: inspect.CheckSignerHistory, Scope: engine.PerImage,
		Needs: []string{inspect.CheckSignatures, inspect.CheckProvenance},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image := on.Image()
			if err := image.Read(); err != nil {
				return err
			}
			loc, err := registry.Parse(image.Location)
			if err != nil || image.Key() == "" {
				return engine.Nothing("the image has no repository")
			}
			present := present(client, image, on.Case().Expected, on.Ended(inspect.CheckSignatures))
			last, err := lastSighting(ctx, client.Store(), earlier, loc.Name())
			if err != nil {
				return err
			}
			if len(present.signers) > 0 && earlier == nil {
				if err := keepSighting(client.Store(), loc.Name(), sight(image, present, now())); err != nil {
					return fmt.Errorf("keeping who signed %s: %w", loc.Name(), err)
				}
			}
			switch {
			case last == nil:
				return engine.Nothing("no signed image of this repository was seen before")
			case last.Digest == image.Key():
				return nil
			}
			last.tell(on.Container, present, emit)
			return nil
		},
	}
}

// lastSighting is the newest of what the journal and the record beside the cache have of a repository; nil for nothing.
func lastSighting(ctx context.Context, store *registry.Store, earlier inspect.PastImages,
	repository string,
) (*sighting, error) {
	last, err := readSighting(store, repository)
	if err != nil || earlier == nil {
		return last, err
	}
	images, err := earlier(ctx, repository)
	if err != nil {
		return last, fmt.Errorf("reading who signed %s before: %w", repository, err)
	}
	for _, e := range images { // the newest first
		s := storedSide(e.Image)
		if len(s.signers) == 0 {
			continue
		}
		if last == nil || last.Time.Before(e.Seen.Time) {
			found := sight(e.Image, s, e.Seen.Time)
			last = &found
		}
		break
	}
	return last, nil
}

// storedSide is an image of the journal as one side of a comparison: its statements were judged when it was examined,
// and only those whose chain held count.
func storedSide(i inspect.Image) side {
	s := side{signers: signersOf(i.Signatures)}
	for _, row := range i.Provenance {
		holds := row.Signed && (row.Status == inspect.Verified || row.Reason == inspect.ReasonNoExpectation)
		s.provenance = append(s.provenance, judged{row: row, holds: holds})
	}
	return s
}

// sight is what is remembered of an image. Of several statements that hold the first counts.
func sight(image inspect.Image, s side, now time.Time) sighting {
	seen := sighting{Digest: image.Key(), Time: inspect.At(now)}
	for _, one := range s.signers {
		seen.Signers = append(seen.Signers, seenSigner{one.identity, one.ref, one.issuer, one.key})
	}
	for _, p := range s.provenance {
		if p.holds {
			seen.Builder, seen.Source, seen.Ref, seen.Type = p.row.Builder, p.row.Source, p.row.Ref, p.row.BuildType
			break
		}
	}
	return seen
}

// side is the sighting as one side of a comparison.
func (s *sighting) side() side {
	before := side{}
	for _, one := range s.Signers {
		before.signers = append(before.signers, signer{
			identity: one.Identity, ref: one.Ref, issuer: one.Issuer,
			key: one.Key,
		})
	}
	if s.Builder != "" || s.Source != "" {
		row := inspect.Provenance{Signed: true, Builder: s.Builder, Source: s.Source, Ref: s.Ref, BuildType: s.Type}
		before.provenance = []judged{{row: row, holds: true}}
	}
	return before
}

// tell emits a finding for each change, of medium severity at most.
func (s *sighting) tell(subject string, now side, emit func(inspect.Event)) {
	word := "last seen"
	signers, builds := compareSigners(s.side(), now, word), compareProvenance(s.side(), now, word, false)
	if len(now.unasked) > 0 {
		signers, builds = withoutGone(signers), withoutGone(builds)
	}
	for _, c := range append(signers, builds...) {
		severity := c.severity
		if severity.Rank() < inspect.Medium.Rank() {
			severity = inspect.Medium
		}
		f := newFinding(inspect.CheckSignerHistory, c.code, subject, severity)
		f.Title = fmt.Sprintf("%s: %s", subject, c.text)
		f.Detail = "the last signed image of this repository that was seen from this machine, at " +
			s.Time.Format(time.RFC3339)
		f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "manifest", Digest: s.Digest, Text: "last seen"})
		emit(inspect.Event{Fact: f})
	}
}

// readSighting reads what was seen last; nil where nothing was.
// An error is a local fault, such as a file that may not be read.
func readSighting(store *registry.Store, repository string) (*sighting, error) {
	b, err := store.Record(recordSeen, repository)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading who signed %s before: %w", repository, err)
	}
	var s sighting
	if json.Unmarshal(b, &s) != nil {
		return nil, nil // of another version: as if nothing had been seen
	}
	return &s, nil
}

// keepSighting replaces what is remembered of a repository.
func keepSighting(store *registry.Store, repository string, s sighting) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return store.PutRecord(recordSeen, repository, b)
}
