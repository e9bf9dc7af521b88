package caseview

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/viewer"

	"github.com/backtrail/backtrail/inspect/text"
)

// runBrief copies the whole brief, not only the part that is visible. It is what the report opens with and -o brief
// prints, in plain text.
func runBrief(s *Screen, _ string) tea.Cmd {
	s.shell.Info("copied the brief")
	return tea.SetClipboard(s.backend.Brief(s.c))
}

// whyNoRaw is why there are no bytes to show.
func whyNoRaw(s *Screen) string {
	if r, ok := s.row(); !ok || len(r.Raw) == 0 && r.Object == nil {
		return "nothing is kept behind this row"
	}
	return ""
}

// runRaw shows the bytes behind the row, as they were received.
func runRaw(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	return s.o.View(r.Parts())
}

// savable gives the bytes that s would save, or why there are none. In the tree it is the file, else the first of the
// parts behind the row.
func savable(s *Screen) (viewer.Part, string) {
	r, ok := s.row()
	if ok && s.inTree() {
		e, _ := s.tree.Selected()
		parts, why := filePart(s, e)
		if why != "" {
			return viewer.Part{}, why
		}
		return parts[0], ""
	}
	if parts := r.Parts(); ok && len(parts) > 0 {
		return parts[0], ""
	}
	return viewer.Part{}, "nothing is kept behind this row"
}

// whyNoSave is why there are no bytes to save.
func whyNoSave(s *Screen) string {
	_, why := savable(s)
	return why
}

// runSave asks where to save the bytes behind the row.
func runSave(s *Screen, _ string) tea.Cmd {
	p, _ := savable(s)
	viewer.AskSave(s.shell, s.backend, p)
	return nil
}

// whyNoCopy is why there is nothing to copy.
func whyNoCopy(s *Screen) string {
	if r, ok := s.row(); !ok || r.Value == "" {
		return "this row has no value"
	}
	return ""
}

// runCopy copies the value of the row in full, also where the screen elides it. It is not cleaned: what is pasted
// into a shell or a ticket must be the bytes of the fact. The notice that names it is.
func runCopy(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	return s.copy(r.Value)
}

// runCommand copies the command line that shows the same case, or only the image of the row.
func runCommand(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	return s.copy(s.backend.Command(&s.c, r.Container))
}

// copy puts a text on the clipboard of the terminal (OSC 52), which works over ssh too. A terminal may bound what it
// takes, or take nothing unless it is set up so; it sends no answer by which that could be noticed.
func (s *Screen) copy(words string) tea.Cmd {
	s.shell.Info("copied: " + text.Clean(words))
	return tea.SetClipboard(words)
}
