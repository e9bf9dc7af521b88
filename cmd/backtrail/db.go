package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/text"
)

// updateTimeout bounds an update: the largest archive has hundreds of megabytes.
const updateTimeout = time.Hour

func dbCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Known-compromise data: update, import, status",
		Long: `The data that images are compared with: incident packs, of which some come with the program, and the
malicious-package records of OSV. Nothing is fetched unless db update is run.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return f.dbStatus(std) },
	}
	status := &cobra.Command{
		Use: "status", Short: "Which data there is, and how old it is", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return f.dbStatus(std) },
	}
	bring := &cobra.Command{
		Use:   "import FILE|DIR...",
		Short: "Take data from files: OSV records (JSON, all.zip), incident packs (YAML), a reduced file (.tsv)",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("db import needs a FILE or DIR")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return dbImport(std, args) },
	}
	var source string
	update := &cobra.Command{
		Use: "update", Short: "Fetch the malicious-package records of OSV that are newer than those here",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.dbUpdate(cmd.Context(), std, source) },
	}
	update.Flags().StringVar(&source, "source", advisory.DefaultSource,
		"`URL` of a mirror with the layout of osv.dev's archives")
	cmd.AddCommand(status, bring, update)
	return cmd
}

// dbReport is what db status prints as JSON.
type dbReport struct {
	Packs      int          `json:"packs"`
	PacksDate  inspect.Time `json:"packsDate"` // of the newest
	Records    int          `json:"records"`
	Date       inspect.Time `json:"date"` // of the records
	Digest     string       `json:"digest"`
	NotChecked string       `json:"notChecked"` // what of the data could not be read
}

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
	_, err = fmt.Fprintf(std.out,
		"incident packs              %d, the newest of %s\nmalicious-package records   %s\n", r.Packs,
		dated(r.PacksDate), records)
	if unread != nil {
		return hinted(fmt.Errorf("reading the advisories: %w", unread), "db import replaces what cannot be read")
	}
	return err
}

// dated is a date with its age.
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

func dbImport(std streams, paths []string) error {
	dir, err := advisoryDir()
	if err != nil {
		return err
	}
	for _, path := range paths {
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

func (f *flags) dbUpdate(ctx context.Context, std streams, source string) error {
	if f.offline {
		return usage("db update needs the network: leave --offline out, or take the data from files with db import")
	}
	if err := advisory.CheckSource(source); err != nil {
		return usage("db update --source: %w", err)
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
		return hinted(fmt.Errorf("updating the advisories: %w", err),
			"db import takes the archives from files, for machines without access")
	}
	return f.dbStatus(std)
}
