package signature

import (
	"encoding/base64"
	"encoding/pem"

	"github.com/backtrail/backtrail/inspect"
)

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

func (s *sealed) parts() []part {
	parts := []part{{"bundle", s.raw}, {"signature", s.content.Signature()}}
	if s.claim.statement {
		parts = append(parts, part{"statement", s.claim.payload})
	}
	if s.cert != nil {
		parts = append(parts, part{"certificate", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Raw})})
	}
	for _, e := range s.entries {
		parts = append(parts, part{"log-entry", e.TransparencyLogEntry().GetCanonicalizedBody()})
	}
	return parts
}

func (s *annotated) parts() []part {
	parts := []part{{"payload", s.payload}, {"certificate", []byte(s.certPEM)}, {"log-entry", []byte(s.rekorJSON)}}
	if raw, err := base64.StdEncoding.DecodeString(s.signature); err == nil {
		parts = append(parts, part{"signature", raw})
	}
	if s.claim.statement {
		parts = append(parts, part{"statement", s.claim.payload})
	}
	return parts
}
