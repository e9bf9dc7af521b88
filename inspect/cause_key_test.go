package inspect

import "testing"

// A cause that went through its key is the same, whatever its parts are called.
func TestCausesSurviveTheirKeys(t *testing.T) {
	for key, c := range map[string]Cause{
		"package:python litellm@1.82.8":       {Kind: CausePackage, Name: "python litellm", Version: "1.82.8"},
		"package:npm %40ctrl/tinycolor@4%401": {Kind: CausePackage, Name: "npm @ctrl/tinycolor", Version: "4@1"},
		"package:go 100%25":                   {Kind: CausePackage, Name: "go 100%"},
		"package:%2Fusr/bin/top":              {Kind: CausePackage, Name: "/usr/bin/top"}, // a name, no path
		"file:/usr/bin/top":                   {Kind: CauseFile, Path: "/usr/bin/top"},
		"file:/odd@name%41":                   {Kind: CauseFile, Path: "/odd@name%41"},
		"hook:/usr/lib/x.pth":                 {Kind: CauseHook, Path: "/usr/lib/x.pth"},
		"layer:sha256:32e4":                   {Kind: CauseLayer, Digest: "sha256:32e4"},
		"tag:shop/web%40main":                 {Kind: CauseTag, Name: "shop/web@main"},
		"builder:https://ci.example/a:b":      {Kind: CauseBuilder, Name: "https://ci.example/a:b"},
		"unknown:signatures":                  {Kind: CauseUnknown, Name: "signatures"},
	} {
		c.Layer = -1
		if got := c.Key(); got != key {
			t.Errorf("%+v has the key %q, want %q", c, got, key)
		}
		if got := ParseCause(key); got != c {
			t.Errorf("%q is read as %+v, want %+v", key, got, c)
		}
	}
	for _, key := range []string{"", "nonsense", "/usr/bin/top"} {
		if c := ParseCause(key); c != (Cause{Kind: CauseUnknown, Layer: -1}) {
			t.Errorf("%q is read as %+v", key, c)
		}
	}
}

// What explains the case may lie in different layers: a cause does not depend on one.
func TestTheLayerIsNoPartOfACause(t *testing.T) {
	a := Cause{Kind: CausePackage, Name: "deb xz-utils", Version: "5.6.0", Layer: 2}
	b := a
	b.Layer, b.Path, b.Digest = 5, "/usr/bin/xz", "sha256:1"
	if a.Key() != b.Key() {
		t.Errorf("%s and %s", a.Key(), b.Key())
	}
}

// Findings of one container that share a cause are one matter; the worst speaks for it, in the order of the list.
func TestGroupsKeepTheOrderOfFindings(t *testing.T) {
	if groups := ByCause(nil); groups != nil {
		t.Errorf("%+v", groups)
	}
	findings := fold(about("web",
		Finding{ID: "low", Severity: Low, Subject: "web:/a"}, Finding{
			ID: "worst", Severity: Critical,
			Subject: "web:/a",
		},
		Finding{ID: "other", Severity: High, Subject: "web:/b"}, Finding{
			ID: "side", Severity: High,
			Subject: "side:/a",
		})...).Findings
	var got string
	total := 0
	for _, g := range ByCause(findings) {
		got += g.Container + " " + g.Head().ID + ", "
		total += len(g.Findings)
	}
	if got != "web worst, side side, web other, " || total != len(findings) {
		t.Errorf("%q, %d findings", got, total)
	}
}

// A finding is the same one by its check, code and subject, and parts cannot be moved from one into the next.
func TestFindingIDs(t *testing.T) {
	const want = 16
	id := FindingID("binaries", "unexpected-binary", "web:/a")
	if len(id) != want || id != FindingID("binaries", "unexpected-binary", "web:/a") {
		t.Errorf("%q", id)
	}
	for _, other := range [][3]string{
		{"binaries", "unexpected-binary", "web:/b"},
		{"binaries", "other", "web:/a"},
		{
			"other", "unexpected-binary",
			"web:/a",
		},
		{"binariesunexpected-binary", "", "web:/a"},
		{"", "binariesunexpected-binary", "web:/a"},
		{
			"binaries", "",
			"unexpected-binaryweb:/a",
		},
	} {
		if FindingID(other[0], other[1], other[2]) == id {
			t.Errorf("%q has the same ID", other)
		}
	}
}

// FuzzCauseKey: a key that was read and written is at rest, so that groups keep their ID from run to run.
func FuzzCauseKey(f *testing.F) {
	for _, key := range []string{
		"package:a@1", "package:@1", "file:/%zz", "file:rel%zz", "x:%2Fabc",
		"layer:sha256:1", ":@:@", "a%41",
	} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		c := ParseCause(key)
		if again := ParseCause(c.Key()); again != c {
			t.Errorf("%q is %+v, its key %q is %+v", key, c, c.Key(), again)
		}
	})
}
