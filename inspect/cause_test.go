package inspect_test

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestCauseKeys(t *testing.T) {
	for _, c := range []inspect.Cause{
		{Kind: inspect.CausePackage, Name: "python litellm", Version: "1.82.8", Layer: -1},
		{Kind: inspect.CausePackage, Name: "npm @ctrl/tinycolor", Version: "4.1.1", Layer: -1},
		{Kind: inspect.CausePackage, Name: "deb xz-utils", Layer: -1},
		{Kind: inspect.CauseFile, Path: "/usr/bin/top", Layer: -1},
		{Kind: inspect.CauseLayer, Digest: "sha256:aa", Layer: -1},
		{Kind: inspect.CauseBuilder, Name: "https://github.com/a/b", Layer: -1},
	} {
		if got := inspect.ParseCause(c.Key()); got != c {
			t.Errorf("%s: %+v, want %+v", c.Key(), got, c)
		}
	}
	if got := inspect.ParseCause("nonsense"); got.Kind != inspect.CauseUnknown {
		t.Errorf("nonsense: %+v", got)
	}
}

// Findings of one package are one group, whichever check found them; those of another container are not.
func TestByCause(t *testing.T) {
	pkg := inspect.Cause{Kind: inspect.CausePackage, Name: "python x", Version: "1"}.Key()
	groups := inspect.ByCause([]inspect.Finding{
		{ID: "1", Subject: "web:/a.pth", Cause: pkg, Severity: inspect.High},
		{ID: "2", Subject: "web:/usr/bin/top", Severity: inspect.High},
		{ID: "3", Subject: "web", Check: "advisories", Cause: pkg, Severity: inspect.Medium},
		{ID: "4", Subject: "sidecar:/a.pth", Cause: pkg, Severity: inspect.Medium},
		{ID: "5", Subject: "web", Check: "signatures", Severity: inspect.Low},
	})
	if len(groups) != 4 || len(groups[0].Findings) != 2 || groups[0].Head().ID != "1" || groups[1].Cause != "file:/usr/bin/top" {
		t.Errorf("groups %+v", groups)
	}
	if groups[3].Cause != "unknown:signatures" {
		t.Errorf("a finding about no file: %s", groups[3].Cause)
	}
}
