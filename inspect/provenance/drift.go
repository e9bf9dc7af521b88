package provenance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Examiner reads and verifies the signatures that are stored with an image, at its location, for its index and its
// manifest digest (either may be empty), and calls keep with the blobs that it kept: signature.Examine.
// It is given, and not imported: package signature depends on none of this.
type Examiner func(ctx context.Context, location, index, digest string, expected inspect.Expected,
	keep func(inspect.Blob)) ([]inspect.Signature, error)

// Drift compares who signed the image and how it was built with the known-good image of the case. A change is loud even
// if each of the two is valid by itself.
//
// The known-good is examined with the same roots and expectations as the image, so that a difference is one of the two
// images and not of the verification.
func Drift(client *registry.Client, examine Examiner) engine.Check {
	return engine.Check{
		Name: inspect.CheckDrift, Scope: engine.PerImage, Needs: []string{
			inspect.CheckKnownGood,
			inspect.CheckSignatures, inspect.CheckProvenance,
		},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image := on.Image()
			if err := image.Read(); err != nil {
				return err
			}
			if image.Diff == nil || image.Diff.KnownGood == nil {
				return engine.Nothing("no known-good image to compare with")
			}
			good := *image.Diff.KnownGood
			before, err := past(ctx, client, examine, good, on.Case().Expected, emit)
			if err != nil {
				return fmt.Errorf("reading the signatures of the %s image: %w", good.Word(), err)
			}
			now := present(client, image, on.Case().Expected, on.Ended(inspect.CheckSignatures))
			return tell(on.Container, good, before, now, emit)
		},
	}
}

// past reads signers and provenance of the known-good.
// What was read is kept as a blob of the known-good, so that a bundle carries it.
func past(ctx context.Context, client *registry.Client, examine Examiner, good inspect.KnownGood,
	expected inspect.Expected, emit func(inspect.Event),
) (side, error) {
	image := inspect.Image{ImageHead: inspect.ImageHead{
		Location: good.Location, Index: good.Index,
		Digest: good.Digest, Config: good.Config,
	}}
	if good.Index != "" || good.Digest != "" { // else docker-save, which nothing can have been signed about
		var err error
		keep := func(b inspect.Blob) {
			b.Of = ofKnownGood
			emit(inspect.Event{Fact: b})
		}
		if image.Signatures, err = examine(ctx, good.Location, good.Index, good.Digest, expected, keep); err != nil {
			return side{}, err
		}
	}
	all, unread := signed(client.Store(), image.Signatures)
	claims, err := claimed(ctx, client, image, ofKnownGood, emit)
	if ctx.Err() != nil {
		return side{}, ctx.Err()
	}
	s := sideOf(image, append(all, claims...), expected)
	s.unasked = unread
	if err != nil {
		s.unasked = append(s.unasked, err.Error())
	}
	return s, nil
}

// present is the same of the image itself, from what the checks before found. Its claims are rows already.
// It reads no registry.
func present(client *registry.Client, image inspect.Image, expected inspect.Expected, ended inspect.CheckState) side {
	all, unread := signed(client.Store(), image.Signatures)
	s := sideOf(image, all, expected)
	for _, row := range image.Provenance {
		if !row.Signed {
			s.provenance = append(s.provenance, judged{row: row})
		}
	}
	s.unasked = append(unaskedStores(image, ended), unread...)
	return s
}

// sideOf judges the statements of an image, and lists its signers and certificates.
func sideOf(image inspect.Image, all []found, expected inspect.Expected) side {
	s := side{
		signers: signersOf(image.Signatures), provenance: judgeAll(all, image, expected),
		signatures: image.Signatures, certificates: certificatesOf(image.Signatures),
	}
	for _, sig := range image.Signatures {
		if !chainHolds(sig) {
			s.unsettled++
		}
	}
	return s
}

// tell emits sentences and findings. What is gone is only gone where every store could be asked.
//
// Where a store of either image was silent, the check ends as blocked, after what is certain was emitted.
func tell(subject string, good inspect.KnownGood, before, now side, emit func(inspect.Event)) error {
	word := good.Word()
	trigger := compareTriggers(before.certificates, now.certificates, word)
	signers, builds := compareSigners(before, now, word), compareProvenance(before, now, word, good.Confirmed)
	var open []string
	if len(now.unasked) > 0 {
		signers, builds = withoutGone(signers), withoutGone(builds)
		open = append(open, "of the image: "+strings.Join(now.unasked, "; "))
	}
	if len(before.unasked) > 0 {
		signers, builds = withoutNew(signers), withoutNew(builds)
		open = append(open, fmt.Sprintf("of the %s image: %s", word, strings.Join(before.unasked, "; ")))
	}
	emit(inspect.Event{Fact: inspect.Diff{
		Signers: sentences(signers), Provenance: sentences(builds),
		Past: before.past(),
	}})
	for _, c := range append(append(signers, builds...), trigger...) {
		f := newFinding(inspect.CheckDrift, c.code, subject, c.severity)
		f.Cause = inspect.Cause{Kind: inspect.CauseBuilder, Name: subject}.Key() // who made the image is one matter
		f.Title = fmt.Sprintf("%s: %s", subject, c.text)
		f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "manifest", Digest: good.Key(), Text: word +
			" image " + good.Reference})
		emit(inspect.Event{Fact: f})
	}
	if len(open) > 0 {
		return engine.Unchecked("not every store of signatures could be asked: %s", strings.Join(open, "; "))
	}
	return nil
}

// maxPast bounds the signers and the builds of the image compared with; a person reads the first.
const maxPast = 20

// past is the side of the image compared with, as the case keeps it.
// Lists are empty and never nil: nil would mean that the earlier image was not examined.
func (s side) past() *inspect.Past {
	p := &inspect.Past{Signers: []inspect.PastSigner{}, Builds: []inspect.PastBuild{}, Unread: []string{}}
	p.Unread = append(p.Unread, s.unasked...)
	for _, g := range s.signatures[:min(len(s.signatures), maxPast)] {
		if g.OfImage() {
			p.Signers = append(p.Signers, inspect.PastSigner{
				Identity: g.Identity, Issuer: g.Issuer, Key: g.Key,
				Status: g.Status, Reason: g.Reason,
			})
		}
	}
	for _, b := range s.provenance[:min(len(s.provenance), maxPast)] {
		p.Builds = append(p.Builds, inspect.PastBuild{
			Builder: b.row.Builder, Source: b.row.Source,
			Commit: b.row.Commit, Signed: b.row.Signed, Status: b.row.Status, Reason: b.row.Reason,
		})
	}
	return p
}

// withoutGone leaves out what would be missing now: it may stand in a store of the image that could not be asked.
func withoutGone(list []change) []change {
	return slices.DeleteFunc(list, func(c change) bool {
		return strings.HasSuffix(c.code, "-gone") || c.code == inspect.CodeProvenanceUnsigned
	})
}

// withoutNew leaves out what would not have been there before: it may stand in a store of the earlier image that could
// not be asked. That another one signed then is certain, so a change of the signer stays.
func withoutNew(list []change) []change {
	return slices.DeleteFunc(list, func(c change) bool {
		return strings.HasSuffix(c.code, "-new") || c.code == inspect.CodeSignerAdded
	})
}

// sentences are the texts of changes, an empty list where there are none.
func sentences(list []change) []string {
	texts := make([]string, 0, len(list))
	for _, c := range list {
		texts = append(texts, c.text)
	}
	return texts
}
