package binary

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/owner"
)

// tampered describes what layers did to the package databases that no package manager does: high where a program is
// covered. A package manager that runs in a build changes version and files of a package together. What changes the
// digests alone is a hand edit, or an attacker who fits the database to a replaced program.
func (h *scanner) tampered(emit func(inspect.Event)) {
	for _, t := range h.own.Tampered {
		severity := inspect.Low
		if t.Program {
			severity = inspect.High
		}
		text := tamperedWords(t)
		emit(inspect.Event{Fact: inspect.Setting{Code: t.Code, Detail: text, Severity: severity}})
		if !t.Program {
			continue
		}
		subject := fmt.Sprintf("%s:%s %s", h.image.Container, t.File, t.Package)
		finding := &inspect.Finding{
			ID: inspect.FindingID(inspect.CheckBinaries, t.Code, subject), Check: inspect.CheckBinaries, Code: t.Code,
			Status: severity.RowStatus(), Severity: severity,
			Subject: h.image.Container + ":" + t.Paths[0], Title: text, Detail: h.createdBy(t.Layer),
			Evidence: []inspect.Evidence{{Kind: "package-database", Path: t.File, Text: t.Package}, {
				Kind:   "layer",
				Digest: h.layerDigest(t.Layer), Path: t.File, Text: h.createdBy(t.Layer),
			}},
		}
		for _, p := range t.Paths {
			if n := h.tree.Get(p); n != nil && n.SHA256 != "" {
				finding.Evidence = append(finding.Evidence, inspect.Evidence{Kind: "file", Digest: "sha256:" +
					n.SHA256, Path: p})
			}
		}
		emit(inspect.Event{Fact: *finding})
	}
}

// tamperedWords words one of them.
func tamperedWords(t owner.Tampering) string {
	files := strings.Join(t.Paths[:min(len(t.Paths), 3)], ", ")
	if len(t.Paths) > 3 {
		files += ", …"
	}
	switch t.Code {
	case inspect.CodeDatabaseGrew:
		return fmt.Sprintf("layer %d added files to package %s, which was installed before, without another "+
			"version: %s", t.Layer, t.Package, files)
	case inspect.CodeDatabaseChanged:
		return fmt.Sprintf("layer %d changed what the package database has on files of package %s, without "+
			"another version: %s", t.Layer, t.Package, files)
	case inspect.CodeSecondDatabase:
		return fmt.Sprintf("layer %d brought a second package database (%s), whose claims do not count: %s", t.Layer,
			t.Package, files)
	case inspect.CodeClaimedTwice:
		return fmt.Sprintf("layer %d brought package %s, which claims files of another package with other "+
			"content: %s", t.Layer, t.Package, files)
	case inspect.CodeIncompletePackage:
		return fmt.Sprintf("layer %d registered package %s without most of its files; it has %s", t.Layer, t.Package,
			files)
	default:
		return fmt.Sprintf("layer %d changed the package database: %s", t.Layer, files)
	}
}
