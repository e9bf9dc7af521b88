package provenance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// found is one statement as it was found, before it is judged.
type found struct {
	data      []byte // of the statement
	digest    string // of data, in the store
	predicate string // type, as the place where it was found says
	signature *inspect.Signature
}

// judged is a row, and what is not as expected in it.
type judged struct {
	row     inspect.Provenance
	wrong   []mismatch
	holds   bool // signed, by a chain that holds
	foreign bool // of a kind that is not known here, so that nothing could be compared

	verifier string // of a verification summary
	refused  bool   // and it says that the image failed
}

// judge reads a statement and compares it with the image and with what was expected.
// It reads no registry, and never returns an error: what is wrong with a statement is in the row.
func judge(f found, image inspect.Image, expected inspect.Expected) judged {
	j := judged{row: inspect.Provenance{ID: f.id(), PredicateType: f.predicate, Signed: f.signature != nil}}
	if f.digest != "" {
		j.row.Raw = []inspect.RawPart{{Name: "statement", Digest: f.digest}}
	}
	var c claims
	s, err := ParseStatement(f.data)
	if err == nil {
		j.row.PredicateType = s.PredicateType
		c, err = parseClaims(s)
	}
	if err != nil {
		j.wrong = []mismatch{{inspect.ReasonMalformed, err.Error()}}
		j.foreign = errors.Is(err, errUnknownType)
	} else {
		j.compare(&c, s, f, image, expected)
	}
	j.verifier, j.refused = c.verifier, c.refused && len(j.wrong) == 0
	j.holds = f.signature != nil && chainHolds(*f.signature)
	j.fill(c)
	j.settle(f.signature)
	return j
}

// compare finds what is wrong: the subject first, then what was expected, then what the certificate states of the
// builder where the statement names one that did not sign.
// The order decides which reason the row has: a statement about another image has no other meaning.
func (j *judged) compare(c *claims, s Statement, f found, image inspect.Image, expected inspect.Expected) {
	subject, ok := matchSubject(s.digests(), image)
	j.row.Subject = subject
	if !ok {
		j.wrong = append(j.wrong, mismatch{
			inspect.ReasonSubjectMismatch,
			fmt.Sprintf("it is about %s, not about this image",
				orNone(subject)),
		})
	}
	var forged *mismatch
	if f.signature != nil && chainHolds(*f.signature) {
		forged = c.fromCertificate(f.signature.Certificate)
	}
	if isSummary(s.PredicateType) {
		return // it names no source; what it verified stands in its note
	}
	j.wrong = append(j.wrong, compare(*c, expected)...)
	if forged != nil && len(expected.BuilderIDs) > 0 {
		j.wrong = append(j.wrong, *forged)
	}
}

// matchSubject picks the digest that is the image or an index that contains it; else the first.
// A statement about an index is one about each image in it; names of subjects count for nothing.
func matchSubject(digests []string, image inspect.Image) (string, bool) {
	for _, d := range []string{image.Digest, image.Index} {
		if d != "" && slices.Contains(digests, d) {
			return d, true
		}
	}
	if len(digests) == 0 {
		return "", false
	}
	return digests[0], false
}

// fill copies the claims into the row; lists are empty and never nil.
func (j *judged) fill(c claims) {
	r, s := &j.row, c.source()
	r.BuildType, r.Builder, r.Invocation = c.buildType, c.builder, c.invocation
	r.Source, r.Ref, r.Commit = s.repo, s.ref, s.commit
	r.Parameters, r.Materials = c.parameters, c.materials
	r.Started, r.Finished = inspect.At(c.started), inspect.At(c.finished)
	r.Notes = c.notes
	if r.Materials == nil {
		r.Materials = []inspect.Material{}
	}
	if r.Notes == nil {
		r.Notes = []string{}
	}
}

// settle sets status and reason (CONTRACT, Provenance). A statement is worth what its signature is worth: only with a
// verified one does what disagrees fail it; otherwise that is noted.
//
// An unsigned statement is unknown whatever it states: an attacker would write what is expected.
func (j *judged) settle(sig *inspect.Signature) {
	r := &j.row
	if sig != nil {
		r.Signature = sig.ID
	}
	switch {
	case sig == nil:
		r.Status, r.Reason = inspect.Unknown, inspect.ReasonUnsigned
	case sig.Status != inspect.Verified:
		r.Status, r.Reason = sig.Status, sig.Reason
	case j.foreign:
		r.Status, r.Reason = inspect.Unknown, inspect.ReasonMalformed
	case len(j.wrong) > 0:
		r.Status, r.Reason = inspect.Failed, j.wrong[0].reason
	default:
		r.Status = inspect.Verified
	}
	for _, m := range j.wrong {
		r.Notes = append(r.Notes, m.detail)
	}
}

// chainHolds reports whether a signature is by the one that its certificate or key names, whether that one was
// expected or not.
func chainHolds(s inspect.Signature) bool {
	return s.Status == inspect.Verified || s.Reason == inspect.ReasonNoExpectation ||
		s.Reason == inspect.ReasonIdentityMismatch
}

// 16 hexadecimal digits of a SHA-256: the same statement under two signatures is two rows.
func (f found) id() string {
	h := sha256.New()
	h.Write(f.data)
	if f.signature != nil {
		h.Write([]byte("\x00" + f.signature.ID))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
