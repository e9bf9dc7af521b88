package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// compromises lists the known compromises that something of an image matches, worst first.
// A record that was withdrawn is shown as such: a person may have acted on it.
func (s *section) compromises(i inspect.Image) {
	rows := slices.Clone(i.Advisories)
	slices.SortStableFunc(rows, func(a, b inspect.Advisory) int {
		return cmp.Compare(a.Severity.Rank(),
			b.Severity.Rank())
	})
	for _, a := range rows[:min(len(rows), maxFiles)] {
		title := fmt.Sprintf("%s matches %s: %s", a.Subject, a.ID, a.Title)
		if a.Withdrawn {
			title += " (withdrawn)"
		}
		s.item(rowItem(a.Status, a.Severity, title, some(
			advisoryData(a), labelled("in layer", layerNumber(a.Layer)), labelled("found at",
				strings.Join(a.Locations, ", ")),
			strings.Join(a.Sources, " "))...))
	}
	s.more(len(rows) - maxFiles)
}

// advisoryData names what an advisory was matched by, where it comes from and how old it is.
func advisoryData(a inspect.Advisory) string {
	text := "by " + string(a.Kind) + ", from " + a.Source
	if !a.Published.IsZero() {
		text += ", published " + a.Published.Format(time.DateOnly)
	}
	if !a.Data.Date.IsZero() {
		text += ", data of " + a.Data.Date.Format(time.DateOnly)
	}
	return text
}

// lockRows lists where lock files and what is installed differ, worst first.
func (s *section) lockRows(i inspect.Image) {
	rows := slices.Clone(i.Lock)
	slices.SortStableFunc(rows, func(a, b inspect.LockRow) int {
		return cmp.Compare(a.Severity.Rank(),
			b.Severity.Rank())
	})
	for _, r := range rows[:min(len(rows), maxFiles)] {
		s.item(rowItem(r.Status, r.Severity, lockTitle(r), some(
			r.Detail, labelled("locked", r.Locked), labelled("installed", r.Installed), labelled("from", r.Resolved),
			labelled("in layer", layerNumber(r.Layer)))...))
	}
	s.more(len(rows) - maxFiles)
}

// lockTitle words a difference, or that a lock could not be read.
func lockTitle(r inspect.LockRow) string {
	if r.Change == inspect.LockUnreadable {
		return "lock file " + r.File + " could not be read"
	}
	return fmt.Sprintf("%s: %s, against %s", r.Name, strings.ReplaceAll(string(r.Change), "-", " "), r.File)
}
