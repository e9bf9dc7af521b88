package bagit

import (
	"strings"
	"testing"
)

func TestDigestsAreHexOfTheRightLength(t *testing.T) {
	good := strings.Repeat("0a", 32)
	for digest, want := range map[string]string{
		"sha256:" + good: good, "sha512:" + good: "", good: "", "sha256:" + good[1:]: "", "sha256:" + strings.ToUpper(good): "", "": "",
		"sha256:../../" + good[6:]: "",
	} {
		if got := HexOf(digest); got != want {
			t.Errorf("%q gave %q", digest, got)
		}
	}
}
