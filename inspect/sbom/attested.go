package sbom

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// IsSBOM reports whether a predicate type is that of an SBOM, in any version. A version follows behind a slash; longer
// words that begin alike are other types. Examples: https://spdx.dev/Document/v2.3, https://cyclonedx.org/bom/v1.6.
func IsSBOM(predicateType string) bool {
	for _, prefix := range []string{
		"https://spdx.dev/Document", "https://cyclonedx.org/bom", "https://syft.dev/bom",
		"https://anchore.com/syft",
	} {
		if rest, ok := strings.CutPrefix(predicateType, prefix); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// attested gives the rows of the SBOMs that signed statements carry. Each is worth what its signature is worth. A
// signature proves who made the claim and not that the claim is right: Truth compares it with the image.
func attested(store *registry.Store, signatures []inspect.Signature) []inspect.SBOM {
	var rows []inspect.SBOM
	for _, s := range signatures {
		if !IsSBOM(s.PredicateType) {
			continue
		}
		row := inspect.SBOM{
			Origin: "attested", Format: formatOf(s.PredicateType), Status: s.Status,
			Reason: s.Reason, Digest: statementOf(s),
		}
		format, n, err := countStatement(store, row.Digest)
		if err == nil {
			row.Format, row.Packages = format, n
		} else if s.Status == inspect.Verified {
			row.Status, row.Reason = inspect.Unknown, inspect.ReasonUnreadable
		}
		rows = append(rows, row)
	}
	return rows
}

// statementOf is the digest of a signature's statement; "" where it has none.
func statementOf(s inspect.Signature) string {
	for _, part := range s.Raw {
		if part.Name == "statement" {
			return part.Digest
		}
	}
	return s.Digest
}

// countStatement counts the packages of an SBOM that is the predicate of a statement.
func countStatement(store *registry.Store, digest string) (string, int, error) {
	data, err := store.Read(digest, MaxDocument)
	if err != nil {
		return "", 0, fmt.Errorf("reading a statement: %w", err)
	}
	return countPredicate(data)
}

// statement is an in-toto statement whose predicate is an SBOM: as JSON; as text, as cosign writes what is no JSON; or
// wrapped in Data, as cosign wrote it before.
type statement struct {
	Subject []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	Predicate json.RawMessage `json:"predicate"`
}

// countPredicate counts the packages of a predicate, which is the document itself or a text of it. Documents in XML and
// tag-value come as texts.
func countPredicate(data []byte) (string, int, error) {
	if len(data) > MaxDocument {
		return "", 0, fmt.Errorf("reading a statement: longer than %d bytes", MaxDocument)
	}
	var s statement
	if err := json.Unmarshal(data, &s); err != nil {
		return "", 0, fmt.Errorf("reading a statement: %w", err)
	}
	var text string
	if json.Unmarshal(s.Predicate, &text) == nil {
		return Count([]byte(text))
	}
	var wrapped struct{ Data json.RawMessage }
	if json.Unmarshal(s.Predicate, &wrapped) == nil && len(wrapped.Data) > 0 {
		if json.Unmarshal(wrapped.Data, &text) == nil {
			return Count([]byte(text))
		}
		return Count(wrapped.Data)
	}
	if len(s.Predicate) == 0 {
		return "", 0, errors.New("reading a statement: it has no predicate")
	}
	return Count(s.Predicate)
}

// about reports whether a statement names one of these digests as its subject. Only SHA-256 counts, and an empty digest
// is that of no image. A signed statement about another image, attached to this one, would otherwise vouch for packages
// that it never saw.
func about(data []byte, digests ...string) bool {
	var s statement
	if json.Unmarshal(data, &s) != nil {
		return false
	}
	for _, sub := range s.Subject {
		for _, d := range digests {
			if d != "" && "sha256:"+sub.Digest["sha256"] == d {
				return true
			}
		}
	}
	return false
}

// formatOf guesses the format from a predicate or media type, for an SBOM that cannot be read.
func formatOf(kind string) string {
	switch {
	case strings.Contains(kind, "cyclonedx") && strings.Contains(kind, "xml"):
		return formatCycloneDXXML
	case strings.Contains(kind, "cyclonedx"):
		return formatCycloneDX
	case strings.Contains(kind, "syft"):
		return formatSyft
	default:
		return formatSPDX
	}
}
