package sbom

import (
	"context"
	"slices"

	"github.com/anchore/packageurl-go"
	"github.com/anchore/syft/syft/artifact"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/pkg/cataloger/generic"

	"github.com/backtrail/backtrail/inspect/owner"
)

// chiselCataloger is the name of the cataloguer of chiselled images of Ubuntu, which syft 1.54 lacks
// (https://github.com/anchore/syft/issues/4816).
const chiselCataloger = "chisel-manifest-cataloger"

// newChiselCataloger is the cataloger of chisel's manifests, which syft does not have.
func newChiselCataloger() pkg.Cataloger {
	return generic.NewCataloger(chiselCataloger).WithParserByGlobs(chiselPackages, "**/var/lib/chisel/manifest.wall")
}

// chiselPackages lists the packages of a manifest as those of dpkg that they are parts of. The purl is that of dpkg's
// package of the distribution in os-release, so that advisories of it apply.
func chiselPackages(_ context.Context, _ file.Resolver, env *generic.Environment,
	from file.LocationReadCloser,
) ([]pkg.Package, []artifact.Relationship, error) {
	list, err := owner.ChiselPackages(from)
	if err != nil {
		return nil, nil, err
	}
	distribution, qualifiers := "ubuntu", map[string]string{}
	if env != nil && env.LinuxRelease != nil && env.LinuxRelease.ID != "" {
		distribution = env.LinuxRelease.ID
		if v := env.LinuxRelease.VersionID; v != "" {
			qualifiers["distro"] = distribution + "-" + v
		}
	}
	var all []pkg.Package
	for _, c := range list {
		entry := pkg.DpkgDBEntry{Package: c.Name, Version: c.Version, Architecture: c.Arch}
		for _, f := range c.Files {
			entry.Files = append(entry.Files, pkg.DpkgFileRecord{Path: f})
		}
		q := map[string]string{"arch": c.Arch}
		for k, v := range qualifiers {
			q[k] = v
		}
		p := pkg.Package{
			Name: c.Name, Version: c.Version, Type: pkg.DebPkg, FoundBy: chiselCataloger, Metadata: entry,
			Locations: file.NewLocationSet(from.WithAnnotation(pkg.EvidenceAnnotationKey,
				pkg.PrimaryEvidenceAnnotation)),
			PURL: packageurl.NewPackageURL("deb", distribution, c.Name, c.Version,
				packageurl.QualifiersFromMap(q), "").ToString(),
		}
		p.SetID()
		all = append(all, p)
	}
	return all, nil, nil
}

// twice reports whether a package of chisel is one that dpkg's database lists too.
func twice(p pkg.Package, in *pkg.Collection) bool {
	if p.FoundBy != chiselCataloger {
		return false
	}
	return slices.ContainsFunc(in.PackagesByName(p.Name), func(o pkg.Package) bool {
		return o.Type == pkg.DebPkg && o.Version == p.Version && o.FoundBy != chiselCataloger
	})
}
