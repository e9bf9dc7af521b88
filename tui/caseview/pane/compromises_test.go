package pane

import (
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Known compromises and differences of lock files stand above the packages, worst first.
func TestCompromisesStandFirst(t *testing.T) {
	at := inspect.At(time.Date(2024, 3, 29, 0, 0, 0, 0, time.UTC))
	v := viewOf(inspect.Image{
		ImageHead: inspect.ImageHead{Container: "web"},
		Packages:  []inspect.Package{{Type: "deb", Name: "liblzma5", Version: "5.6.1-1"}},
		Advisories: []inspect.Advisory{
			{
				ID: "w", Kind: inspect.AdvisoryWindow, Subject: "image built then", Title: "t", Severity: inspect.Low,
				Layer: -1,
			},
			{
				ID: "xz-2024-03", Source: "incident-pack", Kind: inspect.AdvisoryPackage, Subject: "liblzma5 5.6.1-1",
				Title: "xz holds a backdoor", Published: at, Severity: inspect.Critical,
				Layer: 1, Locations: []string{"/var/lib/dpkg/status"}, Sources: []string{"https://example.com/xz"},
			},
		},
		Lock: []inspect.LockRow{
			{
				File: "/app/package-lock.json", Name: "ghost", Locked: "4.2.1", Installed: "4.2.0",
				Change: inspect.LockVersionSpoof, Detail: "changed after the installation", Severity: inspect.High,
				Layer: 2, Path: "/app/x",
			},
			{
				File: "/app/yarn.lock", Detail: "it has neither form", Status: inspect.RowUnknown, Severity: inspect.Info,
				Layer: 2,
			},
		},
	})
	rows := packageRows(v)
	for n, want := range [][]string{
		{"CRIT", "liblzma5 5.6.1-1", "xz-2024-03: xz holds a backdoor", "L1"},
		{"HIGH", "ghost 4.2.0", "version spoof", "L2"},
		{"image built then"},
		{"/app/yarn.lock", "not checked: it has neither form"},
		{"liblzma5", "5.6.1-1", "deb"},
	} {
		has(t, want[0], line(v, rows[n], 120), want...)
	}
	has(t, "an advisory", detail(v, rows[0]), "xz holds a backdoor", "incident-pack", "2024-03-29",
		"/var/lib/dpkg/status", "https://example.com/xz")
	has(t, "a lock row", detail(v, rows[1]), "/app/package-lock.json", "4.2.1", "changed after the installation")
	if rows[0].Path != "/var/lib/dpkg/status" || rows[1].Path != "/app/x" {
		t.Errorf("the rows lead to %q and %q", rows[0].Path, rows[1].Path)
	}
}
