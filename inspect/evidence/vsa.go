package evidence

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// vsaFolder holds the verification summaries.
const vsaFolder = "data/vsa/"

// summary is an in-toto statement with a SLSA verification summary (https://slsa.dev/spec/v1.0/verification_summary).
type summary struct {
	Type          string           `json:"_type"`
	Subject       []resource       `json:"subject"`
	PredicateType string           `json:"predicateType"`
	Predicate     summaryPredicate `json:"predicate"`
}

// summaryPredicate is the predicate, with the fields that the specification requires.
type summaryPredicate struct {
	Verifier           summaryVerifier `json:"verifier"`
	TimeVerified       inspect.Time    `json:"timeVerified"`
	ResourceURI        string          `json:"resourceUri"`
	Policy             resource        `json:"policy"`
	VerificationResult string          `json:"verificationResult"`
	VerifiedLevels     []string        `json:"verifiedLevels"`
	SLSAVersion        string          `json:"slsaVersion"`
}

// summaryVerifier names this program as verifier.
type summaryVerifier struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version"`
}

// resource is in-toto's resource descriptor.
type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

// trustPolicy is the kind of trust that a policy's file is.
const trustPolicy = "policy"

// summaries are the verification summaries of a case, by the name of their file. A summary is passed or failed and
// nothing else, and whoever reads it may admit the image for it. So there is none for a case in which something could
// not be checked or an alert matches, and none is passed for a case that is not verified for any other reason.
//
// PASSED takes a case that passed as a whole: a gate that passed beside a finding that failed gives none.
func summaries(c inspect.Case) map[string]summary {
	outcome := verdict.Of(&c)
	if !outcome.Complete || c.End == nil || len(c.Images) == 0 {
		return nil
	}
	for _, a := range c.Alerts {
		if a.Match != inspect.MatchNone {
			return nil
		}
	}
	all := map[string]summary{}
	for _, i := range c.Images {
		if i.Digest == "" || i.Status != inspect.Verified {
			return nil
		}
		for _, g := range i.PolicyGates() {
			result := "FAILED"
			switch {
			case g.Status == inspect.GateUnknown, g.Status == inspect.GatePassed &&
				outcome.Status != inspect.CasePassed:
				return nil
			case g.Status == inspect.GatePassed:
				result = "PASSED"
			}
			name := strings.TrimPrefix(g.Name, inspect.GatePolicy)
			all[vsaFolder+safePart(i.Container)+"-"+safePart(name)+".json"] = summaryOf(c, i, name, result)
		}
	}
	return all
}

// summaryOf is the summary of one policy about one image. It is unsigned: the bag's signature covers it.
func summaryOf(c inspect.Case, i inspect.Image, policy, result string) summary {
	// Of the build's level nothing was evaluated: the policy asks who signed.
	level := "SLSA_BUILD_LEVEL_UNEVALUATED"
	if result == "FAILED" {
		level = "FAILED"
	}
	return summary{
		Type: "https://in-toto.io/Statement/v1", PredicateType: "https://slsa.dev/verification_summary/v1",
		Subject: []resource{{Name: i.Reference, Digest: map[string]string{"sha256": bagit.HexOf(i.Digest)}}},
		Predicate: summaryPredicate{
			Verifier: summaryVerifier{
				"https://backtrail.dev",
				map[string]string{"backtrail": cmp.Or(c.Tool.Version, "unknown")},
			},
			TimeVerified: endOf(c), ResourceURI: cmp.Or(i.Reference, i.Location), Policy: policyOf(c, policy),
			VerificationResult: result, VerifiedLevels: []string{level}, SLSAVersion: "1.0",
		},
	}
}

// policyOf names a policy, with the digest of its file where there is only one that it can stand in.
// Policies are named by their metadata and not by their file, so that of several files none can be named.
func policyOf(c inspect.Case, name string) resource {
	r := resource{Name: name}
	files := 0
	for _, t := range c.Trust {
		if t.Kind == trustPolicy {
			files++
			r.URI, r.Digest = t.Name, map[string]string{"sha256": bagit.HexOf(t.Digest)}
		}
	}
	if files != 1 {
		return resource{Name: name, URI: name}
	}
	return r
}

// writeSummaries writes data/vsa.
func (x *export) writeSummaries() error {
	all := summaries(x.c)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if x.bag.Has(name) {
			x.note("a second verification summary named %s is not in it", name)
			continue
		}
		if err := x.bag.AddJSON(name, all[name]); err != nil {
			return err
		}
	}
	return nil
}

// summariesFit compares data/vsa with the case: a summary that does not follow from it is a defect.
// A summary that is absent is no defect: it can be left out, and admits nothing.
func (v *reproduction) summariesFit() {
	want := summaries(v.c)
	for _, name := range v.bag.files.Below(vsaFolder) {
		name = vsaFolder + name
		s, ok := want[name]
		if !ok {
			v.fail("vsa", name, "it does not follow from the case")
			continue
		}
		have, err := v.bag.files.Read(name, MaxSmall)
		text, encodeErr := inspect.EncodeJSON(s)
		if err != nil || encodeErr != nil || !bytes.Equal(have, text) {
			v.fail("vsa", name, "it is not what follows from the case")
			continue
		}
		v.record("vsa", name, inspect.Verified, BasisBytes, "it follows from the case")
	}
}
