package sbom

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// randomPackages makes packages of few names, versions and places, so that two lists have much in common.
func randomPackages(seed uint64) []inspect.Package {
	r := rand.New(rand.NewPCG(seed, 9))
	list := make([]inspect.Package, r.IntN(15))
	for i := range list {
		list[i] = inspect.Package{
			Type: []string{"deb", "npm"}[r.IntN(2)], Name: fmt.Sprint("p", r.IntN(4)), Version: fmt.Sprintf("1.%d", r.IntN(4)),
			Locations: []string{fmt.Sprint("/at/", r.IntN(3))}, Layer: r.IntN(3),
		}
	}
	return list
}

// A comparison has two sides: what was added one way is removed the other way, and a change is the same change.
func TestComparisonsHaveTwoSides(t *testing.T) {
	for seed := range uint64(200) {
		before, now := randomPackages(seed), randomPackages(seed+1000)
		there, back := compare(before, now), compare(now, before)
		if len(there.Added) != len(back.Removed) || len(there.Removed) != len(back.Added) ||
			len(there.Changed) != len(back.Changed) {
			t.Fatalf("seed %d: %+v\nand back %+v", seed, there, back)
		}
		for _, c := range there.Changed {
			opposite := map[string]string{upgrade: downgrade, downgrade: upgrade, changed: changed}[c.Change]
			if !slices.ContainsFunc(back.Changed, func(o inspect.PackageChange) bool {
				return o.Name == c.Name && o.Type == c.Type && o.From == c.To && o.To == c.From && o.Change == opposite
			}) && len(before)+len(now) < 6 {
				t.Fatalf("seed %d: %+v has no other side in %+v", seed, c, back.Changed)
			}
		}
		if same := compare(now, now); len(same.Added)+len(same.Removed)+len(same.Changed) > 0 {
			t.Fatalf("seed %d: a list differs from itself: %+v", seed, same)
		}
	}
}

// The order in which syft finds packages is of no account, nor is how often one is there.
func TestTheOrderOfPackagesDoesNotMatter(t *testing.T) {
	for seed := range uint64(50) {
		before, now := randomPackages(seed), randomPackages(seed+500)
		want := fmt.Sprintf("%+v", compare(before, now))
		mixed := append(slices.Clone(now), now...)
		rand.New(rand.NewPCG(seed, 2)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if got := fmt.Sprintf("%+v", compare(before, mixed)); got != want {
			t.Fatalf("seed %d: %s\nwant %s", seed, got, want)
		}
	}
}

// Versions are ordered by the rules of their package manager; what is none has no order, and is not called older.
func TestOrdersOfVersions(t *testing.T) {
	for _, test := range []struct{ kind, older, newer string }{
		{"deb", "1.0-1", "1.0-2"},
		{"deb", "1.0~rc1", "1.0"},
		{"deb", "9.9", "1:0.1"},
		{"apk", "1.2.3-r0", "1.2.3-r10"},
		{"apk", "1.2_rc1", "1.2"},
		{"rpm", "1.0-1.el9", "1.0-1.el10"},
		{"rpm", "1.0~beta", "1.0"},
		{"python", "1.0rc1", "1.0"},
		{"python", "1.9", "1.10"},
		{"npm", "1.0.0-alpha", "1.0.0"},
		{"go-module", "v1.9.0", "v1.10.0"},
		{"go-module", "go1.25.9", "go1.26.0"},
	} {
		order, ok := CompareVersions(test.kind, test.older, test.newer)
		back, okBack := CompareVersions(test.kind, test.newer, test.older)
		if !ok || !okBack || order >= 0 || back <= 0 {
			t.Errorf("%s: %s and %s compare as %d and %d", test.kind, test.older, test.newer, order, back)
		}
		if direction(test.kind, test.older, test.newer) != upgrade ||
			direction(test.kind, test.newer, test.older) != downgrade ||
			direction(test.kind, test.newer, test.newer) != changed {
			t.Errorf("%s: the direction from %s to %s", test.kind, test.older, test.newer)
		}
	}
	long := "1." + strings.Repeat("1", maxVersion)
	for _, test := range []struct{ kind, a, b string }{
		{"npm", "latest", "1.0.0"},
		{"python", "1.0", "not a version"},
		{"deb", "", "1"},
		{"deb", long, "1"},
		{"npm", "1.0.0", long},
		{"unknown", "a", "b"},
	} {
		if order, ok := CompareVersions(test.kind, test.a, test.b); ok {
			t.Errorf("%s: %.20q and %.20q have the order %d", test.kind, test.a, test.b, order)
		}
		if got := direction(test.kind, test.a, test.b); got != changed {
			t.Errorf("%s: from %.20q to %.20q is an %s", test.kind, test.a, test.b, got)
		}
	}
}

// FuzzVersions holds that an order is one, whatever is compared.
func FuzzVersions(f *testing.F) {
	f.Add("1:2.3-4~rc1", "1.2.3-r4")
	f.Add("1.0.post1.dev2", "v0.0.0-20260101000000-abcdef")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, kind := range []string{"deb", "apk", "rpm", "python", "npm"} {
			order, ok := CompareVersions(kind, a, b)
			back, okBack := CompareVersions(kind, b, a)
			if ok != okBack || ok && (order < 0) != (back > 0) {
				t.Errorf("%s: %q and %q compare as %d and %d", kind, a, b, order, back)
			}
		}
	})
}

// A purl names a package in spellings that differ from scanner to scanner: case, escapes, namespaces of distributions.
func TestCoordinatesOfPackages(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:deb/debian/curl@7.88.1-10?arch=amd64":    "deb/curl 7.88.1-10",
		"pkg:deb/ubuntu/curl@7.88.1-10":               "deb/curl 7.88.1-10",
		"pkg:npm/%40scope/Name@1.0.0":                 "npm/@scope/name 1.0.0",
		"pkg:npm/@scope/name@1.0.0":                   "npm/@scope/name 1.0.0",
		"pkg:pypi/Foo_Bar@1.0#sub":                    "pypi/foo-bar 1.0",
		"pkg:golang/github.com/a/b@v1.0.0%2Bincompat": "golang/github.com/a/b v1.0.0+incompat",
		"pkg:maven/org.example/a":                     "maven/org.example/a ",
		"pkg:rpm/fedora/bash@5.2-1.fc41?epoch=1":      "rpm/bash 5.2-1.fc41",
		"deb/curl@1":                                  " ",
		"":                                            " ",
		"pkg:":                                        "/ ",
		"pkg:npm/%zz@1":                               "npm/%zz 1",
	} {
		key, version := coordinates(purl)
		if got := key + " " + version; got != want {
			t.Errorf("%s is %q, want %q", purl, got, want)
		}
	}
	all := byCoordinates(
		[]inspect.Package{{PURL: "pkg:deb/debian/a@1"}, {PURL: "pkg:deb/ubuntu/a@2"}, {PURL: ""}, {PURL: "no purl"}},
	)
	if len(all) != 1 || !slices.Equal(all["deb/a"], []string{"1", "2"}) {
		t.Errorf("%v", all)
	}
}

// What a person should know of a comparison: a version that went back, and a package of which a file does not match. A
// rebuild on another base is one sentence.
func TestFindingsOfAComparison(t *testing.T) {
	change := func(name, from, to string) inspect.PackageChange {
		return inspect.PackageChange{
			Type:   "deb",
			Name:   name,
			From:   from,
			To:     to,
			Change: direction("deb", from, to),
			Layer:  2,
		}
	}
	image := inspect.Image{
		Altered: []inspect.Altered{
			{Path: "/usr/bin/bad", Package: "bad:amd64", Severity: inspect.High}, {
				Path: "/etc/calm", Package: "calm", Severity: inspect.High,
				Config: true,
			}, {Path: "/usr/share/x", Package: "mild", Severity: inspect.Info},
		},
		Packages: []inspect.Package{
			{Type: "deb", Name: "old", Version: "1", Layer: 2, Locations: []string{"/var/lib/dpkg/status"}},
		},
		Layers: []inspect.Layer{
			{Number: 2, DiffID: "sha256:d2", CreatedBy: "RUN apt-get"}, {Number: 2, Empty: true, Digest: "sha256:e"},
		},
	}
	good := inspect.KnownGood{Reference: "shop:1", Digest: "sha256:good", Confirmed: true}
	d := inspect.PackageDiff{Changed: []inspect.PackageChange{
		change(
			"new",
			"1",
			"2",
		), change("old", "2", "1"), change("bad", "1", "2"), change("calm", "1", "2"), change("mild", "1", "2"),
		{Type: "npm", Name: "odd", From: "a", To: "b", Change: changed},
	}, Added: []inspect.Package{{Type: "npm", Name: "more", Version: "1"}}, Removed: []inspect.Package{{Type: "npm", Name: "less", Version: "1"}}}
	want := map[string]inspect.Severity{
		"new": inspect.Info, "old": inspect.Medium, "bad": inspect.Medium, "calm": inspect.Info, "mild": inspect.Info,
		"odd": inspect.Low, "more": inspect.Low, "less": inspect.Info,
	}
	list := findings("web", image, good, d)
	ids := map[string]bool{}
	for _, f := range list {
		_, name, _ := strings.Cut(f.Title, "package ")
		name, _, _ = strings.Cut(name, " ")
		if f.Severity != want[name] || f.Status != f.Severity.RowStatus() || !strings.HasPrefix(f.Subject, "web:") {
			t.Errorf("%s: %s, want %s: %s", name, f.Severity, want[name], f.Title)
		}
		ids[f.ID] = true
		if name == "old" && (f.Evidence[0].Digest != "sha256:d2" || f.Evidence[0].Path != "/var/lib/dpkg/status" ||
			!strings.Contains(f.Title, "went back to 1")) {
			t.Errorf("%+v", f)
		}
	}
	if len(list) != len(want) || len(ids) != len(want) {
		t.Errorf("%d findings, %d of their own", len(list), len(ids))
	}
	for n := range maxSingle {
		d.Added = append(d.Added, inspect.Package{Type: "deb", Name: fmt.Sprint("base", n), Version: "1"})
	}
	list = findings("web", image, good, d)
	if len(list) != 3 || list[2].Code != "packages-changed" ||
		!strings.Contains(list[2].Title, "6 packages changed, 21 added and 1 removed") {
		t.Errorf("a rebuild has %d findings, the last %+v", len(list), list[len(list)-1])
	}
}
