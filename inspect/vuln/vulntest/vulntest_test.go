package vulntest_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/klauspost/compress/zstd"

	"github.com/backtrail/backtrail/inspect/vuln/vulntest"
)

var built = time.Date(2026, 3, 1, 6, 0, 0, 999, time.UTC)

// written is a database of the entries, opened as grype opens one.
func written(t *testing.T, entries ...vulntest.Entry) (v6.Reader, string) {
	t.Helper()
	dir := t.TempDir()
	if err := vulntest.Write(dir, built, entries...); err != nil {
		t.Fatal(err)
	}
	reader, err := v6.NewReader(v6.Config{DBDirPath: filepath.Join(dir, "6")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return reader, dir
}

// Grype reads every entry again as it was meant: its name and provider, its severity, when it was published, and what
// is known of its exploitation.
func TestEntriesAreReadByGrype(t *testing.T) {
	entries := vulntest.Entries()
	reader, _ := written(t, entries...)
	for _, e := range entries {
		found, err := reader.GetVulnerabilities(&v6.VulnerabilitySpecifier{Name: e.ID},
			&v6.GetVulnerabilityOptions{Preload: true})
		if err != nil || len(found) != 1 {
			t.Errorf("%s is there %d times, %v", e.ID, len(found), err)
			continue
		}
		v := found[0]
		if v.ProviderID != e.Provider || (v.PublishedDate == nil) != e.Published.IsZero() ||
			v.PublishedDate != nil && !v.PublishedDate.Equal(e.Published) {
			t.Errorf("%s is of %s, published %v", e.ID, v.ProviderID, v.PublishedDate)
		}
		if rated := len(v.BlobValue.Severities); (rated == 0) != (e.Severity == "") ||
			rated > 0 && v.BlobValue.Severities[0].Value != e.Severity {
			t.Errorf("%s has the severities %v, want %q", e.ID, v.BlobValue.Severities, e.Severity)
		}
		cve := e.CVE
		if cve == "" {
			cve = e.ID
		} else if len(v.BlobValue.Aliases) != 1 || v.BlobValue.Aliases[0] != cve {
			t.Errorf("%s has the aliases %v", e.ID, v.BlobValue.Aliases)
		}
		kev, err := reader.GetKnownExploitedVulnerabilities(cve)
		if err != nil || (len(kev) > 0) != e.KEV {
			t.Errorf("%s is exploited: %v, %v", e.ID, kev, err)
		}
		epss, err := reader.GetEpss(cve)
		if err != nil || (len(epss) > 0) != (e.EPSS > 0) || len(epss) > 0 && epss[0].Epss != e.EPSS {
			t.Errorf("%s has the scores %v, %v", e.ID, epss, err)
		}
	}
}

// The entries are of every kind that a test of matching needs: two distributions, three languages and a program, with
// each state of a fix, with and without a severity.
func TestEntriesAreOfEveryKind(t *testing.T) {
	kinds := map[string]bool{}
	ids := map[string]bool{}
	for _, e := range vulntest.Entries() {
		if ids[e.ID] {
			t.Errorf("%s is there twice", e.ID)
		}
		ids[e.ID] = true
		fix := string(e.FixState)
		if e.Fix != "" {
			fix = "fixed"
		}
		for _, kind := range []string{
			e.Ecosystem, "severity " + e.Severity, "fix " + fix, "system " + e.System,
			fmt.Sprintf("kev %v", e.KEV), fmt.Sprintf("product %v", e.Product != ""),
		} {
			kinds[kind] = true
		}
	}
	for _, kind := range []string{
		"deb", "apk", "npm", "python", "go-module", "severity ", "severity critical",
		"severity negligible", "fix fixed", "fix " + string(v6.WontFixStatus), "fix " + string(v6.NotFixedStatus),
		"fix " + string(v6.UnknownFixStatus), "system debian 12", "system alpine 3.18", "kev true", "product true",
	} {
		if !kinds[kind] {
			t.Errorf("no entry is of the kind %q", kind)
		}
	}
}

// The date is the one that the test gave, to the second, and not that of the clock.
func TestTheDateIsTheOneGiven(t *testing.T) {
	reader, _ := written(t)
	meta, err := reader.GetDBMetadata()
	if err != nil || meta.BuildTimestamp == nil || !meta.BuildTimestamp.Equal(built.Truncate(time.Second)) {
		t.Errorf("the date is %v, %v", meta, err)
	}
	if all, err := reader.GetVulnerabilities(nil, nil); err != nil || len(all) != 0 {
		t.Errorf("an empty database has %d vulnerabilities, %v", len(all), err)
	}
}

// An archive has the one file of the database, byte for byte.
func TestArchivesHoldTheDatabase(t *testing.T) {
	_, dir := written(t, vulntest.Entries()[0])
	var packed bytes.Buffer
	if err := vulntest.Archive(dir, &packed); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(&packed)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r := tar.NewReader(z)
	h, err := r.Next()
	if err != nil || h.Name != v6.VulnerabilityDBFileName {
		t.Fatalf("the first member is %v, %v", h, err)
	}
	got, err := io.ReadAll(r)
	want, _ := os.ReadFile(filepath.Join(dir, "6", v6.VulnerabilityDBFileName))
	if err != nil || !bytes.Equal(got, want) || len(want) == 0 {
		t.Errorf("%d bytes are packed, of %d, %v", len(got), len(want), err)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("there is another member: %v", err)
	}
}

// Faults of the disk are errors, which a test stops at.
func TestFaultsOfTheDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := vulntest.Write(file, built); err == nil {
		t.Error("a database was written below a file")
	}
	if err := vulntest.Archive(t.TempDir(), io.Discard); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without a database was packed: %v", err)
	}
}
