package sbom

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// maxSingle is how many changed, added and removed packages have a finding of their own. Past it, an image was rebuilt
// on another base and gets one sentence; what is notable still stands alone. Twenty lines are about what a person
// reads.
const maxSingle = 20

// findings describes what in a comparison a person should know. A package that only has a newer version is worth a
// line; one that went back to an older version, or whose files do not match the package, is worth a look. d is the
// comparison, good the image that it was made with; its word is in every title.
func findings(subject string, image inspect.Image, good inspect.KnownGood, d inspect.PackageDiff) []inspect.Finding {
	total := len(d.Changed) + len(d.Added) + len(d.Removed)
	var list []inspect.Finding
	for _, c := range d.Changed {
		f := changedFinding(subject, image, good, c)
		if total <= maxSingle || f.Severity.Rank() < inspect.Low.Rank() {
			list = append(list, f)
		}
	}
	if total > maxSingle {
		return append(list, summary(subject, good, d))
	}
	for _, p := range d.Added {
		title := fmt.Sprintf("%s: package %s %s is not in the %s image", subject, p.Name, p.Version, good.Word())
		list = append(list, finding(inspect.CodePackageAdded, subject, p.Type, p.Name, p.Version, inspect.Low, title,
			evidenceOf(image, p.Layer, p.Locations)))
	}
	for _, p := range d.Removed {
		title := fmt.Sprintf("%s: package %s %s of the %s image is gone", subject, p.Name, p.Version, good.Word())
		list = append(list, finding(inspect.CodePackageRemoved, subject, p.Type, p.Name, p.Version, inspect.Info, title,
			[]inspect.Evidence{{Kind: "manifest", Digest: good.Key(), Text: good.Reference}}))
	}
	return list
}

// changedFinding is the finding of one package whose version changed: an update is for the record, a version that
// went back is of medium severity, and so is a package of which a file does not match it.
func changedFinding(subject string, image inspect.Image, good inspect.KnownGood,
	c inspect.PackageChange,
) inspect.Finding {
	severity := inspect.Low
	title := fmt.Sprintf("%s: package %s is %s, was %s in the %s image", subject, c.Name, c.To, c.From, good.Word())
	switch c.Change {
	case upgrade:
		severity = inspect.Info
	case downgrade:
		severity = inspect.Medium
		title = fmt.Sprintf("%s: package %s went back to %s, was %s in the %s image", subject, c.Name, c.To, c.From,
			good.Word())
	}
	if path := suspect(image, c.Name); path != "" {
		severity = inspect.Medium
		title += fmt.Sprintf(", and its file %s does not match the package", path)
	}
	return finding(inspect.CodePackageChanged, subject, c.Type, c.Name, c.From, severity, title, evidenceOf(image,
		c.Layer,
		locationsOf(image, c)))
}

// suspect names a file of a package that does not match the package, empty where there is none. Files that are
// changed as a matter of course (configuration, os-release in distroless images) are rows of low severity. An update
// that brings a file which its own package does not know is the mark of a replaced program, so that it weighs more than
// the update.
func suspect(image inspect.Image, pkg string) string {
	for _, a := range image.Altered {
		if !a.Config && a.Severity.Rank() < inspect.Low.Rank() && sameOwner(a.Package, pkg) {
			return a.Path
		}
	}
	for _, b := range image.Binaries {
		if sameOwner(b.Owner, pkg) && slices.Contains(b.Codes, "altered") {
			return b.Path
		}
	}
	return ""
}

// sameOwner compares the owner of a file with the name of a package: dpkg may add the architecture to it. libc6:amd64
// owns files of the package libc6.
func sameOwner(owner, pkg string) bool {
	owner, _, _ = strings.Cut(owner, ":")
	return owner == pkg
}

// locationsOf are the files of a package in the image that it changed to.
func locationsOf(image inspect.Image, c inspect.PackageChange) []string {
	for _, p := range image.Packages {
		if p.Type == c.Type && p.Name == c.Name && p.Version == c.To {
			return p.Locations
		}
	}
	return nil
}

// evidenceOf names the layer and the files of a package.
func evidenceOf(image inspect.Image, layer int, locations []string) []inspect.Evidence {
	e := inspect.Evidence{Kind: "layer"}
	for _, l := range image.Layers {
		if l.Number == layer && !l.Empty {
			e.Digest, e.Text = l.Digest, l.CreatedBy
			if e.Digest == "" {
				e.Digest = l.DiffID
			}
		}
	}
	if len(locations) > 0 {
		e.Path = locations[0]
	}
	return []inspect.Evidence{e}
}

// finding is a finding about a package, which is its cause.
func finding(code, subject, kind, pkg, version string, severity inspect.Severity, title string,
	on []inspect.Evidence,
) inspect.Finding {
	about := fmt.Sprintf("%s:%s/%s@%s", subject, kind, pkg, version)
	return inspect.Finding{
		ID: inspect.FindingID(inspect.CheckPackageDiff, code, about), Check: inspect.CheckPackageDiff, Code: code,
		Status:   severity.RowStatus(),
		Severity: severity, Subject: about, Title: title, Evidence: on,
	}
}

// summary is the finding on how many packages differ.
func summary(subject string, good inspect.KnownGood, d inspect.PackageDiff) inspect.Finding {
	return inspect.Finding{
		ID:    inspect.FindingID(inspect.CheckPackageDiff, inspect.CodePackagesChanged, subject),
		Check: inspect.CheckPackageDiff, Code: inspect.CodePackagesChanged,
		Status: inspect.Low.RowStatus(), Severity: inspect.Low, Subject: subject,
		Title: fmt.Sprintf("%s: %d packages changed, %d added and %d removed since the %s image", subject,
			len(d.Changed), len(d.Added), len(d.Removed), good.Word()),
		Evidence: []inspect.Evidence{{Kind: "manifest", Digest: good.Key(), Text: good.Reference}},
	}
}
