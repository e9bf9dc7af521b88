package inspect

import "cmp"

// SBOM is a bill of materials that came with the image, or that was made from its files.
type SBOM struct {
	Origin   string `json:"origin"` // attested, attached, generated
	Format   string `json:"format"` // spdx-json, cyclonedx-json, syft
	Packages int    `json:"packages"`
	Status   Status `json:"status"`
	Reason   string `json:"reason"`
	Digest   string `json:"digest,omitempty"`
}

// FactKind is the fact's JSON name.
func (SBOM) FactKind() string { return "sbom" }

func (s SBOM) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).SBOMs, s, func(a, b SBOM) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Format, b.Format), cmp.Compare(a.Digest, b.Digest))
	})
}
