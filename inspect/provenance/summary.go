package provenance

import (
	"encoding/json"
	"fmt"
	"strings"
)

// summary is a SLSA verification summary: somebody's word that they verified something else.
// https://slsa.dev/spec/v1.2/verification_summary
type summary struct {
	Verifier struct {
		ID string `json:"id"`
	} `json:"verifier"`
	TimeVerified   string   `json:"timeVerified"`
	ResourceURI    string   `json:"resourceUri"`
	Result         string   `json:"verificationResult"`
	VerifiedLevels []string `json:"verifiedLevels"`
}

func parseSummary(raw json.RawMessage) (claims, error) {
	var v summary
	if err := json.Unmarshal(raw, &v); err != nil {
		return claims{}, fmt.Errorf("parsing a verification summary: %w", err)
	}
	c := claims{finished: when(v.TimeVerified)}
	c.note("%s verified %s: %s %s", clip(v.Verifier.ID), clip(v.ResourceURI), clip(v.Result), clip(strings.Join(v.VerifiedLevels, ", ")))
	return c, nil
}

// isSummary says that a predicate type is that of a verification summary.
func isSummary(predicateType string) bool { return strings.HasPrefix(predicateType, PredicateVSA) }
