package inspect

import "cmp"

// Signature is one signature or signed attestation, whether it verifies or not.
type Signature struct {
	ID             string       `json:"id"`    // hash of the signature's bytes and its subject: the key
	Kind           string       `json:"kind"`  // cosign, bundle, notation
	Store          string       `json:"store"` // tag, referrers, referrers-tag, layout, github
	Digest         string       `json:"digest"`
	Subject        string       `json:"subject"` // digest that the signed payload names
	Status         Status       `json:"status"`
	Reason         string       `json:"reason"`
	Identity       string       `json:"identity"`
	Issuer         string       `json:"issuer"`
	Key            string       `json:"key"` // sha256:… of the public key's DER, where it is a managed key
	LogIndex       int64        `json:"logIndex"`
	IntegratedTime Time         `json:"integratedTime"`
	PredicateType  string       `json:"predicateType"`
	Steps          []Step       `json:"steps"`
	Certificate    *Certificate `json:"certificate,omitempty"`
	Raw            []RawPart    `json:"raw,omitempty"` // payload, certificate, bundle: kept blobs
	Notes          []string     `json:"notes,omitempty"`
}

// RawPart names the kept bytes behind a row, for looking, copying and saving.
type RawPart struct {
	Name   string `json:"name"` // payload, signature, certificate, bundle, log-entry, statement
	Digest string `json:"digest"`
}

// The steps of a signature chain, in their order. The reason of a signature is that of the first failing step.
const (
	StepIntegrity   = "integrity"
	StepCertificate = "certificate-chain"
	StepSCT         = "sct"
	StepLog         = "transparency-log"
	StepTimestamp   = "timestamp"
	StepSignature   = "signature"
	StepSubject     = "subject"
	StepIdentity    = "identity"
)

// StepNames are the names of the steps in their order.
func StepNames() []string {
	return []string{
		StepIntegrity, StepCertificate, StepSCT, StepLog, StepTimestamp, StepSignature, StepSubject,
		StepIdentity,
	}
}

// Step is one link of a signature chain, with what was compared with what.
type Step struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
}

// Certificate is the signing certificate in the words of its extensions.
type Certificate struct {
	Subject    []string          `json:"subject"` // subject alternative names
	Issuer     string            `json:"issuer"`  // distinguished name of the authority
	Serial     string            `json:"serial"`
	NotBefore  Time              `json:"notBefore"`
	NotAfter   Time              `json:"notAfter"`
	Extensions map[string]string `json:"extensions"` // Fulcio's, by name: sourceRepositoryURI, buildSignerURI, …
	SHA256     string            `json:"sha256"`
}

// FactKind is the fact's JSON name.
func (Signature) FactKind() string { return "signature" }

// fold: the key is its ID: the same bytes in two stores are one row.
func (s Signature) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Signatures, s, func(a, b Signature) int { return cmp.Compare(a.ID, b.ID) })
}
