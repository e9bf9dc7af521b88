package auditbag

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// readme draws README.txt: what is in the bag, what it does not show, and how to check it with standard tools.
func readme(r *audit.Report, basis *Basis) ([]byte, error) {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("Audit of %s, %s, recorded by %s.", text.Clean(strings.Join(r.Scope.Contexts, ", ")), basis.At.Stamp(),
		toolName(basis.Tool))
	line("%s", text.Clean(r.Summary()))
	line("A BagIt 1.0 bag (RFC 8493). Run these commands in this folder; none of them needs backtrail or a network.")
	line("")
	line("1. The files are those that were written:")
	line("")
	line("    sha256sum --check --strict --quiet %s %s", bagit.TagManifest256, bagit.Manifest256)
	line("    sha512sum --check --strict --quiet %s %s", bagit.TagManifest512, bagit.Manifest512)
	line("")
	line("2. The content is the one that was announced: compare with the digest posted at the export.")
	line("")
	line("    sha256sum %s", bagit.TagManifest256)
	line("")
	line("Read data/audit.html first; data/audit.json and data/audit.csv have the same rows for programs.")
	line("data/basis.json has the policies, thresholds and waivers that the rows were made by.")
	line("")
	line("Not looked at:")
	for _, g := range r.NotLookedAt {
		line("- %s: %s", text.Clean(g.What), text.Clean(g.Reason))
	}
	describeData(line, r, basis)
	line("")
	line("backtrail verify makes every row again from data/listing.json, data/facts and data/policies, and counts what")
	line("the files cannot bear out: what the cluster listed, what registries answered, and what databases had.")
	return b.Bytes(), nil
}

// describeData adds the dates of what images were compared with, and the waivers.
func describeData(line func(format string, args ...any), r *audit.Report, basis *Basis) {
	line("")
	line("Compared with:")
	for _, d := range r.Data {
		date := "date not known"
		if !d.Date.IsZero() {
			date = "of " + d.Date.Format("2006-01-02")
		}
		line("- %s %s %s", text.Clean(d.Source), date, text.Clean(d.Digest))
	}
	if len(r.Data) == 0 {
		line("- no data about compromises or vulnerabilities")
	}
	line("")
	line("Waivers:")
	for _, w := range basis.Waivers {
		state := "in force"
		if !w.InForce {
			state = "ended"
		}
		line("- %s until %s by %s, %s: %s", text.Clean(w.ID), w.Until.Format("2006-01-02"), text.Clean(w.Owner), state,
			text.Clean(w.Reason))
	}
	if len(basis.Waivers) == 0 {
		line("- none")
	}
}

// toolName is a program with its version, for people.
func toolName(t inspect.Tool) string {
	return text.Clean(strings.TrimSpace(t.Name + " " + t.Version + " " + t.Revision))
}
