package sbom

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// maxListed bounds the packages and files of one document that are compared.
const maxListed = 500_000

// listing is what an SBOM claims to be in an image.
type listing struct {
	packages []claim
	files    map[string]string // sha256 by path
}

// claim is a package of an SBOM.
type claim struct{ purl, name, version string }

// readListed reads the packages of a document, and its files where it lists them with a SHA-256. At most maxListed
// packages and as many files. A package without a purl cannot be compared and is left out. Errors are those of Count:
// too long, neither format, or broken.
func readListed(data []byte) (listing, error) {
	if len(data) > MaxDocument {
		return listing{}, fmt.Errorf("reading an SBOM: longer than %d bytes", MaxDocument)
	}
	data = bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(data, []byte("{")):
		return listedJSON(data)
	case bytes.HasPrefix(data, []byte("<")):
		return listedXML(data)
	case bytes.Contains(firstLines(data), []byte("SPDXVersion:")):
		return listedTagValue(data), nil
	}
	return listing{}, errors.New("reading an SBOM: it is neither SPDX nor CycloneDX")
}

// spdxDocument is the part of SPDX 2 that is compared, and of syft's own form.
type spdxDocument struct {
	Packages []struct {
		Name    string `json:"name"`
		Version string `json:"versionInfo"`
		Refs    []struct {
			Type    string `json:"referenceType"`
			Locator string `json:"referenceLocator"`
		} `json:"externalRefs"`
	} `json:"packages"`
	Files []struct {
		Name      string `json:"fileName"`
		Checksums []struct {
			Algorithm string `json:"algorithm"`
			Value     string `json:"checksumValue"`
		} `json:"checksums"`
	} `json:"files"`
	Components []cdxComponent `json:"components"`
	Artifacts  []struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl"`
	} `json:"artifacts"`
}

// cdxComponent is a component of CycloneDX, in JSON and XML.
type cdxComponent struct {
	Type       string         `json:"type" xml:"type,attr"`
	Name       string         `json:"name" xml:"name"`
	Version    string         `json:"version" xml:"version"`
	PURL       string         `json:"purl" xml:"purl"`
	Components []cdxComponent `json:"components" xml:"components>component"`
}

// listedJSON reads the packages and files that an SBOM in JSON lists. One struct has the fields of all three forms;
// those that a document lacks are empty. The digest of a file is compared in lower case; one that is no SHA-256 is left
// out, since nothing here computes others.
func listedJSON(data []byte) (listing, error) {
	var d spdxDocument
	if err := json.Unmarshal(data, &d); err != nil {
		return listing{}, fmt.Errorf("reading an SBOM: %w", err)
	}
	l := listing{files: map[string]string{}}
	for _, p := range d.Packages {
		c := claim{name: p.Name, version: p.Version}
		for _, r := range p.Refs {
			if r.Type == "purl" {
				c.purl = r.Locator
			}
		}
		l.add(c)
	}
	for _, a := range d.Artifacts {
		l.add(claim{a.PURL, a.Name, a.Version})
	}
	l.components(d.Components, 0)
	for _, f := range d.Files {
		for _, sum := range f.Checksums {
			if sum.Algorithm == "SHA256" && len(l.files) < maxListed {
				l.files[layer.CleanPath(f.Name)] = strings.ToLower(sum.Value)
			}
		}
	}
	return l, nil
}

// add lists a package within the bound. What is past the bound is dropped, and the comparison then covers the first
// maxListed packages.
func (l *listing) add(c claim) {
	if c.purl != "" && len(l.packages) < maxListed {
		l.packages = append(l.packages, c)
	}
}

// maxNesting bounds how deep components lie in each other. Real documents nest two or three levels; the recursion is
// bounded whatever the JSON decoder permits.
const maxNesting = 50

// components lists the components of CycloneDX, which may have components of their own, to a depth.
func (l *listing) components(all []cdxComponent, depth int) {
	for _, c := range all {
		l.add(claim{c.PURL, c.Name, c.Version})
		if depth < maxNesting {
			l.components(c.Components, depth+1)
		}
	}
}

// listedXML reads the packages of CycloneDX in XML. countXML goes first: it bounds the elements before any is held.
func listedXML(data []byte) (listing, error) {
	var d struct {
		XMLName    xml.Name
		Components []cdxComponent `xml:"components>component"`
	}
	if _, _, err := countXML(data); err != nil { // which bounds its elements
		return listing{}, err
	}
	if err := xml.Unmarshal(data, &d); err != nil {
		return listing{}, fmt.Errorf("reading an SBOM: %w", err)
	}
	l := listing{}
	l.components(d.Components, 0)
	return l, nil
}

// listedTagValue reads the tags of packages and of their purls. Files are grouped with packages by order alone, and
// are left out. An example of a purl: "ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/zlib1g@1.3".
func listedTagValue(data []byte) listing {
	var l listing
	var c claim
	end := func() {
		l.add(c)
		c = claim{}
	}
	layer.Lines(data, func(line string) {
		tag, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch tag {
		case "PackageName":
			end()
			c.name = value
		case "PackageVersion":
			c.version = value
		case "ExternalRef":
			if fields := strings.Fields(value); len(fields) == 3 && fields[1] == "purl" {
				c.purl = fields[2]
			}
		}
	})
	end()
	return l
}
