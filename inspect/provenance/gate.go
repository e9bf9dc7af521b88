package provenance

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// gate describes what a verifier that requires provenance would have found. unasked are the stores that could not be
// asked, in words.
// It is what slsa-verifier would have answered with the same flags, as far as signed statements go.
func gate(rows []judged, expected bool, unasked []string) inspect.Gate {
	g := inspect.Gate{Name: inspect.GateProvenance}
	signed := signedOnly(rows)
	switch best := bestOf(signed); {
	case best != nil && best.row.Status == inspect.Verified:
		g.Status = inspect.GatePassed
		g.Detail = "built by " + orNone(best.row.Builder) + " from " + orNone(best.row.Source)
	case len(unasked) > 0 && (expected || len(rows) == 0):
		g.Status, g.Detail = inspect.GateUnknown, "it could not be looked for everywhere: "+strings.Join(unasked, "; ")
	case best != nil && best.row.Status == inspect.Unknown:
		g.Status, g.Detail = inspect.GateUnknown, best.open()
	case best != nil:
		g.Status, g.Detail = inspect.GateRefused, best.why()
	case expected && len(rows) > 0:
		g.Status, g.Detail = inspect.GateRefused, "there are only unsigned claims"
	case expected:
		g.Status, g.Detail = inspect.GateRefused, "no provenance is stored with the image"
	case len(rows) > 0:
		g.Status, g.Detail = inspect.GateUnknown, "there are only unsigned claims"
	default:
		g.Status, g.Detail = inspect.GateAbsent, "no provenance is stored with the image"
	}
	return g
}

// signedOnly leaves out unsigned claims, and summaries of verifications, which do not name the source.
func signedOnly(rows []judged) []judged {
	var signed []judged
	for _, j := range rows {
		if j.row.Signed && !isSummary(j.row.PredicateType) {
			signed = append(signed, j)
		}
	}
	return signed
}

// bestOf picks the row that decides: one that fits, else one that is certain not to fit, else one that is open.
func bestOf(rows []judged) *judged {
	for _, s := range []inspect.Status{inspect.Verified, inspect.Failed, inspect.Unknown} {
		for i := range rows {
			if rows[i].row.Status == s {
				return &rows[i]
			}
		}
	}
	return nil
}

func (j judged) open() string {
	if j.foreign && j.row.Reason == inspect.ReasonMalformed {
		return j.wrong[0].detail
	}
	return "its signature could not be judged: " + j.row.Reason
}

func (j judged) why() string {
	if len(j.wrong) > 0 && j.row.Reason == j.wrong[0].reason {
		return j.wrong[0].reason + ": " + j.wrong[0].detail
	}
	return "its signature does not hold: " + j.row.Reason
}

// findings are what a person should know of the rows. Signatures that do not hold are reported by the signature check.
func findings(subject string, rows []judged, g inspect.Gate, expected bool) []inspect.Finding {
	var list []inspect.Finding
	for _, j := range rows {
		if j.row.Status != inspect.Failed || len(j.wrong) == 0 || j.row.Reason != j.wrong[0].reason {
			continue
		}
		f := newFinding(inspect.CheckProvenance, j.row.Reason, subject, inspect.High)
		f.Title = fmt.Sprintf("Provenance of %s: %s", subject, j.wrong[0].detail)
		if g.Status == inspect.GatePassed {
			f.Severity = inspect.Low // another statement is as expected
		}
		f.Status = f.Severity.RowStatus()
		f.Detail = strings.Join(j.row.Notes, "\n")
		f.Evidence = rawEvidence(j.row)
		list = append(list, f)
	}
	list = append(list, refusals(subject, rows)...)
	if expected && g.Status == inspect.GateRefused && len(signedOnly(rows)) == 0 {
		f := newFinding(inspect.CheckProvenance, inspect.CodeProvenanceMissing, subject, inspect.High)
		f.Title = fmt.Sprintf("Provenance of %s was expected and is not there: %s", subject, g.Detail)
		list = append(list, f)
	}
	return list
}

func newFinding(check, code, subject string, severity inspect.Severity) inspect.Finding {
	return inspect.Finding{
		ID: inspect.FindingID(check, code, subject), Check: check, Code: code, Subject: subject,
		Severity: severity, Status: severity.RowStatus(), Evidence: []inspect.Evidence{},
	}
}

func rawEvidence(row inspect.Provenance) []inspect.Evidence {
	list := []inspect.Evidence{}
	for _, r := range row.Raw {
		list = append(list, inspect.Evidence{Kind: "provenance", Digest: r.Digest, Text: row.PredicateType})
	}
	return list
}
