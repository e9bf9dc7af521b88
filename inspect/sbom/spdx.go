package sbom

import (
	"bytes"
	"fmt"
	"time"

	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/backtrail/backtrail/inspect"
)

// noAssertion is how SPDX writes that there is no claim.
const noAssertion = "NOASSERTION"

// writeSPDX writes an SPDX 2.3 document: the image, and the packages that it contains.
// (https://spdx.github.io/spdx-spec/v2.3/) Nothing is asserted about licenses, which were not looked for.
func writeSPDX(image inspect.Image, tool inspect.Tool) ([]byte, error) {
	root := common.ElementID("Image")
	doc := &v2_3.Document{
		SPDXVersion:       v2_3.Version,
		DataLicense:       v2_3.DataLicense,
		SPDXIdentifier:    "DOCUMENT",
		DocumentName:      title(image),
		DocumentNamespace: "https://backtrail.dev/spdx/" + hexOf(image.Key()),
		CreationInfo: &v2_3.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: tool.Name + "-" + tool.Version}},
			Created:  madeAt(image).Format(time.RFC3339),
		},
		Packages:      []*v2_3.Package{spdxImage(image, root)},
		Relationships: []*v2_3.Relationship{spdxRelation("DOCUMENT", common.TypeRelationshipDescribe, root)},
	}
	for i, p := range image.Packages {
		id := common.ElementID(fmt.Sprintf("Package-%d", i))
		doc.Packages = append(doc.Packages, spdxPackage(p, id))
		doc.Relationships = append(doc.Relationships, spdxRelation(root, common.TypeRelationshipContains, id))
	}
	var b bytes.Buffer
	if err := json.Write(doc, &b, json.Indent(" ")); err != nil {
		return nil, fmt.Errorf("writing SPDX: %w", err)
	}
	return b.Bytes(), nil
}

// spdxImage is the image as a package (SPDX 2.3, 7), which contains the others.
func spdxImage(image inspect.Image, id common.ElementID) *v2_3.Package {
	p := &v2_3.Package{
		PackageName: title(image), PackageSPDXIdentifier: id, PackageVersion: image.Key(),
		PackageDownloadLocation: noAssertion, PrimaryPackagePurpose: "CONTAINER",
	}
	if image.Digest != "" {
		p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: hexOf(image.Digest)}}
	}
	return p
}

// spdxPackage is a package with its purl.
func spdxPackage(p inspect.Package, id common.ElementID) *v2_3.Package {
	out := &v2_3.Package{
		PackageName: p.Name, PackageSPDXIdentifier: id, PackageVersion: p.Version, PackageDownloadLocation: noAssertion,
		PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: noAssertion, PackageCopyrightText: noAssertion,
		PackageSourceInfo: found(p),
	}
	if p.PURL != "" {
		out.PackageExternalReferences = []*v2_3.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p.PURL,
		}}
	}
	return out
}

// spdxRelation is a relationship (SPDX 2.3, 11.1).
func spdxRelation(a common.ElementID, kind string, b common.ElementID) *v2_3.Relationship {
	return &v2_3.Relationship{
		RefA: common.DocElementID{ElementRefID: a}, RefB: common.DocElementID{ElementRefID: b},
		Relationship: kind,
	}
}
