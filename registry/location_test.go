package registry

import (
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func discardLogger() *log.Logger { return log.New(io.Discard, "", 0) }

var someDigest = "sha256:" + strings.Repeat("ab", 32)

func TestParse(t *testing.T) {
	hub := Location{Kind: KindRemote, Host: "docker.io", Repository: "library/nginx", Tag: "latest"}
	for _, test := range []struct {
		text string
		want Location
	}{
		{"nginx", hub},
		{"docker.io/nginx", hub},
		{"index.docker.io/library/nginx:latest", hub},
		{"ghcr.io/acme/app:v1", Location{Kind: KindRemote, Host: "ghcr.io", Repository: "acme/app", Tag: "v1"}},
		{"127.0.0.1:5000/app", Location{Kind: KindRemote, Host: "127.0.0.1:5000", Repository: "app", Tag: "latest"}},
		{"ghcr.io/acme/app@" + someDigest, Location{Kind: KindRemote, Host: "ghcr.io", Repository: "acme/app", Digest: someDigest}},
		{"ghcr.io/acme/app:v1@" + someDigest, Location{Kind: KindRemote, Host: "ghcr.io", Repository: "acme/app", Tag: "v1", Digest: someDigest}},
		{"docker-pullable://ghcr.io/acme/app@" + someDigest, Location{Kind: KindRemote, Host: "ghcr.io", Repository: "acme/app", Digest: someDigest}},
		{"[::1]:5000/app:1", Location{Kind: KindRemote, Host: "[::1]:5000", Repository: "app", Tag: "1"}},
		{"oci:dir", Location{Kind: KindLayout, Path: "dir"}},
		{"oci:/a/dir:v1", Location{Kind: KindLayout, Path: "/a/dir", Tag: "v1"}},
		{"oci:/a/dir:docker.io/library/nginx:1", Location{Kind: KindLayout, Path: "/a/dir", Tag: "docker.io/library/nginx:1"}},
		{"oci:/a/dir@" + someDigest, Location{Kind: KindLayout, Path: "/a/dir", Digest: someDigest}},
		{"oci-archive:x.tar", Location{Kind: KindArchive, Path: "x.tar"}},
		{"docker-archive:x.tar.gz", Location{Kind: KindDockerArchive, Path: "x.tar.gz"}},
		{"./x.tar", Location{Kind: KindPath, Path: "./x.tar"}},
		{"../x", Location{Kind: KindPath, Path: "../x"}},
		{"/x", Location{Kind: KindPath, Path: "/x"}},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, err := Parse(test.text)
			if err != nil || got != test.want {
				t.Fatalf("got %+v, %v; want %+v", got, err, test.want)
			}
			if again, err := Parse(got.String()); err != nil || again != got {
				t.Fatalf("%q is read again as %+v, %v", got, again, err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "oci:", "oci::v1", "UPPER/case", someDigest, "a b", "app@sha256:123", "x\x00y", "docker-archive:", "nginx:", "pod/", "a//b", "ghcr.io/a/", "ghcr.io/..", "docker://./app", "docker://../app", strings.Repeat("a", 250)} {
		if loc, err := Parse(text); err == nil {
			t.Errorf("%q is read as %+v", text, loc)
		}
	}
}

// A colon is a good character of a path: the longest path that exists is meant.
func TestParsePathWithColon(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a:b")
	check(t, os.Mkdir(dir, 0o700))
	for text, want := range map[string]Location{
		"oci:" + dir:                    {Kind: KindLayout, Path: dir},
		"oci:" + dir + ":v1":            {Kind: KindLayout, Path: dir, Tag: "v1"},
		"oci:" + dir + "@" + someDigest: {Kind: KindLayout, Path: dir, Digest: someDigest},
		dir + ":docker.io/x:1":          {Kind: KindPath, Path: dir, Tag: "docker.io/x:1"},
	} {
		if got := parse(t, text); got != want {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

func TestLocationAt(t *testing.T) {
	for text, want := range map[string]string{
		"ghcr.io/acme/app:v1": "ghcr.io/acme/app:v1@" + someDigest,
		"oci:dir:v1":          "oci:dir@" + someDigest,
	} {
		if got := parse(t, text).At(someDigest).String(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"nginx", "oci:dir:v1", "docker-archive:x.tar", "./x", "docker-pullable://a.b/c@" + someDigest, "oci:a@" + someDigest, "docker://./app"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		loc, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(loc.String())
		if err != nil || again != loc {
			t.Fatalf("%q is %+v; its form %q is read as %+v, %v", text, loc, loc, again, err)
		}
	})
}
