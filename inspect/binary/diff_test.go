package binary

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

func TestDiff(t *testing.T) {
	_, base := debian()
	config := v1.Config{Entrypoint: []string{"/app"}, Env: []string{"A=1"}}
	before := imageOf(t, config, base, step("COPY app", exe("app", program("app 1")), file("etc/app.conf", "1"), file("old", "x"), symlink("current", "v1"), exe("opt/tool/t", program("t"))))
	config.User, config.Env = "1000", []string{"A=2"}
	now := imageOf(t, config, base, step("COPY app", exe("app", program("app 2")), file("etc/app.conf", "2"), symlink("current", "v2"), exe("opt/tool/t", program("t")),
		file("data", "d"), exe("opt/tool/new", program("new"))))
	for name, test := range map[string]struct {
		confirmed bool
		want      []string
	}{
		"nobody confirmed it: it raises, and lowers nothing": {false, []string{
			"medium /opt/tool/new x1 unowned not-in-known-good", "low /opt/tool/t x1 unowned", "info /app x1 unowned entrypoint changed-since-known-good",
		}},
		"confirmed": {true, []string{
			"medium /opt/tool/new x1 unowned not-in-known-good", "info /app x1 unowned entrypoint changed-since-known-good", "info /opt/tool/t x1 unowned known-good",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, now, &inspect.KnownGood{Location: before, Confirmed: test.confirmed})
			i := c.Images[0]
			if got := binaryRows(i); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			d := i.Diff
			if d == nil || d.Files == nil {
				t.Fatalf("no diff: %+v", c.Checks)
			}
			if d.Files.Added != 2 || d.Files.Changed != 2 || d.Files.Removed != 1 || d.Layers.Shared != 1 || d.Layers.Added != 1 {
				t.Errorf("files %+v, layers %+v", d.Files, d.Layers)
			}
			var list []string
			for _, f := range d.Files.List {
				list = append(list, fmt.Sprintf("%s %s %d", f.Change, f.Path, f.Layer))
			}
			want := []string{"changed /app 1", "added /opt/tool/new 1", "added /data 1", "changed /etc/app.conf 1", "changed /current 1", "removed /old -1"}
			if !slices.Equal(list, want) {
				t.Errorf("list %q", list)
			}
			settings := []string{"user changed from root to 1000", "environment now has A=2", "environment no longer has A=1"}
			if !slices.Equal(d.Settings, settings) {
				t.Errorf("settings %q", d.Settings)
			}
			var of []string
			for _, b := range c.Blobs {
				of = append(of, b.Of)
			}
			if strings.Join(of, " ") != "image image known-good known-good" {
				t.Errorf("blobs of %q", of)
			}
			if len(i.Layers) != 2 {
				t.Errorf("%d layers: the known-good's are not the image's", len(i.Layers))
			}
		})
	}
}

// Whoever replaces a program can write its new digest into the package database. Where all is one layer, only the
// known-good has the old one.
func TestARewrittenDatabaseIsFound(t *testing.T) {
	packages, base := debian()
	packages["coreutils"] = []member{exe("usr/bin/ls", program("ls")), exe("usr/bin/top", program("evil top"))}
	flat := step("ADD rootfs.tar /", append(slices.Clone(base.Members), append([]member{exe("usr/bin/top", program("evil top"))}, dpkgOf(packages, "base-files", "bash", "coreutils")...)...)...)
	bad := imageOf(t, v1.Config{}, flat)
	good := imageOf(t, v1.Config{}, base)
	b := newBench(t)
	alone := b.examine(t, bad, nil)
	if len(alone.Images[0].Binaries) != 0 {
		t.Fatalf("alone it is clean by design: %q", binaryRows(alone.Images[0]))
	}
	c := b.examine(t, bad, &inspect.KnownGood{Location: good})
	if got := binaryRows(c.Images[0]); !slices.Equal(got, []string{"high /usr/bin/top x1 altered changed-since-known-good"}) {
		t.Errorf("rows %q", got)
	}
	if verdict.Of(&c).Status != inspect.CaseFailed {
		t.Errorf("case is %s", verdict.Of(&c).Status)
	}
}

func TestAConfirmedKnownGoodTakesBackAFinding(t *testing.T) {
	_, base := debian()
	target := imageOf(t, v1.Config{}, base, step("RUN get", exe("usr/bin/helper", program("h"))))
	b := newBench(t)
	if c := b.examine(t, target, &inspect.KnownGood{Location: target}); len(c.Findings) != 1 || c.Findings[0].Severity != inspect.Medium {
		t.Errorf("unconfirmed: %+v", c.Findings)
	}
	c := b.examine(t, target, &inspect.KnownGood{Location: target, Confirmed: true})
	if len(c.Findings) != 1 || c.Findings[0].Severity != inspect.Info || c.Images[0].Binaries[0].Status != inspect.RowVerified {
		t.Errorf("confirmed: %+v %+v", c.Findings, c.Images[0].Binaries)
	}
}

func TestDiffNeedsAKnownGoodThatCanBeRead(t *testing.T) {
	_, base := debian()
	target := imageOf(t, v1.Config{}, base)
	b := newBench(t)
	for _, test := range []struct {
		good *inspect.KnownGood
		want inspect.Status
	}{{nil, inspect.Absent}, {&inspect.KnownGood{Location: "oci:/nothing/here"}, inspect.Unknown}} {
		c := b.examine(t, target, test.good)
		if s, _ := c.Check(inspect.CheckDiff, "image"); s.Status.Tone() != test.want || s.Reason == "" {
			t.Errorf("%+v", s)
		}
	}
}

// A number means a layer of the image that is looked at, not of the one that it is compared with.
func TestSkippedNumbersAreThoseOfTheImage(t *testing.T) {
	_, base := debian()
	top := step("COPY", file("new", "x"))
	b := newBench(t)
	b.cache.Skips().Named = []string{"1", "7", "-1"}
	c := b.examine(t, imageOf(t, v1.Config{}, base, top), &inspect.KnownGood{Location: imageOf(t, v1.Config{}, base, step("COPY", file("old", "x")))})
	if l := c.Images[0].Layers; l[0].Status != inspect.Verified || l[1].Reason != "skipped" {
		t.Errorf("layers %+v", l)
	}
	if d := c.Images[0].Diff; d.Files == nil || d.Files.Removed != 1 {
		t.Errorf("diff %+v", d.Files)
	}
}
