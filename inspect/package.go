package inspect

import (
	"cmp"
)

// Package is an installed package. Type is in syft's words: deb, apk, rpm, go-module, python.
type Package struct {
	Type      string   `json:"type"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	PURL      string   `json:"purl"`
	Layer     int      `json:"layer"`
	Locations []string `json:"locations"`
	// CPEs are those that are certain in the catalog, as of programs that no package manager installed: these are
	// found in vulnerability data by nothing else. Guessed ones are left out.
	CPEs []string `json:"cpes,omitempty"`
}

// Packages is a batch of an image's packages, at most PackageBatch of them. Offset is its key.
type Packages struct {
	Offset int       `json:"offset"`
	List   []Package `json:"list"`
}

// PackageBatch is the largest number of packages in one fact.
const PackageBatch = 1000

// maxPackages bounds what a saved ledger, which is foreign bytes, may claim of one image.
const maxPackages = 1_000_000

// FactKind is the fact's JSON name.
func (Packages) FactKind() string { return "packages" }

// fold copies the batch to its offset. A batch past the bounds is ignored, and so is one that leaves a gap before it: a
// check sends its batches in order, and a line of 60 bytes in a foreign ledger must not claim the memory of a million
// packages, once for each container that it names.
func (p Packages) fold(c *Case, e Event) {
	i := c.imageFor(e.Container)
	if p.Offset < 0 || p.Offset > len(i.Packages) || p.Offset+len(p.List) > maxPackages {
		return
	}
	if end := p.Offset + len(p.List); end > len(i.Packages) {
		i.Packages = append(i.Packages, make([]Package, end-len(i.Packages))...)
	}
	copy(i.Packages[p.Offset:], p.List)
}

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

// fold: the key is origin, format and digest.
func (s SBOM) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).SBOMs, s, func(a, b SBOM) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Format, b.Format), cmp.Compare(a.Digest, b.Digest))
	})
}
