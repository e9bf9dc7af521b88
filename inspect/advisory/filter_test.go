package advisory

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// named has packs and records of names in all spellings that matter.
func named() *index {
	db := &Database{lines: []byte("golang/example.com/x/Tool\t{}\n" +
		"npm/@scope/left-pad\t{}\nnpm/Left_Pad\t{}\npypi/a-b\t{}\n")}
	p := &Pack{ID: "p", Packages: []Affected{
		{PURL: "pkg:pypi/Some.Package__X"},
		{PURL: "pkg:nuget/New.Thing"},
		{PURL: "pkg:deb/debian/xz-utils"},
		{PURL: "pkg:maven/org.acme/web-core"},
		{PURL: "pkg:npm/%40acme/lib%2Bx"},
		{PURL: "pkg:rpm/libxml2"},
	}}
	return newIndex([]*Pack{p}, db)
}

func TestWhatARecordNamesIsNeverPassedOver(t *testing.T) {
	x := named()
	for _, p := range []inspect.Package{
		{PURL: "pkg:golang/example.com/x/Tool@v1"},
		{PURL: "pkg:npm/%40scope/left-pad@1"},
		{PURL: "pkg:npm/@scope/left-pad@1"},
		{PURL: "pkg:npm/Left_Pad"},
		{PURL: "pkg:pypi/A.B@2"},
		{PURL: "pkg:pypi/a___b@2"},
		{PURL: "pkg:pypi/some-package-x@2"},
		{PURL: "pkg:nuget/NEW.THING@2"},
		{PURL: "pkg:deb/debian/liblzma5@5.6?arch=amd64&upstream=xz-utils"},
		{PURL: "pkg:deb/debian/liblzma5@5.6?upstream=xz-utils%405.6.1"},
		{PURL: "pkg:deb/debian/liblzma5@5.6?up%73tream=xz-utils"},
		{PURL: "pkg:deb/debian/liblzma5@5.6?upstream=other&upstream=xz-utils"},
		{PURL: "pkg:rpm/redhat/python3-libxml2@2?upstream=libxml2-2.9-1.src.rpm"},
		{PURL: "pkg:npm/%40acme/lib%2Bx@1"},
		{PURL: "pkg:maven/org.acme/web-core/@1#sub/path"},
		{Type: "python", Name: "Some.Package_X"},
		{PURL: "broken", Type: "npm", Name: "@scope/left-pad"},
	} {
		if !x.mayName(p) {
			t.Errorf("%+v is passed over", p)
		}
	}
	for _, p := range []inspect.Package{
		{PURL: "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"},
		{PURL: "pkg:deb/debian/libc6@2?upstream=glibc%402.36"},
		{Type: "npm", Name: "right-pad"},
	} {
		if x.mayName(p) {
			t.Errorf("%+v is looked up", p)
		}
	}
}

// Whatever package URL a package has: where a candidate or a record is found by its coordinates, the filter lets it
// through.
func TestTheFilterPassesOverNothing(t *testing.T) {
	x := named()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	found := 0
	for range 20_000 {
		p := inspect.Package{
			Type: pick("npm", "python", "deb", "dotnet", ""),
			Name: pick("left-pad", "A.b", "xz-utils", "@scope/left-pad", ""),
			PURL: pick("pkg:", "pkg:", "pkg:", "") + pick("npm", "pypi", "deb", "nuget", "golang", "rpm") + "/" +
				pick("", "@scope/", "%40scope/", "debian/", "example.com/x/") +
				pick("left-pad", "Left_Pad", "a.b", "A__B", "xz-utils", "liblzma5", "Tool", "new.thing", "lib%2Bx") +
				pick("", "@1", "@1%2B2", "/") +
				pick("", "?upstream=xz-utils", "?upstream=libxml2-2-1.src.rpm", "?a=b&up%73tream=xz-utils",
					"?upstream=xz-utils%401", "?upstream=a%2Fxz-utils", "#x"),
		}
		c, ok := coordinatesOf(p)
		if !ok || len(x.candidates(c)) == 0 && len(x.db.find(c.key())) == 0 {
			continue
		}
		found++
		if !x.mayName(p) {
			t.Fatalf("%+v is passed over", p)
		}
	}
	if found < 100 {
		t.Errorf("only %d packages had a record: nothing was compared", found)
	}
}

func TestFoldedHasNoCopyOfAPlainName(t *testing.T) {
	name := fmt.Sprint("left-", "pad")
	if n := testing.AllocsPerRun(100, func() { _ = folded(name) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if folded("A.._B") != "a-b" || folded("a--b") != "a-b" {
		t.Errorf("%q, %q", folded("A.._B"), folded("a--b"))
	}
}
