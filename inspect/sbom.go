package inspect

import "cmp"

// SBOM is a bill of materials that came with the image, or that was made from its files.
type SBOM struct {
	Origin   string `json:"origin"` // attested, attached, inside, generated
	Format   string `json:"format"` // spdx-json, cyclonedx-json, syft
	Packages int    `json:"packages"`
	Status   Status `json:"status"`
	Reason   string `json:"reason"`
	Digest   string `json:"digest,omitempty"`

	Truth *SBOMTruth `json:"truth,omitempty"` // of one that came with the image: what of it is there
}

// SBOMTruth counts what of an SBOM is in the image, and what of the image it does not list.
type SBOMTruth struct {
	Confirmed      int      `json:"confirmed"`
	OtherVersion   int      `json:"otherVersion"`
	Missing        int      `json:"missing"` // listed, and not there
	Hidden         int      `json:"hidden"`  // there, and not listed, of the types that it lists
	FilesConfirmed int      `json:"filesConfirmed"`
	FilesAltered   int      `json:"filesAltered"`
	FilesMissing   int      `json:"filesMissing"`
	Examples       []string `json:"examples"`
}

// FactKind is the fact's JSON name.
func (SBOM) FactKind() string { return "sbom" }

func (s SBOM) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).SBOMs, s, func(a, b SBOM) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Format, b.Format), cmp.Compare(a.Digest, b.Digest))
	})
}
