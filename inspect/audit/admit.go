package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// signed sets who signed the image, and whether that is somebody who should have.
func (j *Joined) signed(row *Row, requirements []inspect.PolicyRequirement) {
	// a signature in a store that could not be read may be the one that is required, so absent is out of the question
	open := j.unreachable()
	holds := func(s inspect.Signature) bool { return s.Holds() && s.OfImage() }
	at := slices.IndexFunc(j.Image.Signatures,
		func(s inspect.Signature) bool { return holds(s) && accepted(requirements, s) })
	if at < 0 {
		at = slices.IndexFunc(j.Image.Signatures, holds)
	}
	named := slices.ContainsFunc(requirements, inspect.PolicyRequirement.Signers)
	failed := func(s inspect.Signature) bool { return s.OfImage() && s.Status == inspect.Failed }
	switch {
	case at >= 0:
		s := j.Image.Signatures[at]
		row.Signer, row.Signature = s.Signer(), inspect.Unknown // nobody was expected: no verdict
		if accepted(requirements, s) {
			row.Signature = inspect.Verified
		} else if named {
			row.Signature = inspect.Failed
		}
	case j.State != Done && len(j.Image.Stores) == 0, len(open) > 0:
		row.Signature = inspect.Unknown
	case slices.ContainsFunc(j.Image.Signatures, failed):
		row.Signature = inspect.Failed
	case slices.ContainsFunc(j.Image.Signatures, inspect.Signature.OfImage):
		row.Signature = inspect.Unknown // by a key that nobody has here
	default:
		row.Signature = inspect.Absent
	}
}

// accepted reports whether one of the requirements names whoever made a signature that holds. The answers of a row
// about who signed and what is allowed rest on three sources: the chain of each signature, verified when the image was
// examined; the requirements of today; and the keys that the signatures were tried with then. A requirement that names
// a key which was not tried leaves the answer open: a signature by it would show as unknown-key.
func accepted(requirements []inspect.PolicyRequirement, s inspect.Signature) bool {
	if !s.Holds() {
		return false
	}
	for _, d := range requirements {
		for _, g := range d.Groups {
			for _, a := range g.Authorities {
				if s.Key != "" && slices.ContainsFunc(a.Keys,
					func(k inspect.ExpectedKey) bool { return k.Digest == s.Key }) {
					return true
				}
				if s.Certificate != nil && slices.ContainsFunc(a.Identities,
					func(i inspect.Identity) bool { return i.Fits(s) }) {
					return true
				}
			}
		}
	}
	return false
}

// built is the best status of the statements about how the image was built, and the source that the best one names. A
// statement is verified if somebody who should have signed it did, and it is as the flags expect.
func (j *Joined) built(requirements []inspect.PolicyRequirement) (inspect.Status, string) {
	if j.State != Done && len(j.Image.Stores) == 0 {
		return inspect.Unknown, ""
	}
	best, source := inspect.Absent, ""
	for _, p := range j.Image.Provenance {
		status := j.statement(p, requirements)
		if best == inspect.Absent || better(status, best) {
			best, source = status, p.Source
		}
	}
	if best == inspect.Absent && len(j.unreachable()) > 0 {
		return inspect.Unknown, ""
	}
	return best, source
}

// statement is the status of one statement with today's expectations of its signer.
func (j *Joined) statement(p inspect.Provenance, requirements []inspect.PolicyRequirement) inspect.Status {
	if !p.Signed {
		return inspect.Unknown
	}
	if p.Status == inspect.Failed && p.Reason != inspect.ReasonIdentityMismatch {
		return inspect.Failed
	}
	at := slices.IndexFunc(j.Image.Signatures, func(s inspect.Signature) bool { return s.ID == p.Signature })
	switch {
	case at < 0 || !j.Image.Signatures[at].Holds():
		return p.Status
	case accepted(requirements, j.Image.Signatures[at]):
		return inspect.Verified
	default:
		return inspect.Unknown
	}
}

// admit sets what policies and expectations come to: whether they would let the image in.
func (j *Joined) admit(row *Row, requirements []inspect.PolicyRequirement) {
	gates := make([]inspect.Gate, 0, len(requirements)+1)
	force := newForce(j.known, row)
	for _, d := range requirements {
		gates = append(gates, force.weigh(d, j.gate(d)))
	}
	if want := Sourced(j.known.Expected); want != "" {
		gates = append(gates, j.sourceGate(want, row.Provenance))
	}
	row.Admission, row.Allowed = inspect.GateAbsent, Yes
	var refused, open []string
	// Only a policy in force refuses. One that warns is not enforced, whatever it finds; one that could not be
	// evaluated keeps the answer open, unless another refuses anyway.
	for _, g := range gates {
		switch {
		case g.Status == inspect.GatePassed:
			if row.Admission == inspect.GateAbsent {
				row.Admission = inspect.GatePassed
			}
		case g.Status == inspect.GateRefused && g.Mode == inspect.ModeWarn:
			row.Admission = inspect.GateNotEnforced // outweighs one that passed, in whatever order they come
		case g.Status == inspect.GateRefused || g.Status == inspect.GateAbsent:
			refused = append(refused, g.Name+": "+g.Detail)
		case g.Status == inspect.GateUnknown && g.Mode != inspect.ModeWarn:
			open = append(open, g.Name+": "+g.Detail)
		}
	}
	switch {
	case len(refused) > 0:
		row.Admission, row.Allowed = force.refusal, No
		row.Reason = joined(row.Reason, refused)
	case len(open) > 0:
		row.Admission, row.Allowed = inspect.GateUnknown, Unknown
		row.Reason = joined(row.Reason, open)
	// The policies of the cluster are not known: one of them may refuse. A policy or a signer that a person named at
	// this machine answers in their place, since that is what the person asked about.
	case j.known.Unread != "" && !byPerson(requirements) && Sourced(j.known.Expected) == "":
		row.Admission, row.Allowed = inspect.GateUnknown, Unknown
		row.Reason = joined(row.Reason, []string{j.known.Unread})
	case j.Image.Location == "" || j.State == Failed:
		row.Allowed = Unknown
		if len(gates) > 0 {
			row.Admission = inspect.GateUnknown
		}
	case row.Admission == inspect.GatePassed:
		row.Admission = cmp.Or(force.pass, row.Admission)
	}
}

// gate judges the image by one requirement. A signature by a key that it was never tried with leaves the requirement
// open.
func (j *Joined) gate(d inspect.PolicyRequirement) inspect.Gate {
	g := d.Verdict(j.Image.Signatures, j.unreachable())
	if d.ModeNote != "" && g.Status != inspect.GatePassed {
		// Whether the policy enforces or warns here depends on something that was not compared: it may refuse, and it
		// may only report.
		g.Status, g.Mode = inspect.GateUnknown, ""
		return g
	}
	if g.Status != inspect.GateRefused && g.Status != inspect.GateAbsent {
		return g
	}
	if j.Image.Location == "" || len(j.Image.Stores) == 0 && j.State != Done {
		g.Status, g.Detail = inspect.GateUnknown, "the image could not be read: "+j.Reason
		return g
	}
	tried := func(key string) bool { return slices.Contains(j.Keys, key) }
	unknown := slices.ContainsFunc(j.Image.Signatures,
		func(s inspect.Signature) bool { return s.Reason == inspect.ReasonUnknownKey })
	// One signature by a key that is not at hand is enough: it may be by the key that is required, and was not tried.
	// With no such signature the refusal stands, whatever keys were tried.
	for _, key := range KeysOf([]inspect.PolicyRequirement{d}) {
		if unknown && !tried(key) {
			g.Status, g.Detail = inspect.GateUnknown, fmt.Sprintf("its signatures have not been tried with the key "+
				"%s yet: run the audit without --recheck", key)
		}
	}
	return g
}

// sourceGate is the gate of provenance, as far as it was set by today's expectations of the source.
func (j *Joined) sourceGate(want string, status inspect.Status) inspect.Gate {
	g := inspect.Gate{Name: inspect.GateProvenance, Status: inspect.GateUnknown}
	switch {
	case j.Sourced != want:
		g.Detail = "its source has not been compared with what is expected now: run the audit without --recheck"
	case status == inspect.Verified:
		g.Status, g.Detail = inspect.GatePassed, "its source is as expected"
	case len(j.Image.Gates) > 0:
		g.Status, g.Detail = j.Image.Gates[0].Status, j.Image.Gates[0].Detail
		if g.Status == inspect.GatePassed { // by a signer who is not accepted any more
			g.Status = inspect.GateUnknown
		}
	default:
		g.Detail = "the image could not be read"
	}
	return g
}

// byPerson reports whether somebody at this machine named a policy or a signer.
func byPerson(requirements []inspect.PolicyRequirement) bool {
	return slices.ContainsFunc(requirements, inspect.PolicyRequirement.ByPerson)
}

// joined adds reasons to a reason.
func joined(reason string, more []string) string {
	if reason != "" {
		more = append([]string{reason}, more...)
	}
	return cut(strings.Join(more, "; "))
}
