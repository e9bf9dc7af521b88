package advisory

import (
	"slices"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestParsePURL(t *testing.T) {
	for purl, want := range map[string]struct {
		key, space, version string
		upstream            []string
	}{
		"pkg:npm/%40ctrl/tinycolor@4.1.1":                                      {key: "npm/@ctrl/tinycolor", version: "4.1.1"},
		"pkg:npm/@ctrl/tinycolor":                                              {key: "npm/@ctrl/tinycolor"},
		"pkg:pypi/Typing.Extensions@4.0":                                       {key: "pypi/typing-extensions", version: "4.0"},
		"pkg:golang/github.com/boltdb/bolt@v1.3.1#sub/dir":                     {key: "golang/github.com/boltdb/bolt", version: "v1.3.1"},
		"pkg:deb/debian/liblzma5@5.6.1-1?arch=amd64&upstream=xz-utils":         {key: "deb/liblzma5", space: "debian", version: "5.6.1-1", upstream: []string{"xz-utils"}},
		"pkg:deb/debian/libc6@2.36?upstream=glibc%402.36":                      {key: "deb/libc6", space: "debian", version: "2.36", upstream: []string{"glibc"}},
		"pkg:rpm/fedora/xz-libs@5.6.0-1.fc40?upstream=xz-5.6.0-1.fc40.src.rpm": {key: "rpm/xz-libs", space: "fedora", version: "5.6.0-1.fc40", upstream: []string{"xz"}},
		"pkg:deb/xz-utils":                                                     {key: "deb/xz-utils"},
		"pkg:maven/org.apache/commons-text@1.12.0":                             {key: "maven/org.apache/commons-text", version: "1.12.0"},
		"pkg:composer/Laravel-Lang/Lang@1":                                     {key: "composer/laravel-lang/lang", version: "1"},
	} {
		c, err := parsePURL(purl)
		if err != nil || c.key() != want.key || c.space != want.space || c.version != want.version || !slices.Equal(c.upstream, want.upstream) {
			t.Errorf("%s: %+v, %v", purl, c, err)
		}
	}
	for _, bad := range []string{"", "npm/x", "pkg:", "pkg:npm", "pkg:npm/", "pkg:/x"} {
		if c, err := parsePURL(bad); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
}

// Packages without a purl are matched by their type and name.
func TestCoordinatesWithoutPURL(t *testing.T) {
	if c, ok := coordinatesOf(inspect.Package{Type: "python", Name: "Foo_Bar"}); !ok || c.key() != "pypi/foo-bar" {
		t.Errorf("%+v %v", c, ok)
	}
	if c, ok := coordinatesOf(inspect.Package{Type: "binary", Name: "x"}); ok {
		t.Errorf("%+v", c)
	}
}

func TestConstraints(t *testing.T) {
	for _, test := range []struct {
		kind, version, constraints string
		want                       bool
	}{
		{"deb", "5.6.1-1", ">=5.5.1alpha-0.1 <5.6.1+really", true},
		{"deb", "5.6.1+really5.4.5-1", ">=5.5.1alpha-0.1 <5.6.1+really", false},
		{"deb", "5.4.1-0.2", ">=5.5.1alpha-0.1 <5.6.1+really", false},
		{"apk", "5.6.1-r1", ">=5.6.0 <5.6.1-r2", true},
		{"apk", "5.6.1-r2", ">=5.6.0 <5.6.1-r2", false},
		{"rpm", "5.6.1-1.fc41", ">=5.6.0 <5.6.1.a", true},
		{"rpm", "1:5.4.6-3.fc41", ">=5.6.0 <5.6.1.a", false},
		{"rpm", "5.6.1.revertto5.4-3.2", ">=5.6.0 <5.6.1.a", false},
		{"rpm", "5.6.2-1.fc41", ">=5.6.0 <5.6.1.a", false},
		{"alpm", "5.6.1-1", ">=5.6.0 <5.6.1-2", true},
		{"alpm", "5.6.1-2", ">=5.6.0 <5.6.1-2", false},
		{"pypi", "8.3.42", "=8.3.42.0", true},
		{"pypi", "8.3.42rc1", ">=8.3.42", false},
		{"npm", "1.14.0", ">1.14.0", false},
		{"npm", "1.14.1", ">1.14.0 <=1.14.1", true},
		{"golang", "v0.69.4", "=0.69.4", true},
		{"gem", "3.2.0.3", "=3.2.0.3", true}, // no semantic version: equal texts are equal
		{"gem", "3.2.0.4", ">=3.2.0.3", false},
		{"npm", "1.0.0", "", false},
	} {
		all, err := parseConstraints(test.constraints)
		if err != nil {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		if got := allHold(all, test.kind, test.version); got != test.want {
			t.Errorf("%s %s %q: %v", test.kind, test.version, test.constraints, got)
		}
	}
}

func FuzzParsePURL(f *testing.F) {
	f.Add("pkg:rpm/fedora/xz@1?upstream=xz-1-2.src.rpm")
	f.Add("pkg:npm/%40a/b@1#c")
	f.Fuzz(func(t *testing.T, purl string) {
		if c, err := parsePURL(purl); err == nil && c.kind == "" {
			t.Errorf("%q: %+v", purl, c)
		}
	})
}
