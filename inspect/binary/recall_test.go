package binary

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// A layer that replaces a program and writes its digest into the package database is found by what the layers below say,
// in every kind of database; an upgrade is none.
func TestADatabaseThatALayerRewroteIsFound(t *testing.T) {
	good, evil, top := program("top"), program("evil"), exe("usr/bin/top", program("top"))
	bad := exe("usr/bin/top", evil)
	packages := func(content, version string) []member {
		all := dpkgOf(map[string][]member{"procps": {exe("usr/bin/top", content)}, "base": {file("usr/share/base", "b")}}, "base", "procps")
		for i, m := range all {
			if m.Name == "var/lib/dpkg/status" {
				all[i].Content = strings.Replace(m.Content, "Package: procps\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0", "Package: procps\nStatus: install ok installed\nArchitecture: amd64\nVersion: "+version, 1)
			}
		}
		return all
	}
	without := func(members []member, name string) []member {
		return slices.DeleteFunc(slices.Clone(members), func(m member) bool { return m.Name == name })
	}
	apk := func(content, version string) member {
		return file("lib/apk/db/installed", "P:procps\nV:"+version+"\nF:usr/bin\nR:top\nZ:"+apkSumOf(content)+"\n\n")
	}
	rpm := func(content, release string) member {
		h := rpmHeader("procps", 8, rpmFile{Path: "/usr/bin/top", Digest: strings.TrimPrefix(sumOf([]byte(content)), "sha256:")})
		return file("var/lib/rpm/Packages", bdbOf(binary.LittleEndian, []byte(strings.Replace(string(h), "1.el9", release, 1))))
	}
	other := step("RUN true", file("srv/x", "x"))
	for name, test := range map[string]struct {
		layers []layerSpec
		want   string // of the only row, "" for none
	}{
		"dpkg":                       {[]layerSpec{step("base", append(packages(good, "1.0"), top)...), other, step("RUN x", append(packages(evil, "1.0"), bad)...)}, "layer 2 changed"},
		"dpkg, the digest taken out": {[]layerSpec{step("base", append(packages(good, "1.0"), top)...), step("RUN x", bad, whiteout("var/lib/dpkg/info/.wh.procps.md5sums"), file("var/lib/dpkg/status-old", ""))}, "layer 1 changed"},
		"dpkg, in its own layer":     {[]layerSpec{step("base", append(packages(good, "1.0"), top)...), step("RUN x", bad), step("RUN y", packages(evil, "1.0")...)}, "layer 2 changed"},
		"dpkg, twice": {[]layerSpec{
			step("base", append(packages(good, "1.0"), top)...), step("RUN x", append(packages(program("first"), "1.0"), exe("usr/bin/top", program("first")))...),
			step("RUN y", append(packages(evil, "1.0"), bad)...),
		}, "layer 2 changed"},
		"dpkg, an upgrade":          {[]layerSpec{step("base", append(packages(good, "1.0"), top)...), step("RUN apt-get upgrade", append(packages(evil, "1.1"), bad)...)}, ""},
		"dpkg, another package":     {[]layerSpec{step("base", append(packages(good, "1.0"), top)...), step("RUN apt-get install", append(dpkgOf(map[string][]member{"x": {exe("usr/bin/x", evil)}}, "x"), exe("usr/bin/x", evil))...)}, "unowned"},
		"dpkg, a rewrite undone":    {[]layerSpec{step("base", append(packages(good, "1.0"), top)...), step("RUN x", append(packages(evil, "1.0"), bad)...), step("RUN y", append(packages(good, "1.0"), top)...)}, ""},
		"dpkg, only the database":   {[]layerSpec{step("base", append(packages(good, "1.0"), top)...), step("RUN x", packages(evil, "1.0")...)}, ""},
		"distroless":                {[]layerSpec{step("base", file("var/lib/dpkg/status.d/procps", "Package: procps\nVersion: 1\n"), file("var/lib/dpkg/status.d/procps.md5sums", md5Of(good)+"  usr/bin/top\n"), top), step("COPY x", bad, file("var/lib/dpkg/status.d/procps.md5sums", md5Of(evil)+"  usr/bin/top\n"))}, "layer 1 changed"},
		"apk":                       {[]layerSpec{step("base", apk(good, "4.0"), top), step("RUN x", apk(evil, "4.0"), bad)}, "layer 1 changed"},
		"apk, an upgrade":           {[]layerSpec{step("base", apk(good, "4.0"), top), step("RUN apk upgrade", apk(evil, "4.1"), bad)}, ""},
		"rpm":                       {[]layerSpec{step("base", rpm(good, "1.el9"), top), step("RUN x", rpm(evil, "1.el9"), bad)}, "layer 1 changed"},
		"rpm, an upgrade":           {[]layerSpec{step("base", rpm(good, "1.el9"), top), step("RUN dnf upgrade", rpm(evil, "2.el9"), bad)}, ""},
		"a database that broke off": {[]layerSpec{step("base", file("var/lib/rpm/Packages", "x"), top), step("RUN x", rpm(evil, "1.el9"), bad)}, ""},
		"the list taken out too":    {[]layerSpec{step("base", append(packages(good, "1.0"), top)...), step("RUN x", append(without(packages(evil, "1.0"), "var/lib/dpkg/info/procps.list"), bad, whiteout("var/lib/dpkg/info/.wh.procps.list"))...)}, "layer 1 changed"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, test.layers...), nil)
			rows := c.Images[0].Binaries
			switch {
			case test.want == "" && len(rows) > 0:
				t.Errorf("rows %q: %s", binaryRows(c.Images[0]), rows[0].Detail)
			case test.want == "unowned":
				if !slices.Equal(binaryRows(c.Images[0]), []string{"medium /usr/bin/top x1 unowned"}) {
					t.Errorf("rows %q", binaryRows(c.Images[0]))
				}
			case test.want != "":
				if !slices.Equal(binaryRows(c.Images[0]), []string{"high /usr/bin/top x1 altered"}) || !strings.Contains(rows[0].Detail, test.want+" what the package database has") {
					t.Errorf("rows %q: %+v", binaryRows(c.Images[0]), rows)
				}
				a := c.Images[0].Altered
				if len(a) != 1 || !strings.Contains(a[0].Detail, test.want) || a[0].Expected == a[0].Actual || verdict.Of(&c).Status != inspect.CaseFailed {
					t.Errorf("altered %+v, case %s", a, verdict.Of(&c).Status)
				}
			}
		})
	}
}

// Two packages of rpm hold one path with different contents, as those of two architectures do: either may be there.
func TestRPMPackagesOfTwoArchitectures(t *testing.T) {
	sum := func(content string) string { return strings.TrimPrefix(sumOf([]byte(content)), "sha256:") }
	two := func(first, second string) member {
		return file("var/lib/rpm/Packages", bdbOf(binary.LittleEndian, rpmHeader("glibc", 8, rpmFile{Path: "/usr/bin/ldconfig", Digest: sum(first)}), rpmHeader("glibc", 8, rpmFile{Path: "/usr/bin/ldconfig", Digest: sum(second)})))
	}
	one := file("var/lib/rpm/Packages", bdbOf(binary.LittleEndian, rpmHeader("glibc", 8, rpmFile{Path: "/usr/bin/ldconfig", Digest: sum(program("64"))})))
	for name, test := range map[string]struct {
		layers  []layerSpec
		altered bool
	}{
		"the first":                        {[]layerSpec{step("base", two(program("64"), program("32")), exe("usr/bin/ldconfig", program("64")))}, false},
		"the second":                       {[]layerSpec{step("base", two(program("64"), program("32")), exe("usr/bin/ldconfig", program("32")))}, false},
		"neither":                          {[]layerSpec{step("base", two(program("64"), program("32")), exe("usr/bin/ldconfig", program("16")))}, true},
		"the second comes late":            {[]layerSpec{step("base", one, exe("usr/bin/ldconfig", program("64"))), step("RUN dnf install glibc.i686", two(program("64"), program("32")))}, false},
		"a second that brings its content": {[]layerSpec{step("base", one, exe("usr/bin/ldconfig", program("64"))), step("RUN x", two(program("64"), program("evil")), exe("usr/bin/ldconfig", program("evil")))}, true},
	} {
		c := newBench(t).examine(t, imageOf(t, v1.Config{}, test.layers...), nil)
		if got := len(c.Images[0].Altered) == 1; got != test.altered {
			t.Errorf("%s: altered %v: %+v", name, got, c.Images[0].Altered)
		}
	}
}
