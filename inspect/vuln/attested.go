package vuln

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// predicateOpenVEX begins the predicate types of attested OpenVEX documents, with or without a version.
const predicateOpenVEX = "https://openvex.dev/ns"

// Blobs reads kept bytes by their digest, at most so many.
// registry.Store is one. An error wraps its own for bytes that are not kept.
type Blobs interface {
	Read(digest string, most int64) ([]byte, error)
}

// attested reads the OpenVEX documents that verified attestations of an image carry: an expected signer has signed
// them. Others count for nothing. An error names what could not be read; the rest is there.
//
// A statement that lowers a vulnerability is worth forging, which is why a signature that merely holds is not enough:
// its status has to be verified, which takes an expectation of the person.
func attested(blobs Blobs, signatures []inspect.Signature) (*Statements, error) {
	var all *Statements
	var unread []error
	for _, s := range signatures {
		rest, is := strings.CutPrefix(s.PredicateType, predicateOpenVEX)
		if !is || rest != "" && rest[0] != '/' || s.Status != inspect.Verified || blobs == nil {
			continue
		}
		by := "attested by " + s.Identity
		if s.Identity == "" {
			by = "attested with key " + s.Key
		}
		read, err := predicate(blobs, s, by)
		if err != nil {
			unread = append(unread, err)
			continue
		}
		all = all.with(read)
	}
	return all, errors.Join(unread...)
}

// predicate reads the document of one attestation, an in-toto statement.
func predicate(blobs Blobs, s inspect.Signature, by string) (*Statements, error) {
	// The attestation of a bundle is stored as a whole, and the statement in it as a part of its own.
	digest := s.Digest
	for _, part := range s.Raw {
		if part.Name == "statement" {
			digest = part.Digest
		}
	}
	data, err := blobs.Read(digest, MaxStatements)
	if err != nil {
		return nil, fmt.Errorf("reading the OpenVEX attestation %s: %w", digest, err)
	}
	var statement struct {
		Predicate json.RawMessage `json:"predicate"`
	}
	if err := json.Unmarshal(data, &statement); err != nil {
		return nil, fmt.Errorf("reading the OpenVEX attestation %s: %w", digest, err)
	}
	return ReadStatements(Document{Origin: by, Data: statement.Predicate})
}
