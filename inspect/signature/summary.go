package signature

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// summary draws the gate and the findings from all signatures of an image.
// It decides nothing about a single signature: rows are judged before.
type summary struct {
	subject  string // of the image
	image    string // digest
	found    collection
	expect   expectation
	policies bool // a flag names a policy
}

// emit emits gate and findings, and gives the gate's status.
//
// An unsigned image is calm unless a flag or a policy requires a signature.
func (s summary) emit(emit func(inspect.Event)) inspect.Status {
	policies := s.policyGates()
	gate := s.take(s.gate(), policies)
	emit(inspect.Event{Fact: gate})
	s.emitPolicies(policies, emit)
	missing := gate.Status == inspect.GateRefused || gate.Status == inspect.GateAbsent
	if s.expect.flagged && missing {
		title := fmt.Sprintf("%s is unsigned, and a signature is required.", s.name())
		if len(s.found.rows) > 0 {
			title = fmt.Sprintf("%s is not signed by the required signer.", s.name())
		}
		emit(inspect.Event{Fact: s.finding(inspect.CodeSignatureExpected, s.subject, inspect.RowFailed, inspect.High,
			title,
			gate.Detail, s.found.rows)})
	}
	if !s.expect.named() && gate.Status == inspect.GateAbsent {
		emit(inspect.Event{Fact: s.finding(inspect.CodeUnsigned, s.subject, inspect.RowObserved, inspect.Info,
			s.name()+" is not signed.", gate.Detail, nil)})
	}
	for _, row := range s.found.rows {
		s.emitBroken(row, emit)
	}
	return gate.Status.Tone()
}

// emitBroken is loud about a signature that was altered or grafted, whoever was expected. One whose authority is not
// known proves nothing, for or against the image.
// An identity that was not expected is no defect of the signature: the gate has it.
func (s summary) emitBroken(row inspect.Signature, emit func(inspect.Event)) {
	subject := s.subject + ":" + row.ID
	why := Why(row)
	switch {
	case row.Status != inspect.Failed || row.Reason == inspect.ReasonIdentityMismatch:
	case row.Reason == inspect.ReasonUntrustedRoot, row.Reason == inspect.ReasonNoTimestamp:
		title := fmt.Sprintf("A signature of %s claims to be by %s, and nothing trusted confirms it.", lower(s.name()),
			signer(row))
		emit(inspect.Event{Fact: s.finding(inspect.CodeSignatureForeign, subject, inspect.RowObserved,
			inspect.Medium, title, why,
			[]inspect.Signature{row})})
	default:
		title := fmt.Sprintf("A signature of %s is invalid: %s.", lower(s.name()), inSpeech(row.Reason))
		emit(inspect.Event{Fact: s.finding(inspect.CodeSignatureBroken, subject, inspect.RowFailed, inspect.High,
			title, why,
			[]inspect.Signature{row})})
	}
}

// inSpeech words a reason for the title of a finding.
func inSpeech(reason string) string {
	switch reason {
	case inspect.ReasonInvalidSignature:
		return "it is not over these bytes"
	case inspect.ReasonSubjectMismatch:
		return "it is about another image"
	case inspect.ReasonLogMismatch:
		return "the transparency log does not confirm it"
	case inspect.ReasonMalformed:
		return "it cannot be read"
	default:
		return reason
	}
}

// finding has the image and the given signatures as evidence.
func (s summary) finding(code, subject string, status inspect.RowStatus, severity inspect.Severity, title,
	detail string, rows []inspect.Signature,
) inspect.Finding {
	f := inspect.Finding{
		ID: inspect.FindingID(inspect.CheckSignatures, code, subject), Check: inspect.CheckSignatures, Code: code,
		Status: status, Severity: severity,
		Subject: subject,
		Title:   title, Detail: detail, Evidence: []inspect.Evidence{{
			Kind: "manifest", Digest: s.image,
			Text: "the image",
		}},
	}
	for _, row := range rows {
		f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "signature", Digest: row.Digest, Text: Why(row)})
	}
	return f
}

// name is how a sentence calls the image.
// The subject of a case about one image is that word itself.
func (s summary) name() string {
	if s.subject == "image" {
		return "The image"
	}
	return "The image of " + s.subject
}

// lower begins a sentence within another. The sentence is this program's own and begins with an ASCII letter.
func lower(sentence string) string { return strings.ToLower(sentence[:1]) + sentence[1:] }

// gate describes the result that a check for signatures would have had.
//
// The order matters: a signature that fits calms, whatever else is there; then what is open; then what is missing.
func (s summary) gate() inspect.Gate {
	g := inspect.Gate{Name: inspect.GateSignature}
	fits := s.rows(func(r inspect.Signature) bool { return r.Status == inspect.Verified && r.OfImage() })
	attested := s.rows(func(r inspect.Signature) bool { return r.Status == inspect.Verified && !r.OfImage() })
	switch {
	case len(fits) > 0:
		g.Status, g.Detail = inspect.GatePassed, "signed by "+signer(fits[0])+", as expected"
	case len(attested) > 0 && s.attestationsSuffice():
		g.Status, g.Detail = inspect.GatePassed, "attested by "+signer(attested[0])+", as the policies require"
	case len(attested) > 0:
		// A signer who attests that a scan failed has not signed the image.
		g.Status = inspect.GateUnknown
		g.Detail = fmt.Sprintf("no signature of the image by %s, only an attestation (%s)", signer(attested[0]),
			attested[0].PredicateType)
	case len(s.found.open) > 0:
		g.Status, g.Detail = inspect.GateUnknown, strings.Join(s.found.open, "; ")
	case len(s.found.rows) == 0 && s.expect.named():
		g.Status, g.Detail = inspect.GateAbsent, fmt.Sprintf("expected %s; no signature found", s.expect.words)
	case len(s.found.rows) == 0:
		g.Status, g.Detail = inspect.GateAbsent, "no signature found"
	case s.expect.named() && len(s.expect.wider) == 0:
		g.Status, g.Detail = inspect.GateRefused, fmt.Sprintf("expected %s; of %d signatures none fits: %s",
			s.expect.words, len(s.found.rows), Why(s.found.rows[0]))
	default:
		g.Status, g.Detail = s.unexpected()
	}
	return g
}

// attestationsSuffice reports whether only policies name who should have signed, and all of them are met: a policy may
// require attestations and no signature.
// A flag asks about a signature of the image, which an attestation is not.
func (s summary) attestationsSuffice() bool {
	return !s.expect.flagged && len(s.expect.requirements) > 0 && !slices.ContainsFunc(s.policyGates(),
		func(g inspect.Gate) bool { return g.Status != inspect.GatePassed })
}

// unexpected is the gate of an image for which no signer is named.
// A signature that holds for a stranger leaves the gate open: who should sign is not known.
func (s summary) unexpected() (inspect.GateStatus, string) {
	sound := s.rows(func(r inspect.Signature) bool { return r.Reason == inspect.ReasonNoExpectation })
	if len(sound) > 0 {
		return inspect.GateUnknown, fmt.Sprintf("signed by %s; no signer is required", signer(sound[0]))
	}
	if broken := s.rows(func(r inspect.Signature) bool { return r.Status == inspect.Failed }); len(broken) > 0 {
		return inspect.GateRefused, "signed, and the signature is invalid: " + Why(broken[0])
	}
	return inspect.GateUnknown, "signed, and nothing at hand verifies it: " + Why(s.found.rows[0])
}

// rows are the signatures for which a condition holds, in their order.
func (s summary) rows(is func(inspect.Signature) bool) []inspect.Signature {
	var all []inspect.Signature
	for _, r := range s.found.rows {
		if is(r) {
			all = append(all, r)
		}
	}
	return all
}
