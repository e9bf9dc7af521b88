package journal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// library is a journal with the images a and b, which have the same packages, and c, which has none of them. The image b
// is found by an index and a config too.
func library(t *testing.T) *Journal {
	t.Helper()
	j := opened(t)
	a, b, c := image("a"), image("b"), image("c")
	b.Index, b.Config = digest("e"), digest("f")
	c.Packages = []inspect.Package{
		{Type: "go-module", Name: "github.com/Shop/Cart", Version: "v1"},
		{Type: "python", Name: "Zope.Interface", Version: "5"},
		{Type: "rpm", Name: "xz-libs", Version: "5.4", PURL: "pkg:rpm/fedora/xz-libs@5.4?upstream=xz-5.4-1.src.rpm"},
	}
	c.Advisories = []inspect.Advisory{{ID: "MAL-2026-1", Kind: inspect.AdvisoryPackage, Subject: "cart v1", Layer: 2}}
	c.Layers = append(c.Layers, inspect.Layer{Position: 1, Number: -1, Empty: true},
		inspect.Layer{Position: 2, Number: 1, Digest: digest("3"), DiffID: digest("4"), Created: inspect.At(noon)})
	for _, i := range []inspect.Image{a, b, c} {
		if err := j.PutImage(t.Context(), Full, i, someFiles...); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

// named writes hits as the first character of the image, the layer, what and path.
func named(t *testing.T, j *Journal, hits []Hit, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	images, _, err := j.Lookup().Stored(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, h := range hits {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%c%d %s %s", images[h.Image].Digest[7], h.Layer, h.What, h.Path)))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestPackagesAreFoundByEachNameThatPeopleUse(t *testing.T) {
	j := library(t)
	for name, want := range map[string]string{
		"log4j-core":           "a1 log4j-core 2.14.1 /app/lib/log4j-core-2.14.1.jar, b1 log4j-core 2.14.1 /app/lib/log4j-core-2.14.1.jar",
		"Log4J_Core":           "a1 log4j-core 2.14.1 /app/lib/log4j-core-2.14.1.jar, b1 log4j-core 2.14.1 /app/lib/log4j-core-2.14.1.jar",
		"github.com/shop/cart": "c0 github.com/Shop/Cart v1",
		"cart":                 "c0 github.com/Shop/Cart v1",
		"zope-interface":       "c0 Zope.Interface 5",
		"xz":                   "c0 xz-libs 5.4",
		"log4j":                "",
		"":                     "",
		"%":                    "",
	} {
		found, err := j.Lookup().PackagesNamed(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		hits, err := j.Lookup().ImagesWith(t.Context(), found)
		if got := named(t, j, hits, err); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestImagesAreFoundByFilesDigestsAndLeads(t *testing.T) {
	j := library(t)
	l, ctx := j.Lookup(), t.Context()
	exe := strings.Repeat("e", 64)
	check := func(want string, hits []Hit, err error) {
		t.Helper()
		if got := named(t, j, hits, err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	hits, err := l.ImagesWithPath(ctx, "/usr/bin/xz")
	check("a0 /usr/bin/xz /usr/bin/xz, b0 /usr/bin/xz /usr/bin/xz, c0 /usr/bin/xz /usr/bin/xz", hits, err)
	hits, err = l.ImagesWithPath(ctx, "bin/xz")
	check("a0 bin/xz /usr/bin/xz, b0 bin/xz /usr/bin/xz, c0 bin/xz /usr/bin/xz", hits, err)
	hits, err = l.ImagesWithPath(ctx, "in/xz") // the end of a path is whole names
	check("", hits, err)
	hits, err = l.ImagesWithPath(ctx, "/app/lib/log4j-core-2.14.1.jar") // where a package lies
	check("a1 /app/lib/log4j-core-2.14.1.jar /app/lib/log4j-core-2.14.1.jar, b1 /app/lib/log4j-core-2.14.1.jar /app/lib/log4j-core-2.14.1.jar", hits, err)
	for _, sum := range []string{exe, "sha256:" + exe} {
		hits, err = l.ImagesWithContent(ctx, sum)
		check("a0 "+sum+" /usr/bin/xz, b0 "+sum+" /usr/bin/xz, c0 "+sum+" /usr/bin/xz", hits, err)
	}
	hits, err = l.ImagesWithContent(ctx, "no digest")
	check("", hits, err)
	for d, where := range map[string]string{"a": "a-1", "e": "b-1", "f": "b-1", "3": "c1", "4": "c1"} {
		hits, err = l.ImagesWithDigest(ctx, digest(d))
		check(where+" "+digest(d), hits, err)
	}
	hits, err = l.ImagesWithLead(ctx, "mal-2026-1")
	check("c2 cart v1", hits, err)
}

func TestFactsAreFoundByIndexAndConfig(t *testing.T) {
	j := library(t)
	for _, d := range []string{"b", "e", "f"} {
		if i, err := j.Image(t.Context(), digest(d), Packages); err != nil || i.Digest != digest("b") {
			t.Errorf("%s: %s, %v", d, i.Digest, err)
		}
	}
	if _, err := j.Image(t.Context(), digest("9"), Identity); !errors.Is(err, ErrNotStored) {
		t.Errorf("of an image that is not stored: %v", err)
	}
}

func TestStoredImagesAndTheirLayers(t *testing.T) {
	images, byDigest, err := library(t).Lookup().Stored(t.Context(), true)
	if err != nil || len(images) != 3 || len(byDigest) != 5 {
		t.Fatalf("%d images, %d digests, %v", len(images), len(byDigest), err)
	}
	c := images[byDigest[digest("c")][0]]
	if c.Depth != Full || !c.Current || !c.Created.Equal(noon) || len(c.Layers) != 1 || c.Layers[0].Number != 1 {
		t.Errorf("%+v", c)
	}
}

func TestEachPackageIsGivenOnce(t *testing.T) {
	j, n := library(t), 0
	err := j.Lookup().EachPackage(t.Context(), func(p StoredPackage) error {
		n++
		return nil
	})
	if err != nil || n != 5 {
		t.Errorf("%d packages, %v", n, err)
	}
	enough := errors.New("enough")
	if err := j.Lookup().EachPackage(t.Context(), func(StoredPackage) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the error of the callback: %v", err)
	}
}

func TestFactsOfAllImagesComeWithoutPackages(t *testing.T) {
	seen := 0
	err := library(t).Lookup().EachFacts(t.Context(), func(_ int64, i inspect.Image) error {
		if seen++; i.Digest == "" || i.Packages != nil {
			t.Errorf("%s has %d packages", i.Digest, len(i.Packages))
		}
		return nil
	})
	if err != nil || seen != 3 {
		t.Errorf("%d images, %v", seen, err)
	}
}

// More packages than stand in one statement.
func TestManyPackagesAreFoundAtOnce(t *testing.T) {
	j, i := opened(t), image("a")
	i.Packages = nil
	for n := range maxNumbers*2 + 1 {
		i.Packages = append(i.Packages, inspect.Package{Type: "npm", Name: "same", Version: fmt.Sprint(n)})
	}
	if err := j.PutImage(t.Context(), Packages, i); err != nil {
		t.Fatal(err)
	}
	found, err := j.Lookup().PackagesNamed(t.Context(), "same")
	if err != nil || len(found) != maxNumbers*2+1 {
		t.Fatalf("%d packages, %v", len(found), err)
	}
	if hits, err := j.Lookup().ImagesWith(t.Context(), found); err != nil || len(hits) != len(found) {
		t.Errorf("%d hits, %v", len(hits), err)
	}
}

func TestDepthsHaveNames(t *testing.T) {
	for _, d := range []Depth{Identity, Packages, Full} {
		if got, err := ParseDepth(d.String()); err != nil || got != d {
			t.Errorf("%s: got %v, %v", d, got, err)
		}
	}
	if _, err := ParseDepth("deep"); err == nil {
		t.Error("deep is no depth")
	}
}

// What the address of a database would read as its own syntax is part of a name here.
func TestAPathMayHaveAnyCharacters(t *testing.T) {
	path := t.TempDir() + "/a b?mode=ro&x#y%41/ü/journal.db"
	j, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.See(t.Context(), []Sighting{saw("shop/web:1", digest("a"), noon)}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if !Exists(path) {
		t.Fatal("the journal lies elsewhere")
	}
	if j, err = Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if c, err := j.Count(t.Context()); err != nil || c.Sightings != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}
