package advisory

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// Names one slip away from well-known ones are found; well-known names, other release lines, forks and packages of the same
// owner are not.
func TestLookalikes(t *testing.T) {
	x := newIndex(nil, nil)
	for purl, want := range map[string]string{
		"pkg:pypi/colourama":                      "colorama",
		"pkg:pypi/reqeusts":                       "requests",
		"pkg:pypi/python-dateutils":               "python-dateutil",
		"pkg:npm/loadsh":                          "lodash",
		"pkg:npm/expresss":                        "express",
		"pkg:npm/crossenv":                        "cross-env",
		"pkg:npm/%40typos/node":                   "@types/node",
		"pkg:gem/rest-cliemt":                     "rest-client",
		"pkg:gem/nokogirl":                        "nokogiri",
		"pkg:cargo/serde-json":                    "serde_json",
		"pkg:golang/github.com/boltdb-go/bolt":    "github.com/boltdb/bolt",
		"pkg:golang/github.com/sirupsem/logrus":   "github.com/sirupsen/logrus",
		"pkg:golang/github.com/gorila/mux/v2":     "github.com/gorilla/mux",
		"pkg:composer/symfonny/console":           "symfony/console",
		"pkg:pypi/colorama":                       "",
		"pkg:pypi/PyYAML":                         "",
		"pkg:pypi/boto":                           "",
		"pkg:npm/preact":                          "",
		"pkg:npm/tinycolor3":                      "",
		"pkg:npm/%40orchard/ui":                   "",
		"pkg:gem/fastlog":                         "",
		"pkg:golang/github.com/myfork/bolt":       "",
		"pkg:golang/github.com/spf13/cobra2":      "",
		"pkg:golang/github.com/redis/go-redis/v9": "",
		"pkg:golang/golang.org/x/sys":             "",
		"pkg:golang/k8s.io/api":                   "",
		"pkg:composer/guzzlehttp/guzzle":          "",
		"pkg:composer/orchard/console":            "",
		"pkg:maven/com.orchard/ledger":            "",
		"pkg:npm/" + longName:                     "",
	} {
		c, err := parsePURL(purl)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.lookalike(c); got != want {
			t.Errorf("%s poses as %q, want %q", purl, got, want)
		}
	}
}

var longName = string(make([]byte, maxName+1))

func TestImageLookalikes(t *testing.T) {
	x := newIndex(nil, nil)
	for reference, want := range map[string]string{
		"docker.io/pauseyyf/pause:latest":     "pause",
		"bitnamii/redis:7":                    "bitnami/redis",
		"grafanna/grafana:11":                 "grafana/grafana",
		"registry.k8s.lo/kube-proxy:v1":       "registry.k8s.io/kube-proxy",
		"nginxx":                              "",
		"nginx:1.27":                          "",
		"library/nginx":                       "",
		"grafana/grafana":                     "",
		"registry.k8s.io/pause:3.10":          "",
		"rancher/pause:3.6":                   "",
		"registry.orchard.example/shop/web:1": "",
		"myorg/nginx:1":                       "",
		"oci:/tmp/image":                      "",
		"postgres@sha256:" + kicsIndex[7:]:    "",
	} {
		if got := x.imageLookalike(reference); got != want {
			t.Errorf("%s poses as %q, want %q", reference, got, want)
		}
	}
}

// What the image that is compared with has too is no news, and what a record names already is not named twice.
func TestSquatsAreNewNames(t *testing.T) {
	x := newIndex(nil, nil)
	squatter := inspect.Package{Type: "python", Name: "colourama", Version: "0.1.6", PURL: "pkg:pypi/colourama@0.1.6"}
	image := inspect.Image{Packages: []inspect.Package{squatter, {Type: "deb", Name: "opensll", PURL: "pkg:deb/debian/opensll@1"}}}
	if got := x.squats(image, nil); len(got) != 1 || got[0].target != "colorama" {
		t.Errorf("%+v", got)
	}
	if got := x.squats(image, []inspect.Advisory{{Subject: "colourama 0.1.6"}}); len(got) != 0 {
		t.Errorf("named twice: %+v", got)
	}
	image.Diff = &inspect.Diff{Packages: &inspect.PackageDiff{}}
	if got := x.squats(image, nil); len(got) != 0 {
		t.Errorf("not new: %+v", got)
	}
	f := lookalikes(inspect.Image{ImageHead: inspect.ImageHead{Container: "web", Reference: "bitnamii/redis:7"}}, []squat{{squatter, "colorama"}}, "bitnami/redis")
	if len(f) != 2 || f[0].Severity != inspect.Medium || f[0].ID == f[1].ID {
		t.Errorf("%+v", f)
	}
}

func FuzzLookalike(f *testing.F) {
	x := newIndex(nil, nil)
	f.Add("npm", "loadsh")
	f.Add("golang", "github.com/a/b/v2")
	f.Fuzz(func(_ *testing.T, kind, name string) {
		x.lookalike(coordinates{kind: kind, name: name})
		x.imageLookalike(name)
	})
}

// Of two names that another poses as, it is always the same one that is named.
func TestOwnerLookalikeIsStable(t *testing.T) {
	l := newNameList([]string{"github.com/abcdef/tool", "github.com/abcdeg/tool"})
	for range 50 {
		if got := goLookalike(l, "github.com/abcdeh/tool"); got != "github.com/abcdef/tool" {
			t.Fatal(got)
		}
	}
}
