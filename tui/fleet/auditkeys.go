package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// auditVerbs are the commands of the screen, by their names in the table of keys.
func auditVerbs() map[string]shell.Verb[*Audit] {
	return map[string]shell.Verb[*Audit]{
		"open":       {Why: (*Audit).whyNoOpen, Run: runOpen},
		"left":       {Run: runLeft},
		"right":      {Run: runRight},
		"sort":       {Run: runSort},
		"group":      {Run: runGroup},
		"again":      {Why: (*Audit).whyNoAgain, Run: runAgain},
		"sample":     {Why: (*Audit).whyNoRows, Run: runSample},
		"export":     {Why: (*Audit).whyNoRows, Run: runExport},
		"stop audit": {Why: (*Audit).whyNoStop, Run: runStop},
	}
}

// Action gives a command of the screen by its name; false where the screen does not have it.
func (s *Audit) Action(name string) (shell.Action, bool) {
	if v, ok := auditVerbs()[name]; ok {
		return v.Bind(s), true
	}
	return s.action(name)
}

// whyNoOpen is why enter does nothing.
func (s *Audit) whyNoOpen() string {
	r, ok := s.list.Selected()
	switch {
	case !ok:
		return "nothing is selected"
	case r.group != "":
		return ""
	default:
		return s.o.whyNoCase(r.place)
	}
}

// runOpen opens the case of the workload, or a group.
func runOpen(s *Audit, _ string) tea.Cmd {
	r, _ := s.list.Selected()
	if r.group != "" {
		s.setFold(r.group, !s.unfolded[r.group])
		return nil
	}
	return s.o.Open(*r.place)
}

// setFold opens or closes one group.
func (s *Audit) setFold(group string, open bool) {
	s.unfolded[group] = open
	s.refresh()
}

// runLeft closes the group that the cursor is in, else goes to the list.
func runLeft(s *Audit, _ string) tea.Cmd {
	r, ok := s.list.Selected()
	if !ok || s.focus != widget.RegionList || s.by == 0 {
		s.focus = widget.RegionList
		return nil
	}
	group := r.group
	if at, ok := s.at[r.id]; ok && group == "" {
		group = "group:" + groupings[s.by] + ":" + s.groupOf(&s.report.Rows[at])
	}
	s.setFold(group, false)
	s.list.Choose(group)
	return nil
}

// runRight opens a group, else goes to the detail.
func runRight(s *Audit, _ string) tea.Cmd {
	r, ok := s.list.Selected()
	if ok && s.focus == widget.RegionList && r.group != "" && !s.unfolded[r.group] {
		s.setFold(r.group, true)
		return nil
	}
	s.focus = widget.RegionDetail
	return nil
}

// runSort sorts in the next order; the cursor stays on its row.
func runSort(s *Audit, _ string) tea.Cmd {
	s.sort = (s.sort + 1) % len(sorts)
	s.list.Stay()
	s.refresh()
	s.shell.Info("by " + sorts[s.sort])
	return nil
}

// runGroup folds the rows by the next thing, or by the one that was typed behind the name.
func runGroup(s *Audit, arg string) tea.Cmd {
	s.by = (s.by + 1) % len(groupings)
	if at := slices.Index(groupings[:], strings.TrimSpace(arg)); at >= 0 {
		s.by = at
	}
	s.refresh()
	s.shell.Info("grouped by " + groupings[s.by])
	return nil
}

// whyNoAgain is why no audit can begin.
func (s *Audit) whyNoAgain() string {
	if s.running {
		return "an audit runs; :stop audit ends it"
	}
	return ""
}

// runAgain audits anew, as deep as the one on screen.
func runAgain(s *Audit, _ string) tea.Cmd {
	return s.Start(cmp.Or(s.depth, string(audit.Identity)))
}

// whyNoStop is why there is nothing to stop.
func (s *Audit) whyNoStop() string {
	if !s.running {
		return "no audit runs"
	}
	return ""
}

// runStop ends the audit that runs; its rows stay, and the next one goes on with them.
func runStop(s *Audit, _ string) tea.Cmd {
	s.cancel()
	return nil
}

// whyNoRows is why there is nothing to pick from or to export.
func (s *Audit) whyNoRows() string {
	if len(s.report.Rows) == 0 {
		return "there are no rows yet"
	}
	return ""
}

// runExport asks where to, and writes the sample, or all rows, with what was not looked at.
func runExport(s *Audit, _ string) tea.Cmd {
	r := s.exported()
	about := fmt.Sprintf("%s with what was not looked at. The extension names the form: .json, .html, .csv or .md.",
		widget.Plural(len(r.Rows), "row"))
	if n := len(s.sample.keys); n > 0 {
		about = fmt.Sprintf("The sample: %s, and how it was picked; ", s.sample.words()) + about
	}
	s.shell.Ask("Export the audit", s.backend.AuditPath(&r), []string{about}, func(path string) tea.Cmd {
		return s.write(r, path)
	})
	return nil
}

// write writes a report outside of Update, and shows the line that pins it.
func (s *Audit) write(r audit.Report, path string) tea.Cmd {
	ctx, b, sh := s.shell.Context(), s.backend, s.shell
	sh.Info("writing " + path + " …")
	return shell.Work(func() tea.Msg {
		line, err := shell.Try(func() (string, error) { return b.ExportAudit(ctx, &r, path) })
		if err != nil {
			return shell.DoneMsg{Text: "exporting the audit", Err: err}
		}
		copied := func() tea.Cmd { return tea.SetClipboard(line) }
		return shell.DoneMsg{Text: "written: " + line + " (copied)", Then: copied}
	})
}
