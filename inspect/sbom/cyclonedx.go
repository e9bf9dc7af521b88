package sbom

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/backtrail/backtrail/inspect"
)

// writeCycloneDX writes a CycloneDX 1.6 document: the image as its subject, the packages as components.
// (https://cyclonedx.org/docs/1.6/json/) Layer and places of a package are properties of our own.
func writeCycloneDX(image inspect.Image, tool inspect.Tool) ([]byte, error) {
	bom := cdx.NewBOM()
	bom.SerialNumber = serial(image.Key())
	bom.Metadata = &cdx.Metadata{
		Timestamp: madeAt(image).Format(time.RFC3339),
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication,
			Name: tool.Name, Version: tool.Version,
		}}},
		Component: &cdx.Component{
			Type: cdx.ComponentTypeContainer, BOMRef: "image", Name: title(image),
			Version: image.Key(),
		},
	}
	components := make([]cdx.Component, 0, len(image.Packages))
	for i, p := range image.Packages {
		components = append(components, cdx.Component{
			Type: cdx.ComponentTypeLibrary, BOMRef: "package-" + strconv.Itoa(i), Name: p.Name, Version: p.Version,
			PackageURL: p.PURL,
			Properties: &[]cdx.Property{{Name: "backtrail:type", Value: p.Type}, {
				Name:  "backtrail:found",
				Value: found(p),
			}},
		})
	}
	bom.Components = &components
	var b bytes.Buffer
	if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom,
		cdx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("writing CycloneDX: %w", err)
	}
	return b.Bytes(), nil
}

// serial makes the UUID of a document out of the image's digest, so that the same image gives the same document. It is
// of version 8 (RFC 9562), which leaves the bits to whoever makes it.
func serial(key string) string {
	u := sha256.Sum256([]byte("cyclonedx " + key))
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

// found describes where a package was found.
func found(p inspect.Package) string {
	return fmt.Sprintf("layer %d: %s", p.Layer, strings.Join(p.Locations, ", "))
}
