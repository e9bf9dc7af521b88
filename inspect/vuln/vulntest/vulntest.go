// Package vulntest writes small vulnerability databases by grype's own writer, for tests.
package vulntest

import (
	"archive/tar"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	_ "github.com/glebarez/go-sqlite" // the driver "sqlite", to set the date
	"github.com/klauspost/compress/zstd"
)

// Entry is a vulnerability of one package.
// The fields are those by which grype's matchers choose: a package of a distribution by System, one of a language by
// its Ecosystem, a program by the CPE in Product.
type Entry struct {
	ID         string
	Provider   string // debian, alpine, github, nvd
	Severity   string // critical, high, medium, low, negligible; empty: none
	Published  time.Time
	CVE        string // that KEV and EPSS go by; empty: the ID
	System     string // debian 12, alpine 3.18; empty: none
	Product    string // vendor:product of a CPE, in place of a package
	Ecosystem  string // of the package, as grype names it: deb, apk, npm, python, go-module
	Package    string
	Format     string // of versions: dpkg, apk, semver, pep440, go
	Constraint string
	Fix        string // version; empty: FixState
	FixState   v6.FixStatus
	KEV        bool
	EPSS       float64
}

// Entries are vulnerabilities of packages of several kinds, with and without a fix.
//
// The identifiers are made up, so that no test depends on a real record. An entry has a range that some version of its
// package is outside of.
func Entries() []Entry {
	at := func(text string) time.Time {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			panic(err)
		}
		return t
	}
	return []Entry{
		{
			ID: "CVE-2024-0001", Provider: "debian", Severity: "critical", Published: at("2024-01-01"),
			System: "debian 12", Ecosystem: "deb", Package: "openssl", Format: "dpkg", Constraint: "< 3.0.13-1",
			Fix: "3.0.13-1", KEV: true,
			EPSS: 0.91,
		},
		{
			ID: "CVE-2024-0002", Provider: "debian", Severity: "negligible", System: "debian 12", Ecosystem: "deb",
			Package: "openssl", Format: "dpkg", FixState: v6.WontFixStatus,
		},
		{
			ID: "CVE-2024-0003", Provider: "alpine", Severity: "high", Published: at("2024-03-01"),
			System:    "alpine 3.18",
			Ecosystem: "apk", Package: "busybox", Format: "apk", Constraint: "< 1.36.1-r6", Fix: "1.36.1-r6",
			EPSS: 0.02,
		},
		{
			ID: "GHSA-aaaa-bbbb-cccc", Provider: "github", Severity: "critical", Published: at("2024-04-01"),
			CVE: "CVE-2024-0004", Ecosystem: "npm", Package: "left-pad", Format: "semver", Constraint: "<1.3.1",
			FixState: v6.NotFixedStatus, EPSS: 0.4,
		},
		{
			ID: "GHSA-dddd-eeee-ffff", Provider: "github", Severity: "medium", Published: at("2024-05-01"),
			CVE: "CVE-2024-0005", Ecosystem: "python", Package: "requests", Format: "pep440",
			Constraint: ">=2.0,<2.32.0", Fix: "2.32.0",
		},
		{
			ID: "GHSA-gggg-hhhh-iiii", Provider: "github", Severity: "high", Published: at("2024-06-01"),
			CVE: "CVE-2024-0006", Ecosystem: "go-module", Package: "golang.org/x/net", Format: "go",
			Constraint: "<0.23.0", Fix: "0.23.0", EPSS: 0.2,
		},
		{
			ID: "GHSA-jjjj-kkkk-llll", Provider: "github", CVE: "CVE-2024-0007", Ecosystem: "npm", Package: "unrated",
			Format: "semver", Constraint: "<9.0.0", FixState: v6.UnknownFixStatus,
		},
		{
			ID: "CVE-2024-0008", Provider: "nvd", Severity: "high", Published: at("2024-08-01"),
			Product: "nodejs:node.js",
			Format:  "semver", Constraint: "< 20.1.0", Fix: "20.1.0",
		},
	}
}

// Write writes a database into a folder, in the way in which grype keeps it, as built at a time.
//
// The folder gets a subfolder named after the major version of grype's schema, 6. It must not have a database yet.
func Write(folder string, built time.Time, entries ...Entry) error {
	// The layout is that of grype's cache, so that the code under test finds it as in production.
	dir := filepath.Join(folder, "6")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the database: %w", err)
	}
	w, err := v6.NewWriter(v6.Config{DBDirPath: dir})
	if err != nil {
		return fmt.Errorf("creating the database: %w", err)
	}
	for _, e := range entries {
		if err := e.add(w); err != nil {
			return fmt.Errorf("writing %s: %w", e.ID, err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	file := filepath.Join(dir, v6.VulnerabilityDBFileName)
	if err := setDate(file, built); err != nil {
		return fmt.Errorf("dating the database: %w", err)
	}
	// Without indexes the matchers find the same, slower.
	if err := v6.Hydrater()(dir); err != nil { // makes the indexes
		return fmt.Errorf("indexing the database: %w", err)
	}
	return nil
}

// setDate changes the date, which grype's writer takes from the clock.
// The age of a database is a part of what is reported, so that tests need a date that does not move.
func setDate(file string, built time.Time) error {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec("UPDATE db_metadata SET build_timestamp = ?", built.UTC().Truncate(time.Second))
	return err
}

// add writes the entry with its provider, its affected package or product, and what is known of it.
func (e Entry) add(w v6.ReadWriter) error {
	// When the provider's data was fetched: fixed, so that two databases of the same entries are alike.
	captured := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	provider := &v6.Provider{ID: e.Provider, Version: "1", Processor: "test", DateCaptured: &captured}
	handle := &v6.VulnerabilityHandle{
		Name: e.ID, Status: v6.VulnerabilityActive, ProviderID: e.Provider,
		Provider: provider, BlobValue: &v6.VulnerabilityBlob{ID: e.ID, Description: "of a test"},
	}
	if !e.Published.IsZero() {
		handle.PublishedDate = &e.Published
	}
	// Of an entry without one, the ID is the CVE itself.
	cve := e.CVE
	if cve == "" {
		cve = e.ID
	} else {
		// The CVE is an alias, as in the advisories of GitHub: KEV and EPSS are known by it alone.
		handle.BlobValue.Aliases = []string{cve}
	}
	if e.Severity != "" {
		handle.BlobValue.Severities = []v6.Severity{{Scheme: v6.SeveritySchemeCHMLN, Value: e.Severity, Rank: 1}}
	}
	if err := w.AddVulnerabilities(handle); err != nil {
		return err
	}
	if err := e.decorate(w, cve); err != nil {
		return err
	}
	fix := &v6.Fix{Version: e.Fix, State: e.FixState}
	if e.Fix != "" {
		fix.State = v6.FixedStatus
	}
	if vendor, product, ok := strings.Cut(e.Product, ":"); ok {
		return w.AddAffectedCPEs(&v6.AffectedCPEHandle{
			Vulnerability: handle, VulnerabilityID: handle.ID,
			CPE: &v6.Cpe{Part: "a", Vendor: vendor, Product: product}, BlobValue: e.blob(cve, fix),
		})
	}
	affected := &v6.AffectedPackageHandle{
		Vulnerability: handle, VulnerabilityID: handle.ID,
		Package:   &v6.Package{Ecosystem: e.Ecosystem, Name: e.Package},
		BlobValue: e.blob(cve, fix),
	}
	// Grype keeps the parts of a version apart: alpine 3.18 is major 3, minor 18, and debian 12 has no minor.
	if name, version, ok := strings.Cut(e.System, " "); ok {
		major, minor, _ := strings.Cut(version, ".")
		affected.OperatingSystem = &v6.OperatingSystem{
			Name: name, ReleaseID: name, MajorVersion: major,
			MinorVersion: minor,
		}
	}
	return w.AddAffectedPackages(affected)
}

// blob is the range of versions that is affected.
// An empty constraint affects every version.
func (e Entry) blob(cve string, fix *v6.Fix) *v6.PackageBlob {
	return &v6.PackageBlob{CVEs: []string{cve}, Ranges: []v6.Range{{
		Version: v6.Version{Type: e.Format, Constraint: e.Constraint}, Fix: fix,
	}}}
}

// decorate adds what is known of the exploitation of a CVE.
// KEV is CISA's catalog of known exploited vulnerabilities, EPSS the score of FIRST.
func (e Entry) decorate(w v6.ReadWriter, cve string) error {
	added := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	if e.KEV {
		if err := w.AddKnownExploitedVulnerabilities(&v6.KnownExploitedVulnerabilityHandle{
			Cve:       cve,
			BlobValue: &v6.KnownExploitedVulnerabilityBlob{Cve: cve, DateAdded: &added},
		}); err != nil {
			return err
		}
	}
	if e.EPSS == 0 {
		return nil
	}
	return w.AddEpss(&v6.EpssHandle{Cve: cve, Epss: e.EPSS, Percentile: 0.5, Date: added})
}

// Archive packs the database of a folder as grype's are published: a tar file compressed with zstd.
// The member has no folder before its name. An error wraps fs.ErrNotExist where the folder has no database.
func Archive(folder string, to io.Writer) error {
	data, err := os.ReadFile(filepath.Join(folder, "6", v6.VulnerabilityDBFileName))
	if err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	z, err := zstd.NewWriter(to)
	if err != nil {
		return err
	}
	// Zstandard is what grype publishes since schema 6.
	w := tar.NewWriter(z)
	h := &tar.Header{Name: v6.VulnerabilityDBFileName, Mode: 0o600, Size: int64(len(data))}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return z.Close()
}
