package signature

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"

	"github.com/backtrail/backtrail/inspect"
)

// Kinds of signatures and the stores that hold them, in CONTRACT's words.
const (
	KindCosign   = "cosign"
	KindBundle   = "bundle"
	KindNotation = "notation"

	StoreTag          = "tag"
	StoreReferrers    = "referrers"
	StoreReferrersTag = "referrers-tag"
	StoreLayout       = "layout"
	StoreGitHub       = "github"
	StoreIndex        = "index" // an attestation manifest in the image's index
)

// rowID is the identity of a row: the same bytes about the same subject are one row, wherever they were found.
// The parts are separated, so that bytes moved from one to the next give another ID.
func rowID(subject string, parts ...[]byte) string {
	h := sha256.New()
	h.Write([]byte(subject))
	for _, p := range parts {
		sum := sha256.Sum256(p)
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// fill puts the outcome into a row.
func (o outcome) fill(row *inspect.Signature) {
	row.Status, row.Reason = o.verdict()
	row.Steps = o.steps
	row.Key = o.key
}

// row makes the row of a bundle: its claims, whether it is valid or not.
func (s *sigstoreBundle) row(a artifact) inspect.Signature {
	row := inspect.Signature{Kind: KindBundle, Digest: digestOf(s.raw), PredicateType: s.claim.predicateType}
	row.Subject, _ = a.matching(s.claim.digests)
	if _, ok := a.matching(s.claim.digests); !ok && len(s.claim.digests) > 0 {
		row.Subject = s.claim.digests[0]
	}
	row.ID = rowID(row.Subject, s.raw)
	if s.cert != nil {
		row.Certificate = describe(s.cert)
		row.Identity, row.Issuer = identityOf(s.cert)
	}
	if len(s.entries) > 0 {
		row.LogIndex = s.entries[0].LogIndex()
		row.IntegratedTime = inspect.At(s.entries[0].IntegratedTime())
	}
	return row
}

// malformedRow is the row of something that should be a signature and cannot be read.
func malformedRow(kind string, data []byte, subject string, err error) inspect.Signature {
	c := newChain()
	c.fail(inspect.StepIntegrity, inspect.ReasonMalformed, "%v", err)
	row := inspect.Signature{ID: rowID(subject, data), Kind: kind, Digest: digestOf(data), Subject: subject}
	outcome{chain: c}.fill(&row)
	return row
}

// part is a piece of a signature for looking, copying and saving.
type part struct {
	name string
	data []byte
}

// raw keeps the pieces in the store and names them by digest.
func (e *examiner) raw(parts ...part) []inspect.RawPart {
	var all []inspect.RawPart
	for _, p := range parts {
		if len(p.data) == 0 {
			continue
		}
		digest := digestOf(p.data)
		e.put(digest, p.data)
		all = append(all, inspect.RawPart{Name: p.name, Digest: digest})
	}
	return all
}

// parts are what a person can look at of a bundle, each kept under its own digest.
func (s *sigstoreBundle) parts() []part {
	parts := []part{{"bundle", s.raw}, {"signature", s.content.Signature()}}
	if s.claim.statement {
		parts = append(parts, part{"statement", s.claim.payload})
	}
	if s.cert != nil {
		parts = append(parts, part{"certificate", pem.EncodeToMemory(&pem.Block{
			Type:  "CERTIFICATE",
			Bytes: s.cert.Raw,
		})})
	}
	for _, e := range s.entries {
		parts = append(parts, part{"log-entry", e.TransparencyLogEntry().GetCanonicalizedBody()})
	}
	return parts
}

// parts are what a person can look at of a signature on a tag.
func (s *cosignSignature) parts() []part {
	parts := []part{{"payload", s.payload}, {"certificate", []byte(s.certPEM)}, {"log-entry", []byte(s.rekorJSON)}}
	if raw, err := base64.StdEncoding.DecodeString(s.signature); err == nil {
		parts = append(parts, part{"signature", raw})
	}
	if s.claim.statement {
		parts = append(parts, part{"statement", s.claim.payload})
	}
	return parts
}
