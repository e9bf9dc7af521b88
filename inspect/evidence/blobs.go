package evidence

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// States of a blob in a bundle.
const (
	blobCarried = "carried"
	// Bytes came that are not the digest; they lie below data/damaged under their own digest and are never parsed.
	blobDamaged = "damaged"
	// The bytes are not kept here, or were never read.
	blobMissing = "missing"
	// They are here, and the options of the export leave them out.
	blobLeftOut = "left-out"
)

// What a blob belongs to.
const (
	ofImage     = "image"
	ofKnownGood = "known-good"
)

// roleLayer is the role of the blobs that Options.Layers decides about.
const roleLayer = "layer"

// partSuffix marks the role of what a signature's manifest names: its config and layers.
const partSuffix = "-part"

// emptyJSON is the config that artifacts without a config have (OCI image-spec, "empty descriptor").
const emptyJSON = "{}"

// blobLine is a line of data/blobs.jsonl.
//
// An example of a line:
//
//	{"digest":"sha256:5d…","size":529,"state":"carried","of":"image","role":"manifest"}
type blobLine struct {
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
	State     string `json:"state"`
	Actual    string `json:"actual,omitempty"` // of the bytes in data/damaged
	Of        string `json:"of"`
	Role      string `json:"role"`
	MediaType string `json:"mediaType,omitempty"`
	Tag       string `json:"tag,omitempty"`
	Source    string `json:"source,omitempty"` // cache
	Detail    string `json:"detail,omitempty"`
}

// key distinguishes the blobs of the image from those of the known-good: both may have the same layer.
func (l blobLine) key() string { return l.Of + " " + l.Digest }

// blobSet are the blobs of a case by what they belong to, the ones that an event names and those that follow from
// other rows.
type blobSet struct {
	lines []blobLine
	known map[string]int
}

// newBlobSet lists the blobs that events name, then those that other rows of the images imply. The first line of a
// blob counts.
func newBlobSet(c inspect.Case) *blobSet {
	s := &blobSet{known: map[string]int{}}
	for _, b := range c.Blobs {
		of := b.Of
		if of != ofKnownGood {
			of = ofImage
		}
		s.add(blobLine{
			Digest: b.Digest, Size: b.Size, State: b.State, Actual: b.Actual, Of: of, Role: b.Role,
			MediaType: b.MediaType, Tag: b.Tag, Source: b.Source,
		})
	}
	for _, i := range c.Images {
		s.addImage(i)
	}
	return s
}

// addImage adds what an image's rows name, where no event has it.
// A case that another version recorded may lack events of blobs, and its rows still name them.
func (s *blobSet) addImage(i inspect.Image) {
	s.imply(ofImage, "index", i.Index)
	s.imply(ofImage, "manifest", i.Digest)
	s.imply(ofImage, "config", i.Config)
	for _, l := range i.Layers {
		s.imply(ofImage, roleLayer, l.Digest)
	}
	for _, sig := range i.Signatures {
		s.imply(ofImage, "signature", sig.Digest)
		for _, raw := range sig.Raw {
			s.imply(ofImage, raw.Name, raw.Digest)
		}
	}
	for _, p := range i.Provenance {
		for _, raw := range p.Raw {
			s.imply(ofImage, raw.Name, raw.Digest)
		}
	}
	for _, b := range i.SBOMs {
		s.imply(ofImage, "sbom", b.Digest)
	}
	if i.Diff == nil || i.Diff.KnownGood == nil {
		return
	}
	k := i.Diff.KnownGood
	s.imply(ofKnownGood, "index", k.Index)
	s.imply(ofKnownGood, "manifest", k.Digest)
	s.imply(ofKnownGood, "config", k.Config)
}

// imply adds a blob that a row names, as carried: writeBlob finds out whether its bytes are there.
func (s *blobSet) imply(of, role, digest string) {
	// A row may name a digest of another algorithm, or a text that a registry made up: neither becomes the name of a
	// file.
	if bagit.HexOf(digest) != "" {
		s.add(blobLine{Digest: digest, State: blobCarried, Of: of, Role: role})
	}
}

// add keeps the first line of a blob.
func (s *blobSet) add(l blobLine) {
	if _, there := s.known[l.key()]; there {
		return
	}
	s.known[l.key()] = len(s.lines)
	s.lines = append(s.lines, l)
}

// carried reports whether a blob of that digest stands in the image's layout.
func (s *blobSet) carried(of, digest string) bool {
	at, ok := s.known[of+" "+digest]
	return ok && s.lines[at].State == blobCarried
}

// sorted are the lines in the order of data/blobs.jsonl, which does not depend on the order of the checks.
func (s *blobSet) sorted() []blobLine {
	out := slices.Clone(s.lines)
	slices.SortFunc(out, func(a, b blobLine) int {
		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.Digest,
			b.Digest))
	})
	return out
}

// writeBlobs writes the two layouts, the damaged bytes and data/blobs.jsonl.
// The order of the payload does not matter for a bag, but for the person who ends an export that is too large: the
// layouts come before the listings.
func (x *export) writeBlobs() error {
	// Signatures' manifests add their children to the list while it is walked.
	for at := 0; at < len(x.blobs.lines); at++ {
		if err := x.writeBlob(&x.blobs.lines[at]); err != nil {
			return err
		}
	}
	for _, of := range []string{ofImage, ofKnownGood} {
		if err := x.writeLayout(of); err != nil {
			return err
		}
	}
	var listing bytes.Buffer
	left, leftBytes := 0, int64(0)
	for _, l := range x.blobs.sorted() {
		b, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("encoding data/blobs.jsonl: %w", err)
		}
		listing.Write(append(b, '\n'))
		if l.State == blobLeftOut && l.Of == ofImage && l.Role == roleLayer {
			left, leftBytes = left+1, leftBytes+l.Size
		}
	}
	if left > 0 {
		x.note("%d of the image's layers (%s) are left out; their listings are in the bundle (--layers all "+
			"carries them)", left, text.Size(leftBytes))
	}
	return x.bag.AddBytes("data/blobs.jsonl", listing.Bytes())
}

// writeBlob carries a blob if it is its digest, and notes in the line what became of it.
func (x *export) writeBlob(l *blobLine) error {
	switch {
	case bagit.HexOf(l.Digest) == "":
		l.State, l.Detail = blobMissing, "nothing names it by a digest"
		return nil
	case l.State == blobMissing:
		return nil
	case l.State == blobDamaged:
		return x.writeDamaged(l, x.opener(l.Actual))
	// The layers of the known-good are never carried: they are the larger part of a bundle, and their listings
	// compare.
	case l.Role == roleLayer && (l.Of == ofKnownGood || !x.takesLayer(l.Digest)):
		l.State = blobLeftOut
		return nil
	case l.Role == "config" && x.o.WithoutConfig:
		l.State, l.Detail = blobLeftOut, "left out on request: it may contain secrets"
		return nil
	}
	open := x.opener(l.Digest)
	m, err := x.bag.Measure(open)
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case errors.Is(err, inspect.ErrNotKept):
		l.State, l.Detail = blobMissing, "its bytes were not read, or are not kept here any more"
		return nil
	case err != nil:
		l.State, l.Detail = blobMissing, "reading it failed: "+err.Error()
		x.note("%s (%s) could not be read: %v", l.Digest, l.Role, err)
		return nil
	// A cache on a machine that was attacked, or a failing disk: the bundle must not lend its name to such bytes.
	case m.Digest != l.Digest:
		x.note("the copy of %s (%s) on this machine is not its digest any more; it is in data/damaged", l.Digest,
			l.Role)
		l.State, l.Actual = blobDamaged, m.Digest
		return x.writeDamaged(l, open)
	}
	l.State, l.Size = blobCarried, m.Size
	name := layoutFolder(l.Of) + "/blobs/sha256/" + bagit.HexOf(l.Digest)
	if err := x.bag.AddOpened(name, m, open); err != nil {
		return err
	}
	if err := x.warnOfSecrets(*l, open); err != nil {
		return err
	}
	return x.addChildren(*l, open)
}

// writeDamaged keeps bytes that are not their digest under the digest that they have.
// A layout with bytes that are not their digest would not be one: registry clients and scanners that open it may trust
// the name.
func (x *export) writeDamaged(l *blobLine, open bagit.Opener) error {
	m, err := x.bag.Measure(open)
	if x.ctx.Err() != nil {
		return x.ctx.Err()
	}
	if err != nil {
		l.Detail = "its bytes are not kept: " + err.Error()
		return nil
	}
	l.Actual, l.Size = m.Digest, m.Size
	name := "data/damaged/" + bagit.HexOf(m.Digest)
	if x.bag.Has(name) {
		return nil
	}
	return x.bag.AddOpened(name, m, open)
}

// opener opens a blob by its digest. The empty config of artifacts is known by heart: registries need not store it.
// Each call reads from the beginning: bytes are measured before they are written.
func (x *export) opener(digest string) bagit.Opener {
	if digest == bagit.Digest([]byte(emptyJSON)) {
		return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte(emptyJSON))), nil }
	}
	return func() (io.ReadCloser, error) { return x.store.Blob(x.ctx, digest) }
}

// addChildren adds the blobs that the manifest of a signature, attestation, SBOM or referrer names, so that the layout
// can be opened again with them.
func (x *export) addChildren(l blobLine, open bagit.Opener) error {
	// Children have no children: a chain of manifests that name manifests ends after one step.
	if l.Role == roleLayer || l.Role == "config" || strings.HasSuffix(l.Role, partSuffix) || l.Size > MaxSmall {
		return nil
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("reading %s: %w", l.Digest, err)
	}
	defer r.Close()
	data, err := bagit.ReadBounded(r, MaxSmall, l.Digest)
	if err != nil {
		return err
	}
	doc, ok := parseDocument(data)
	if !ok {
		return nil
	}
	x.documents[l.key()] = doc
	if l.Role == "manifest" || l.Role == "index" {
		return nil
	}
	for n, child := range doc.children() {
		if n >= maxChildren {
			x.note("%s names more than %d parts; the others are left out", l.Digest, maxChildren)
			break
		}
		if bagit.HexOf(child.Digest) != "" {
			x.blobs.add(blobLine{
				Digest: child.Digest, Size: child.Size, MediaType: child.MediaType,
				State: blobCarried, Of: l.Of, Role: l.Role + partSuffix,
			})
		}
	}
	return nil
}
