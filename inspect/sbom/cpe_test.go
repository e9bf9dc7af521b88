package sbom

import (
	"fmt"
	"slices"
	"testing"

	"github.com/anchore/syft/syft/cpe"
	"github.com/anchore/syft/syft/pkg"
)

// Only stated CPEs are kept: guessed ones would make other vendors' vulnerabilities those of the package.
func TestDeclaredCPEs(t *testing.T) {
	of := func(product string, source cpe.Source) cpe.CPE {
		return cpe.Must("cpe:2.3:a:nodejs:"+product+":20.0.0:*:*:*:*:*:*:*", source)
	}
	p := pkg.Package{CPEs: []cpe.CPE{
		of("node.js", cpe.DeclaredSource), of("guess", cpe.GeneratedSource),
		of("dictionary", cpe.NVDDictionaryLookupSource), of("node.js", cpe.DeclaredSource),
	}}
	if got, want := declaredCPEs(p), []string{"cpe:2.3:a:nodejs:node.js:20.0.0:*:*:*:*:*:*:*"}; !slices.Equal(
		got,
		want,
	) {
		t.Errorf("the CPEs are %q, want %q", got, want)
	}
	for n := range 20 {
		p.CPEs = append(p.CPEs, of(fmt.Sprint("product", n), cpe.DeclaredSource))
	}
	if got := declaredCPEs(p); len(got) > maxCPEs {
		t.Errorf("%d CPEs are kept, at most %d", len(got), maxCPEs)
	}
	if got := declaredCPEs(pkg.Package{}); got != nil {
		t.Errorf("of a package without CPEs there are %q", got)
	}
}
