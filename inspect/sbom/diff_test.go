package sbom

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestDirection(t *testing.T) {
	for _, c := range []struct{ kind, from, to, want string }{
		{"deb", "1.0-1", "1.0-1+deb12u1", upgrade},
		{"deb", "1.0-1", "1.0-1~bpo1", downgrade},
		{"deb", "1:0.9", "1.0", downgrade}, // the epoch counts first
		{"deb", "not a version", "1.0", changed},
		{"apk", "1.2.4-r2", "1.2.4-r10", upgrade},
		{"apk", "1.2_rc1", "1.2", upgrade},
		{"rpm", "2.34-60.el9", "2.34-83.el9", upgrade},
		{"rpm", "1:1.0-1", "2.0-1", downgrade},
		{"python", "1.0rc1", "1.0", upgrade},
		{"python", "2.0", "1!1.0", upgrade},
		{"npm", "1.10.0", "1.9.0", downgrade},
		{"go-module", "v1.0.0", "v1.0.1-0.20240101000000-abcdefabcdef", upgrade},
		{"go-module", "go1.20.6", "go1.21.0", upgrade},
		{"binary", "xx", "yy", changed},
		{"deb", strings.Repeat("1", 300), "1", changed},
	} {
		if got := direction(c.kind, c.from, c.to); got != c.want {
			t.Errorf("%s from %.20s to %s is %s, want %s", c.kind, c.from, c.to, got, c.want)
		}
	}
}

func TestCompare(t *testing.T) {
	p := func(kind, name, version, at string) inspect.Package {
		return inspect.Package{Type: kind, Name: name, Version: version, Locations: []string{at}}
	}
	for _, c := range []struct {
		name                    string
		before, now             []inspect.Package
		added, removed, changed []string
	}{
		{
			name: "the same", before: []inspect.Package{p("deb", "a", "1", "")},
			now: []inspect.Package{p("deb", "a", "1", "")},
		},
		{
			name: "other type is another package", before: []inspect.Package{p("deb", "a", "1", "")}, now: []inspect.Package{
				p("apk", "a", "1", ""),
			},
			added: []string{"a 1"}, removed: []string{"a 1"},
		},
		{
			name: "a copy more is no change", before: []inspect.Package{p("npm", "a", "1", "/x")},
			now: []inspect.Package{p("npm", "a", "1", "/x"), p("npm", "a", "1", "/y")},
		},
		{
			name: "one of two versions changed", before: []inspect.Package{
				p("npm", "a", "1", "/x"), p("npm", "a", "2", "/y"),
			},
			now: []inspect.Package{p("npm", "a", "1", "/x"), p("npm", "a", "3", "/y")}, changed: []string{"a 2 3"},
		},
		{
			name: "paired by place", before: []inspect.Package{p("npm", "a", "1", "/x"), p("npm", "a", "2", "/y")},
			now: []inspect.Package{p("npm", "a", "3", "/y"), p("npm", "a", "4", "/x")}, changed: []string{
				"a 1 4", "a 2 3",
			},
		},
		{
			name: "one version became two", before: []inspect.Package{p("npm", "a", "1", "/x")},
			now: []inspect.Package{p("npm", "a", "2", "/x"), p("npm", "a", "3", "/y")}, changed: []string{"a 1 2"}, added: []string{
				"a 3",
			},
		},
		{name: "all gone", before: []inspect.Package{p("deb", "a", "1", "")}, removed: []string{"a 1"}},
	} {
		d := compare(c.before, c.now)
		var changes []string
		for _, x := range d.Changed {
			changes = append(changes, x.Name+" "+x.From+" "+x.To)
		}
		if !slices.Equal(names(d.Added), c.added) || !slices.Equal(names(d.Removed), c.removed) ||
			!slices.Equal(changes, c.changed) {
			t.Errorf("%s: added %q, removed %q, changed %q", c.name, names(d.Added), names(d.Removed), changes)
		}
		if d.Added == nil || d.Removed == nil || d.Changed == nil {
			t.Errorf("%s: a list is nil", c.name)
		}
	}
}

func TestFindings(t *testing.T) {
	good := inspect.KnownGood{Reference: "shop:1", Digest: "sha256:aa"}
	one := func(how string) inspect.PackageDiff {
		return inspect.PackageDiff{
			Changed: []inspect.PackageChange{
				{Type: "deb", Name: "coreutils", From: "1", To: "2", Change: how, Layer: 1},
			},
		}
	}
	altered := inspect.Image{
		Altered: []inspect.Altered{{Path: "/usr/bin/ls", Package: "coreutils:amd64", Severity: inspect.High}},
	}
	config := inspect.Image{Altered: []inspect.Altered{{Path: "/etc/ls.conf", Package: "coreutils", Config: true}}}
	edited := inspect.Image{
		Altered: []inspect.Altered{{Path: "/usr/lib/os-release", Package: "coreutils", Severity: inspect.Low}},
	}
	for _, c := range []struct {
		name  string
		image inspect.Image
		how   string
		want  inspect.Severity
	}{
		{"newer", inspect.Image{}, upgrade, inspect.Info},
		{"other", inspect.Image{}, changed, inspect.Low},
		{"older", inspect.Image{}, downgrade, inspect.Medium},
		{"newer with an altered file", altered, upgrade, inspect.Medium},
		{"newer with a file that is always edited", edited, upgrade, inspect.Info},
		{"newer with an edited config file", config, upgrade, inspect.Info},
	} {
		list := findings("web", c.image, good, one(c.how))
		if len(list) != 1 || list[0].Severity != c.want || list[0].Status != inspect.RowObserved {
			t.Errorf("%s: %+v, want one of %s", c.name, list, c.want)
		}
		if !strings.Contains(list[0].Title, "previous image") {
			t.Errorf("%s: nobody confirmed the comparison, and the title is %q", c.name, list[0].Title)
		}
	}
}

// A rebuild on another base is one sentence, and what is notable in it still stands alone.
func TestFindingsOfARebuild(t *testing.T) {
	var d inspect.PackageDiff
	for i := range 50 {
		c := inspect.PackageChange{Type: "deb", Name: strings.Repeat("a", i+1), From: "1", To: "2", Change: upgrade}
		if i == 7 {
			c.From, c.To, c.Change = "2", "1", downgrade
		}
		d.Changed = append(d.Changed, c)
	}
	list := findings("web", inspect.Image{}, inspect.KnownGood{Confirmed: true}, d)
	if len(list) != 2 || list[0].Severity != inspect.Medium || list[1].Code != "packages-changed" {
		t.Errorf("findings: %+v", list)
	}
}
