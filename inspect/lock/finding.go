package lock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// codes are the codes of findings by what differs.
var codes = map[inspect.LockChange]string{
	inspect.LockVersionSpoof: inspect.CodeLockVersionSpoof, inspect.LockPhantom: inspect.CodeLockPhantom,
	inspect.LockForeignSource: inspect.CodeLockForeignSource,
	inspect.LockRewritten:     inspect.CodeLockRewritten, inspect.LockScriptGone: inspect.CodeLockScriptGone,
}

// maxNamed is how many packages a title names.
const maxNamed = 3

// findings makes a finding of each row that a person should look at; those of one foreign host are one. Rows of low
// severity are shown in their table alone. The order is that of the rows. The container is a part of the subject, so
// that two containers of one pod have findings of their own.
func findings(container string, rows []inspect.LockRow) []inspect.Finding {
	groups := map[string][]inspect.LockRow{}
	var order []string
	for _, r := range rows {
		if r.Severity.Rank() > inspect.Medium.Rank() || codes[r.Change] == "" {
			continue
		}
		key := r.File + "\x00" + string(r.Change) + "\x00" + r.Path + "\x00" + r.Name
		if r.Change == inspect.LockForeignSource {
			key = r.File + "\x00" + string(r.Change) + "\x00" + originOf(r.Resolved).host
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	var all []inspect.Finding
	for _, key := range order {
		all = append(all, findingOf(container, groups[key]))
	}
	return all
}

// findingOf is one finding of rows about the same, which are named in its evidence, at most 20. The worst row gives
// severity and place. The ID is that of the place and the package, so that it stays the same from run to run. rows has
// at least one element.
func findingOf(container string, rows []inspect.LockRow) inspect.Finding {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b inspect.LockRow) int {
		return cmp.Compare(a.Severity.Rank(),
			b.Severity.Rank())
	})
	r := rows[0]
	subject := container + ":" + r.Path
	f := inspect.Finding{
		Check: inspect.CheckLockFiles, Code: codes[r.Change], Status: r.Severity.RowStatus(), Severity: r.Severity,
		Subject: subject,
		Title:   title(rows), Detail: r.Detail,
		Cause: inspect.Cause{Kind: inspect.CausePackage, Name: r.Name, Version: r.Installed, Layer: -1}.Key(),
	}
	f.ID = inspect.FindingID(inspect.CheckLockFiles, f.Code, subject+"\x00"+r.Name)
	for _, r := range rows[:min(len(rows), 20)] {
		f.Evidence = append(f.Evidence, inspect.Evidence{
			Kind: "lock", Path: r.File,
			Text: strings.TrimSpace(strings.Join([]string{r.Name, r.Locked, r.Resolved}, " ")),
		})
	}
	if r.Path != r.File {
		f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "file", Path: r.Path, Text: r.Name + " " + r.Installed})
	}
	return f
}

// title is one sentence on what differs. The first row decides the wording. Of foreign sources, which come in numbers
// by a single setting, several are named and the rest is counted.
func title(rows []inspect.LockRow) string {
	r := rows[0]
	switch r.Change {
	case inspect.LockVersionSpoof:
		return fmt.Sprintf("package %s is %s by its own manifest, and %s by the lock", r.Name, r.Installed, r.Locked)
	case inspect.LockPhantom:
		return fmt.Sprintf("package %s %s is installed, and no lock names it", r.Name, r.Installed)
	case inspect.LockScriptGone:
		return fmt.Sprintf("package %s %s had an install script that is no longer there", r.Name, r.Installed)
	case inspect.LockRewritten:
		return fmt.Sprintf("package %s %s has other content than in the image compared with, at the same version",
			r.Name, r.Locked)
	default:
	}
	var names []string
	for _, r := range rows {
		names = append(names, strings.TrimSpace(r.Name+" "+r.Locked))
	}
	text := strings.Join(names[:min(len(names), maxNamed)], ", ")
	if more := len(names) - maxNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("package %s is taken from %s, unlike the others", text, originOf(r.Resolved).host)
}
