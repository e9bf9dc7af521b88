package provenance

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Bounds on a statement. Past one of them it is malformed.
const (
	// MaxStatement bounds a statement in bytes. SLSA provenance with the full event of a GitHub workflow stays below
	// 100 KiB, BuildKit's with mode=max and its sources reaches a few MiB.
	MaxStatement = 16 << 20
	// MaxSubjects bounds the subjects of one statement.
	MaxSubjects = 10_000
	// MaxMaterials bounds the materials that are taken over from one statement.
	MaxMaterials = 5_000
	// MaxParameters bounds the parameters that are taken over, MaxParameter each of them in bytes.
	MaxParameters = 200
	MaxParameter  = 2_000
)

// Predicate types. SLSA v1.1 and v1.2 use that of v1.
const (
	PredicateSLSA01 = "https://slsa.dev/provenance/v0.1"
	PredicateSLSA02 = "https://slsa.dev/provenance/v0.2"
	PredicateSLSA1  = "https://slsa.dev/provenance/v1"
	PredicateVSA    = "https://slsa.dev/verification_summary/"
)

// Statement is an in-toto statement, v0.1 or v1: claims of one type about subjects.
// https://github.com/in-toto/attestation/tree/main/spec
type Statement struct {
	Type          string          `json:"_type"`
	PredicateType string          `json:"predicateType"`
	Subjects      []Subject       `json:"subject"`
	Predicate     json.RawMessage `json:"predicate"`
}

// Subject is what a statement is about.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ParseStatement reads an in-toto statement.
//
// The predicate stays as it was written; parseClaims reads it. Unknown members are ignored, as the specification asks
// of consumers ("monotonic principle").
func ParseStatement(data []byte) (Statement, error) {
	var s Statement
	if len(data) > MaxStatement {
		return s, fmt.Errorf("parsing a statement: longer than %d bytes", MaxStatement)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("parsing a statement: %w", err)
	}
	switch {
	case !strings.HasPrefix(s.Type, "https://in-toto.io/Statement/"):
		return s, fmt.Errorf("parsing a statement: its type is %q", clip(s.Type))
	case len(s.Subjects) == 0:
		return s, errors.New("parsing a statement: it has no subject")
	case len(s.Subjects) > MaxSubjects:
		return s, fmt.Errorf("parsing a statement: more than %d subjects", MaxSubjects)
	}
	return s, nil
}

// IsProvenance reports whether a predicate type describes how something was built, or is a summary of a verification of
// that.
func IsProvenance(predicateType string) bool {
	return strings.HasPrefix(predicateType, "https://slsa.dev/provenance/") || strings.HasPrefix(predicateType,
		PredicateVSA)
}

// digests lists the sha256 digests of the subjects as sha256:<hex>.
// Other algorithms are passed over: images are named by sha256 here.
func (s Statement) digests() []string {
	var list []string
	for _, sub := range s.Subjects {
		if hex := sub.Digest["sha256"]; sha256Hex.MatchString(hex) {
			list = append(list, "sha256:"+hex)
		}
	}
	return list
}

// clip shortens a foreign string for a message.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
