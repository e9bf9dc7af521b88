package vuln

import (
	"context"
	"errors"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// Vulnerabilities is the check that compares the packages of an image with the vulnerability database. statements are
// those of files, and may be nil; blobs has the attested ones.
//
// Without a database the check does not apply, and its reason names the command that fetches one. That nothing was
// compared is then recorded: an image without rows is one without known vulnerabilities only beside inspect.VulnData.
func Vulnerabilities(data *Data, statements *Statements, blobs Blobs) engine.Check {
	needs := []string{inspect.CheckPackages, inspect.CheckPackageDiff, inspect.CheckSignatures}
	return engine.Check{Name: inspect.CheckVulnerabilities, Needs: needs, Run: func(ctx context.Context, on engine.On,
		emit func(inspect.Event),
	) error {
		image, c := on.Image(), on.Case()
		db, err := data.open()
		if errors.Is(err, ErrNone) {
			return engine.Nothing("no vulnerability database, so nothing is known about vulnerabilities: " +
				"backtrail db update fetches one, backtrail db import takes one from a file")
		}
		if err != nil {
			return engine.Unchecked("%s", err)
		}
		if len(image.Packages) == 0 && on.Ended(inspect.CheckPackages).Status != inspect.CheckDone {
			return engine.Unchecked("the packages of the image are not known: %s",
				on.Ended(inspect.CheckPackages).Reason)
		}
		found, err := db.compare(ctx, image.Packages)
		if err != nil {
			return err
		}
		if err := db.markNew(ctx, image, found.rows); err != nil {
			return err
		}
		emit(inspect.Event{Fact: inspect.VulnData{
			AdvisoryData: db.data, Compared: found.packages,
			NotCompared: found.notCompared,
		}})
		rules, _ := threshold.Of(&c)
		signed, unread := attested(blobs, image.Signatures)
		stated := statements.with(signed)
		// The worst rows come first, so that those which are left out above the bound are the least.
		for _, r := range found.rows[:min(len(found.rows), maxRows)] {
			r.VEX = stated.about(r, image)
			d := threshold.OfVulnerability(rules, r, threshold.On{Image: image.Reference, At: c.Started})
			r.Threshold, r.Due, r.Rule = d.Level, d.Due, d.Rule
			emit(inspect.Event{Fact: r})
		}
		return ended(found, unread, on.Ended(inspect.CheckPackages))
	}}
}

// ended names what was not compared.
// All rows were emitted before: what is missing makes the check blocked, and takes none of them back.
func ended(found compared, statements error, packages inspect.CheckState) error {
	switch {
	case statements != nil:
		return engine.Unchecked("%s", statements)
	case len(found.rows) > maxRows:
		return engine.Unchecked("more than %d vulnerabilities: the others are left out", maxRows)
	case found.failed != nil:
		return engine.Unchecked("%s", found.failed)
	case packages.Status != inspect.CheckDone:
		return engine.Unchecked("the packages of the image are not all known: %s", packages.Reason)
	}
	return nil
}

// markNew sets whether a row is new: its package is not in the image that this one is compared with, and the packages
// that were there in its stead do not have the vulnerability.
// New stays nil where the image was compared with no other: not known is not the same as not new.
func (db *database) markNew(ctx context.Context, image inspect.Image, rows []inspect.Vuln) error {
	if image.Diff == nil || image.Diff.Packages == nil {
		return nil
	}
	d := image.Diff.Packages
	earlier, err := db.compare(ctx, before(d))
	if err != nil {
		return err
	}
	type key struct{ kind, name, version string }
	came, had := map[key]bool{}, map[string]bool{}
	for _, p := range d.Added {
		came[key{p.Type, p.Name, p.Version}] = true
	}
	for _, p := range d.Changed {
		came[key{p.Type, p.Name, p.To}] = true
	}
	for _, r := range earlier.rows {
		had[r.ID] = true
	}
	for n, r := range rows {
		isNew := came[key{r.Type, r.Package, r.Version}] && !had[r.ID]
		rows[n].New = &isNew
	}
	return nil
}
