package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// leftPad is a package of npm in an image.
func leftPad(version string) layertest.Member {
	return layertest.File("srv/node_modules/left-pad/package.json", `{"name": "left-pad", "version": "`+version+`"}`)
}

// diffOf is what diff prints as JSON.
func diffOf(t *testing.T, from, to string) (d inspect.Diff) {
	t.Helper()
	o := call(t, "diff", from, to, "--offline", "-o", "json")
	o.wants(t, exitPassed)
	if !strings.HasPrefix(o.out, "{\n  \"schema\": \"backtrail.dev/diff/v1\"") {
		t.Errorf("it begins with %.60q", o.out)
	}
	if err := json.Unmarshal([]byte(o.out), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// What one direction adds the other removes; an image has no difference to itself.
func TestDiffInBothDirections(t *testing.T) {
	newHome(t)
	older := calmImage(t, leftPad("1.3.0"))
	newer := calmImage(t, leftPad("1.4.0"), layertest.File("etc/motd", "welcome\n"),
		layertest.Exe("usr/bin/tool", layertest.Program("tool")))
	there, back, same := diffOf(t, older, newer), diffOf(t, newer, older), diffOf(t, older, older)
	if f := there.Files; f == nil || f.Added != 2 || f.Removed != 0 || f.Changed != 1 {
		t.Fatalf("files %+v", f)
	}
	if a, b := there.Files, back.Files; a.Added != b.Removed || a.Removed != b.Added || a.Changed != b.Changed {
		t.Errorf("there %+v, back %+v", a, b)
	}
	if f := same.Files; f == nil || f.Added+f.Removed+f.Changed != 0 || len(f.List) != 0 {
		t.Errorf("to itself: %+v", f)
	}
	change := func(d inspect.Diff) string {
		if d.Packages == nil || len(d.Packages.Changed) != 1 {
			t.Fatalf("packages %+v", d.Packages)
		}
		c := d.Packages.Changed[0]
		return c.Name + " " + c.From + " " + c.To
	}
	if a, b := change(there), change(back); a != "left-pad 1.3.0 1.4.0" || b != "left-pad 1.4.0 1.3.0" {
		t.Errorf("there %s, back %s", a, b)
	}
	plain := call(t, "diff", older, newer, "--offline")
	plain.wants(t, exitPassed)
	for _, want := range []string{"left-pad", "1.3.0", "1.4.0", "/usr/bin/tool", "/etc/motd"} {
		if !strings.Contains(plain.out, want) {
			t.Errorf("%q is missing:\n%s", want, plain.out)
		}
	}
	if strings.Contains(plain.out, "motd") && strings.Contains(plain.out, "✓") {
		t.Errorf("a difference is no verification:\n%s", plain.out)
	}
}

// An image that cannot be opened, on either side, is an error that names it: an empty comparison would read as equal.
func TestDiffWithAnImageThatIsNotThere(t *testing.T) {
	home := newHome(t)
	image := calmImage(t)
	for _, c := range [][2]string{{image, "oci:nowhere-at-all"}, {"oci:nowhere-at-all", image}} {
		for _, form := range []string{"plain", "json"} {
			o := call(t, "diff", c[0], c[1], "--offline", "-o", form)
			o.wants(t, exitCouldNotRun, "nowhere-at-all")
			if o.out != "" {
				t.Errorf("stdout %s", o.out)
			}
		}
	}
	if ids := casesIn(t, home); len(ids) > 0 {
		t.Errorf("a comparison is no case: %v", ids)
	}
}
