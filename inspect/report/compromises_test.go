package report

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Known compromises and differences of lock files stand in the section of the packages, the worst first, with their data.
func TestCompromisesAndLocksAreReported(t *testing.T) {
	day := inspect.At(time.Date(2024, 3, 29, 0, 0, 0, 0, time.UTC))
	c := fold(
		inspect.Event{Container: "web", Fact: inspect.ImageHead{Reference: "acme/web:1", Status: inspect.Verified}},
		inspect.Event{Container: "web", Fact: inspect.Advisory{
			ID: "window-1", Source: "incident-pack",
			Kind: inspect.AdvisoryWindow, Subject: "image built then", Title: "t", Severity: inspect.Low,
			Status: inspect.Low.RowStatus(), Layer: -1,
		}},
		inspect.Event{Container: "web", Fact: inspect.Advisory{
			ID: "xz-2024-03", Source: "incident-pack", Kind: inspect.AdvisoryPackage, Subject: "liblzma5 5.6.1-1",
			Title: "xz holds a backdoor", Published: day,
			Data: inspect.AdvisoryData{Date: day}, Severity: inspect.Critical, Status: inspect.RowFailed, Layer: 2,
			Sources: []string{"https://example.com/xz"},
		}},
		inspect.Event{Container: "web", Fact: inspect.Advisory{
			ID: "MAL-1", Source: "osv",
			Kind: inspect.AdvisoryPackage, Subject: "x 1", Title: "t", Withdrawn: true, Severity: inspect.Info,
			Layer: -1,
		}},
		inspect.Event{Container: "web", Fact: inspect.LockRow{
			File: "/app/package-lock.json", Type: "npm", Name: "ghost", Locked: "4.2.1", Installed: "4.2.0",
			Change: inspect.LockVersionSpoof, Detail: "changed after the installation", Severity: inspect.High,
			Status: inspect.RowFailed, Layer: 3,
		}},
		inspect.Event{Container: "web", Fact: inspect.LockRow{
			File: "/app/yarn.lock", Detail: "it has neither form",
			Status: inspect.RowUnknown, Severity: inspect.Info,
		}},
	)
	out := lines(t, func(w io.Writer) error { return Plain(w, c, Style{}) })
	last := -1
	for _, want := range []string{
		"liblzma5 5.6.1-1 matches xz-2024-03: xz holds a backdoor", "published 2024-03-29, data of 2024-03-29",
		"in layer: 2", "https://example.com/xz",
		"image built then matches window-1", "x 1 matches MAL-1: t (withdrawn)",
		"ghost: version spoof, against /app/package-lock.json", "changed after the installation",
		"lock file /app/yarn.lock could not be read",
	} {
		at := strings.Index(strings.Join(strings.Fields(out), " "), want)
		if at < last {
			t.Errorf("%q is not there, or not in its place:\n%s", want, out)
		}
		last = max(last, at)
	}
}
