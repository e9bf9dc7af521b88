package vuln

import (
	"regexp"
	"strings"

	"github.com/anchore/grype/grype/distro"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/packageurl-go"
	"github.com/anchore/syft/syft/cpe"
	"github.com/anchore/syft/syft/file"
	syft "github.com/anchore/syft/syft/pkg"

	"github.com/backtrail/backtrail/inspect"
)

// key names a package by all that matchers could distinguish.
// NUL cannot stand in any of the parts as a catalog writes them.
func key(p inspect.Package) string {
	return strings.Join(append([]string{p.Type, p.Name, p.Version, p.PURL}, p.CPEs...), "\x00")
}

// canCompare reports whether anything can be compared to a package: a program that no package manager installed is in
// the database by its CPE only, every other package by its name.
// A package without a version would match every range.
func canCompare(p inspect.Package) bool {
	return p.Name != "" && p.Version != "" && p.PURL != "" && (p.Type != string(syft.BinaryPkg) || len(p.CPEs) > 0)
}

// distinct gives each package once, however many locations it has. left counts those to which nothing can be compared.
// The order is that of the list.
func distinct(list []inspect.Package) (packages []inspect.Package, left int) {
	seen := map[string]bool{}
	for _, p := range list {
		switch k := key(p); {
		case !canCompare(p):
			left++
		case !seen[k]:
			seen[k] = true
			packages = append(packages, p)
		}
	}
	return packages, left
}

// converted is a package of a case for grype's matchers.
// The locations are needed by filters that name the file of a package.
func converted(p inspect.Package) pkg.Package {
	s := ofSyft(p)
	for _, path := range p.Locations {
		s.Locations.Add(file.NewLocation(path))
	}
	s.SetID()
	return pkg.FromPtrs(pkg.FromPackages([]syft.Package{s}, nil, pkg.SynthesisConfig{}, fromPURL))[0]
}

// ofSyft is the package that syft found, as far as matchers need it. What they read of its metadata is in the
// qualifiers of its package URL.
func ofSyft(p inspect.Package) syft.Package {
	s := syft.Package{
		Name: p.Name, Version: p.Version, Type: syft.Type(p.Type), PURL: p.PURL,
		Language: syft.LanguageFromPURL(p.PURL),
	}
	for _, text := range p.CPEs {
		if c, err := cpe.New(text, cpe.DeclaredSource); err == nil {
			s.CPEs = append(s.CPEs, c)
		}
	}
	url, err := packageurl.FromString(p.PURL)
	if err != nil {
		return s
	}
	q := url.Qualifiers.Map()
	switch s.Type {
	case syft.RpmPkg:
		entry := syft.RpmDBEntry{Arch: q[syft.PURLQualifierArch]}
		if label := q[syft.PURLQualifierRpmModularity]; label != "" {
			entry.ModularityLabel = &label
		}
		s.Metadata = entry
	case syft.ApkPkg:
		s.Metadata = syft.ApkDBEntry{Architecture: q[syft.PURLQualifierArch]}
	case syft.JavaPkg:
		s.Metadata = syft.JavaArchive{}
	default: // grype needs nothing more of the others
	}
	return s
}

// fromPURL adds what package URLs have and syft's packages lack: the distribution, and the source package that a binary
// package was built from.
func fromPURL(out *pkg.Package, url packageurl.PackageURL, p syft.Package) {
	q := url.Qualifiers.Map()
	if text := q[syft.PURLQualifierDistro]; text != "" && out.Distro == nil {
		out.Distro = distro.NewFromNameVersion(distro.ParseDistroString(text))
		if out.Distro != nil {
			out.Distro.Channels = nil // of subscriptions, which an image does not show
		}
	}
	if text := q[syft.PURLQualifierUpstream]; text != "" && len(out.Upstreams) == 0 {
		if up, ok := upstream(text, p.Type); ok && up.Name != url.Name {
			out.Upstreams = []pkg.UpstreamPackage{up}
		}
	}
}

// sourceRPM is the name of a source package of RPM: name-version-release.src.rpm.
var sourceRPM = regexp.MustCompile(`^(.+)-([^-]+)-([^-]+)\.[a-zA-Z][^.]*\.rpm$`)

// upstream reads the qualifier that names the source package: name or name@version, for RPM the name of its file.
// An example: "glibc-2.34-60.el9.src.rpm" is glibc 2.34-60.el9. It returns false for what cannot be read.
func upstream(text string, kind syft.Type) (pkg.UpstreamPackage, bool) {
	if kind == syft.RpmPkg {
		m := sourceRPM.FindStringSubmatch(text)
		if m == nil {
			return pkg.UpstreamPackage{}, false
		}
		return pkg.UpstreamPackage{Name: m[1], Version: m[2] + "-" + m[3]}, true
	}
	name, version, _ := strings.Cut(text, "@")
	return pkg.UpstreamPackage{Name: name, Version: version}, name != "" && !strings.Contains(version, "@")
}

// before lists the packages that the other image has and this one lacks, as far as a comparison names them. Of one that
// has another version, the package URL is that of today with the version replaced.
// The version of its source package then is not known, and is left out of the URL.
func before(d *inspect.PackageDiff) []inspect.Package {
	list := append([]inspect.Package{}, d.Removed...)
	for _, c := range d.Changed {
		p := inspect.Package{Type: c.Type, Name: c.Name, Version: c.From}
		if url, err := packageurl.FromString(c.PURL); err == nil {
			url.Version = c.From
			for n, q := range url.Qualifiers {
				if name, _, versioned := strings.Cut(q.Value, "@"); q.Key == syft.PURLQualifierUpstream && versioned {
					url.Qualifiers[n].Value = name
				}
			}
			p.PURL = url.ToString()
		}
		list = append(list, p)
	}
	return list
}
