package policy

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		glob, image string
		want        bool
	}{
		{"ghcr.io/acme/app:v1", "ghcr.io/acme/app:v1", true},
		{"ghcr.io/acme/app:v2", "ghcr.io/acme/app:v1", false},
		{"ghcr.io/acme/app:*", "ghcr.io/acme/app", true}, // latest
		{"ghcr.io/acme/app@sha256:*", "ghcr.io/acme/app:v1", true},
		{"ghcr.io/acme/app", "ghcr.io/acme/app", true}, // as it was written
		{"ghcr.io/acme/app", "ghcr.io/acme/app:v1", false},
		{"ghcr.io/acme/app*", "ghcr.io/acme/app:v1", true},
		{"ghcr.io/acme/app*", "ghcr.io/acme/apple/pie:v1", false}, // * ends at a slash
		{"ghcr.io/acme/app**", "ghcr.io/acme/apple/pie:v1", true},
		{"ghcr.io/*/app:v1", "ghcr.io/acme/app:v1", true},
		{"ghcr.io/*/app:v1", "ghcr.io/acme/team/app:v1", false},
		{"ghcr.io/**", "ghcr.io/acme/team/app:v1", true},
		{"ghcr.io/**", "evil-ghcr.io/acme/app:v1", false},
		{"ghcr.io/**", "ghcrxio.example/acme/app:v1", false}, // a dot is a dot
		{"**", "ghcr.io/acme/app@" + digest, true},
		{"*", "nginx", true},                        // Docker Hub's official images
		{"*", "ghcr.io/nginx", false},               // and no others
		{"*", "acme/app", false},                    //
		{"*/*", "acme/app", true},                   // those of its users
		{"nginx", "nginx", true},                    // as it was written
		{"docker.io/library/nginx", "nginx", false}, // the full name is index.docker.io's
		{"index.docker.io/library/nginx:*", "nginx:1.27", true},
		{"reg.example:5000/app:*", "reg.example:5000/app:1", true},
		{"**", "oci:/srv/layout", true}, // without a name in a registry
		{"ghcr.io/**", "oci:/srv/ghcr.io", false},
	} {
		g, err := globOf(c.glob)
		if err != nil {
			t.Fatalf("%s: %v", c.glob, err)
		}
		if got := g.fits(nameOf(inspect.Image{ImageHead: inspect.ImageHead{Reference: c.image, Digest: digest}})); got != c.want {
			t.Errorf("%s fits %s: %t, want %t", c.glob, c.image, got, c.want)
		}
	}
}

func TestGlobsThatAreNone(t *testing.T) {
	for _, text := range []string{"", "ghcr.io/[a-z]", ".+", "ghcr.io/a b", "ghcr.io/\x00"} {
		if _, err := globOf(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
