package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// maxFiles bounds the files of a kind that a report lists one by one, worst first.
const maxFiles = 40

// fileSection lists the files of an image that need a look.
func fileSection(i inspect.Image) section {
	s := section{title: "binaries and altered files"}
	f := i.Files
	owned := fmt.Sprintf("%d owned by a package", f.Owned)
	if classes := f.Classes(); classes != "" {
		owned += " (" + classes + ")"
	}
	s.text(fmt.Sprintf("%s: %s, %d unowned, %d altered, %d missing; ownership %s%s.",
		text.Count(f.Total, "file"), owned, f.Unowned, f.Altered, f.Missing, cmp.Or(f.Ownership, "not yet known"),
		detail(f.Detail)))
	for _, b := range i.Binaries[:min(len(i.Binaries), maxFiles)] {
		s.item(binaryItem(i, b))
	}
	s.more(len(i.Binaries) - maxFiles)
	altered := slices.DeleteFunc(slices.Clone(i.Altered), func(a inspect.Altered) bool {
		return slices.ContainsFunc(i.Binaries, func(b inspect.Binary) bool { return b.Path == a.Path })
	})
	for _, a := range altered[:min(len(altered), maxFiles)] {
		s.item(rowItem(a.Status, a.Severity, a.Path+" does not match the checksum of "+a.Package,
			some(a.Detail, fmt.Sprintf("layer %d", a.Layer), contents(a), labelled("sha256", a.SHA256))...))
	}
	s.more(len(altered) - maxFiles)
	for _, m := range i.Missing[:min(len(i.Missing), maxFiles)] {
		s.item(rowItem(m.Status, m.Severity, m.Path+" of "+m.Package+" is missing"))
	}
	s.more(len(i.Missing) - maxFiles)
	return s
}

// binaryItem is a program in full, or in two lines where it is there only to be complete.
func binaryItem(i inspect.Image, b inspect.Binary) item {
	it := rowItem(b.Status, b.Severity, b.Path)
	if b.Count > 1 {
		it.title += fmt.Sprintf(" (%d files)", b.Count)
	}
	layer := fmt.Sprintf("layer %d", b.Layer)
	if b.Status != inspect.RowFailed && b.Severity.Rank() > inspect.Medium.Rank() {
		it.lines = some(b.Detail, join(string(b.Kind), text.Size(b.Size), b.Mode, layer, labelled("sha256", b.SHA256)))
		return it
	}
	it.lines = some(
		b.Detail,
		join(string(b.Kind), text.Size(b.Size), labelled("mode", b.Mode), layer, step(b.CreatedBy)),
		labelled("signs", strings.Join(b.Codes, ", ")),
		labelled("owner", b.Owner),
		labelled("sha256", b.SHA256),
	)
	for _, a := range i.Altered {
		if a.Path == b.Path {
			it.lines = append(it.lines, contents(a))
		}
	}
	return it
}

// contents describes what a packaged file should be and what it is.
func contents(a inspect.Altered) string {
	return fmt.Sprintf("package %s installed %s, this is %s", a.Package, a.Expected, a.Actual)
}
