package audit

import (
	"cmp"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// FactsForm is the version of Facts: those of another form are collected again.
const FactsForm = 1

// Facts are what is known of an image by itself. They do not depend on who should have signed it, nor on what is known
// of the world: that is joined to them.
type Facts struct {
	Form      int          `json:"form"`
	Unit      string       `json:"unit"`
	Depth     Depth        `json:"depth"`
	Collected inspect.Time `json:"collected"`
	State     State        `json:"state"`
	Reason    string       `json:"reason"` // of a state that is not done

	// The image without its config, raw documents and steps: these are the largest part, may hold secrets, and are read
	// again from the registry where a case about one pod is opened.
	Image     inspect.Image     `json:"image"`    // without what no row needs
	Findings  []inspect.Finding `json:"findings"` // without evidence, and without those about expectations
	Tags      []Tag             `json:"tags"`
	Base      Base              `json:"base"`
	BaseLayer string            `json:"baseLayer"` // diff ID of the lowest layer; empty where it is not known
	// digests of the public keys that signatures were tried with: one by any other key is unknown
	Keys []string `json:"keys"`
	// digest of the expectations about its source that the gate of provenance was set by
	Sourced string `json:"sourced"`
}

// Tag is what a reference means in its registry at the time of the audit.
type Tag struct {
	Reference string `json:"reference"`
	Digest    string `json:"digest"` // empty where the registry does not say
	Reason    string `json:"reason"` // why not
}

// usable reports whether the facts answer for an image at a depth.
func (f *Facts) usable(d Depth) bool {
	return f.Form == FactsForm && f.Depth.Covers(d) && f.State == Done
}

// maxKeptFindings bounds the findings that are kept of one image, the gravest first.
const maxKeptFindings = 500

// collect takes from a case about one image what rows need of it.
func (f *Facts) collect(c *inspect.Case) {
	i, _ := c.Image(unitContainer)
	f.Image = inspect.Image{
		ImageHead: i.ImageHead, Stores: i.Stores, Layers: slimLayers(i.Layers), SBOMs: i.SBOMs, Packages: i.Packages,
		Advisories: i.Advisories,
	}
	f.Image.Settings, f.Image.Manifests = inspect.ImageConfig{}, nil // the largest part, which may hold secrets
	for _, s := range i.Signatures {
		f.Image.Signatures = append(f.Image.Signatures, impartial(s))
	}
	for _, p := range i.Provenance {
		p.Raw, p.Parameters, p.Notes = nil, nil, nil
		f.Image.Provenance = append(f.Image.Provenance, p)
	}
	for _, g := range i.Gates {
		if g.Name == inspect.GateProvenance {
			f.Image.Gates = append(f.Image.Gates, g)
		}
	}
	for _, finding := range c.Findings {
		if len(f.Findings) < maxKeptFindings && !aboutWorld(finding) {
			finding.Evidence, finding.Detail = nil, ""
			f.Findings = append(f.Findings, finding)
		}
	}
}

// impartial is a signature without what was expected of it: who made it is compared when rows are made.
func impartial(s inspect.Signature) inspect.Signature {
	// A verdict is a chain that holds and a signer who is expected. Only the first is a fact about the image; the
	// second is what policies are about, and these change.
	if s.Holds() {
		s.Status, s.Reason = inspect.Unknown, inspect.ReasonNoExpectation
	}
	s.Raw, s.Steps, s.Notes = nil, nil, nil
	if s.Certificate != nil {
		c := *s.Certificate
		c.Extensions = nil
		s.Certificate = &c
	}
	return s
}

// aboutWorld reports a finding that rests on policies or expectations: these are joined anew.
func aboutWorld(f inspect.Finding) bool {
	// these three are made again for each row by admit, from the policies of the day
	switch f.Code {
	case inspect.CodePolicyNotMet, inspect.CodeSignatureExpected, inspect.CodeUnsigned:
		return true
	}
	return false
}

// slimLayers keeps of layers what advisories match and shards are cut by.
func slimLayers(all []inspect.Layer) []inspect.Layer {
	var kept []inspect.Layer
	for _, l := range all {
		if !l.Empty {
			kept = append(kept, inspect.Layer{
				Position: l.Position, Number: l.Number, Digest: l.Digest,
				DiffID: l.DiffID, Size: l.Size, Base: l.Base, Status: l.Status, Reason: l.Reason,
			})
		}
	}
	return kept
}

// tag is what a reference means; ok is false where nobody asked.
func (f *Facts) tag(reference string) (Tag, bool) {
	at := slices.IndexFunc(f.Tags, func(t Tag) bool { return t.Reference == reference })
	if at < 0 {
		return Tag{}, false
	}
	return f.Tags[at], true
}

// unreachable are the stores of signatures that could not be read, in words.
func (f *Facts) unreachable() []string {
	var all []string
	for _, s := range f.Image.Stores {
		if s.Status == inspect.StoreUnreachable {
			all = append(all, s.Store+": "+s.Detail)
		}
	}
	return all
}

// digest is that of the manifest, else what is known in its place.
func (f *Facts) digest() string { return cmp.Or(f.Image.Digest, f.Image.Index, f.Image.Config) }
