package binary

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/owner"
)

// memberOfName picks one file of a database.
func memberOfName(members []member, name string) member {
	return members[slices.IndexFunc(members, func(m member) bool { return m.Name == name })]
}

// Owned means proven: whoever adds or replaces a program in a layer of their own can write the package database with
// it. Each of these names the program at least at medium.
func TestALayerCannotVouchForItsOwnPrograms(t *testing.T) {
	_, base := debian()
	const list, sums, status = "var/lib/dpkg/info/coreutils.list", "var/lib/dpkg/info/coreutils.md5sums",
		"var/lib/dpkg/status"
	added, evil := exe("usr/bin/helper", program("helper")), program("evil")
	replaced := exe("usr/bin/top", evil)
	old := func(name string) string { return memberOfName(base.Members, name).Content }
	chisel := func(sum string) member {
		return file("var/lib/chisel/manifest.wall", string(zstdOf(t,
			[]byte(`{"kind":"package","name":"x","version":"1","arch":"amd64"}`+"\n"+`{"kind":"path","path":"/usr/bin/helper","slices":["x_bins"],"sha256":"`+sum+`"}`+"\n"))))
	}
	for name, test := range map[string]struct {
		layer []member
		path  string
		code  string // of a finding about the database, "" for none
	}{
		"a list that grew": {
			[]member{added, file(list, old(list)+"/usr/bin/helper\n")},
			"/usr/bin/helper", inspect.CodeDatabaseGrew,
		},
		"a list that grew, with digest": {[]member{added, file(list, old(list)+"/usr/bin/helper\n"), file(sums,
			old(sums)+md5Of(added.Content)+"  usr/bin/helper\n")}, "/usr/bin/helper", inspect.CodeDatabaseGrew},
		"digests that went by a whiteout": {
			[]member{replaced, whiteout("var/lib/dpkg/info/.wh.coreutils.md5sums")},
			"/usr/bin/top",
			inspect.CodeDatabaseChanged,
		},
		"digests that were changed": {
			[]member{replaced, file(sums, strings.Replace(old(sums), md5Of(program("top")), md5Of(evil), 1))},
			"/usr/bin/top", inspect.CodeDatabaseChanged,
		},
		"a program as configuration": {
			[]member{replaced, file(status, strings.Replace(old(status),
				"Package: coreutils\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\nConffiles:\n",
				"Package: coreutils\nStatus: install ok installed\nArchitecture: amd64\nVersion: "+
					"1.0\nConffiles:\n /usr/bin/top "+md5Of(evil)+"\n", 1))},
			"/usr/bin/top", "",
		},
		"a diversion of something else to it": {
			[]member{added, file("var/lib/dpkg/diversions",
				"/usr/share/doc/coreutils/copyright\n/usr/bin/helper\n:\n")}, "/usr/bin/helper", "",
		},
		"a second package that claims the same": {
			append([]member{
				replaced, file("var/lib/dpkg/info/aaa.list", "/usr/bin/top\n"),
				file("var/lib/dpkg/info/aaa.md5sums", md5Of(evil)+"  usr/bin/top\n"),
			},
				file(status, "Package: aaa\nStatus: install ok installed\nVersion: 1\n\n"+old(status))),
			"/usr/bin/top", inspect.CodeClaimedTwice,
		},
		"a second database of another kind": {
			[]member{added, file("lib/apk/db/installed",
				"P:helper\nV:1\nF:usr/bin\nR:helper\nZ:"+apkSumOf(added.Content)+"\n\n")},
			"/usr/bin/helper",
			inspect.CodeSecondDatabase,
		},
		"a manifest of chisel": {[]member{added, chisel(strings.TrimPrefix(sumOf([]byte(added.Content)),
			"sha256:"))}, "/usr/bin/helper", inspect.CodeSecondDatabase},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN x", test.layer...)), nil)
			i := c.Images[0]
			at := slices.IndexFunc(i.Binaries, func(b inspect.Binary) bool { return b.Path == test.path })
			if at < 0 || i.Binaries[at].Severity.Rank() > inspect.Medium.Rank() {
				t.Errorf("rows %q", binaryRows(i))
			}
			var codes []string
			for _, f := range c.Findings {
				codes = append(codes, fmt.Sprint(f.Severity, " ", f.Code))
			}
			if test.code != "" && !slices.Contains(codes, "high "+test.code) {
				t.Errorf("findings %q, want high %s", codes, test.code)
			}
		})
	}
}

// What package managers do to their databases is no finding.
func TestOrdinaryChangesOfDatabasesAreCalm(t *testing.T) {
	_, base := debian()
	old := func(name string) string { return memberOfName(base.Members, name).Content }
	const status = "var/lib/dpkg/status"
	installed := exe("usr/bin/jq", program("jq"))
	stanza := "Package: jq\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.7\n\n"
	jq := []member{
		installed, file("var/lib/dpkg/info/jq.list", "/usr/bin/jq\n"),
		file("var/lib/dpkg/info/jq.md5sums", md5Of(installed.Content)+"  usr/bin/jq\n"),
	}
	for name, layer := range map[string][]member{
		"a package that is installed": append(slices.Clone(jq), file(status, old(status)+stanza)),
		"a package that is removed": {
			whiteout("usr/bin/.wh.top"),
			whiteout("var/lib/dpkg/info/.wh.coreutils.list"), whiteout("var/lib/dpkg/info/.wh.coreutils.md5sums"),
			whiteout("usr/bin/.wh.ls"), file(status, strings.Replace(old(status),
				"Package: coreutils\nStatus: install ok installed",
				"Package: coreutils\nStatus: deinstall ok config-files", 1)),
		},
		"digests that are cut to save room": {
			whiteout("var/lib/dpkg/info/.wh.coreutils.md5sums"), whiteout("var/lib/dpkg/info/.wh.bash.md5sums"),
			whiteout("var/lib/dpkg/info/.wh.base-files.md5sums"),
		},
		"a diversion that a package makes": append([]member{
			exe("usr/bin/top.distrib", program("top")), exe("usr/bin/top", program("fast top")),
			file("var/lib/dpkg/diversions", "/usr/bin/top\n/usr/bin/top.distrib\nfast\n"),
			file("var/lib/dpkg/info/fast.list", "/usr/bin/top\n"), file("var/lib/dpkg/info/fast.md5sums",
				md5Of(program("fast top"))+"  usr/bin/top\n"),
		}, file(status, old(status)+"Package: fast\nStatus: install ok installed\nVersion: 1\n\n")),
		"the same package again": append(slices.Clone(base.Members[len(base.Members)-7:]), exe("usr/bin/top",
			program("top"))),
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN apt-get", layer...)), nil)
			for _, f := range c.Findings {
				t.Errorf("%s %s: %s", f.Severity, f.Code, f.Title)
			}
			if rows := binaryRows(c.Images[0]); len(rows) > 0 {
				t.Errorf("rows %q", rows)
			}
		})
	}
}

// A packaged program without a digest is its package's by name only.
func TestProgramsWithoutADigest(t *testing.T) {
	members := append(packageOf("tool", "", []string{"/usr/bin/tool"}, nil), exe("usr/bin/tool", program("tool")))
	base := step("base", members...)
	clean := newBench(t).examine(t, imageOf(t, v1.Config{}, base), nil)
	if f := clean.Images[0].Files; f.Ownership != owner.Partial || !strings.Contains(f.Detail,
		"no digest of 1 programs") || len(clean.Images[0].Binaries) > 0 {
		t.Errorf("unchanged: %+v, rows %q", f, binaryRows(clean.Images[0]))
	}
	for content, want := range map[string]string{
		program("another"):                      "medium /usr/bin/tool x1 no-digest",
		program("x stratum+tcp://pool.example"): "high /usr/bin/tool x1 no-digest miner-string",
	} {
		c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("COPY", exe("usr/bin/tool", content))), nil)
		if got := binaryRows(c.Images[0]); !slices.Equal(got, []string{want}) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	good, bad := imageOf(t, v1.Config{}, base), imageOf(t, v1.Config{}, step("base", append(packageOf("tool", "",
		[]string{"/usr/bin/tool"}, nil), exe("usr/bin/tool", program("another")))...))
	c := newBench(t).examine(t, bad, &inspect.KnownGood{Reference: good, Location: good, Confirmed: true})
	if got := binaryRows(c.Images[0]); len(got) != 1 || !strings.HasPrefix(got[0], "high /usr/bin/tool") {
		t.Errorf("against a known-good: %q", got)
	}
}
