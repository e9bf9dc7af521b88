package journal

import (
	"net/url"
	"strings"
)

// separators are the characters that registries of packages take for one another (PEP 503).
var separators = strings.NewReplacer("_", "-", ".", "-")

// spelling is the one form in which a name is looked up. Names that a registry keeps apart may share it: who looks up
// compares what is found.
func spelling(name string) string { return separators.Replace(strings.ToLower(name)) }

// baseOf is the spelling of the last part of a name with slashes, by which people call it; empty for other names.
func baseOf(name string) string {
	at := strings.LastIndexByte(name, '/')
	if at < 0 {
		return ""
	}
	return spelling(name[at+1:])
}

// upstreamOf is the spelling of the source package that a distribution's package was built from, by the qualifier
// upstream of its package URL, as syft writes it: xz-utils, xz@5.4.1 or the name of a source rpm. Empty without one.
func upstreamOf(purl string) string {
	_, qualifiers, _ := strings.Cut(purl, "?")
	qualifiers, _, _ = strings.Cut(qualifiers, "#")
	// Qualifiers of a package URL are percent-encoded pairs like those of a query (package-url specification).
	values, err := url.ParseQuery(qualifiers)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(values.Get("upstream"), "@")
	if base, ok := strings.CutSuffix(name, ".src.rpm"); ok {
		for range 2 { // release and version
			if at := strings.LastIndexByte(base, '-'); at > 0 {
				base = base[:at]
			}
		}
		name = base
	}
	return spelling(name)
}
