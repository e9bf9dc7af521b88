package tui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// openFlagged opens what leads to the files that something bad is said about, as long as that stays readable, and
// goes to the worst of them.
func (s *caseScreen) openFlagged() {
	const most = 8
	t := s.tree.tree
	var paths []string
	for path, severity := range s.flagged {
		if at, ok := t.Find(path); ok && !t.Node(at).Dir && severity.Rank() <= inspect.High.Rank() {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.flagged[a].Rank(), s.flagged[b].Rank()), cmp.Compare(a, b))
	})
	for _, path := range paths[:min(most, len(paths))] {
		t.Reveal(path)
	}
	if len(paths) > 0 {
		s.tree.At = t.Reveal(paths[0])
	}
}

// findFlagged collects the paths that something is said about, and the directories above them, with the worst severity.
func (s *caseScreen) findFlagged() {
	s.flagged, s.marks = map[string]inspect.Severity{}, map[string]string{}
	i := s.image()
	for _, b := range i.Binaries {
		s.flag(b.Path, b.Severity)
	}
	for _, a := range i.Altered {
		s.flag(a.Path, a.Severity)
	}
	for _, a := range s.c.Alerts {
		if p := imagePath(a.File); p != "" && (a.Subject == s.subject || a.Subject == "") {
			s.flag(p, inspect.Critical)
		}
	}
	for _, f := range s.c.Findings {
		if subject, p := findingPlace(s, f); p != "" && (subject == s.subject || subject == "") {
			s.flag(p, f.Severity)
		}
	}
	for _, n := range s.c.Notes {
		if n.Mark != "" {
			s.marks[n.Subject] = n.Mark
		}
	}
}

func (s *caseScreen) flag(path string, severity inspect.Severity) {
	for path != "" && path != "/" {
		if old, ok := s.flagged[path]; ok && old.Rank() <= severity.Rank() {
			return
		}
		s.flagged[path] = severity
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
	}
}
