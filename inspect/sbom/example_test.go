package sbom_test

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect/sbom"
)

// An SBOM that came with an image is counted, whatever form it has, and never taken as proof.
func ExampleCount() {
	for _, document := range []string{
		`{"spdxVersion": "SPDX-2.3", "packages": [{"name": "curl"}, {"name": "zlib"}]}`,
		"SPDXVersion: SPDX-2.3\nPackageName: curl\n",
		`{"hello": "world"}`,
	} {
		format, packages, err := sbom.Count([]byte(document))
		fmt.Println(format, packages, err)
	}
	// Output:
	// spdx-json 2 <nil>
	// spdx-tag-value 1 <nil>
	//  0 reading an SBOM: it is neither SPDX nor CycloneDX
}

// Versions are compared by the rules of the package manager that they are of.
func ExampleCompareVersions() {
	for _, kind := range []string{"deb", "npm"} {
		order, ok := sbom.CompareVersions(kind, "1:0.9", "1.0.0")
		fmt.Println(kind, order, ok)
	}
	// Output:
	// deb 1 true
	// npm 0 false
}
