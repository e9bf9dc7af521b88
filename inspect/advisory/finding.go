package advisory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// maxNamed is how many things a title names before it counts the rest.
// the evidence names up to 20, and the rows all
const maxNamed = 3

// findings makes one finding of all rows of one advisory of a kind of certainty: what matches an incident has one
// cause.
func findings(i inspect.Image, rows []inspect.Advisory) []inspect.Finding {
	// An incident may match by fifty files, three packages and a signer: it is one thing to act upon, and one finding.
	groups := map[string][]inspect.Advisory{}
	var order []string
	for _, r := range rows {
		key := code(r) + " " + r.ID
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	slices.Sort(order)
	var all []inspect.Finding
	for _, key := range order {
		all = append(all, findingOf(i, groups[key]))
	}
	return all
}

// code is the code of a finding. A record that was withdrawn convicts nobody, and a build within a window is a hint
// only.
func code(a inspect.Advisory) string {
	switch {
	case a.Withdrawn:
		return inspect.CodeWithdrawnAdvisory
	case a.Kind == inspect.AdvisoryWindow:
		return inspect.CodeExposureWindow
	}
	return inspect.CodeKnownCompromise
}

// findingOf is what the rows of one advisory mean in a sentence. Its subject is a file where the rows name one.
func findingOf(i inspect.Image, rows []inspect.Advisory) inspect.Finding {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b inspect.Advisory) int {
		return cmp.Compare(a.Severity.Rank(),
			b.Severity.Rank())
	})
	a := rows[0]
	f := inspect.Finding{
		Check: inspect.CheckAdvisories, Code: code(a), Status: a.Severity.RowStatus(), Severity: a.Severity,
		Subject: i.Container,
		Title:   title(rows), Detail: about(a),
	}
	if len(a.Locations) > 0 && strings.HasPrefix(a.Locations[0], "/") && !systemDatabase(a.Locations[0]) {
		f.Subject += ":" + a.Locations[0]
	}
	// The cause groups this finding with those of other checks about the same package: what it starts, what it opens.
	if name, version, ok := strings.Cut(a.Subject, " "); ok && a.Kind == inspect.AdvisoryPackage {
		f.Cause = inspect.Cause{Kind: inspect.CausePackage, Name: name, Version: version, Layer: -1}.Key()
	}
	// the subject and the advisory make the identity, not the words: a pack that is reworded stays the same finding
	f.ID = inspect.FindingID(inspect.CheckAdvisories, f.Code, f.Subject+"\x00"+a.ID)
	for _, r := range rows[:min(len(rows), 20)] {
		e := inspect.Evidence{Kind: string(r.Kind), Text: r.Subject}
		if r.Kind == inspect.AdvisoryPackage && len(r.Locations) > 0 {
			e.Path = r.Locations[0]
		}
		f.Evidence = append(f.Evidence, e)
	}
	f.Evidence = append(f.Evidence, inspect.Evidence{
		Kind: "advisory", Digest: a.Data.Digest,
		Text: strings.Join(append([]string{a.Source + " " + a.ID}, a.Sources...), " "),
	})
	return f
}

// systemDatabase reports whether a place is the database of all packages of a distribution: it is no file of one
// package.
func systemDatabase(p string) bool {
	return strings.HasPrefix(p, "/var/lib/dpkg/") || strings.HasPrefix(p, "/lib/apk/") || strings.HasPrefix(p,
		"/usr/lib/apk/") ||
		strings.Contains(p, "/rpm/") || strings.HasPrefix(p, "/var/lib/pacman/")
}

// title is one sentence on what is known about the subject.
func title(rows []inspect.Advisory) string {
	a, subjects := rows[0], subjectsOf(rows)
	switch code(a) {
	case inspect.CodeWithdrawnAdvisory:
		return fmt.Sprintf("%s matched %s, which was withdrawn: %s", subjects, a.ID, a.Title)
	case inspect.CodeExposureWindow:
		return fmt.Sprintf("%s, within the exposure window of %s: %s", subjects, a.ID, a.Title)
	}
	if a.Kind == inspect.AdvisoryPackage {
		return fmt.Sprintf("known-compromised package %s (%s): %s", subjects, a.ID, a.Title)
	}
	return fmt.Sprintf("known compromise %s by its %s %s: %s", a.ID, a.Kind, subjects, a.Title)
}

// subjectsOf names what matched, at most maxNamed of it.
func subjectsOf(rows []inspect.Advisory) string {
	var all []string
	for _, r := range rows {
		if r.Kind == rows[0].Kind && !slices.Contains(all, r.Subject) {
			all = append(all, r.Subject)
		}
	}
	text := strings.Join(all[:min(len(all), maxNamed)], ", ")
	if more := len(all) - maxNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// about describes where an advisory comes from, how old its data is and what became of it.
func about(a inspect.Advisory) string {
	var parts []string
	if !a.Published.IsZero() {
		parts = append(parts, "published "+a.Published.Format(time.DateOnly))
	}
	if a.Source != SourceFlag {
		parts = append(parts, "by "+a.Source+" "+a.ID)
	}
	if !a.Data.Date.IsZero() {
		parts = append(parts, "data of "+a.Data.Date.Format(time.DateOnly))
	}
	if a.Withdrawn {
		parts = append(parts, "withdrawn since")
	} else if a.Source != SourceFlag {
		parts = append(parts, "not withdrawn")
	}
	return strings.Join(parts, ", ")
}

// lookalikes makes a finding of each name that is close to a well-known one.
func lookalikes(i inspect.Image, found []squat, image string) []inspect.Finding {
	var all []inspect.Finding
	add := func(subject, title, detail string, e inspect.Evidence) {
		all = append(all, inspect.Finding{
			ID:    inspect.FindingID(inspect.CheckAdvisories, inspect.CodeLookalikeName, subject+"\x00"+title),
			Check: inspect.CheckAdvisories, Code: inspect.CodeLookalikeName,
			Status:   inspect.Medium.RowStatus(),
			Severity: inspect.Medium, Subject: subject, Title: title, Detail: detail, Evidence: []inspect.Evidence{e},
		})
	}
	for _, s := range found {
		subject, place := i.Container, ""
		if len(s.pkg.Locations) > 0 {
			place = s.pkg.Locations[0]
			subject += ":" + place
		}
		add(subject, fmt.Sprintf("the name of package %s %s is close to that of %s", s.pkg.Name, s.pkg.Version,
			s.target),
			fmt.Sprintf("%s package in layer %d: a name one slip away from a well-known one is how look-alikes "+
				"are installed by mistake", s.pkg.Type, s.pkg.Layer),
			inspect.Evidence{Kind: "package", Path: place, Text: s.pkg.PURL})
	}
	if image != "" {
		add(i.Container, fmt.Sprintf("the name of image %s is close to that of %s", i.Reference, image),
			"an image under a name one slip away from a well-known one is often another's",
			inspect.Evidence{Kind: "manifest", Digest: i.Digest, Text: i.Reference})
	}
	return all
}
