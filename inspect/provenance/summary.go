package provenance

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// The two results of a verification, as written in a summary of it.
const (
	resultPassed = "PASSED"
	resultFailed = "FAILED"
)

// summary is a SLSA verification summary: a verifier's word that it verified something else
// (https://slsa.dev/spec/v1.2/verification_summary; v0.2 writes its members with underscores).
type summary struct {
	Verifier struct {
		ID      string            `json:"id"`
		Version map[string]string `json:"version"`
	} `json:"verifier"`
	Policy            artifact   `json:"policy"`
	InputAttestations []artifact `json:"inputAttestations"`
	TimeVerified      string     `json:"timeVerified"`
	ResourceURI       string     `json:"resourceUri"`
	Result            string     `json:"verificationResult"`
	VerifiedLevels    []string   `json:"verifiedLevels"`
	SLSAVersion       string     `json:"slsaVersion"`

	OldInputs      []artifact `json:"input_attestations"`
	OldTime        string     `json:"time_verified"`
	OldResourceURI string     `json:"resource_uri"`
	OldResult      string     `json:"verification_result"`
	OldLevel       string     `json:"policy_level"`
}

// parseSummary reads a summary: who verified, what came of it, which levels, by which policy, from which statements.
// A result that is neither of the two, and a verifier without a name, prove nothing.
//
// It decides nothing about the image: a summary is worth as much as its signer, and PASSED by an unknown one is a
// word.
func parseSummary(raw json.RawMessage) (claims, error) {
	var v summary
	if err := json.Unmarshal(raw, &v); err != nil {
		return claims{}, fmt.Errorf("parsing a verification summary: %w", err)
	}
	v.modernise()
	if v.Verifier.ID == "" {
		return claims{}, errors.New("parsing a verification summary: it names no verifier")
	}
	if v.Result != resultPassed && v.Result != resultFailed {
		return claims{}, fmt.Errorf("parsing a verification summary: its result %q is neither %s nor %s",
			clip(v.Result), resultPassed, resultFailed)
	}
	c := claims{
		finished: when(v.TimeVerified), verifier: v.Verifier.ID, refused: v.Result == resultFailed,
		parameters: map[string]string{},
	}
	for name, value := range map[string]string{
		"verifier": v.Verifier.ID, "verificationResult": v.Result, "verifiedLevels": strings.Join(v.VerifiedLevels,
			", "), "resourceUri": v.ResourceURI,
		"policy": v.Policy.URI, "policyDigest": oneDigest(v.Policy.Digest), "slsaVersion": v.SLSAVersion,
	} {
		if value != "" {
			c.parameters[name] = clip(value)
		}
	}
	c.addMaterials(v.InputAttestations)
	c.note("%s verified %s: %s%s", clip(v.Verifier.ID), orNone(v.ResourceURI), v.Result, levels(v.VerifiedLevels))
	if c.finished.IsZero() {
		c.note("the time of that is not given")
	}
	return c, nil
}

// modernise puts the members of v0.2 where v1 has them.
func (v *summary) modernise() {
	v.Result = cmp.Or(v.Result, v.OldResult)
	v.ResourceURI = cmp.Or(v.ResourceURI, v.OldResourceURI)
	v.TimeVerified = cmp.Or(v.TimeVerified, v.OldTime)
	if len(v.InputAttestations) == 0 {
		v.InputAttestations = v.OldInputs
	}
	if len(v.VerifiedLevels) == 0 && v.OldLevel != "" {
		v.VerifiedLevels = []string{v.OldLevel}
	}
}

// levels are the verified levels as a note ends with them.
func levels(list []string) string {
	if len(list) == 0 {
		return ", no level"
	}
	return ", " + clip(strings.Join(list, ", "))
}

// isSummary reports whether a predicate type is that of a verification summary.
func isSummary(predicateType string) bool { return strings.HasPrefix(predicateType, PredicateVSA) }

// refusals are the findings of summaries whose signer is certain and whose result is that the image failed. Where
// another signer was expected, or none, it is only worth a look.
// A summary that passed calms nothing; one that failed, by a signer who is certain, is worth a look in any case.
func refusals(subject string, rows []judged) []inspect.Finding {
	var list []inspect.Finding
	for _, j := range rows {
		if !j.refused || !j.holds {
			continue
		}
		severity := inspect.Medium
		if j.row.Status == inspect.Verified {
			severity = inspect.High
		}
		f := newFinding(inspect.CheckProvenance, inspect.CodeVerificationFailed, subject+":"+j.row.ID, severity)
		f.Title = fmt.Sprintf("%s verified %s: it failed.", clip(j.verifier), subject)
		f.Detail = strings.Join(j.row.Notes, "\n")
		f.Evidence = rawEvidence(j.row)
		list = append(list, f)
	}
	return list
}
