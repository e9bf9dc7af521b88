package inspect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Finding is something that a person should know, with the bytes that it rests on.
type Finding struct {
	ID       string     `json:"id"`
	Check    string     `json:"check"`
	Code     string     `json:"code"` // stable, kebab-case: unexpected-binary
	Status   RowStatus  `json:"status"`
	Severity Severity   `json:"severity"`
	Subject  string     `json:"subject"` // the image's subject, and what in it: web, web:/usr/bin/top
	Cause    string     `json:"cause"`   // key of a Cause: findings that share it are one group
	Title    string     `json:"title"`   // one sentence
	Detail   string     `json:"detail"`
	Evidence []Evidence `json:"evidence"`
}

// Evidence names the bytes that a claim rests on.
type Evidence struct {
	// layer, file, manifest, config, signature, provenance, pod, revision, alert, package-database
	Kind   string `json:"kind"`
	Digest string `json:"digest"`
	Path   string `json:"path"`
	Text   string `json:"text"`
}

// FindingID is the identity of a finding: a hash of its check, code and subject.
func FindingID(check, code, subject string) string {
	sum := sha256.Sum256([]byte(check + "\x00" + code + "\x00" + subject))
	return hex.EncodeToString(sum[:8])
}

// FactKind is the fact's JSON name.
func (Finding) FactKind() string { return "finding" }

// fold keeps the findings worst first. A finding's severity may change, so its old place is found by its ID.
func (f Finding) fold(c *Case, _ Event) {
	f.Cause = f.CausedBy()
	c.Findings = slices.DeleteFunc(c.Findings, func(o Finding) bool { return o.ID == f.ID })
	upsert(&c.Findings, f, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.ID, b.ID))
	})
}
