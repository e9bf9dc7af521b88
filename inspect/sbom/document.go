package sbom

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxDocument bounds an SBOM that came with an image, in bytes. SBOMs of large images have some ten megabytes.
const MaxDocument = 32 << 20

// maxElements bounds the elements of an XML document, which may be many and empty.
const maxElements = 5_000_000

// Formats of SBOMs.
const (
	formatSPDX         = "spdx-json"
	formatSPDXText     = "spdx-tag-value"
	formatCycloneDX    = "cyclonedx-json"
	formatCycloneDXXML = "cyclonedx-xml"
	formatSyft         = "syft"
)

// Count gives the format of an SBOM and how many packages it lists. Formats are recognized by the bytes, never by
// a media type. Errors: what is neither, or is broken, or longer than MaxDocument. The count is of what the document
// lists, whatever the image has.
func Count(data []byte) (format string, packages int, err error) {
	if len(data) > MaxDocument {
		return "", 0, fmt.Errorf("reading an SBOM: longer than %d bytes", MaxDocument)
	}
	data = bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(data, []byte("{")):
		return countJSON(data)
	case bytes.HasPrefix(data, []byte("<")):
		return countXML(data)
	case bytes.Contains(firstLines(data), []byte("SPDXVersion:")):
		return formatSPDXText, countTagValue(data), nil
	default:
		return "", 0, errors.New("reading an SBOM: it is neither SPDX nor CycloneDX")
	}
}

// document is what distinguishes the JSON formats, and their lists.
type document struct {
	SPDXVersion string            `json:"spdxVersion"` // SPDX 2
	Packages    []json.RawMessage `json:"packages"`
	BOMFormat   string            `json:"bomFormat"` // CycloneDX
	Components  []component       `json:"components"`
	Artifacts   []json.RawMessage `json:"artifacts"` // syft's own
	Context     json.RawMessage   `json:"@context"`  // SPDX 3
	Graph       []element         `json:"@graph"`
}

// component is one of CycloneDX, which may hold others.
type component struct {
	Components []component `json:"components"`
}

// element is one of SPDX 3.
type element struct {
	Type string `json:"type"`
}

// countJSON counts the packages of an SBOM in JSON, and names its form. SPDX 3 is JSON-LD: its packages are elements of
// @graph of the type software_Package. The fields of several formats in one document are judged in the order of the
// cases.
func countJSON(data []byte) (string, int, error) {
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return "", 0, fmt.Errorf("reading an SBOM: %w", err)
	}
	switch {
	case d.SPDXVersion != "":
		return formatSPDX, len(d.Packages), nil
	case strings.EqualFold(d.BOMFormat, "CycloneDX"):
		return formatCycloneDX, countComponents(d.Components), nil
	case d.Artifacts != nil:
		return formatSyft, len(d.Artifacts), nil
	case d.Graph != nil && bytes.Contains(d.Context, []byte("spdx")):
		n := 0
		for _, e := range d.Graph {
			if e.Type == "software_Package" {
				n++
			}
		}
		return formatSPDX, n, nil
	default:
		return "", 0, errors.New("reading an SBOM: it is neither SPDX nor CycloneDX")
	}
}

// countComponents counts nested ones too. The depth is bounded by the JSON decoder.
func countComponents(list []component) int {
	n := len(list)
	for _, c := range list {
		n += countComponents(c.Components)
	}
	return n
}

// countXML counts the components of a CycloneDX document. Entities are not expanded: the decoder gives raw tokens, and
// a document type of its own is skipped. The stack of open elements is bounded by maxElements; a closing tag without an
// opening one is passed over.
func countXML(data []byte) (string, int, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	packages, elements, bom := 0, 0, false
	inComponents := []bool{false}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", 0, fmt.Errorf("reading an SBOM: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if elements++; elements > maxElements {
				return "", 0, fmt.Errorf("reading an SBOM: more than %d elements", maxElements)
			}
			bom = bom || elements == 1 && t.Name.Local == "bom"
			if t.Name.Local == "component" && inComponents[len(inComponents)-1] {
				packages++
			}
			inComponents = append(inComponents, t.Name.Local == "components")
		case xml.EndElement:
			if len(inComponents) > 1 {
				inComponents = inComponents[:len(inComponents)-1]
			}
		}
	}
	if !bom {
		return "", 0, errors.New("reading an SBOM: its XML is not CycloneDX")
	}
	return formatCycloneDXXML, packages, nil
}

// countTagValue counts the packages of SPDX tag-value: a PackageName each (SPDX 2.3, 7.1).
func countTagValue(data []byte) int {
	return bytes.Count(append([]byte("\n"), data...), []byte("\nPackageName:"))
}

// firstLines is the part by which forms are told apart.
func firstLines(data []byte) []byte { return data[:min(len(data), 4096)] }
