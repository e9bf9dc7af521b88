package vuln

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anchore/grype/grype"
	"github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/vulnerability"
	syft "github.com/anchore/syft/syft/pkg"
	"github.com/google/go-cmp/cmp"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/vuln/vulntest"
)

var built = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// packages of several kinds, with and without vulnerabilities.
var packages = []inspect.Package{
	{
		Type: "deb", Name: "libssl3", Version: "3.0.11-1~deb12u2",
		PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl",
	},
	{
		Type: "deb", Name: "openssl", Version: "3.0.13-1",
		PURL: "pkg:deb/debian/openssl@3.0.13-1?arch=amd64&distro=debian-12",
	},
	{
		Type: "apk", Name: "busybox-binsh", Version: "1.36.1-r5",
		PURL: "pkg:apk/alpine/busybox-binsh@1.36.1-r5?arch=x86_64&distro=alpine-3.18.4&upstream=busybox",
	},
	{
		Type: "npm", Name: "left-pad", Version: "1.3.0", PURL: "pkg:npm/left-pad@1.3.0",
		Locations: []string{"/a/package.json"},
	},
	{
		Type: "npm", Name: "left-pad", Version: "1.3.0", PURL: "pkg:npm/left-pad@1.3.0",
		Locations: []string{"/b/package.json"},
	},
	{Type: "npm", Name: "left-pad", Version: "1.3.1", PURL: "pkg:npm/left-pad@1.3.1"},
	{Type: "npm", Name: "unrated", Version: "1.0.0", PURL: "pkg:npm/unrated@1.0.0"},
	{Type: "python", Name: "requests", Version: "2.31.0", PURL: "pkg:pypi/requests@2.31.0"},
	{Type: "go-module", Name: "golang.org/x/net", Version: "v0.17.0", PURL: "pkg:golang/golang.org/x/net@v0.17.0"},
	{Type: "deb", Name: "nameless"},
	{
		Type: "binary", Name: "node", Version: "20.0.0", PURL: "pkg:generic/node@20.0.0",
		CPEs: []string{"cpe:2.3:a:nodejs:node.js:20.0.0:*:*:*:*:*:*:*"},
	},
	{Type: "binary", Name: "tool", Version: "1", PURL: "pkg:generic/tool@1"},
}

// testFolder writes the entries of vulntest into a folder, once.
func testFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := vulntest.Write(dir, built, vulntest.Entries()...); err != nil {
		t.Fatal(err)
	}
	return dir
}

func testDatabase(t *testing.T) *database {
	t.Helper()
	data := NewData(testFolder(t), "")
	db, err := data.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	return db
}

// short is a row on one line.
func short(v inspect.Vuln) string {
	text := fmt.Sprintf("%s %s %s %s fixed=%q %s", v.ID, v.Severity, v.Package, v.Version, v.Fixed, v.FixState)
	if v.KEV {
		text += " kev"
	}
	if v.EPSS > 0 {
		text += fmt.Sprintf(" %.2f", v.EPSS)
	}
	if !v.Published.IsZero() {
		text += " " + v.Published.Format(time.DateOnly)
	}
	return text
}

func TestCompare(t *testing.T) {
	db := testDatabase(t)
	found, err := db.compare(context.Background(), packages)
	if err != nil || found.failed != nil {
		t.Fatal(err, found.failed)
	}
	slices.SortFunc(found.rows, inspect.CompareVulns)
	var got []string
	for _, r := range found.rows {
		got = append(got, short(r))
		if r.Data.Date.Time != built || !strings.HasPrefix(r.Data.Digest, "sha256:") || !strings.Contains(r.Record,
			r.ID) {
			t.Errorf("%s has the data %+v and the record %s", r.ID, r.Data, r.Record)
		}
	}
	want := []string{
		`CVE-2024-0001 critical libssl3 3.0.11-1~deb12u2 fixed="3.0.13-1" fixed kev 0.91 2024-01-01`,
		`GHSA-aaaa-bbbb-cccc critical left-pad 1.3.0 fixed="" not-fixed 0.40 2024-04-01`,
		`GHSA-gggg-hhhh-iiii high golang.org/x/net v0.17.0 fixed="0.23.0" fixed 0.20 2024-06-01`,
		`CVE-2024-0003 high busybox-binsh 1.36.1-r5 fixed="1.36.1-r6" fixed 0.02 2024-03-01`,
		`CVE-2024-0008 high node 20.0.0 fixed="20.1.0" fixed 2024-08-01`,
		`GHSA-dddd-eeee-ffff medium requests 2.31.0 fixed="2.32.0" fixed 2024-05-01`,
		`CVE-2024-0002 info libssl3 3.0.11-1~deb12u2 fixed="" wont-fix`,
		`CVE-2024-0002 info openssl 3.0.13-1 fixed="" wont-fix`,
		`GHSA-jjjj-kkkk-llll unknown unrated 1.0.0 fixed="" unknown`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if found.packages != 9 || found.notCompared != 2 {
		t.Errorf("%d packages compared and %d not, want 9 and 2", found.packages, found.notCompared)
	}
}

// TestAsGrype compares the answers with those of grype's own reader of package URLs and its own matchers.
func TestAsGrype(t *testing.T) {
	db := testDatabase(t)
	var list bytes.Buffer
	for _, p := range packages {
		if url := p.PURL; url != "" {
			if len(p.CPEs) > 0 { // as grype takes them in lists of package URLs
				url += "?cpes=" + p.CPEs[0]
			}
			fmt.Fprintln(&list, url)
		}
	}
	theirs, of, _, err := pkg.ProvideFromReader(bytes.NewReader(list.Bytes()), pkg.ProviderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	m := grype.VulnerabilityMatcher{VulnerabilityProvider: db.provider, Matchers: matchers()}
	found, _, err := m.FindMatches(theirs, of)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for m := range found.Enumerate() {
		want = append(want, m.Vulnerability.ID+" "+m.Package.Name+" "+m.Package.Version)
	}
	ours, err := db.compare(context.Background(), packages)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range ours.rows {
		got = append(got, r.ID+" "+r.Package+" "+r.Version)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(slices.Compact(want), got); diff != "" || len(got) == 0 {
		t.Error(diff)
	}
}

// What was found for a package is used again for another image, and dropped past the bounds.
func TestMatchesAreKept(t *testing.T) {
	db := testDatabase(t)
	first, err := db.compare(context.Background(), packages)
	if err != nil {
		t.Fatal(err)
	}
	if n, bytes := db.memo.Len(); n != 9 || bytes < 9*512 {
		t.Errorf("%d packages are kept, of %d bytes", n, bytes)
	}
	again, err := db.compare(context.Background(), packages)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.rows, again.rows); diff != "" {
		t.Error(diff)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := db.compare(stopped, packages); !errors.Is(err, context.Canceled) {
		t.Errorf("of a run that was stopped the error is %v", err)
	}
}

// A matcher that fails, or panics, leaves the others their packages, and is named.
func TestFailingMatchers(t *testing.T) {
	db := testDatabase(t)
	db.matchers["npm"] = []match.Matcher{failing{db.matchers["npm"][0], errors.New("no such version\nin 2 lines")}}
	db.matchers["python"] = []match.Matcher{failing{db.matchers["python"][0], nil}}
	found, err := db.compare(context.Background(), packages)
	if err != nil {
		t.Fatal(err)
	}
	if found.failed == nil || !strings.Contains(found.failed.Error(),
		"4 packages could not be compared: left-pad 1.3.0: no such version;") ||
		strings.Contains(found.failed.Error(), "2 lines") {
		t.Errorf("the failure is %v", found.failed)
	}
	for _, r := range found.rows {
		if r.Type == "npm" || r.Type == "python" {
			t.Errorf("a failing matcher found %s", r.ID)
		}
	}
	if len(found.rows) != 6 {
		t.Errorf("%d rows are left", len(found.rows))
	}
}

// failing is a matcher that returns an error, or panics without one.
type failing struct {
	match.Matcher
	err error
}

func (f failing) Match(vulnerability.Provider, pkg.Package) ([]match.Match, []match.IgnoreFilter, error) {
	if f.err == nil {
		panic("of a test")
	}
	return nil, nil, f.err
}

func TestUpstream(t *testing.T) {
	for _, tt := range []struct {
		text string
		kind syft.Type
		want pkg.UpstreamPackage
		ok   bool
	}{
		{"openssl", syft.DebPkg, pkg.UpstreamPackage{Name: "openssl"}, true},
		{"glibc@2.36-9", syft.DebPkg, pkg.UpstreamPackage{Name: "glibc", Version: "2.36-9"}, true},
		{"a@b@c", syft.DebPkg, pkg.UpstreamPackage{Name: "a", Version: "b@c"}, false},
		{"util-linux-ng-2.17.2-12.28.el6_9.2.src.rpm", syft.RpmPkg, pkg.UpstreamPackage{
			Name:    "util-linux-ng",
			Version: "2.17.2-12.28.el6_9.2",
		}, true},
		{"util-linux", syft.RpmPkg, pkg.UpstreamPackage{}, false},
		{"", syft.ApkPkg, pkg.UpstreamPackage{}, false},
	} {
		if got, ok := upstream(tt.text, tt.kind); got != tt.want || ok != tt.ok {
			t.Errorf("%s %q: %+v %v, want %+v %v", tt.kind, tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestNoDatabase(t *testing.T) {
	if _, err := NewData(t.TempDir(), "").Status(); !errors.Is(err, ErrNone) {
		t.Errorf("without a database the error is %v", err)
	}
	dir := t.TempDir()
	file := databaseFile(dir)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewData(dir, "").Status(); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("of a broken database the error is %v", err)
	}
}

// The digest is computed once, and again when the file changes.
func TestDigestIsKept(t *testing.T) {
	file, memo := filepath.Join(t.TempDir(), "f"), filepath.Join(t.TempDir(), "memo.json")
	digest := func(content string, at time.Time) string {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := digestOf(file, memo, info)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := digest("one", built)
	if again := digest("two", built); again != first {
		t.Errorf("a file of the same size and time was hashed again: %s", again)
	}
	if later := digest("two", built.Add(time.Second)); later == first {
		t.Error("a changed file kept its digest")
	}
}
