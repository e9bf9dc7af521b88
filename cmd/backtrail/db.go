package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/vuln"
	"github.com/spf13/cobra"
)

// updateTimeout bounds an update: the largest archive has hundreds of megabytes, and a slow link needs its time. It is
// a bound on each request with its body, so that a server that stops sending does not keep the command for ever.
const updateTimeout = time.Hour

// dbCommand is the verb db. db update is the one command that fetches data about the world; everything else works with
// what is there, and reports how old that is.
func dbCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Vulnerabilities and known compromises: update, import, status",
		Long: `The data that images are compared with: the vulnerability database of grype, in the place where the grype
command keeps it; incident packs, of which some come with the program; the malicious-package records of OSV. Nothing is
fetched unless db update is run.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return f.dbStatus(std) },
	}
	status := &cobra.Command{
		Use: "status", Short: "Which data there is, and how old it is", Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return f.dbStatus(std) },
	}
	bring := &cobra.Command{
		Use:   "import FILE|DIR...",
		Short: "Take data from files: grype's database (.tar.zst), OSV records (JSON, all.zip), incident packs (YAML)",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("db import needs a FILE or DIR")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return dbImport(std, args) },
	}
	var from dbSources
	update := &cobra.Command{
		Use: "update", Short: "Fetch the vulnerabilities and malicious-package records that are newer than those here",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return updateData(cmd.Context(), f, std, from) },
	}
	update.Flags().StringVar(&from.advisories, "source", "",
		"`URL` of a mirror with the layout of osv.dev's archives; fetch only what is named")
	update.Flags().StringVar(&from.vulnerabilities, "vulnerabilities", "",
		"`URL` of a mirror with the layout of grype's databases; fetch only what is named")
	cmd.AddCommand(status, bring, update)
	return cmd
}

// dbReport is what db status prints as JSON. Dates are those of the data, as its publisher wrote them, not of the
// download: a mirror may serve old data today.
type dbReport struct {
	// Packs counts incident packs: those of the program and those that were imported.
	Packs      int          `json:"packs"`
	PacksDate  inspect.Time `json:"packsDate"` // of the newest
	Records    int          `json:"records"`
	Date       inspect.Time `json:"date"`       // of the records
	Digest     string       `json:"digest"`     // of the records, sha256:…; empty without any
	NotChecked string       `json:"notChecked"` // what of the data could not be read

	Vulnerabilities vulnReport `json:"vulnerabilities"`
}

// vulnReport describes the vulnerability database. Status is found, empty (there is none) or unreachable (there is one
// that cannot be read): the last two must not be confused, since only one is mended by a download.
type vulnReport struct {
	Status inspect.StoreStatus `json:"status"`
	Date   inspect.Time        `json:"date"` // when it was built
	Digest string              `json:"digest"`
	Old    bool                `json:"old"` // too old to rely on what it does not contain
	Folder string              `json:"folder"`
	Reason string              `json:"reason"` // why it could not be read
}

// dbStatus prints which data there is. Data that cannot be read is an error after the report (exit 1); data that is not
// there, or old, is none: a case then reports what it could not compare with.
func (f *flags) dbStatus(std streams) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	data, err := f.advisoryData()
	if err != nil {
		return err
	}
	status, unread := data.Status()
	r := dbReport{Packs: len(status.Packs)}
	for _, p := range status.Packs {
		if p.Date().After(r.PacksDate.Time) {
			r.PacksDate = p.Date()
		}
	}
	if db := status.Database; db != nil {
		r.Records, r.Date, r.Digest = db.Records, db.Date, db.Digest
	}
	if unread != nil {
		r.NotChecked = unread.Error()
	}
	if r.Vulnerabilities, err = f.vulnStatus(); err != nil {
		return err
	}
	if f.output == "json" {
		b, err := inspect.EncodeJSON(r)
		if err != nil {
			return err
		}
		_, err = std.out.Write(b)
		return err
	}
	records := "none (backtrail db update fetches them, db import takes them from files)"
	if r.Records > 0 {
		records = fmt.Sprintf("%d, of %s", r.Records, dated(r.Date))
	}
	_, err = fmt.Fprintf(std.out, "vulnerabilities             %s\nincident packs              %d, the newest of %s\n"+
		"malicious-package records   %s\n", r.Vulnerabilities.words(), r.Packs, dated(r.PacksDate), records)
	if unread != nil {
		return hinted(fmt.Errorf("reading the advisories: %w", unread), "db import replaces what cannot be read")
	}
	if r.Vulnerabilities.Status == inspect.StoreUnreachable {
		return hinted(errors.New(r.Vulnerabilities.Reason), "db update or db import replaces the database")
	}
	return err
}

// vulnStatus opens the vulnerability database and describes it. A database that cannot be read is a part of the
// description; errors are those of the folders in which it is looked for.
func (f *flags) vulnStatus() (vulnReport, error) {
	cache, err := f.cacheDir()
	if err != nil {
		return vulnReport{}, err
	}
	folder, err := vuln.Folder()
	if err != nil {
		return vulnReport{}, err
	}
	data := vuln.NewData(folder, cache)
	defer data.Close()
	status, err := data.Status()
	r := vulnReport{Status: inspect.StoreFound, Folder: folder}
	switch {
	case errors.Is(err, vuln.ErrNone):
		r.Status = inspect.StoreEmpty
	case err != nil:
		r.Status, r.Reason = inspect.StoreUnreachable, err.Error()
	default:
		_, r.Old = status.Data.Days(inspect.At(time.Now()))
		r.Date, r.Digest = status.Data.Date, status.Data.Digest
	}
	return r, nil
}

// words describe the database in a line. What is not known is worded as such: without a database no image is free of
// vulnerabilities.
func (r vulnReport) words() string {
	switch {
	case r.Status == inspect.StoreEmpty:
		return "none, so nothing is known about them (backtrail db update fetches them, db import takes them from a " +
			"file)"
	case r.Status == inspect.StoreUnreachable:
		return "the database could not be read"
	case r.Old:
		return fmt.Sprintf("of %s; old: backtrail db update fetches newer ones", dated(r.Date))
	}
	return "of " + dated(r.Date)
}

// dated is a date with its age in whole days. A date in the future, by the clock of this machine, has none.
func dated(t inspect.Time) string {
	days, ok := advisory.Age(t.Time, time.Now())
	switch {
	case !ok:
		return "an unknown date"
	case days == 0:
		return t.Format(time.DateOnly) + " (today)"
	case days == 1:
		return t.Format(time.DateOnly) + " (1 day old)"
	}
	return fmt.Sprintf("%s (%d days old)", t.Format(time.DateOnly), days)
}

// dbImport takes data from files, each in turn: what was imported before one that is refused stays, and has been
// printed. Files are distinguished by their content and name, never by their order on the command line.
func dbImport(std streams, paths []string) error {
	dir, err := advisoryDir()
	if err != nil {
		return err
	}
	// A directory is imported as the files in it that have one of the forms; others are passed over.
	for _, path := range paths {
		if vuln.IsDatabase(path) {
			if err := importVulnerabilities(std, path); err != nil {
				return err
			}
			continue
		}
		done, err := advisory.Import(dir, path)
		if err != nil {
			return hinted(err, "db import takes OSV records (JSON, all.zip), incident packs (YAML) and reduced "+
				"files (.tsv)")
		}
		for _, p := range done.Packs {
			fmt.Fprintf(std.out, "incident pack %s: %s\n", p.ID, text.Clean(p.Title))
		}
		if done.Records > 0 || len(done.Packs) == 0 {
			fmt.Fprintf(std.out, "%d malicious-package records from %s\n", done.Records, text.Clean(path))
		}
		if done.Broken > 0 {
			fmt.Fprintf(std.err, "%d records could not be read\n", done.Broken)
		}
	}
	return nil
}

// importVulnerabilities takes a database of grype, and opens it once: what cannot be opened is not reported as
// imported.
func importVulnerabilities(std streams, path string) error {
	folder, err := vuln.Folder()
	if err != nil {
		return err
	}
	if err := vuln.Import(folder, path); err != nil {
		return hinted(err, "db import takes an archive of grype's databases (.tar.zst), or a vulnerability.db")
	}
	data := vuln.NewData(folder, "")
	defer data.Close()
	status, err := data.Status()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "vulnerabilities of %s\n", dated(status.Data.Date))
	return err
}

// dbSources are where data is fetched from. With neither named, all is fetched from where it is published; with one
// named, nothing but that: a machine that reaches one mirror only is not made to wait for what it cannot reach.
type dbSources struct{ advisories, vulnerabilities string }

// updateData fetches what is newer than what is here. Addresses are checked before the first request: https, or http on
// this machine. They are never printed with a password that they contain.
func updateData(ctx context.Context, f *flags, std streams, from dbSources) error {
	if err := f.checkOutput("plain", "json"); err != nil { // before what may take an hour
		return err
	}
	if f.offline {
		return usage("db update needs the network: leave --offline out, or take the data from files with db import")
	}
	if from == (dbSources{}) {
		from = dbSources{advisory.DefaultSource, vuln.DefaultSource}
	}
	for flag, source := range map[string]string{"source": from.advisories, "vulnerabilities": from.vulnerabilities} {
		if source == "" {
			continue
		}
		if err := advisory.CheckSource(source); err != nil {
			return usage("db update --%s: %w", flag, err)
		}
	}
	// The one must not depend on the other: each is worth having alone. What was fetched before an error stays.
	if err := errors.Join(updateVulnerabilities(std, from.vulnerabilities),
		updateAdvisories(ctx, std, from.advisories)); err != nil {
		return hinted(err, "db import takes the archives from files, for machines without access")
	}
	return f.dbStatus(std)
}

// updateVulnerabilities fetches grype's database, which grype's own code verifies against the checksum of its listing.
func updateVulnerabilities(std streams, source string) error {
	if source == "" {
		return nil
	}
	folder, err := vuln.Folder()
	if err != nil {
		return err
	}
	changed, err := vuln.Update(folder, source, "backtrail/"+version)
	if err != nil {
		return err
	}
	text := "unchanged"
	if changed {
		text = "fetched"
	}
	_, err = fmt.Fprintf(std.err, "vulnerabilities: %s\n", text)
	return err
}

// updateAdvisories fetches the malicious-package records of each ecosystem, and reports each on a line of stderr. One
// that a server does not have is no error: mirrors often carry some only.
func updateAdvisories(ctx context.Context, std streams, source string) error {
	if source == "" {
		return nil
	}
	dir, err := advisoryDir()
	if err != nil {
		return err
	}
	u := &advisory.Updater{
		Client: &http.Client{Timeout: updateTimeout, CheckRedirect: advisory.CheckRedirect}, Source: source, Dir: dir,
		Report: func(r advisory.Updated) {
			words := "unchanged"
			switch {
			case r.Changed:
				words = fmt.Sprintf("fetched, %s, %d records", text.Size(r.Bytes), r.Records)
				if r.Broken > 0 {
					words += fmt.Sprintf(", %d could not be read", r.Broken)
				}
			case r.Missing:
				words = "not served"
			}
			fmt.Fprintf(std.err, "%s: %s\n", r.Ecosystem, words)
		},
	}
	if err := u.Update(ctx); err != nil {
		return fmt.Errorf("updating the advisories: %w", err)
	}
	return nil
}

// advisoryData is what images are compared with: the packs of the program, and what was imported below the folder of
// the data. Nothing is read yet. What turns out to be unreadable leaves the comparison unknown, never without a match.
func (f *flags) advisoryData() (*advisory.Data, error) {
	dir, err := advisoryDir()
	if err != nil {
		return nil, err
	}
	return advisory.NewData(dir), nil
}

// advisoryDir is where imported advisories are kept: beside the cases and not in the cache, since pruning the cache
// must not change what an image is compared with.
func advisoryDir() (string, error) {
	dir, err := dataDir()
	return filepath.Join(dir, "advisories"), err
}

// setWindow has images compared with the window of a flag: FROM,TO, dates or times, of which one may be left out. An
// empty text is no window. Errors are usage errors.
func setWindow(s *session, text string) error {
	if text == "" {
		return nil
	}
	w, err := advisory.ParseWindow(text)
	if err != nil {
		return usage("reading --window: %w", err)
	}
	s.advisories.Window = w
	return nil
}
