package respond

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// What could be known when an image was built stands beside its build: compromises, and the gravest vulnerabilities.
func TestPublicationsOnTheAxis(t *testing.T) {
	day := func(n int) inspect.Time { return inspect.At(time.Date(2024, 3, n, 0, 0, 0, 0, time.UTC)) }
	c := &inspect.Case{
		Timeline: []inspect.Moment{{Time: day(15), What: "image built", Trust: inspect.ByClaim}},
		Images: []inspect.Image{{
			Advisories: []inspect.Advisory{
				{ID: "xz-2024-03", Subject: "liblzma5 5.6.1", Source: "incident-pack", Published: day(29)},
				{ID: "xz-2024-03", Subject: "xz-utils 5.6.1", Source: "incident-pack", Published: day(29)},
				{ID: "MAL-1", Subject: "left 1", Published: day(1), Withdrawn: true},
				{ID: "MAL-2", Subject: "pad 1"},
			},
			Vulns: []inspect.Vuln{
				{ID: "CVE-KEV", Package: "a", Version: "1", KEV: true, Published: day(10)},
				{ID: "CVE-LOW", Package: "b", Version: "1", Severity: inspect.Low, Published: day(11)},
				{
					ID: "CVE-WARN", Package: "c", Version: "1", Severity: inspect.Low, Threshold: inspect.LevelWarn,
					Published: day(20),
				},
				{ID: "CVE-HIGH", Package: "d", Version: "1", Severity: inspect.High, Published: day(12)},
				{ID: "CVE-HIGH", Package: "d", Version: "2", Severity: inspect.High, Published: day(12)},
				{ID: "CVE-NONE", Package: "e", Version: "1", Severity: inspect.Critical},
			},
		}},
	}
	var got []string
	for _, m := range Axis(c, time.Time{}) {
		got = append(got, fmt.Sprintf("%d %s", m.Time.Day(), m.What))
	}
	want := []string{
		"10 vulnerability CVE-KEV published: a 1", "12 vulnerability CVE-HIGH published: d 1 and 1 more",
		"15 image built", "20 vulnerability CVE-WARN published: c 1",
		"29 known compromise xz-2024-03 published: liblzma5 5.6.1 and 1 more",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	c.Images[0].Vulns = nil
	for n := range 500 {
		c.Images[0].Vulns = append(c.Images[0].Vulns, inspect.Vuln{
			ID: fmt.Sprint("CVE-", n), Package: "p", Severity: inspect.High, Published: day(1 + n%28),
		})
	}
	if n := len(Axis(c, time.Time{})); n != 2+maxPublished {
		t.Errorf("%d moments", n)
	}
}
