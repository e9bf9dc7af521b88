package auditbag

import (
	"bytes"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// about checks that vulnerabilities and advisories name something that the facts have. Which records a database had on
// that day is a claim; that an image without the package is affected by one is a contradiction.
func (v *verifier) about(f *audit.Facts, c *audit.Comparison) {
	has, named := map[string]bool{}, map[string]bool{}
	for _, p := range f.Image.Packages {
		has[p.Name+"\x00"+p.Version] = true
		named[p.Name+" "+p.Version] = true
	}
	for _, row := range c.Vulns {
		if !has[row.Package+"\x00"+row.Version] {
			v.fail("vulnerability", f.Unit, "%s is about %s %s, which its facts do not have", row.ID, row.Package,
				row.Version)
		}
	}
	for _, a := range c.Advisories {
		if a.Kind == inspect.AdvisoryPackage && !named[a.Subject] {
			v.fail("advisory", f.Unit, "%s is about %s, which its facts do not have", a.ID, a.Subject)
		}
	}
}

// compareRows compares the rows with those that follow from listing, facts, policies and thresholds. It returns the
// books that follow.
func (v *verifier) compareRows() audit.Books {
	again := audit.Report{Rows: v.rows}
	again.Settle(v.listing)
	want := map[string]int{}
	for n := range again.Rows {
		want[encoded(&again.Rows[n])]++
	}
	recomputed := 0
	for n := range v.report.Rows {
		row := &v.report.Rows[n]
		text := encoded(row)
		if want[text] == 0 {
			v.fail("row", row.Name(), "it does not follow: %s", v.difference(row, again.Rows))
			continue
		}
		want[text]--
		recomputed++
	}
	if len(v.report.Rows) < len(again.Rows) {
		v.fail("row", reportFile, "it has %d rows, and %d follow from what was listed", len(v.report.Rows),
			len(again.Rows))
	}
	v.out.Claims.Recomputed += recomputed
	if recomputed == len(again.Rows) && recomputed > 0 {
		v.record("row", reportFile, inspect.Verified, evidence.BasisBytes,
			"all %d rows follow from listing, facts, policies and thresholds", recomputed)
	}
	return again.Books
}

// encoded is a row as it is printed.
func encoded(row *audit.Row) string {
	raw, err := inspect.EncodeJSON(row)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// difference names the lines in which a row differs from the one that follows for its place.
func (v *verifier) difference(row *audit.Row, again []audit.Row) string {
	at := slices.IndexFunc(again, func(o audit.Row) bool {
		return o.Cluster == row.Cluster && o.Name() == row.Name() && o.Reference == row.Reference
	})
	if at < 0 {
		return "nothing that was listed is at this place"
	}
	have, want := strings.Split(encoded(row), "\n"), strings.Split(encoded(&again[at]), "\n")
	for n := range have {
		if n >= len(want) || have[n] != want[n] {
			other := "nothing"
			if n < len(want) {
				other = strings.TrimSpace(want[n])
			}
			return "it has " + strings.TrimSpace(have[n]) + ", and " + other + " follows"
		}
	}
	return "it leaves something out"
}

// compareCounts compares the books, counted again, and the scope with the listing.
func (v *verifier) compareCounts(again audit.Books) {
	if again != v.report.Books {
		v.fail("books", reportFile, "the counts are %+v, and %+v follow", v.report.Books, again)
		return
	}
	if !slices.Contains(v.report.Scope.Contexts, v.listing.Context) {
		v.fail("books", reportFile, "its scope does not have %s, which was listed", v.listing.Context)
		return
	}
	v.out.Claims.Recomputed++
	v.out.Claims.Claimed++ // what was listed
	v.record("books", reportFile, inspect.Verified, evidence.BasisBytes, "the counts add up: %d listed", again.Listed)
}

// compareGaps checks that the report names all that was not looked at, as far as that follows from the bag. What it
// names besides only weakens it.
func (v *verifier) compareGaps() {
	gaps := slices.Concat(v.listing.Gaps, audit.DepthGaps(v.report.Scope.Depth), v.gaps)
	for _, g := range gaps {
		if !slices.Contains(v.report.NotLookedAt, g) {
			v.fail("not-looked-at", g.What, "the report does not name it: %s", g.Reason)
			return
		}
	}
	v.out.Claims.Recomputed++
	v.record("not-looked-at", reportFile, inspect.Verified, evidence.BasisBytes,
		"it names all of the %d gaps that follow from the bag", len(gaps))
}

// compareChanges lists the changes again, where the earlier report is in the bag. Changes without it are a claim that
// nothing bears out.
func (v *verifier) compareChanges() {
	if !v.files.Has(beforeFile) {
		if len(v.report.Changes) > 0 {
			v.fail("changes", reportFile, "it lists %d changes, and the report that they are against is not in the bag",
				len(v.report.Changes))
		}
		return
	}
	var before audit.Report
	if err := v.decode(beforeFile, maxReport, &before); err != nil {
		v.fail("changes", beforeFile, "it cannot be read: %v", err)
		return
	}
	have, errHave := inspect.EncodeJSON(v.report.Changes)
	want, errWant := inspect.EncodeJSON(audit.Compare(&before, &v.report))
	if errHave != nil || errWant != nil || !bytes.Equal(have, want) {
		v.fail("changes", reportFile, "they are not those against the earlier report in the bag")
		return
	}
	v.out.Claims.Recomputed++
	v.out.Claims.Claimed++ // the earlier report
	v.record("changes", reportFile, inspect.Verified, evidence.BasisBytes, "%d changes follow from the earlier report",
		len(v.report.Changes))
}

// compareData compares the dates and digests of data: those that rows of databases name have to be those of the report.
// A database that is older than it looks would make "no vulnerability" of an audit last year's.
func (v *verifier) compareData(c *audit.Comparison) {
	for _, row := range c.Vulns {
		v.sameData("vulnerabilities", row.ID, row.Data)
	}
	for _, a := range c.Advisories {
		if a.Source == "osv" {
			v.sameData("osv", a.ID, a.Data)
		}
	}
}

// sameData compares the data that a row names with that of the report.
func (v *verifier) sameData(source, id string, row inspect.AdvisoryData) {
	at := slices.IndexFunc(v.report.Data, func(d audit.Data) bool { return d.Source == source })
	switch {
	case at < 0:
		v.fail("data", id, "it is of %s, which the report does not name among its data", source)
	case v.report.Data[at].Digest != row.Digest || !v.report.Data[at].Date.Equal(row.Date.Time):
		v.fail("data", id, "it is of data of %s (%s), and the report names data of %s (%s)", row.Date.Stamp(),
			row.Digest, v.report.Data[at].Date.Stamp(), v.report.Data[at].Digest)
	}
}

// compareThresholds checks that thresholds which are called the default are it, as far as this program has the same
// ones, and derives again which waivers were in force.
func (v *verifier) compareThresholds() {
	if d := threshold.Default(); v.basis.Thresholds.Digest == d.Digest {
		have, errHave := inspect.EncodeJSON(v.basis.Thresholds)
		want, errWant := inspect.EncodeJSON(d)
		if errHave != nil || errWant != nil || !bytes.Equal(have, want) {
			v.fail("thresholds", basisFile, "they have the digest of the default, and are not the default")
			return
		}
		v.out.Claims.Recomputed++
	}
	v.out.Claims.Claimed += len(v.basis.Enforced) // what the webhooks of a cluster were, no byte of the bag shows
	v.compareWaivers()
}

// compareInfo compares what bag-info.txt states with the report: it is what is read first, and by other programs.
func (v *verifier) compareInfo() {
	raw, err := v.files.Read(bagit.InfoFile, maxBasis)
	if err != nil {
		return // a defect of the bag
	}
	info, _ := bagit.ParseInfo(raw)
	complete := "no"
	if v.out.Case.Complete {
		complete = "yes"
	}
	for label, want := range map[string]string{infoStatus: string(v.out.Case.Status), infoComplete: complete} {
		if info[label] != want {
			v.fail("file", bagit.InfoFile, "%s is %q, and the report is %s", label, info[label], want)
		}
	}
}

// compareWaivers derives again which waivers were in force.
func (v *verifier) compareWaivers() {
	have, errHave := inspect.EncodeJSON(v.basis.Waivers)
	want, errWant := inspect.EncodeJSON(waiversOf(v.basis.Thresholds, v.basis.At))
	if errHave != nil || errWant != nil || !bytes.Equal(have, want) {
		v.fail("waivers", basisFile, "they are not those of the thresholds at the time of the audit")
		return
	}
	v.out.Claims.Recomputed++
}

// draw draws the renderings again. Another version may draw them otherwise: then they are a claim.
func (v *verifier) draw() {
	for _, r := range renderings {
		v.used[r.name] = true
		have, err := v.files.Read(r.name, maxReport)
		if err != nil {
			v.fail("report", r.name, "it cannot be read: %v", err)
			continue
		}
		want, err := r.draw(&v.report, &v.basis)
		switch {
		case err == nil && bytes.Equal(have, want):
			v.out.Claims.Recomputed++
			v.record("report", r.name, inspect.Verified, evidence.BasisBytes, "it has what %s has", reportFile)
		case v.tool == v.basis.Tool:
			v.fail("report", r.name, "it is not what this program draws from %s", reportFile)
		default:
			// By a signer whom the person named, an older rendering is as good as the report beside it.
			status := inspect.Unknown
			if v.authentic {
				status = inspect.Absent
			}
			v.out.Claims.Claimed++
			v.record("report", r.name, status, evidence.BasisClaimed,
				"another version drew it (%s): read %s itself", toolName(v.basis.Tool), reportFile)
		}
	}
}

// unnamed fails files of the payload that nothing in the bag names: an extra file lends its content the weight of a bag
// that verifies.
func (v *verifier) unnamed() {
	for _, name := range v.files.Below("data/") {
		if !v.used["data/"+name] {
			v.fail("file", "data/"+name, "it is extra: nothing in the bag names it")
		}
	}
}
