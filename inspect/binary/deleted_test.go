package binary

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// deletedPrograms are what the settings say of them.
func deletedPrograms(i inspect.Image) string {
	var list []string
	for _, s := range i.Notable {
		if s.Code == "deleted-programs" {
			list = append(list, s.Detail)
		}
	}
	return strings.Join(list, " | ")
}

// A program that a layer dropped and a later one deleted is still in the image: it is shown where its place or its bytes
// show a sign, and counted otherwise. What a package brought and took away is neither.
func TestProgramsThatWereDeleted(t *testing.T) {
	packages, base := debian()
	miner := elfOf(amd64, false, "stratum+tcp://pool.example:3333")
	gcc := map[string][]member{"base-files": packages["base-files"], "bash": packages["bash"], "coreutils": packages["coreutils"], "gcc": {exe("usr/bin/gcc", program("gcc"))}}
	build := step("RUN apt-get install gcc", append(dpkgOf(gcc, "base-files", "bash", "coreutils", "gcc"), exe("usr/bin/gcc", program("gcc")))...)
	purge := step("RUN apt-get purge gcc", append(dpkgOf(packages, "base-files", "bash", "coreutils"), whiteout("usr/bin/.wh.gcc"), whiteout("var/lib/dpkg/info/.wh.gcc.list"), whiteout("var/lib/dpkg/info/.wh.gcc.md5sums"))...)
	for name, test := range map[string]struct {
		layers []layerSpec
		want   []string
		count  string // what the settings say, "" for nothing
	}{
		"dropped where all may write": {
			[]layerSpec{base, step("RUN get", exe("tmp/kinsing", elfOf(amd64, true, "k"))), step("RUN rm", whiteout("tmp/.wh.kinsing"))},
			[]string{"medium /tmp/kinsing x1 deleted unowned tmp-path"},
			"/tmp/kinsing of layer 1 was deleted or replaced by layer 2",
		},
		"a miner": {
			[]layerSpec{base, step("RUN get", exe("opt/x/run", miner)), step("RUN rm", whiteout("opt/.wh.x"))},
			[]string{"medium /opt/x/run x1 deleted unowned miner-string static-stripped"},
			"/opt/x/run of layer 1",
		},
		"a script of a build": {
			[]layerSpec{base, step("COPY", exe("tmp/install.sh", "#!/bin/sh\necho\n")), step("RUN rm", whiteout("tmp/.wh.install.sh"))},
			[]string{"low /tmp/install.sh x1 deleted unowned tmp-path"},
			"/tmp/install.sh of layer 1",
		},
		"a compiler from a tarball": {
			[]layerSpec{base, step("RUN tar", exe("usr/local/go/bin/go", program("go")), exe("usr/local/go/bin/gofmt", program("gofmt"))), step("RUN rm", whiteout("usr/local/.wh.go"))},
			nil, "2 programs of layer 1, /usr/local/go/bin/go the first, were deleted",
		},
		"a compiler from a package":  {[]layerSpec{base, build, purge}, nil, ""},
		"moved":                      {[]layerSpec{base, step("COPY", exe("tmp/app", program("app"))), step("RUN mv", whiteout("tmp/.wh.app"), exe("app/app", program("app")))}, []string{"low /app/app x1 unowned"}, ""},
		"replaced by the next build": {[]layerSpec{base, step("COPY", exe("app/app", program("1"))), step("COPY", exe("app/app", program("2")))}, []string{"low /app/app x1 unowned"}, "/app/app of layer 1"},
		"replaced by its package":    {[]layerSpec{base, step("RUN", exe("usr/bin/top", program("evil"))), step("RUN", exe("usr/bin/top", program("top")))}, nil, ""},
		"without a package database": {
			[]layerSpec{step("COPY", exe("tmp/.x/a", program("a"))), step("RUN rm", whiteout("tmp/.wh..x"))},
			[]string{"low /tmp/.x/a x1 deleted ownership-unknown tmp-path hidden-path"},
			"/tmp/.x/a of layer 0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, test.layers...), nil)
			i := c.Images[0]
			if got := binaryRows(i); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if got := deletedPrograms(i); !strings.HasPrefix(got, test.count) || test.count == "" && got != "" {
				t.Errorf("settings say %q, want %q", got, test.count)
			}
			for _, b := range i.Binaries {
				f := slices.IndexFunc(c.Findings, func(f inspect.Finding) bool { return f.Subject == "image:"+b.Path })
				if (f >= 0) != (b.Severity == inspect.Medium) || f >= 0 && c.Findings[f].Code != "deleted-program" {
					t.Errorf("findings %+v", c.Findings)
				}
			}
		})
	}
}

// The comparison says nothing of what neither image shows when it runs.
func TestDeletedProgramsAreNotCompared(t *testing.T) {
	_, base := debian()
	dropped := []layerSpec{base, step("RUN get", exe("tmp/kinsing", elfOf(amd64, true, "k"))), step("RUN rm", whiteout("tmp/.wh.kinsing"))}
	good := imageOf(t, v1.Config{}, dropped...)
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, append(dropped, step("COPY", file("x", "y")))...), &inspect.KnownGood{Location: good})
	if got := binaryRows(c.Images[0]); !slices.Equal(got, []string{"medium /tmp/kinsing x1 deleted unowned tmp-path"}) {
		t.Errorf("rows %q", got)
	}
}
