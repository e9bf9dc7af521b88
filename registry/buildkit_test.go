package registry

import "testing"

func TestIsSignedStatement(t *testing.T) {
	for mediaType, want := range map[string]bool{
		"application/vnd.in-toto.provenance+dsse": true, // as Docker stores them
		"application/vnd.in-toto.spdx+dsse":       true,
		"application/vnd.in-toto+dsse":            true,
		"application/vnd.in-toto+json":            false, // BuildKit's, which nobody signed
		"application/vnd.in-toto.provenance":      false,
		"application/vnd.dsse.envelope.v1+json":   false, // cosign's has a type of its own
		"application/json+dsse":                   false,
		"x-application/vnd.in-toto+dsse":          false,
		"":                                        false,
	} {
		if got := IsSignedStatement(mediaType); got != want {
			t.Errorf("IsSignedStatement(%q) = %v", mediaType, got)
		}
	}
}
