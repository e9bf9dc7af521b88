package advisory

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// coordinates are what a package is matched by.
type coordinates struct {
	kind     string   // the purl type: npm, pypi, deb
	name     string   // with the namespace, except for packages of distributions
	space    string   // the namespace of a distribution's package: debian
	version  string   // as in the purl
	upstream []string // names of the source packages, of distributions
}

// key is what records are found by.
func (c coordinates) key() string { return c.kind + "/" + c.name }

// upstreamKeys are the keys of the source packages.
func (c coordinates) upstreamKeys() []string {
	var keys []string
	for _, up := range c.upstream {
		if up != c.name {
			keys = append(keys, c.kind+"/"+up)
		}
	}
	return keys
}

// separators are the characters that PyPI takes for one another (PEP 503).
var separators = regexp.MustCompile(`[-_.]+`)

// parsePURL reads a package URL (github.com/package-url/purl-spec). The subpath is left out.
func parsePURL(purl string) (coordinates, error) {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return coordinates{}, fmt.Errorf("%q is no package URL", purl)
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, qualifiers, _ := strings.Cut(rest, "?")
	kind, full, ok := strings.Cut(rest, "/")
	version := ""
	// An @ at the beginning is that of an npm scope which was not percent-encoded, as some tools write it.
	if at := strings.LastIndexByte(full, '@'); at > 0 {
		full, version = full[:at], full[at+1:]
	}
	full = strings.Trim(full, "/")
	if !ok || kind == "" || full == "" {
		return coordinates{}, fmt.Errorf("%q is no package URL", purl)
	}
	c := coordinates{kind: strings.ToLower(kind), name: unescape(full), version: unescape(version)}
	if ofDistribution(c.kind) {
		if at := strings.LastIndexByte(c.name, '/'); at >= 0 {
			c.space, c.name = c.name[:at], c.name[at+1:]
		}
		if values, err := url.ParseQuery(qualifiers); err == nil {
			c.upstream = sourceNames(values["upstream"])
		}
	}
	c.name = canonicalName(c.kind, c.name)
	return c, nil
}

// unescape undoes percent-encoding; what cannot be undone stays.
func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// sourceNames reads the qualifier upstream as syft writes it: xz-utils, xz@5.4.1 or the name of a source rpm.
func sourceNames(all []string) []string {
	var names []string
	for _, s := range all {
		if base, ok := strings.CutSuffix(s, ".src.rpm"); ok {
			for range 2 { // release and version
				if at := strings.LastIndexByte(base, '-'); at > 0 {
					base = base[:at]
				}
			}
			s = base
		}
		name, _, _ := strings.Cut(s, "@")
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// ofDistribution reports whether packages of a purl type are named by a distribution, which is their namespace.
func ofDistribution(kind string) bool {
	switch kind {
	case "deb", "apk", "rpm", "alpm":
		return true
	}
	return false
}

// PyPI: PEP 503. NuGet and Packagist compare names without regard to case. npm and Go do not: Foo and foo are two
// packages.
// canonicalName is the one spelling of a name that its registry takes several spellings of.
func canonicalName(kind, name string) string {
	switch kind {
	case "pypi":
		return strings.ToLower(separators.ReplaceAllString(name, "-"))
	case "nuget", "composer":
		return strings.ToLower(name)
	}
	return name
}

// purlTypes are the purl types by syft's types, for packages without a purl.
var purlTypes = map[string]string{
	"npm": "npm", "python": "pypi", "gem": "gem", "go-module": "golang", "rust-crate": "cargo", "dotnet": "nuget",
	"php-composer": "composer", "deb": "deb", "apk": "apk", "rpm": "rpm", "alpm": "alpm",
}

// coordinatesOf is what an installed package is matched by; ok is false for what no record could name.
func coordinatesOf(p inspect.Package) (c coordinates, ok bool) {
	if c, err := parsePURL(p.PURL); err == nil {
		return c, true
	}
	kind, known := purlTypes[p.Type]
	return coordinates{kind: kind, name: canonicalName(kind, p.Name)}, known && p.Name != ""
}

// orderOf is the package type, in syft's words, whose order the versions of a purl type have.
func orderOf(kind string) string {
	switch kind {
	case "pypi":
		return "python"
	case "golang":
		return "go-module"
	}
	return kind
}
