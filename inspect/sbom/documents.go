package sbom

import (
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Documents writes the packages of an image as SPDX 2.3 and CycloneDX 1.6, both JSON. The same image gives the same
// bytes: the time is that of the image, and serial numbers come from its digest. A digest of the documents can thus be
// compared between two machines.
func Documents(image inspect.Image, tool inspect.Tool) (spdx, cyclonedx []byte, err error) {
	if spdx, err = writeSPDX(image, tool); err != nil {
		return nil, nil, err
	}
	if cyclonedx, err = writeCycloneDX(image, tool); err != nil {
		return nil, nil, err
	}
	return spdx, cyclonedx, nil
}

// title names the image in a document.
func title(image inspect.Image) string {
	if image.Reference != "" {
		return image.Reference
	}
	return image.Key()
}

// hexOf is a digest without its algorithm.
func hexOf(digest string) string { return strings.TrimPrefix(digest, "sha256:") }

// madeAt is when the image was made; where that is not known, the beginning of time.
func madeAt(image inspect.Image) time.Time {
	if image.Created.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return image.Created.Time.UTC()
}
